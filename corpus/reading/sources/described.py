"""The speakers in the raw JSON of a dialogue, as its data set describes them."""

from collections.abc import Sequence
from typing import Any

import msgspec


class Described(msgspec.Struct, gc=False):
    """As both kinds of header have them, under names of their own."""

    id: Any = None
    sex: Any = None
    gender: Any = None
    age: Any = None


class _Participant(Described, gc=False):
    id: Any = msgspec.field(name="participantID", default=None)


class _Header(msgspec.Struct, gc=False):
    participants: list[_Participant] = msgspec.field(name="participantsInfo", default_factory=list)


class _SummaryEntry(msgspec.Struct, gc=False):
    header: _Header


class _Line(msgspec.Struct, gc=False):
    speaker: Described


class _Annotations(msgspec.Struct, gc=False):
    lines: list[_Line]


class _Info(msgspec.Struct, gc=False):
    annotations: _Annotations


class _TopicDocument(msgspec.Struct, gc=False):
    info: list[_Info]


_IN_HEADER = msgspec.json.Decoder(_SummaryEntry)
_IN_DOCUMENT = msgspec.json.Decoder(_TopicDocument)
_IN_INFO = msgspec.json.Decoder(_Info)


def speakers_in_header(raw: bytes) -> Sequence[Described]:
    """Return the participants that the header of an entry lists."""
    return _IN_HEADER.decode(raw).header.participants


def speakers_in_lines(raw: bytes) -> Sequence[Described]:
    """Return the speaker of each line of a document or, where several are merged, of an `info`."""
    try:
        info = _IN_DOCUMENT.decode(raw).info[0]
    except msgspec.ValidationError:
        info = _IN_INFO.decode(raw)
    return [line.speaker for line in info.annotations.lines]
