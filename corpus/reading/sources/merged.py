"""Documents of AIHub 543 or 544 that somebody merged into one file.

A list of them, one behind the other, one a line, or one document whose `info` lists all dialogues;
also what stands in these `info` alone, in a list or one a line.
In each an entry is one object of an `info`, and the functions here tell it from what stands around.
"""

import re

from corpus.reading.framing import GAP, is_json

SHORTEST = 28  # bytes of an entry: {"annotations":{"lines":[]}}

_ANNOTATIONS = re.compile(rb'"annotations"\s*:\s*\{')
_TITLE = re.compile(rb'"title"\s*:\s*"([^"\\]{1,256})"')
_ENTRY_KEY = re.compile(rb'"(?:annotations|lines|norm_text|speaker)"\s*:')
_KEY = rb'"[^"\\]{1,64}"'
_SCALAR = rb'(?:"[^"\\]{0,64}"|[-+.0-9A-Za-z]{1,32})'
_SPACE = rb"[ \t\r\n]{0,%d}" % GAP
# The first key of an entry and, where its value has no keys of its own, the second one: the first
# alone is `id`, with which lines and speakers begin, too.
_KEYS = rb"\{\s*(%b)\s*:\s*(?:[{\[]|%b\s*,\s*(%b)\s*:)" % (_KEY, _SCALAR, _KEY)
_FIRST_ENTRY = re.compile(rb'"info"\s*:\s*\[\s*' + _KEYS)
# Where somebody took the dialogues out of their `info`: a list of them, or one a line.
_FIRST_BARE = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:(\[)\s*+)?" + _KEYS)


def holds_many(document: bytes) -> bool:
    """Say whether there are several dialogues in a document."""
    if document.count(b'"annotations"') < 2:
        return False
    found = _ANNOTATIONS.finditer(document)
    return next(found, None) is not None and next(found, None) is not None


def beginning_of_entries(head: bytes) -> tuple[re.Pattern[bytes], bool]:
    """Return how the entries of a document begin, and False: no object in one begins alike."""
    found = _FIRST_ENTRY.search(head) or _first_bare(head)
    first = found.groups()[-2:] if found else (b'"annotations"',)
    keys = [re.escape(key) for key in first if key]
    between = rb"%b:%b%b%b,%b" % (_SPACE, _SPACE, _SCALAR, _SPACE, _SPACE)
    return re.compile(rb"\{%b%b" % (_SPACE, between.join(keys))), False


def list_start(head: bytes) -> int:
    """Return where the list of entries begins in a document, behind its bracket, or 0."""
    if found := _FIRST_ENTRY.search(head):
        return head.index(b"[", found.start()) + 1
    bare = _first_bare(head)
    return max(bare.end(1), 0) if bare else 0


def _first_bare(head: bytes) -> re.Match[bytes] | None:
    """Return the beginning of a document without an `info`; its last two groups are the keys."""
    return None if b'"info"' in head else _FIRST_BARE.match(head)


def holds_entry(data: bytes) -> bool:
    """Say whether there are remains of an entry in `data`."""
    return _ENTRY_KEY.search(data) is not None


def is_around(data: bytes) -> bool:
    """Say whether `data` is what stands between two entries: the end and beginning of documents.

    >>> is_around(b']}, {"dataset": {"identifier": 2}, "info": ['), is_around(b'{"id": 7')
    (True, False)
    >>> is_around(b']} checked {"info": [')
    False
    """
    return data.startswith((b"]", b"}")) and not holds_entry(data) and is_json(data)


def closes_document(rest: bytes) -> bool:
    """Say whether `rest` is what a document may have behind its last entry."""
    return is_around(rest.lstrip()) and rest.rstrip().endswith((b"}", b"]"))


def declared_items(outside: bytes) -> None:
    """Return None: no document says how many dialogues it holds."""
    del outside


def id_in(raw: bytes, offset: int) -> str | None:
    """Return the id of an entry that cannot be read, if its title is still there."""
    found = _TITLE.search(raw)
    return f"{found[1].decode('utf-8', 'replace')}@{offset}" if found else None
