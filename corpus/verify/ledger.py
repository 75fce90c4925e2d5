"""The ledger, read to its end: how many dialogues, files and utterances it holds, by reason."""

import gzip
import zlib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from corpus.output.ledger import UTTERANCES
from corpus.records import RAW_BYTES, REJECTED
from corpus.verify.findings import Findings


@dataclass(slots=True)
class Ledger:
    """The lines of a ledger; what could not be read to its end was not counted.

    Attributes:
        rejected: dialogues by source/reason.
        broken: files and entries by reason.
        dropped: utterances by reason.
        whole: all lines of dialogues and files could be read.
        utterances_whole: all lines of utterances could be read.
    """

    rejected: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    whole: bool = True
    utterances_whole: bool = True


def count_ledger(processed: Path, manifest: dict[str, Any], findings: Findings) -> Ledger:
    """Return what the files of the ledger hold."""
    ledger = Ledger()
    for name in manifest["files"]:
        if name.startswith(f"{REJECTED}/{UTTERANCES}"):
            try:
                for _, entry in _lines(processed, name, findings):
                    ledger.dropped[entry["reason"]] += 1
            except _UnreadableError:
                ledger.utterances_whole = False
        elif name.startswith(f"{REJECTED}/"):
            try:
                for number, entry in _lines(processed, name, findings):
                    _count(number, entry, name, ledger, findings)
            except _UnreadableError:
                ledger.whole = False
    return ledger


class _UnreadableError(Exception):
    """A file of the ledger cannot be read to its end; that is on the record."""


def _lines(processed: Path, name: str, findings: Findings) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    try:
        with gzip.open(processed / name) as lines:
            for number, line in enumerate(lines, 1):
                entry = orjson.loads(line)
                yield number, entry | {"reason": str(entry["reason"])}
    except FileNotFoundError as error:
        raise _UnreadableError from error  # told already
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        findings.add("files", f"{name} behind line {number:,}", f"cannot be read: {error}")
        raise _UnreadableError from error


def _count(
    number: int, entry: dict[str, Any], name: str, ledger: Ledger, findings: Findings
) -> None:
    try:
        if entry["stage"] != "file":
            ledger.rejected[f"{entry['source']}/{entry['reason']}"] += 1
        if entry["stage"] in {"file", "decode"}:
            ledger.broken[entry["reason"]] += int(entry.get("n", 1))
        fits = _raw_fits(entry)
    except (ValueError, KeyError, TypeError) as error:
        findings.add("files", f"{name} line {number:,}", f"cannot be read: {error}")
        raise _UnreadableError from error
    if not fits:
        what = f"its raw text is not that of its raw_sha256 ({entry['dialogue_id']})"
        findings.add("files", f"{name} line {number:,}", what)


def _raw_fits(entry: dict[str, Any]) -> bool:
    raw = entry["raw"].encode() if "raw" in entry else b64decode(entry["raw_base64"])
    # Of a long one the beginning is kept, and a character that is cut at the end is left out.
    kept = min(entry["raw_length"], RAW_BYTES)
    if entry["raw_length"] != len(raw):
        return bool(kept - 4 < len(raw) <= kept)
    return sha256(raw).hexdigest() == str(entry["raw_sha256"])
