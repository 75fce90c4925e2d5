"""The file of the utterances that were left out, from the results of all items."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path

from corpus.output.ledger import UTTERANCES
from corpus.output.result import ResultPaths
from corpus.records import REJECTED

FILE_BYTES = 64 << 20  # a file is closed once it is larger


def write_utterances(results: Sequence[ResultPaths], out: Path) -> dict[str, str]:
    """Write the lines of all items in plan order, and return the files with their hashes."""
    (out / REJECTED).mkdir(parents=True, exist_ok=True)
    files: dict[str, str] = {}
    name, size = "", 0
    with ExitStack() as opened:
        for result in results:
            member = result.read_utterances()
            if not member:
                continue
            if not name or size > FILE_BYTES:
                opened.close()
                name, size = f"{REJECTED}/{UTTERANCES}{len(files):05}.jsonl.gz", 0
                file, digest = opened.enter_context((out / name).open("wb")), sha256()
                opened.callback(os.fsync, file.fileno())
                opened.callback(file.flush)
            file.write(member)
            digest.update(member)
            size += len(member)
            files[name] = digest.hexdigest()
    return files
