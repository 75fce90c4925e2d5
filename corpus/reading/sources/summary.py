"""AIHub 117, 한국어 대화 요약 (`summary`), and AIHub 114, 한국어 SNS (`sns`); 117 is a part of 114.

A document is `{"numberOfItems": n, "data": [entry, ...]}`, and an entry is one dialogue. In `sns`
the body is the list of utterances itself. What is not read (ages, times, the summary) is not
described here and may be anything.
"""

import re
from collections import Counter
from typing import Annotated

from msgspec import DecodeError, Meta, Raw, Struct, field, json

from corpus.reading.framing import beginning_with
from corpus.reading.sources.entry import Read, forbid_repeated_keys
from corpus.records import Document

SHORTEST = 56  # bytes of an entry: {"header":{"dialogueInfo":{"dialogueID":"x"}},"body":[]}
FIRST_KEYS = (b'"header"', b'"body"')  # of an entry, and of no other object in a document
_OUTER_KEYS = (b'"data"', b'"numberOfItems"')

_KEY = rb'\{\s*("[^"\\]{1,64}")\s*:'
_LIST = re.compile(rb'(?:"data"\s*:|\A(?:\xef\xbb\xbf)?)\s*\[')
_FIRST_IN_LIST = re.compile(rb'"data"\s*:\s*\[\s*' + _KEY)
_FIRST_KNOWN = re.compile(rb'\{\s*("header"|"body")\s*:')
_FIRST_IN_FILE = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:\[\s*+)?" + _KEY)
_ENTRY_KEY = re.compile(rb'"(?:header|body|dialogueInfo|utterance)"\s*:')
_SHAPE = re.compile(rb'"body"\s*:\s*([\[{])')
_KNOWN_KEY = re.compile(rb'"(?:dialogueInfo|participantID)"\s*:')
_DECLARED = re.compile(rb'"numberOfItems"\s*:\s*([0-9]{1,12})\b')
_ID = re.compile(rb'"dialogueID"\s*:\s*"([^"\\]{1,256})"')
# What pandas writes around an entry, of a frame that was read from a document: the count once for
# each entry, and their numbers as keys.
_AROUND = re.compile(
    rb"(?:\}\s*+)?,?\s*+(?:\{\s*+)?"
    rb'(?:"numberOfItems"\s*+:\s*+(?:[0-9]{1,12}|\{[\s0-9:,"]*+\})\s*+,\s*+)?'
    rb'(?:"data"\s*+:\s*+)?(?:\{\s*+)?(?:"[0-9]{1,12}"\s*+:\s*+)?'
)


class Utterance(Struct, gc=False):
    """One message."""

    speaker: Annotated[str, Meta(description="one of the participants")] = field(
        name="participantID"
    )
    text: Annotated[str, Meta(description="the message; people and places are #@tags#")] = field(
        name="utterance"
    )


class DialogueInfo(Struct, gc=False):
    """What the dialogue is."""

    dialogue_id: Annotated[str, Meta(min_length=1, description="unique in both sets")] = field(
        name="dialogueID"
    )
    topic: Annotated[str, Meta(description="one of nine")] = ""


class Header(Struct, gc=False):
    """What stands before the messages."""

    dialogue: DialogueInfo = field(name="dialogueInfo")


class Body(Struct, gc=False):
    """The messages, as they were sent."""

    dialogue: list[Utterance]


class SummaryEntry(Struct, gc=False):
    """One dialogue of AIHub 117."""

    header: Header
    body: Body


class SnsEntry(Struct, gc=False):
    """One dialogue of AIHub 114."""

    header: Header
    body: Annotated[list[Utterance], Meta(description="the messages, as they were sent")]


class SummaryDocument(Struct, kw_only=True):
    """A document of AIHub 117, 한국어 대화 요약."""

    data: list[SummaryEntry]
    n_items: Annotated[int, Meta(ge=0, description="entries in data")] = field(
        name="numberOfItems", default=0
    )


class SnsDocument(Struct, kw_only=True):
    """A document of AIHub 114, 한국어 SNS."""

    data: list[SnsEntry]
    n_items: Annotated[int, Meta(ge=0, description="entries in data")] = field(
        name="numberOfItems", default=0
    )


_SUMMARY = json.Decoder(SummaryEntry)
_SNS = json.Decoder(SnsEntry)


def read_summary(
    raw: bytes, document: Document, offset: int, quirks: Counter[str], *, merged: bool
) -> Read:
    """Return the dialogue of an entry of AIHub 117."""
    del document, offset, quirks, merged
    entry = _SUMMARY.decode(raw)
    return _read(raw, entry.header.dialogue, entry.body.dialogue)


def read_sns(
    raw: bytes, document: Document, offset: int, quirks: Counter[str], *, merged: bool
) -> Read:
    """Return the dialogue of an entry of AIHub 114."""
    del document, offset, quirks, merged
    entry = _SNS.decode(raw)
    return _read(raw, entry.header.dialogue, entry.body)


def _read(raw: bytes, about: DialogueInfo, lines: list[Utterance]) -> Read:
    if _may_repeat_keys(raw, len(lines)):
        forbid_repeated_keys(raw)
    return Read(
        about.dialogue_id,
        about.topic,
        [line.speaker for line in lines],
        [line.text for line in lines],
    )


def is_summary(head: bytes) -> bool:
    """Say whether a document that begins with `head` is of AIHub 117."""
    return _body_of(head) == b"{"


def is_sns(head: bytes) -> bool:
    """Say whether a document that begins with `head` is of AIHub 114."""
    return _body_of(head) == b"["


def _body_of(head: bytes) -> bytes | None:
    """Return the bracket that opens most bodies in `head`: `{` in `summary`, `[` in `sns`."""
    shapes = Counter(_SHAPE.findall(head)).most_common(1)  # the first entry may be a broken one
    return shapes[0][0] if shapes and _KNOWN_KEY.search(head) else None


def beginning_of_entries(head: bytes) -> tuple[re.Pattern[bytes], bool]:
    """Return how the entries of a document begin, and whether objects in them may begin alike.

    They begin with `header` or `body`, rarely with another key before these.

    >>> beginning_of_entries(b'{"data": [{"id": 1, "header": {}}]}')[0].search(b'[{"id": 2')
    <re.Match object; span=(1, 6), match=b'{"id"'>
    """
    found = None
    if not _FIRST_KNOWN.search(head):
        found = _FIRST_IN_LIST.search(head) or _FIRST_IN_FILE.match(head)
    if found and found[1] not in _OUTER_KEYS:
        return beginning_with((*FIRST_KEYS, found[1])), True
    return beginning_with(FIRST_KEYS), False


def list_start(head: bytes) -> int:
    """Return where the list of entries begins in a document, behind its bracket, or 0."""
    found = _LIST.search(head)
    return found.end() if found else 0


def holds_entry(data: bytes) -> bool:
    """Say whether there are remains of an entry in `data`."""
    return _ENTRY_KEY.search(data) is not None


def is_around(data: bytes) -> bool:
    r"""Say whether `data` is what a copy of a document may have between two entries.

    >>> is_around(b'}\n{"numberOfItems":50,"data":'), is_around(b', "summary": ""')
    (True, False)
    """
    return data.endswith(b":") and _AROUND.fullmatch(data) is not None


def closes_document(rest: bytes) -> bool:
    """Say whether `rest` is what a document may have behind its last entry.

    >>> closes_document(b'], "numberOfItems": 3}'), closes_document(b'], "summary": ""}]}')
    (True, False)
    """
    for opening in (b'{"data":[', b"["):
        try:
            json.decode(opening + rest, type=Raw)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            continue
        return not holds_entry(rest)
    return False


def declared_items(outside: bytes) -> int | None:
    """Return the number of entries that a document declares in what stands around them."""
    found = _DECLARED.search(outside)
    return int(found[1]) if found else None


def id_in(raw: bytes, offset: int) -> str | None:
    """Return the dialogue id in an entry that cannot be read, if it is still there."""
    del offset
    found = _ID.search(raw)
    return found[1].decode("utf-8", "replace") if found else None


def _may_repeat_keys(raw: bytes, n_utterances: int) -> bool:
    """Say whether a key that is read stands in `raw` more or less often than it should.

    What this takes for granted, that `participantID` stands before `utterance`, may be wrong: it
    says where to look, not what is there.
    """
    body, last = raw.find(b'"body"'), raw.rfind(b'"utterance"')
    return (
        raw.count(b'"utterance"') != n_utterances
        or raw.count(b'"participantID"', body, last) != n_utterances
        or raw.count(b'"dialogueID"', 0, body) + raw.count(b'"dialogueID"', last) != 1
    )
