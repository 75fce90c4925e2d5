"""Processes that train together, each with the variables that torchrun gives to it."""

import socket

from forked import fork

from corpus.training import command


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_ranks(tmp_path, *commands, machines):
    """Start a process for each list of words, in a folder of its own: as if on its own disk."""
    port, local_size = free_port(), len(commands) // machines
    processes = []
    for rank, words in enumerate(commands):
        folder = tmp_path / f"node{rank}"
        folder.mkdir(exist_ok=True)
        environment = {
            "RANK": str(rank),
            "WORLD_SIZE": str(len(commands)),
            "LOCAL_RANK": str(rank % local_size),
            "LOCAL_WORLD_SIZE": str(local_size),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(port),
        }
        processes.append(fork(command.main, [*map(str, words)], folder=folder, **environment))
    return processes


def nodes(tmp_path, *commands):
    """Let each run on a machine of its own; return what each wrote, and its exit status."""
    return [one.end() for one in start_ranks(tmp_path, *commands, machines=len(commands))]
