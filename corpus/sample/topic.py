"""The invented sample as AIHub 543 (topic): one label file a dialogue, in zips by platform.

The shares below were counted in 5,242 original label files.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from corpus.sample.bank import NAME_TAG, Script, draws, pick, tell
from corpus.sample.label_file import Line, label_file
from corpus.sample.layout import AGES, SEXES, in_split, member, new_zip, once_in, shares
from corpus.sample.typing import type_out


class _Platform(NamedTuple):
    name: str  # in paths
    medianame: str
    mediatype: str
    archives: int  # in Training
    percent: int  # of the files


PLATFORMS = (
    _Platform("KAKAO", "카카오톡", "SNS", 4, 82),
    _Platform("FACEBOOK", "페이스북", "SNS", 1, 9),
    _Platform("INSTAGRAM", "인스타그램", "SNS", 1, 5),
    _Platform("BAND", "네이버밴드", "SNS", 1, 2),
    _Platform("NATEON", "네이트온", "메신저", 1, 2),
)
PREFIX, ODD_PREFIXES = "%d : ", ("%d: ", "%d :", "%d ; ", "%d  ")
ODD_PREFIX = 0.004  # of the lines
OTHER_TITLE, OTHER_MEDIUM = 0.29, 0.02  # of the files name another dialogue, another platform
MISLABELLED = 0.18  # of the files with three speakers say "1:1"
DOUBLED, EMPTY_NORM, NEWLINE, STUCK_NORM = 400, 500, 300, 1000  # one file in so many

_UNMASKED = re.compile(r"#@(?!이름#|주소#|장소#)")  # 543 has no tags: such a message is not in it
_MASKS = (  # one star a syllable, and a surname alone before a title
    (NAME_TAG + " 과장", "*과장"),
    (NAME_TAG + " 대리", "*대리"),
    (NAME_TAG, "**"),
    ("#@주소#", "**동"),
    ("#@장소#", "**역"),
    ("^^", "*^^*"),
)


def write_topic(
    home: Path, scripts: Sequence[Script], n: int, seed: int, counts: Counter[str]
) -> None:
    """Write 543: label files in zips, and beside them the zips of raw text that AIHub gives too."""
    maskable = [script for script in scripts if _is_maskable(script)]
    for split, letter, first_page in (("1.Training", "T", 1), ("2.Validation", "V", 5001)):
        numbers = in_split(range(n), validation=letter == "V")
        for name, platform, places, first in _archives(len(numbers), training=letter == "T"):
            with (
                new_zip(home / split / "라벨링데이터" / f"{letter}L_{name}.zip") as labels,
                new_zip(home / split / "원천데이터" / f"{letter}S_{name}.zip") as texts,
            ):
                for nth, place in enumerate(places, first):
                    stem = f"{platform.name}_{first_page + nth // 20}_{nth % 20 + 1:02d}"
                    script = maskable[numbers[place] % len(maskable)]
                    label, text = _label(script, numbers[place], stem, platform, seed, counts)
                    labels.writestr(member(f"{stem}.json"), label)
                    texts.writestr(member(f"{stem}.txt"), text)


def _archives(n: int, *, training: bool) -> Iterator[tuple[str, _Platform, range, int]]:
    """Yield each archive that `n` files fill: its name, its platform and which files it holds.

    Last comes how many of the platform's files lie in the archives before it.
    """
    by_platform = shares(n, [platform.percent for platform in PLATFORMS])
    for k, (platform, files) in enumerate(zip(PLATFORMS, by_platform, strict=True), 1):
        parts = platform.archives if training else 1
        for part, share in enumerate(shares(len(files), [1] * parts), 1):
            if share:
                name = f"{k:02d}. {platform.name}" + (f"({part})" if parts > 1 else "")
                yield name, platform, files[share.start : share.stop], share.start


def _is_maskable(script: Script) -> bool:
    """Say whether `script` keeps its sense in 543, which has stars in place of some tags only."""
    return "#@소속#" not in script.text and bool(re.search(r"\[(?!#)", script.text))


def _label(
    script: Script, number: int, stem: str, platform: _Platform, seed: int, counts: Counter[str]
) -> tuple[str, str]:
    """Return the label file and the raw text of dialogue `number` of 543."""
    draw = draws(f"{seed}/topic/{number}")
    messages = type_out(tell(script, draw), draw, laugh="키하")
    messages = [message for message in messages if not _UNMASKED.search(message[1])]
    counts["topic_masks"] += sum(text.count(NAME_TAG) for _, text in messages)
    letters = list(dict.fromkeys(letter for letter, _ in messages))
    speakers = [letters.index(letter) + 1 for letter, _ in messages]
    texts, norm_texts = _irregular_texts(
        number, speakers, [_mask(text) for _, text in messages], draw, counts
    )
    doubled = once_in(DOUBLED, number)
    people = {k: (pick(SEXES, draw), pick(AGES, draw)) for k in range(1, len(letters) + 1)}
    lines = [
        Line(k, text, norm_text, f"{speaker}번", *people[speaker])
        for k, (text, norm_text, speaker) in enumerate(
            zip(texts, norm_texts, speakers, strict=True), 1
        )
        for _ in range(1 + doubled)
    ]
    label, n_escapes = label_file(
        20000 + number,
        stem,
        script.subject,
        texts,
        lines,
        _metadata(stem, platform, len(letters), draw, counts),
    )
    counts["topic_escapes"] += n_escapes
    counts["topic_doubled_files"] += doubled
    counts["topic_dialogues"] += 1
    counts[f"topic_speakers_{len(letters)}"] += 1
    return label, "\n".join(texts)


def _irregular_texts(
    number: int,
    speakers: Sequence[int],
    masked: list[str],
    draw: Callable[[], float],
    counts: Counter[str],
) -> tuple[list[str], list[str]]:
    """Return `text` and `norm_text` of every line."""
    if once_in(NEWLINE, number):
        k = next(k for k, text in enumerate(masked) if " " in text)
        masked[k] = masked[k].replace(" ", " \n", 1)
        counts["topic_newlines"] += 1
    texts = []
    for speaker, text in zip(speakers, masked, strict=True):
        odd = draw() < ODD_PREFIX
        counts["topic_odd_prefixes"] += odd
        texts.append((pick(ODD_PREFIXES, draw) if odd else PREFIX) % speaker + text)
    if once_in(STUCK_NORM, number):
        counts["topic_stuck_norm_texts"] += 1
        return texts, [texts[0]] * len(texts)
    if once_in(EMPTY_NORM, number):
        masked[len(masked) // 2] = ""
        counts["topic_empty_norm_texts"] += 1
    return texts, masked


def _metadata(
    stem: str, platform: _Platform, n_speakers: int, draw: Callable[[], float], counts: Counter[str]
) -> dict[str, str]:
    """Return what a label file says of itself, which is not always true."""
    other_title = draw() < OTHER_TITLE
    other_medium = platform.name != "KAKAO" and draw() < OTHER_MEDIUM
    many = n_speakers > 2
    mislabelled = many and draw() < MISLABELLED
    another = f"{platform.name}_{4000 + int(draw() * 1000)}_{1 + int(draw() * 20):02d}"
    counts["topic_other_titles"] += other_title
    counts["topic_other_media"] += other_medium
    counts["topic_mislabelled_speakers"] += mislabelled
    return {
        "title": another if other_title else stem,
        "mediatype": platform.mediatype,
        "medianame": "카카오톡" if other_medium else platform.medianame,
        "category": "일상대화",
        "speaker_type": "다자간 대화" if many and not mislabelled else "1:1",
    }


def _mask(text: str) -> str:
    for tag, mask in _MASKS:
        text = text.replace(tag, mask)
    return text
