"""The invented sample as AIHub 544 (task): an agent, A, and a customer, B, of call centres.

Of 544 the call centres of shops alone are imitated. A line reads `A.안녕하세요`, in `norm_text`,
too; one in about 5,000 reads `A : 안녕하세요`. The scripts are those of `text/service/`.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from corpus.sample.bank import NAME_TAG, Script, draws, pick, tell
from corpus.sample.label_file import Line, label_file
from corpus.sample.layout import AGES, SEXES, in_split, member, new_zip, once_in

ODD_PREFIX = 500  # one file in so many has one such line
PLACE = "shopping"
GROWN_UP = AGES[1:]
_ABOUT = {
    "mediatype": "콜센터",
    "medianame": "콜센터",
    "category": "목적대화",
    "speaker_type": "1:1",
}


def write_task(
    home: Path, scripts: Sequence[Script], n: int, seed: int, counts: Counter[str]
) -> None:
    """Write 544: label files in a zip a split, and beside it the zip of raw text."""
    folders = list(dict.fromkeys(sorted(script.subject for script in scripts)))
    for split, letter in (("1.Training", "T"), ("2.Validation", "V")):
        numbers = in_split(range(n), validation=letter == "V")
        if not numbers:
            continue
        name = f"_1.{PLACE}.zip"
        with (
            new_zip(home / split / "라벨링데이터" / f"{letter}L{name}") as labels,
            new_zip(home / split / "원천데이터" / f"{letter}S{name}") as texts,
        ):
            for number in numbers:
                script = scripts[number % len(scripts)]
                stem = f"shop_{number:04d}"
                folder = f"{folders.index(script.subject) + 1:02d}.{script.subject}"
                label, text = _label(script, number, stem, seed, counts)
                labels.writestr(member(f"{folder}/{stem}.json"), label)
                texts.writestr(member(f"{folder}/{stem}.txt"), text)


def _label(
    script: Script, number: int, stem: str, seed: int, counts: Counter[str]
) -> tuple[str, str]:
    """Return the label file and the raw text of dialogue `number` of 544."""
    draw = draws(f"{seed}/task/{number}")
    messages = tell(script, draw)
    texts = [f"{letter}.{text}" for letter, text in messages]
    if once_in(ODD_PREFIX, number):
        texts[-1] = " : ".join(messages[-1])
        counts["task_odd_prefixes"] += 1
    people = {letter: (pick(SEXES, draw), pick(GROWN_UP, draw)) for letter in "AB"}
    lines = [
        Line(k, text, text, letter, *people[letter])
        for k, (text, (letter, _)) in enumerate(zip(texts, messages, strict=True), 1)
    ]
    about = _ABOUT | {"title": stem}
    label, n_escapes = label_file(40000 + number, stem, script.subject, texts, lines, about)
    counts["task_escapes"] += n_escapes
    counts["task_names"] += sum(text.count(NAME_TAG) for text in texts)
    counts["task_dialogues"] += 1
    counts["task_agent_opens"] += messages[0][0] == "A"
    return label, "\n".join(texts)
