"""Where a tokenizer.json comes from: the package, a file, a folder, the hub's cache or the hub.

Nothing is replaced silently: ids of another tokenizer would ruin a model.
"""

import os
import re
import sys
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from logging import ERROR, getLogger
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from corpus.options import DEFAULT_TOKENIZER
from corpus.records import CorpusError

BUILTIN = "builtin"

_FILE = "tokenizer.json"
_HUB_NAME = re.compile(r"\w[\w.-]*(?:/\w[\w.-]*)?(?<!\.json)")
# The hub's client repeats what times out: without a network, `from_pretrained` took 23 s to fail.
_PATIENCE = 10.0  # seconds for the hub, so that the command gives up within 15 on a busy machine


@dataclass(frozen=True, slots=True)
class TokenizerFile:
    """A tokenizer.json as it was found."""

    name: str  # on the hub, or `builtin`; of a local file no more than its own, never a path
    json: bytes
    sha256: str


class UnreachableTokenizerError(CorpusError):
    """The tokenizer is not in the cache, and the hub does not give it."""


def find_tokenizer(name: str | os.PathLike[str] = DEFAULT_TOKENIZER) -> TokenizerFile:
    """Find the tokenizer.json of `builtin`, of a file, of a folder, or of a model on the hub.

    Raises:
        CorpusError: it cannot be had; one sentence that says what to do instead.
    """
    if not isinstance(name, (str, os.PathLike)) or not os.fspath(name):
        raise CorpusError(f"tokenizer is {name!r}; it is a hub name, a path, or `{BUILTIN}`.")
    name = os.fspath(name)
    path = Path(name).expanduser()
    if name == BUILTIN:
        content = files("corpus.tokens.builtin").joinpath(_FILE).read_bytes()
    elif path.exists():
        if path.is_dir():
            path = path / _FILE
            if not path.exists():
                raise CorpusError(f"--tokenizer {name}: there is no {_FILE} in this folder.")
        name, content = path.name, _read(path)  # the manifest holds no path of this machine
    elif _HUB_NAME.fullmatch(name):
        cached = _in_hub_cache(name)
        content = _read(cached) if cached else _from_hub(name)
    else:
        raise CorpusError(f"--tokenizer {name}: there is no such file or folder.")
    return TokenizerFile(name=name, json=content, sha256=sha256(content).hexdigest())


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"--tokenizer {path}: {error.strerror}: {error.filename}.") from error


def _in_hub_cache(name: str) -> Path | None:
    """Return the cached file of the model's main branch, by the documented layout of the cache.

    Read here, since importing the hub's client takes a third of a second.
    """
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{home}/huggingface"
    cache = Path(os.environ.get("HF_HUB_CACHE") or f"{home}/hub").expanduser()
    model = cache / f"models--{name.replace('/', '--')}"
    try:
        commit = (model / "refs" / "main").read_text().strip()
    except OSError:
        return None
    path = model / "snapshots" / commit / _FILE
    return path if path.is_file() else None


def _from_hub(name: str) -> bytes:
    sys.stderr.write(f"{name} is not in the cache: asking the Hugging Face hub for it.\n")
    answer: SimpleQueue[bytes | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            from huggingface_hub import hf_hub_download  # noqa: PLC0415 (slow, and seldom needed)

            getLogger("huggingface_hub").setLevel(ERROR)  # it warns at each of its five attempts
            answer.put(Path(hf_hub_download(name, _FILE)).read_bytes())
        except Exception as error:  # noqa: BLE001 (whatever it is, the user is told)
            answer.put(error)

    Thread(target=ask, daemon=True).start()  # a thread, as no option bounds the client's time
    try:
        content = answer.get(timeout=_PATIENCE)
    except Empty:
        content = TimeoutError(f"no answer within {_PATIENCE:.0f} s")
    if isinstance(content, Exception):
        reason = (str(content).strip() or type(content).__name__).splitlines()[0].rstrip(".")
        raise UnreachableTokenizerError(
            f"The tokenizer {name} is not in the cache and cannot be had from the Hugging Face hub"
            f" ({reason}): give --tokenizer the path of a tokenizer.json or of its folder, or"
            f" `{BUILTIN}`, a small stand-in that works without a network."
        ) from content
    return content
