"""The options of `python -m corpus chat`: told once, and checked before anything is loaded."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from corpus.chat.reply import MAX_CANDIDATES, Draw
from corpus.records import CorpusError

PORT, HOST, NAME = 8400, "127.0.0.1", "이랑"

SERVICES = ("none", "offline", "all")
PRECISIONS = ("auto", "float32", "float16", "bfloat16")
KEY_VARIABLE = "CORPUS_CHAT_KEY"
LOOPBACK = ("127.0.0.1", "localhost", "::1")

_DRAW = Draw()


@dataclass(frozen=True, slots=True)
class _Range:
    option: str
    least: float
    most: float  # inf: no limit
    above_least: bool = False  # the least itself is too little


_RANGES = (
    _Range("candidates", 1, MAX_CANDIDATES),
    _Range("temperature", 0, 2),
    _Range("top_p", 0, 1, above_least=True),
    _Range("top_k", 0, float("inf")),
    _Range("max_new_tokens", 1, float("inf")),
    _Range("seed", 0, float("inf")),
    _Range("threads", 1, float("inf")),
    _Range("port", 0, 65535),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `chat` to its parser."""
    add = parser.add_argument
    add(
        "folder", type=Path, metavar="RUN", help="folder of a run, or of a model that train.py made"
    )
    add("-p", dest="prompt", metavar="TEXT", help="reply to this message alone, and end")
    add(
        "--save",
        type=Path,
        metavar="DIR",
        help="keep what people liked there: dialogues that `build` reads, and preferences for DPO",
    )
    add(
        "--corpus",
        type=Path,
        metavar="PROCESSED",
        help="tell how often a reply stands word for word in train of this corpus",
    )
    add(
        "--services",
        choices=SERVICES,
        default="all",
        help="what is answered without the model: nothing, what needs no network, or also weather "
        "and shares (default: %(default)s)",
    )
    add("--name", default=NAME, help="what the chat is called (default: %(default)s)")

    group = parser.add_argument_group("how a reply is drawn")
    add = group.add_argument
    text = f"replies drawn at once, filtered and ranked, 1 to {MAX_CANDIDATES}; 1 streams it token "
    text += "by token (default: %(default)s)"
    add("--candidates", type=int, default=_DRAW.candidates, metavar="N", help=text)
    text = "0 always takes the most probable token (default: %(default)s)"
    add("--temperature", type=float, default=_DRAW.temperature, metavar="X", help=text)
    text = "draw from the most probable tokens that have this share together (default: %(default)s)"
    add("--top-p", type=float, default=_DRAW.top_p, metavar="X", help=text)
    text = "draw from so many tokens; 0: from all (default: %(default)s)"
    add("--top-k", type=int, default=_DRAW.top_k, metavar="N", help=text)
    text = "of a reply, at most half of a dialogue (default: %(default)s)"
    add("--max-new-tokens", type=int, default=_DRAW.max_new_tokens, metavar="N", help=text)
    text = "same seed, conversation, model and precision: same reply (default: drawn, and told)"
    add("--seed", type=int, metavar="N", help=text)

    group = parser.add_argument_group("machine")
    add = group.add_argument
    text = "auto: float16 weights on a CPU, bfloat16 on a GPU (default: %(default)s)"
    add("--precision", choices=PRECISIONS, default="auto", help=text)
    text = "on a CPU (default: one or all, whichever proves faster)"
    add("--threads", type=int, metavar="N", help=text)
    add("--device", choices=("auto", "cpu", "cuda"), default="auto", help="(default: %(default)s)")

    group = parser.add_argument_group("server")
    add = group.add_argument
    add("--web", action="store_true", help="serve the page, and OpenAI's API under /v1")
    add("--port", type=int, default=PORT, metavar="N", help="(default: %(default)s)")
    text = "address to serve at; another than this machine's own demands a key "
    add("--host", default=HOST, metavar="H", help=text + "(default: %(default)s)")
    text = f"what clients must send as their API key (default: ${KEY_VARIABLE}, or none)"
    add("--key", metavar="K", help=text)


def check_options(args: argparse.Namespace) -> None:
    """Check the options against their ranges and each other; take the key from the environment.

    Raises:
        CorpusError: the first that is wrong.
    """
    for allowed in _RANGES:
        value = getattr(args, allowed.option)
        if value is not None and not _is_within(value, allowed):
            flag = f"--{allowed.option.replace('_', '-')}"
            raise CorpusError(f"{flag} is {value}; it may be {_told(allowed)}.")
    if not args.name.strip() or not args.name.isprintable():
        raise CorpusError("--name is what the chat is called: a word.")
    args.key = args.key or os.environ.get(KEY_VARIABLE) or None
    if not args.web:
        return
    if args.prompt is not None:
        raise CorpusError("-p replies once and --web serves: give one of them.")
    if args.host not in LOOPBACK and not args.key:
        raise CorpusError(f"--host {args.host} opens this server to others: give a --key.")


def _is_within(value: float, allowed: _Range) -> bool:
    if allowed.above_least and value == allowed.least:
        return False
    return allowed.least <= value <= allowed.most


def _told(allowed: _Range) -> str:
    least = f"above {allowed.least:g}" if allowed.above_least else f"{allowed.least:g}"
    if allowed.most == float("inf"):
        return f"{least} or more"
    return f"{least} to {allowed.most:g}"
