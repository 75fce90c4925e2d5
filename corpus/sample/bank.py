"""The text bank of the invented sample: scripts of everyday Korean chats, told anew at each draw.

`text/*.txt` were written by hand for this project. A file opens with its two labels and
then holds scripts; a script has a title, its lists, and one line per message:

    subject: 반려동물              the label of AIHub 543 and 544
    topic: 주거와 생활             the label of AIHub 117 and 114

    == 강아지 산책
    let name = 콩이 | 두부         a list: one filler is drawn for the whole dialogue
    let a / b = 비 / 우산 | 눈 / 장갑     lists that are drawn together
    A: {name:이랑} 나갔어? | 산책했어?    `|` parts wordings, one of which is drawn
    B: 아직 [{a:이} 와서|추워서] 집이야   ... of a part in `[ ]`; a wording may be empty
    A: {B:야} {b} 챙겨서 나가             the name of speaker B, as `#@이름#`
    B: {X:가} 아까 갔어[ㅋㅋ|]            somebody who is not there

A particle after `:` is fitted to the filler (콩이랑, 두부랑). Of a person's name only the ending is
known, so a person's particle is written as after a vowel (가 는 를 야 랑 한테) and becomes 이가,
이는, 아 where the name ends in a consonant. Of two people in one script one name ends in a
consonant and one does not, so that reader and names step can tell them apart. A message that is
drawn empty is not sent.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

SAMPLE_TEXT = Path(__file__).parent / "text"  # chats of two and more
SERVICE_TEXT = SAMPLE_TEXT / "service"  # a customer and an agent, for AIHub 544

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{(\w+)(?::([가-힣]+))?\}")
_LET = re.compile(r"let ([\w /]+?) = (.+)")
_MESSAGE = re.compile(r"([A-Z]): (.+)")
RIEUL = 8  # ㄹ among a syllable's finals
# The second form is what stands after a vowel (or, for 으로, after ㄹ too).
_PARTICLES = {"은": "는", "이": "가", "을": "를", "과": "와", "으로": "로", "이에요": "예요"}

NAME_TAG = "#@이름#"

Message = tuple[str, str]  # the speaker's letter, the text


@dataclass(frozen=True, slots=True)
class Script:
    """One chat of the bank, still to be told."""

    subject: str
    topic: str
    title: str
    lists: tuple[tuple[tuple[str, ...], tuple[tuple[str, ...], ...]], ...]  # names, rows of fillers
    people: tuple[str, ...]  # the letters of those who are named, at most two
    text: str  # a line per message: the speaker's letter, then its wordings


def read_bank(folder: Path = SAMPLE_TEXT) -> list[Script]:
    """Return the scripts of every file of `folder`, in the order of file names.

    Raises:
        ValueError: names the file and the line or script that is not in the form above.
    """
    scripts = []
    for path in sorted(folder.glob("*.txt")):
        try:
            scripts += _read_scripts(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path.name}: {error}") from error
    return scripts


def tell(script: Script, draw: Callable[[], float]) -> list[Message]:
    """Return one telling of `script`; `draw` gives numbers in [0, 1)."""

    def choose(match: re.Match[str]) -> str:
        return pick(match[1].split("|"), draw).strip(" ")

    def fill(match: re.Match[str]) -> str:
        word, particle = match[1], match[2]
        if word in ends_in_consonant:
            return NAME_TAG + (
                named_particle(particle, ends_in_consonant[word]) if particle else ""
            )
        return with_particle(fillers[word], particle) if particle else fillers[word]

    consonant_first = draw() < 0.5
    ends_in_consonant = {
        person: consonant_first == (k == 0) for k, person in enumerate(script.people)
    }
    fillers: dict[str, str] = {}
    for names, rows in script.lists:
        fillers.update(zip(names, rows[int(draw() * len(rows))], strict=True))
    text = script.text
    while "[" in text:  # innermost first: a wording may hold choices of its own
        text = _CHOICE.sub(choose, text)
    text = _SLOT.sub(fill, text)
    messages = ((line[0], " ".join(line[1:].split())) for line in text.split("\n"))
    return [message for message in messages if message[1]]


def draws(key: str) -> Callable[[], float]:
    """Return a source of numbers in [0, 1), always the same for the same key."""
    return Random(key).random  # noqa: S311 (nothing secret)


def pick(choices: Sequence[str], draw: Callable[[], float]) -> str:
    """Return one of `choices`."""
    return choices[int(draw() * len(choices))]


def with_particle(word: str, particle: str) -> str:
    """Return `word` with the form of `particle` that fits its last syllable.

    >>> with_particle("빵", "을"), with_particle("우유", "을"), with_particle("쌀", "으로")
    ('빵을', '우유를', '쌀로')
    >>> with_particle("빵", "이나"), with_particle("우유", "이랑"), with_particle("어제", "이었어")
    ('빵이나', '우유랑', '어제였어')
    """
    if not "가" <= word[-1] <= "힣":
        raise ValueError(
            f"{word!r} does not end in a Hangul syllable, so 「{particle}」 cannot fit it"
        )
    final = (ord(word[-1]) - ord("가")) % 28
    if final and not (particle == "으로" and final == RIEUL):
        return word + particle
    if particle in _PARTICLES:
        return word + _PARTICLES[particle]
    if particle.startswith("이었"):
        return word + "였" + particle[2:]
    if particle.startswith("이"):
        return word + particle[1:]
    raise ValueError(f"「{particle}」 is the same after every word: write it outside the braces")


def named_particle(particle: str, ends_in_consonant: bool) -> str:  # noqa: FBT001
    """Return what is typed after a person's name.

    >>> [named_particle(p, True) for p in ("가", "야", "한테", "이야")]
    ['이가', '아', '이한테', '이야']
    >>> [named_particle(p, False) for p in ("가", "야", "한테", "이야")]
    ['가', '야', '한테', '야']
    """
    if ends_in_consonant:
        return "아" if particle == "야" else "이" + particle.removeprefix("이")
    return particle.removeprefix("이")


def _read_scripts(text: str) -> list[Script]:
    head, *blocks = text.split("\n== ")
    labels = dict(line.split(": ", 1) for line in head.splitlines() if line)
    if set(labels) != {"subject", "topic"}:
        raise ValueError("a file opens with its subject and its topic")
    return [_read_script(labels["subject"], labels["topic"], block) for block in blocks]


def _read_script(subject: str, topic: str, block: str) -> Script:
    title, *rest = block.strip().splitlines()
    lists, lines = [], []
    for line in rest:
        if match := _LET.fullmatch(line):
            names = tuple(match[1].split(" / "))
            rows = tuple(tuple(row.strip().split(" / ")) for row in match[2].split(" | "))
            if any(len(row) != len(names) for row in rows):
                raise ValueError(f"{title}: a row of {names} has too few or too many fillers")
            lists.append((names, rows))
        elif match := _MESSAGE.fullmatch(line):
            lines.append(f"{match[1]}[{match[2]}]")
        else:
            raise ValueError(f"{title}: cannot read {line!r}")
    body = "\n".join(lines)
    bare = _SLOT.sub("", body)
    odd_braces = "{" in bare or "}" in bare
    while _CHOICE.search(bare):
        bare = _CHOICE.sub("", bare)
    if odd_braces or "[" in bare or "]" in bare:
        raise ValueError(f"{title}: brackets do not pair")
    used = dict.fromkeys(match[1] for match in _SLOT.finditer(body))  # in order of appearance
    people = tuple(word for word in used if word.isascii() and word.isupper())
    fillers = {name for names, _ in lists for name in names}
    if fillers != set(used) - set(people):
        raise ValueError(f"{title}: listed {sorted(fillers)} but used {sorted(used)}")
    if len(people) > 2:
        raise ValueError(f"{title}: more than two people are named: {people}")
    return Script(subject, topic, title, tuple(lists), people, body)
