"""What a model is given of a conversation: the last whole exchanges, as it was trained to see them.

A pure function of the conversation. The law: what the model was trained on, and nothing else. So a
message becomes what the builder would have made of it, control tokens come in as ids, never as
text, and what cannot be read is left out together with what was said to it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from corpus.chat.reply import Message, Role, Seen
from corpus.text.normalisation import normalise, trace
from corpus.tokens.encoder import Encoder

# When the conversation outgrows its room, it is cut to this share of it, so that the prefix that is
# kept does not move with every message.
KEPT_SHARE = 0.75
_TAG = re.compile("#@([^#]*)#")


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads texts as the training data was read.

    Attributes:
        rules: the text rules of the corpus.
        lacking: the syllables that were respelt; none if `--respell` was off.
        begin: the ids in front of a dialogue: `<s>` for `--labels shift`, else none.
    """

    encoder: Encoder
    rules: str = "default"
    lacking: frozenset[str] = frozenset()
    begin: tuple[int, ...] = ()

    def texts(self, texts: Sequence[str]) -> list[str | None]:
        """Return each text as the corpus would write it; None if nothing readable is left.

        Personal data stays: it is the user's own. A tag leaves its word, as no name is invented.
        """
        written = normalise(list(texts), rules=self.rules, personal="keep", lacking=self.lacking)
        return [text and (_TAG.sub(r"\1", text).strip() or None) for text in written]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of texts; no text can give a control token but `<unk>`."""
        forbidden = self.encoder.control_ids - {self.encoder.unk_id}
        return [
            [one for one in np.frombuffer(ids, "<i4").tolist() if one not in forbidden]
            for ids in self.encoder.encode(texts)
        ]

    def seen(self, text: str) -> Seen:
        """Return what the model would read of a text, and how it came to that."""
        [written] = self.texts([text])
        steps = trace(text, rules=self.rules, personal="keep", lacking=self.lacking)
        names = tuple(dict.fromkeys(name for name, _, _ in steps))
        [ids] = self.ids([written or ""])
        words = self.encoder.token_texts
        unknown = self.encoder.unk_id
        return Seen(written, names, tuple((words[one], one, one == unknown) for one in ids))


@dataclass(frozen=True, slots=True)
class Window:
    """What the model is given, in chunks that each end on `<sys>`.

    Attributes:
        seen: what was read of each message; empty where nothing was.
        first_message: index of the first message that is inside.
        cut_characters: of the last message, in front, for which there was no room.
        unknown: how many tokens are `<unk>`.
        asked: the text that is to be answered.
        answers: the replies given so far, all of them.
    """

    chunks: tuple[tuple[int, ...], ...]
    seen: tuple[str, ...]
    first_message: int
    cut_characters: int
    unknown: int
    asked: str
    answers: tuple[str, ...]

    @property
    def ids(self) -> list[int]:
        """All tokens."""
        return [one for chunk in self.chunks for one in chunk]


@dataclass(frozen=True, slots=True)
class _Turn:
    role: Role
    text: str
    first: int  # index of its first message
    ids: list[int]  # behind its role token


def make_window(messages: Sequence[Message], reader: Reader, room: int) -> Window | None:
    """Return what fits into `room` tokens; None if the last message cannot be read.

    Args:
        messages: the last one is the user's.
        reader: how they are read.
        room: for all that comes before the reply, `<s>` and the last `<sys>` included.
    """
    texts = reader.texts([message.content for message in messages])
    seen = [text or "" for text in texts]
    if not seen[-1]:
        return None
    turns = _turns(messages, seen, reader)
    room_alone = room - len(reader.begin) - 2  # <usr> and <sys>
    cut = 0
    if len(turns[-1].ids) > room_alone:
        text = _end_of(turns[-1].text, reader, room_alone)
        cut = len(turns[-1].text) - len(text)
        turns[-1] = _Turn("user", text, _cut(seen, turns[-1].first, text), *reader.ids([text]))
    inside = turns[_first_turn(turns, reader, room) :]
    encoder = reader.encoder
    chunks: list[tuple[int, ...]] = []
    chunk = list(reader.begin)
    for turn in inside:
        chunk += [encoder.usr_id, *turn.ids, encoder.sys_id] if turn.role == "user" else turn.ids
        if turn.role == "user":
            chunks.append(tuple(chunk))
            chunk = []
    return Window(
        chunks=tuple(chunks),
        seen=tuple(seen),
        first_message=inside[0].first,
        cut_characters=cut,
        unknown=sum(
            turn.ids.count(encoder.unk_id) for turn in inside if encoder.unk_id is not None
        ),
        asked=inside[-1].text,
        answers=tuple(turn.text for turn in turns if turn.role == "assistant"),
    )


def _turns(messages: Sequence[Message], seen: Sequence[str], reader: Reader) -> list[_Turn]:
    """Join neighbours of one role by a space; the turns alternate, beginning and ending with user.

    An exchange of which one side cannot be read is left out.
    """
    groups: list[tuple[Role, list[int]]] = []
    for place, message in enumerate(messages):
        if groups and groups[-1][0] == message.role:
            groups[-1][1].append(place)
        else:
            groups.append((message.role, [place]))
    if groups[0][0] == "assistant":
        del groups[0]
    joined = [
        (role, " ".join(seen[place] for place in places if seen[place]), places[0])
        for role, places in groups
    ]
    kept = [
        turn
        for user, answer in zip(joined[::2], joined[1::2], strict=False)
        if user[1] and answer[1]
        for turn in (user, answer)
    ]
    kept.append(joined[-1])
    ids = reader.ids([text for _, text, _ in kept])
    return [_Turn(*turn, of_it) for turn, of_it in zip(kept, ids, strict=True)]


def _unknown(ids: Sequence[int], encoder: Encoder) -> int:
    return 0 if encoder.unk_id is None else ids.count(encoder.unk_id)


def _cut(seen: list[str], first: int, text: str) -> int:
    """Leave in `seen`, from `first` on, what is in `text`, their end; return where it begins."""
    left = len(text)
    for place in range(len(seen) - 1, first - 1, -1):
        seen[place] = seen[place][-left:] if left > 0 else ""
        first = place if left > 0 else first
        left -= len(seen[place]) + 1 if seen[place] else 0
    return next(place for place in range(first, len(seen)) if seen[place])


def _first_turn(turns: Sequence[_Turn], reader: Reader, room: int) -> int:
    """Return at which turn the window begins, for every message of the user in its order.

    It stays where it was until the conversation no longer fits; then exchanges go until it takes
    `KEPT_SHARE` of the room.
    """
    first = 0
    sizes = np.cumsum([0, *(1 + len(turn.ids) for turn in turns)])
    fixed = len(reader.begin) + 1
    for last in range(0, len(turns), 2):
        if fixed + sizes[last + 1] - sizes[first] > room:
            while first < last and fixed + sizes[last + 1] - sizes[first] > KEPT_SHARE * room:
                first += 2
    return first


def _end_of(text: str, reader: Reader, room: int) -> str:
    """Return the longest end of a text that fits, cut at a space, or within its last word."""
    spaces = [match.start() + 1 for match in re.finditer(" ", text)]
    for places in (spaces, range(len(text))):
        low, high = 0, len(places)
        while low < high:
            middle = (low + high) // 2
            if len(reader.ids([text[places[middle] :]])[0]) <= room:
                high = middle
            else:
                low = middle + 1
        if low < len(places):
            return text[places[low] :]
    return text[-1:]


def tokens_never_written(reader: Reader) -> set[int]:
    """Return the ids that no text of a corpus holds: control tokens, and what the rules change.

    KoGPT2 knows capitals, Hanja and emoji; a model that was trained on our texts has seen none.
    """
    words = reader.encoder.token_texts
    left = {one for one, word in enumerate(words) if word and one not in reader.encoder.control_ids}
    for before in "가1a":  # separators stand only between two of [0-9a-z]
        tried = sorted(left)
        texts = [before + words[one] + before for one in tried]
        kept = normalise(texts, rules=reader.rules, personal="keep", lacking=reader.lacking)
        left -= {one for one, text in zip(tried, kept, strict=True) if text and words[one] in text}
    return left | reader.encoder.control_ids
