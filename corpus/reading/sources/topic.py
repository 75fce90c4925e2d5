"""AIHub 543, 주제별 텍스트 일상 대화 (`topic`): one document is one dialogue.

What its files do not keep to was measured on 5,242 of them and is counted as a quirk: `title` names
another dialogue in 29 %, so the file's own name is the id; `speaker_type` is wrong in 361 files;
13 files have every line twice; `norm_text` is empty in 9 lines and stuck on the first line in some
files, so a text is `text` without its speaker's number. An utterance may hold a newline.
"""

import re
from collections import Counter
from typing import Annotated

from msgspec import Meta, Struct

# `1 : `, `1: `, `1 :`, `2 ; ` or, with two spaces, `1  ` stand before an utterance of speaker 1번.
_PREFIX = re.compile(r"([0-9]+)(?: *[:;] ?| {2,})")
_DISTINCTIVE = (
    re.compile(rb'"annotations"\s*:\s*\{'),
    re.compile(rb'"(?:lines|norm_text|speaker_type)"\s*:'),
)


class Speaker(Struct, gc=False):
    """Who wrote a line."""

    id: Annotated[str, Meta(description="1번, 2번, ...")]


class Line(Struct, gc=False):
    """One message."""

    id: Annotated[int | str, Meta(description="1, 2, ...; of two equal lines one is read")]
    text: Annotated[str, Meta(description="the number of the speaker, then the message")]
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


def is_topic(head: bytes) -> bool:
    """Say whether a document that begins with `head` is of this source."""
    return all(key.search(head) for key in _DISTINCTIVE)


def stem_of(raw_file: str) -> str:
    """Return the id of the dialogue in a file.

    >>> stem_of("TL_01. KAKAO(1).zip!KAKAO_1_01.json"), stem_of("a.b/c.d")
    ('KAKAO_1_01', 'c')
    """
    name = raw_file.rpartition("/")[2].rpartition("!")[2]
    return name.rpartition(".")[0] or name


def utterances_of(
    info: Info, dialogue_id: str, quirks: Counter[str]
) -> tuple[list[str], list[str]]:
    """Return the speakers and the texts of a dialogue, and count what is odd about it."""
    annotations = info.annotations
    lines = annotations.lines
    if len({line.id for line in lines}) < len(lines):
        first: dict[tuple[int | str, str], Line] = {}
        for line in lines:
            first.setdefault((line.id, line.text), line)
        lines = list(first.values())
    speakers = [line.speaker.id for line in lines]
    usual = {speaker: f"{_number_of(speaker)} : " for speaker in set(speakers)}
    texts = [
        line.text[len(prefix) :]
        if line.text.startswith(prefix := usual[speaker])
        else _text_of(line, quirks)
        for speaker, line in zip(speakers, lines, strict=True)
    ]
    norm_texts = [line.norm_text or "" for line in lines]
    odd = {
        "doubled_line": len(annotations.lines) - len(lines),
        "empty_norm_text": norm_texts.count(""),
        "stuck_norm_text": len(set(norm_texts)) == 1 < len(set(texts)),
        "wrong_title": info.title not in (None, dialogue_id),
        "wrong_speaker_type": annotations.speaker_type == "1:1" and len(usual) > 2,
        "line_end_in_text": "\n" in "".join(texts),
    }
    for name, n in odd.items():
        if n:
            quirks[name] += n
    return speakers, texts


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


def _number_of(speaker: str) -> str:
    return speaker.removesuffix("번")


def may_repeat_keys(raw: bytes, n_lines: int) -> bool:
    """Say whether a key that is read stands in `raw` more or less often than it should.

    The annotations have a `text` too, which is not read.
    """
    return raw.count(b'"text"') - n_lines not in (0, 1) or raw.count(b'"speaker"') != n_lines
