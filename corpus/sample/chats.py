"""The invented sample as AIHub 117 (summary) and 114 (sns): one document a topic."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring as quote
from pathlib import Path
from typing import IO
from uuid import UUID

from corpus.records import Source
from corpus.sample.bank import NAME_TAG, Script, draws, pick, tell
from corpus.sample.layout import (
    AGES,
    SEXES,
    in_split,
    member,
    new_zip,
    once_in,
    shares,
    split_in_parts,
)
from corpus.sample.typing import type_out

DOCUMENTS = {  # the topic that a dialogue names: the stem of its document
    "개인 및 관계": "개인및관계",
    "미용과 건강": "미용과건강",
    "상거래(쇼핑)": "상거래(쇼핑)",
    "시사/교육": "시사교육",
    "식음료": "식음료",
    "여가 생활": "여가생활",
    "일과 직업": "일과직업",
    "주거와 생활": "주거와생활",
    "행사": "행사",
}
INDENTED = "행사"  # the one document of 117 that is not on one line
SPLITS = (("Training", "train"), ("Validation", "valid"))
REPEATED_ID, REPEATED_TEXT = 500, 400  # of 117, one dialogue in so many repeats the one before it
ALSO_IN_117 = 20  # one dialogue in so many of 114
TAG_FORMS = {  # what may stand for a message of the bank that is this tag
    "#@이모티콘#": (
        "#@이모티콘#",
        "#@이모티콘#",
        "#@이모티콘#우와#",
        "#@이모티콘#심각##@이모티콘#심각#",
    ),
    "#@URL#": ("#@URL#", "#@URL#", "#@url#", "@URL"),  # the last two occur in derived data
}
PROVINCES = ("서울특별시", "경기도", "부산광역시", "대구광역시", "충청남도", "전라북도")
UNREADABLE = (  # entries of one document, where `broken` was asked for
    "(반사회적어용어)".encode(),  # a bare word, as in an original file
    b'{"header": {"dialogueInfo": {"dialogueID": "\xff\xfe"}}, "body": {"dialogue": []}}',
    b'{"header": {"dialogueInfo": {"dialogueID": "lost-brace"}, "body": {"dialogue": []}}',
)
UNREADABLE_FILES = {
    "잘린 문서.json": '{"numberOfItems": 2, "data": [{"header": {"dialogueInfo": {"dialogueID": "',
    "다른 문서.json": '{"title": "메모", "pages": [1, 2, 3]}',
}

_CHAT = (
    '{"header": {"dialogueInfo": {"numberOfParticipants": %d, "numberOfUtterances": %d, '
    '"numberOfTurns": %d, "type": "일상 대화", "topic": "%s", "dialogueID": "%s"}, '
    '"participantsInfo": [%s]}, "body": %s}'
)
_PARTICIPANT = (
    '{"age": "%s", "residentialProvince": "%s", "gender": "%s", "participantID": "P%02d"}'
)
_UTTERANCE = (
    '{"utteranceID": "U%d", "turnID": "T%d", "participantID": "P%02d", '
    '"date": "%s", "time": "%02d:%02d:00", "utterance": %s}'
)


@dataclass(frozen=True, slots=True)
class Chats:
    """Which chats 117 and 114 hold: each topic has its scripts, and its places in both sets."""

    scripts: dict[str, list[Script]]
    summary: dict[str, range]
    sns: dict[str, range]
    seed: int
    counts: Counter[str]


def plan_chats(
    scripts: Sequence[Script], n_summary: int, n_sns: int, seed: int, counts: Counter[str]
) -> Chats:
    """Give each topic as many of the dialogues as it has of the scripts."""
    by_topic = {topic: [s for s in scripts if s.topic == topic] for topic in DOCUMENTS}
    weights = [len(of_topic) for of_topic in by_topic.values()]
    summary = dict(zip(DOCUMENTS, shares(n_summary, weights), strict=True))
    sns = dict(zip(DOCUMENTS, shares(n_sns, weights), strict=True))
    return Chats(by_topic, summary, sns, seed, counts)


def write_summary(home: Path, chats: Chats, *, miscount: bool, broken: bool) -> None:
    """Write 117: a zip a split."""
    for split, stem in SPLITS:
        documents = _documents(chats.summary, validation=stem == "valid")
        if not documents:
            continue
        with new_zip(home / split / f"[라벨]한국어대화요약_{stem}.zip") as archive:
            for topic, places in documents.items():
                wrong = miscount and (topic, stem) == ("식음료", "train")
                unreadable = UNREADABLE if broken and topic == next(iter(documents)) else ()
                chats.counts["summary_wrong_item_counts"] += wrong
                chats.counts["summary_unreadable_entries"] += len(unreadable)
                with archive.open(member(f"{DOCUMENTS[topic]}.json"), "w") as file:
                    entries = _summary_chats(chats, topic, places)
                    _write_document(file, entries, len(places) + wrong, unreadable)
    for name, text in UNREADABLE_FILES.items() if broken else ():
        home.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
        chats.counts["unreadable_files"] += 1


def write_sns(home: Path, chats: Chats) -> None:
    """Write 114: the parts of a zip for Training, loose files for Validation."""
    for split, stem in SPLITS:
        documents = _documents(chats.sns, validation=stem == "valid")
        if not documents:
            continue
        folder = home / split / f"[라벨]한국어SNS_{stem}"
        if stem == "valid":
            folder.mkdir(parents=True)
            for topic, places in documents.items():
                with (folder / f"{DOCUMENTS[topic]}.json").open("wb") as file:
                    _write_document(file, _sns_chats(chats, topic, places), len(places))
        else:
            whole = folder.with_name(folder.name + ".zip")
            with new_zip(whole) as archive:
                for topic, places in documents.items():
                    with archive.open(member(f"{DOCUMENTS[topic]}.json"), "w") as file:
                        _write_document(file, _sns_chats(chats, topic, places), len(places))
            split_in_parts(whole)


def _documents(places_of: dict[str, range], *, validation: bool) -> dict[str, list[int]]:
    """Return the places of each topic that has any in this split."""
    chosen = {topic: in_split(places, validation=validation) for topic, places in places_of.items()}
    return {topic: places for topic, places in chosen.items() if places}


def _write_document(
    file: IO[bytes], chats: Iterator[str], n_items: int, unreadable: Sequence[bytes] = ()
) -> None:
    file.write(b'{\n\t"numberOfItems": %d,\n\t"data": [' % (n_items + len(unreadable)))
    file.write(next(chats).encode())
    for chat in chats:
        file.write(b"," + chat.encode())
    for entry in unreadable:
        file.write(b"," + entry)
    file.write(b"]\n}")


def _summary_chats(chats: Chats, topic: str, places: Sequence[int]) -> Iterator[str]:
    for place in places:
        nth = place - chats.summary[topic].start
        told_by, known_by = _repeat(place, nth)
        chats.counts["summary_repeated_ids"] += known_by != nth
        chats.counts["summary_repeated_texts"] += told_by != known_by
        yield _chat("summary", chats, topic, told_by, known_by)


def _sns_chats(chats: Chats, topic: str, places: Sequence[int]) -> Iterator[str]:
    for place in places:
        nth, also = place - chats.sns[topic].start, chats.summary[topic]
        if also and once_in(ALSO_IN_117, place):
            nth %= len(also)
            told_by, known_by = _repeat(also[nth], nth)
            chats.counts["sns_also_in_summary"] += 1
        else:
            told_by = known_by = len(also) + nth
        yield _chat("sns", chats, topic, told_by, known_by)


def _repeat(place: int, nth: int) -> tuple[int, int]:
    """Return the numbers that give the `nth` dialogue of a topic in 117 its text and its id.

    A few repeat the dialogue before them, under the same id or under their own.
    """
    if nth and once_in(REPEATED_ID, place):
        return nth - 1, nth - 1
    if nth and once_in(REPEATED_TEXT, place):
        return nth - 1, nth
    return nth, nth


def _chat(source: Source, chats: Chats, topic: str, told_by: int, known_by: int) -> str:
    """Return one entry of a document of 117 or 114, as JSON."""
    scripts = chats.scripts[topic]
    script = scripts[told_by % len(scripts)]
    draw = draws(f"{chats.seed}/{topic}/{told_by}")
    date = f"2020-{1 + int(draw() * 12):02d}-{1 + int(draw() * 28):02d}"
    minute = 8 * 60 + int(draw() * 13 * 60)  # 08:00 to 21:00
    messages = type_out(tell(script, draw), draw, laugh="ㅋㅎ")
    letters = list(dict.fromkeys(letter for letter, _ in messages))
    utterances, turn, last = [], 0, ""
    for k, (letter, typed) in enumerate(messages, 1):
        text = pick(TAG_FORMS[typed], draw) if typed in TAG_FORMS else typed
        turn += letter != last
        last = letter
        minute += int(draw() * 2.2)
        stamp = (date, minute // 60, minute % 60)
        utterances.append(_UTTERANCE % (k, turn, letters.index(letter) + 1, *stamp, quote(text)))
    dialogue = ", ".join(utterances)
    chats.counts[f"{source}_names"] += dialogue.count(NAME_TAG)
    chats.counts[f"{source}_adjacent_emoticons"] += dialogue.count("##@")
    chats.counts[f"{source}_dialogues"] += 1
    chats.counts[f"{source}_speakers_{len(letters)}"] += 1
    participants = [
        _PARTICIPANT % (pick(AGES, draw), pick(PROVINCES, draw), pick(SEXES, draw), k)
        for k in range(1, len(letters) + 1)
    ]
    body = f"[{dialogue}]"
    if source == "summary":
        gist = f"{len(letters)}명이 {script.title}에 대해 이야기한다."
        body = f'{{"dialogue": {body}, "summary": {quote(gist)}}}'
    digest = sha256(f"{chats.seed}/{topic}/{known_by}".encode()).digest()
    numbers = (len(letters), len(utterances), turn)
    identifier = UUID(bytes=digest[:16], version=5)
    chat = _CHAT % (*numbers, topic, identifier, ", ".join(participants), body)
    if topic == INDENTED:
        return json.dumps(json.loads(chat), ensure_ascii=False, indent="\t")
    return chat
