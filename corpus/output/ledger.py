"""The ledger: every rejected dialogue as one line of JSON, with the raw text it came from."""

import gzip
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

import orjson

from corpus.records import RAW_BYTES, REJECTED, Rejected
from corpus.remote import Folder, local_file

UTTERANCES = "utterances-"  # begins the names of the files that hold utterances
GZIP_LEVEL = 1  # level 6 needs 4 times the time for files a fifth smaller


def ledger_member(rejected: Iterable[Rejected]) -> bytes:
    """Return the lines of some rejected dialogues as one gzip member; members can be joined."""
    lines = b"".join(orjson.dumps(_line(one), option=orjson.OPT_APPEND_NEWLINE) for one in rejected)
    return gzip.compress(lines, GZIP_LEVEL, mtime=0) if lines else b""


def read_ledger(processed: Folder, *, containing: bytes = b"") -> Iterator[dict[str, Any]]:
    """Yield the rejected dialogues and files whose lines hold these bytes, in plan order."""
    yield from _lines(processed / REJECTED, "", containing)


def read_utterances(processed: Folder, *, containing: bytes = b"") -> Iterator[dict[str, Any]]:
    """Yield the utterances that were left out whose lines hold these bytes, in plan order."""
    yield from _lines(processed / REJECTED, UTTERANCES, containing)


def _lines(folder: Folder, prefix: str, containing: bytes) -> Iterator[dict[str, Any]]:
    for path in _files(folder, prefix):
        with gzip.open(path) as lines:
            for line in lines:
                if containing in line:
                    yield orjson.loads(line)


def _files(folder: Folder, prefix: str) -> Iterator[Path]:
    if isinstance(folder, Path):
        yield from sorted(folder.glob(f"{prefix}[0-9]*.jsonl.gz"))
        return
    with suppress(FileNotFoundError):
        for number in count():  # by name: what a store lists may be old
            yield local_file(folder / f"{prefix}{number:05}.jsonl.gz")


def _line(one: Rejected) -> dict[str, Any]:
    length, digest = one.whole or (len(one.raw), sha256(one.raw).hexdigest())
    line = {
        "dialogue_id": one.dialogue_id,
        "source": one.source,
        "raw_file": one.raw_file,
        "raw_offset": one.raw_offset,
        "stage": one.stage,
        "reason": one.reason,
        "detail": one.detail,
        "raw_length": length,
        "raw_sha256": digest,
    }
    if one.n > 1:
        line["n"] = one.n
    return line | _readable(one.raw[:RAW_BYTES])


def _readable(raw: bytes) -> dict[str, str]:
    r"""Return `raw` as text if it is UTF-8 (a character cut at the limit aside), else as base64.

    >>> _readable("가".encode()[:2]), _readable(b"\xff{")
    ({'raw': ''}, {'raw_base64': '/3s='})
    """
    try:
        return {"raw": raw.decode()}
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return {"raw": raw[: error.start].decode()}
    return {"raw_base64": b64encode(raw).decode()}
