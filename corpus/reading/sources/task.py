"""AIHub 544, 용도별 목적대화 (`task`): an agent, A, and a customer, B, in the keys of AIHub 543.

A line reads `A.안녕하세요`, in `text` and in `norm_text`: 99.98 % of the lines begin with a letter
and a full stop, others `A : `. What else the files do not keep to is counted as for 543.
"""

import re
from collections import Counter
from typing import Annotated

from msgspec import Meta, Struct

from corpus.reading.sources import topic
from corpus.reading.sources.entry import Read
from corpus.records import Document

_LINES = re.compile(rb'"lines"\s*:')
_FIRST_LINES = 1200  # bytes of the lines tell one source from the other
# How a line begins and who wrote it, in 544 (the group matches) and in 543.
_TEXT = re.compile(rb'"(?:norm_)?text"\s*:\s*"\s{0,8}(?:([A-Za-z])|[0-9]{1,4})\s{0,8}[.:;]')
_SPEAKER = re.compile('"id"\\s*:\\s*"(?:([A-Za-z])[.:]?|[0-9]{1,4}번)"'.encode())
# Where neither of these is found, the lines are of 543: two searches for what begins alike are four
# times faster than to list all that is told.
_LETTER_IN_TEXT = re.compile(rb'text"\s*:\s*"\s{0,8}[A-Za-z]\s{0,8}[.:;]')
_LETTER_AS_ID = re.compile(rb'"id"\s*:\s*"[A-Za-z][.:]?"')
_PREFIX = re.compile(r"\s*([A-Za-z])\s*[.:;]\s*")
_LETTER = re.compile(r"\s*([A-Za-z])\s*[.:번]?\s*")


class TaskDocument(Struct, gc=False):
    """A document of AIHub 544, 용도별 목적대화."""

    info: Annotated[list[topic.Info], Meta(min_length=1, max_length=1)]


def is_task(head: bytes) -> bool:
    """Say whether a document that begins with `head` is of this source: A and B speak in it."""
    lines = _LINES.search(head)
    start = lines.end() if lines else 0
    stop = start + _FIRST_LINES
    lettered = _LETTER_IN_TEXT.search(head, start, stop) or _LETTER_AS_ID.search(head, start, stop)
    if not lettered or not topic.is_topic(head):
        return False
    told = [*_TEXT.findall(head, start, stop), *_SPEAKER.findall(head, start, stop)]
    return 2 * sum(map(bool, told)) > len(told)


def read(
    raw: bytes, document: Document, offset: int, quirks: Counter[str], *, merged: bool
) -> Read:
    """Return the dialogue in a document, or in one `info` of merged ones."""
    info = topic.decode_info(raw, merged=merged)
    dialogue_id = topic.id_of(info, document, offset, merged=merged)
    lines = topic.distinct_lines(info)
    prefixes = [_PREFIX.match(line.text) for line in lines]
    letters = [prefix[1].upper() if prefix else "" for prefix in prefixes]
    speakers = [_letter_of(line.speaker.id) for line in lines]
    if len(set(speakers)) < 2 <= len(set(filter(None, letters))):  # the ids do not tell them apart
        pairs = zip(letters, speakers, strict=True)
        speakers = [letter or speaker for letter, speaker in pairs]
    texts = []
    for line, prefix, letter, speaker in zip(lines, prefixes, letters, speakers, strict=True):
        is_own = prefix is not None and letter == speaker
        texts.append(line.text[prefix.end() :] if prefix and is_own else line.text)
        if not is_own:
            quirks["prefix_of_another" if prefix else "no_prefix"] += 1
    topic.count_quirks(info, lines, texts, quirks, title=None if merged else dialogue_id)
    return Read(dialogue_id, info.annotations.subject, speakers, texts)


def _letter_of(speaker: str) -> str:
    """Return the letter of a speaker's id, or the id.

    >>> _letter_of("A"), _letter_of("b."), _letter_of("상담원")
    ('A', 'B', '상담원')
    """
    letter = _LETTER.fullmatch(speaker)
    return letter[1].upper() if letter else speaker
