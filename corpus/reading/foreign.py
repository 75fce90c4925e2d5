"""What a file is that is none of ours, in words for whoever put it into raw/."""

import re

EXPECTED = "expected are AIHub's zips of the labelled data, or the JSON files in them, as they are"
SHOWN = 60  # characters of a file's beginning

_MAGIC = {
    b"PAR1": "Parquet",
    b"ARROW1": "Arrow",
    b"\x89HDF": "HDF5",
    b"SQLite format 3": "SQLite",
    b"%PDF": "PDF",
    b"HWP Document File": "HWP",
    b"\xd0\xcf\x11\xe0": "HWP or old Office",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!": "RAR",
    b"\x80\x04\x95": "a Python pickle",
}
# What DataFrame.to_json gives by default, and with orient "split" and "values".
_BY_COLUMNS = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*(?:\{\s*"(?:header|body)"\s*:\s*\{\s*"[0-9]+"\s*:'
    rb'|\{\s*"columns"\s*:\s*\[[^][{}]*\]\s*,\s*"index"\s*:\s*\['
    rb'|\[\s*\[\s*\{\s*"(?:dialogueInfo|participantsInfo)"\s*:)'
)
_SUFFIXES = {".csv": "CSV", ".tsv": "CSV", ".xlsx": "Excel", ".hwpx": "HWP", ".docx": "Word"}


def what_it_is(name: str, head: bytes) -> str:
    """Return a few words on a file, by its first bytes and its name.

    >>> what_it_is("a.csv", b"id,text"), what_it_is("a.dat", "승인되지 않은".encode())
    ("CSV, it begins with 'id,text'", "it begins with '승인되지 않은'")
    >>> what_it_is("train.parquet", b"PAR1...")
    'Parquet'
    """
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    kind = next((kind for suffix, kind in _SUFFIXES.items() if name.lower().endswith(suffix)), "")
    begins = table_of_pandas(head) or beginning(head)
    if head.lstrip()[:9].lower().startswith((b"<!doctype", b"<html")):
        kind = "a web page, was the download refused?"
    if kind in {"Excel", "Word"} or (kind == "HWP" and head.startswith(b"PK")):
        return kind
    return ", ".join(filter(None, (kind, begins)))


def what_zip_is(name: str, member: str) -> str:
    """Return a few words on a zip that holds `member`, which is no JSON.

    >>> what_zip_is("a.xlsx", "xl/workbook.xml"), what_zip_is("a.zip", "사진.png")
    ('Excel', 'a zip that holds 사진.png')
    """
    kind = next((kind for suffix, kind in _SUFFIXES.items() if name.lower().endswith(suffix)), "")
    return kind or f"a zip that holds {member}"


def table_of_pandas(head: bytes) -> str:
    """Say what to do with a table that pandas wrote by columns; empty for anything else.

    >>> table_of_pandas(b'{"header":{"0":{"dialogueInfo"')
    "a table of pandas by columns: write it with to_json(orient='records')"
    """
    found = _BY_COLUMNS.match(head)
    return "a table of pandas by columns: write it with to_json(orient='records')" if found else ""


def beginning(head: bytes) -> str:
    """Return what a file begins with, as it can be read and printed."""
    if not head:
        return "it is empty"
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head:
        return "it begins with white space alone"
    for encoding in ("utf-8", "cp949"):
        text = head.decode(encoding, "ignore")
        if len(text.encode(encoding)) >= min(len(head), 4 * SHOWN) - 3:  # a character may be cut
            break
    else:
        return f"it begins with {head[:16]!r}"
    return f"it begins with {' '.join(text.split())[:SHOWN]!r}"


def is_text(head: bytes) -> bool:
    """Say whether some bytes are text: UTF-8 without control characters."""
    text = head.decode("utf-8", "replace").removesuffix("\ufffd")
    return bool(head.strip()) and "\ufffd" not in text and all(map(_is_shown, text))


def _is_shown(character: str) -> bool:
    return character.isprintable() or character in "\ufeff\r\n\t "
