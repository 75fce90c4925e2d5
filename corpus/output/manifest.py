"""What a manifest says of how a corpus was made, and how two builds are told apart."""

import platform
from collections.abc import Iterator
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from typing import Any

import orjson

from corpus import __version__
from corpus.options import Options
from corpus.reading.documents import Found
from corpus.tokens.find import TokenizerFile

VERSIONED = ("pyarrow", "tokenizers", "regex")  # the bytes depend on these, too


def inputs_of(
    options: Options, tokenizer: TokenizerFile, vocab_size: int, found: Found
) -> dict[str, Any]:
    """Return what a corpus is made from, as its manifest records it."""
    return {
        "options": options,
        "versions": versions(),
        "tokenizer": {
            "name": tokenizer.name,
            "sha256": tokenizer.sha256,
            "vocab_size": vocab_size,
        },
        "raw": [asdict(file) for file in found.files],
    }


def versions() -> dict[str, str]:
    """Return the versions here of all that the bytes of a corpus depend on."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"corpus": __version__, "python": python} | {name: version(name) for name in VERSIONED}


def differences(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """Yield what tells two builds apart beside their raw files, as a person would say it."""
    for kind in ("options", "versions"):
        for name in sorted(there[kind].keys() | here[kind].keys()):
            before, now = there[kind].get(name), here[kind].get(name)
            if before != now:
                yield f"{name} is {before} there and {now} here"
    if there["tokenizer"]["sha256"] != here["tokenizer"]["sha256"]:
        names = there["tokenizer"]["name"], here["tokenizer"]["name"]
        yield f"tokenizer is {names[0]} there and {names[1]} here (or its content changed)"


def corpus_hash(files: dict[str, str]) -> str:
    """Return one hash for the hashes of all files, by their paths in order."""
    return sha256("".join(f"{path} {files[path]}\n" for path in sorted(files)).encode()).hexdigest()


def shard_metadata(inputs: dict[str, Any]) -> dict[str, str]:
    """Return what every shard says of what it was made with."""
    options = orjson.dumps(inputs["options"], option=orjson.OPT_SORT_KEYS)
    return {
        "corpus_version": inputs["versions"]["corpus"],
        "options_sha256": sha256(options).hexdigest(),
        "tokenizer_sha256": inputs["tokenizer"]["sha256"],
    }
