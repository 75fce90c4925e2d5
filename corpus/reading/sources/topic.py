"""AIHub 543, 주제별 텍스트 일상 대화 (`topic`): one document is one dialogue.

What its files do not keep to was measured on 5,242 of them and is counted as a quirk: `title` names
another dialogue in 29 %, so the file's own name is the id; `speaker_type` is wrong in 361 files;
13 files have every line twice; `norm_text` is empty in 9 lines and stuck on the first line in some
files, so a text is `text` without its speaker's number. An utterance may hold a newline.

Documents that somebody merged into one file are read by `merged.py`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta, Struct, ValidationError, json

from corpus.reading.sources.entry import Read, forbid_repeated_keys
from corpus.records import Document

_BEHIND_NUMBER = " : "  # of the speaker, before nearly every utterance
_COLON = ": "
_LISTED = re.compile(r"(?<!\S)([0-9]{1,2}) ?: (?![0-9])")
# `1 : `, `1: `, `1 :`, `2 ; ` or, with two spaces, `1  ` stand before an utterance of speaker 1번.
_PREFIX = re.compile(r"([0-9]+)(?: *[:;] ?| {2,})")
_DISTINCTIVE = (
    re.compile(rb'"annotations"\s*:\s*\{'),
    re.compile(rb'"(?:lines|norm_text|speaker_type)"\s*:'),
)


class Speaker(Struct, gc=False):
    """Who wrote a line."""

    id: Annotated[str, Meta(description="1번, 2번, ...; in AIHub 544 A and B")]


class Line(Struct, gc=False):
    """One message."""

    id: Annotated[int | str, Meta(description="1, 2, ...; of two equal lines one is read")]
    text: Annotated[str, Meta(description="the speaker's number or letter, then the message")]
    speaker: Speaker
    norm_text: Annotated[str | None, Meta(description="the message alone, if all is well")] = None


class Annotations(Struct, gc=False):
    """The dialogue and what was noted of it."""

    lines: list[Line]
    subject: Annotated[str, Meta(description="one of twenty")] = ""
    speaker_type: Annotated[str | None, Meta(description="1:1 or 다자간 대화; often wrong")] = None


class Info(Struct, gc=False):
    """One dialogue."""

    annotations: Annotations
    title: Annotated[str | None, Meta(description="should be the file's name")] = None


class TopicDocument(Struct, gc=False):
    """A document of AIHub 543, 주제별 텍스트 일상 대화."""

    info: Annotated[list[Info], Meta(min_length=1, max_length=1)]


_DOCUMENT = json.Decoder(TopicDocument)
_INFO = json.Decoder(Info)


def is_topic(head: bytes) -> bool:
    """Say whether a document that begins with `head` has the keys of this source."""
    return all(key.search(head) for key in _DISTINCTIVE)


def stem_of(raw_file: str) -> str:
    """Return the id of the dialogue in a file.

    >>> stem_of("TL_01. KAKAO(1).zip!KAKAO_1_01.json"), stem_of("a.b/c.d")
    ('KAKAO_1_01', 'c')
    """
    name = raw_file.rpartition("/")[2].rpartition("!")[2]
    return name.rpartition(".")[0] or name


def decode_info(raw: bytes, *, merged: bool) -> Info:
    """Return the dialogue of a document or, where documents are merged, of one `info`."""
    info = _INFO.decode(raw) if merged else _DOCUMENT.decode(raw).info[0]
    if _may_repeat_keys(raw, len(info.annotations.lines)):
        forbid_repeated_keys(raw)
    return info


def id_of(info: Info, document: Document, offset: int, *, merged: bool) -> str:
    """Return the id: the file's name, or among others in a file the title and the place.

    The title alone would not do: in 29 % of the files it is another dialogue's.
    """
    name = stem_of(document.raw_file)
    return f"{info.title or name}@{offset}" if merged else name


def read(
    raw: bytes, document: Document, offset: int, quirks: Counter[str], *, merged: bool
) -> Read:
    """Return the dialogue in a document, or in one `info` of merged ones."""
    info = decode_info(raw, merged=merged)
    dialogue_id = id_of(info, document, offset, merged=merged)
    lines = distinct_lines(info)
    speakers = [line.speaker.id for line in lines]
    usual = {speaker: f"{_number_of(speaker)}{_BEHIND_NUMBER}" for speaker in set(speakers)}
    texts = [
        line.text[len(prefix) :]
        if line.text.startswith(prefix := usual[speaker])
        else _text_of(line, quirks)
        for speaker, line in zip(speakers, lines, strict=True)
    ]
    if _COLON in "\n".join(texts):
        for place, (speaker, text) in enumerate(zip(speakers, texts, strict=True)):
            if _COLON in text:
                texts[place] = _without_more_prefixes(text, _number_of(speaker), quirks)
    count_quirks(info, lines, texts, quirks, title=None if merged else dialogue_id)
    return Read(dialogue_id, info.annotations.subject, speakers, texts)


def distinct_lines(info: Info) -> list[Line]:
    """Return the lines of a dialogue, each once: in some files every line stands twice."""
    lines = info.annotations.lines
    if len({line.id for line in lines}) < len(lines):
        first: dict[tuple[int | str, str], Line] = {}
        for line in lines:
            first.setdefault((line.id, line.text), line)
        return list(first.values())
    return lines


def repeated_lines(raw: bytes) -> Iterator[tuple[int, str]]:
    """Yield the lines of a dialogue that `distinct_lines` leaves out, with their places in it."""
    try:
        info = decode_info(raw, merged=False)
    except ValidationError:  # one `info` of several
        info = decode_info(raw, merged=True)
    met = set[tuple[int | str, str]]()
    for place, line in enumerate(info.annotations.lines):
        if (line.id, line.text) in met:
            yield place, line.text
        met.add((line.id, line.text))


def count_quirks(
    info: Info, lines: Sequence[Line], texts: list[str], quirks: Counter[str], *, title: str | None
) -> None:
    """Count what is odd about a dialogue beside its prefixes; `title` is what it should be."""
    annotations = info.annotations
    norm_texts = [line.norm_text or "" for line in lines]
    odd = {
        "doubled_line": len(annotations.lines) - len(lines),
        "empty_norm_text": norm_texts.count(""),
        "stuck_norm_text": len(set(norm_texts)) == 1 < len(set(texts)),
        "wrong_title": title is not None and info.title not in (None, title),
        "wrong_speaker_type": annotations.speaker_type == "1:1"
        and len({line.speaker.id for line in lines}) > 2,
        "line_end_in_text": "\n" in "".join(texts),
    }
    for name, n in odd.items():
        if n:
            quirks[name] += n


def _text_of(line: Line, quirks: Counter[str]) -> str:
    """Return the text of a line without the number of its speaker, however that is written.

    >>> _text_of(Line(1, "2 ; 1  시에 봐", Speaker("2번")), Counter())
    '1  시에 봐'
    """
    prefix = _PREFIX.match(line.text)
    if prefix and prefix[1] == _number_of(line.speaker.id):
        return line.text[prefix.end() :]
    quirks["prefix_of_another" if prefix else "no_prefix"] += 1
    return line.text


def _without_more_prefixes(text: str, number: str, quirks: Counter[str]) -> str:
    """Return a text without the speaker's number inside it: two messages were put into one line.

    Where another number has a colon, too, somebody has typed a list.

    >>> _without_more_prefixes("그럴까 1 : 오빠도?", "1", Counter())
    '그럴까 오빠도?'
    >>> _without_more_prefixes("그럴까 1: 오빠도?", "1", Counter())
    '그럴까 오빠도?'
    >>> _without_more_prefixes("우리가 2 : 1로 이겼어", "2", Counter())
    '우리가 2 : 1로 이겼어'
    >>> _without_more_prefixes("살 거 1: 우유 2: 빵", "1", Counter())
    '살 거 1: 우유 2: 빵'
    """
    if any(one != number for one in _LISTED.findall(text)):
        return text
    text, n = re.subn(rf"(?<=\S\s){re.escape(number)} ?: (?![0-9])", "", text)
    if n:
        quirks["prefix_inside"] += 1
    return text


def _number_of(speaker: str) -> str:
    return speaker.removesuffix("번")


def _may_repeat_keys(raw: bytes, n_lines: int) -> bool:
    """Say whether a key that is read stands in `raw` more or less often than it should.

    The annotations have a `text` too, which is not read.
    """
    return raw.count(b'"text"') - n_lines not in (0, 1) or raw.count(b'"speaker"') != n_lines
