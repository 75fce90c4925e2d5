"""Replies of a model to all prompts, as the model alone gives them and as `corpus.chat` does.

The tokens are drawn by the functions that chat draws with and from the same chances, and what is
chosen among candidates is what chat chooses: tests hold the two equal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from corpus.chat.candidates import Chosen, Judge, choose
from corpus.chat.decoding.generation import Drawing
from corpus.chat.decoding.sampling import Row, Vocabulary, make_chances, next_tokens
from corpus.chat.reply import Draw
from corpus.chat.services.bad_words import find_bad_word
from corpus.chat.window import Reader, Window
from corpus.evaluation.model import Going, Model

T = TypeVar("T")
Chances = Callable[[int], list[float]]


@dataclass(frozen=True, slots=True)
class Speaker:
    """A model with all that it takes to let it speak.

    Attributes:
        never: what no reply of chat holds, and how one ends.
        progress: told after each batch how many prompts were replied to.
    """

    model: Model
    reader: Reader
    never: Vocabulary
    draw: Draw
    progress: Callable[[int], None]

    @property
    def ends(self) -> tuple[int, int]:
        """The tokens that end a reply."""
        return self.reader.encoder.eos_id, self.reader.encoder.usr_id


def greedy(speaker: Speaker, windows: Sequence[Window]) -> list[Drawing]:
    """Return the most probable token after the other: the model alone, nothing is forbidden."""
    n_known = speaker.reader.encoder.vocab_size

    def pick(
        going: Going, _places: list[int], _drawn: list[Drawing]
    ) -> tuple[list[int], list[float]]:
        logits = going.logits
        ids = logits[:, :n_known].argmax(1)
        log_p = logits.gather(1, ids[:, None])[:, 0] - logits.logsumexp(1)
        return ids.tolist(), log_p.tolist()

    return [one for [one] in _in_batches(speaker, windows, 1, pick)]


def beam(
    speaker: Speaker, windows: Sequence[Window], *, beams: int, penalty: float
) -> list[Drawing]:
    """Return what `generate` of transformers gives by beam search with a penalty."""
    encoder, room = speaker.reader.encoder, speaker.draw.max_new_tokens
    found: dict[int, Drawing] = {}
    for batch in speaker.model.batches([len(one.ids) for one in windows], rows=beams, room=room):
        written = speaker.model.beams(
            [windows[k].ids for k in batch],
            beams=beams,
            penalty=penalty,
            ends=speaker.ends,
            pad=encoder.pad_id,
            room=room,
        )
        for k, ids in zip(batch, written, strict=True):
            has_end = bool(ids) and ids[-1] in speaker.ends
            text = ids[:-1] if has_end else ids
            found[k] = Drawing(
                ids=text, text=encoder.decode(text), finish="stop" if has_end else "length"
            )
        speaker.progress(len(batch))
    return [found[k] for k in range(len(windows))]


def drawn(speaker: Speaker, windows: Sequence[Window]) -> list[Drawing]:
    """Return what `chat --candidates 1` writes, before it is looked at whether it may be shown."""
    chances = [make_chances(speaker.draw.seed, one.ids) for one in windows]
    return [one for [one] in _draw(speaker, windows, chances, 1)]


def ranked(speaker: Speaker, windows: Sequence[Window]) -> tuple[list[Chosen], list[Chosen]]:
    """Return what chat chooses among its candidates, and by likelihood alone among the same ones.

    Where none may be shown a second draw follows, as in chat.
    """
    n = speaker.draw.candidates
    chances = [make_chances(speaker.draw.seed, one.ids) for one in windows]
    tables = [_Table([first]) for first in _draw(speaker, windows, chances, n)]
    alone = _Alone(speaker)
    while True:
        alone.learn(tables)
        chosen = _choose_all(speaker, windows, tables, alone)
        again = [k for k, one in enumerate(chosen) if one is None]
        if not again:
            break
        more = _draw(speaker, [windows[k] for k in again], [chances[k] for k in again], n)
        for k, one in zip(again, more, strict=True):
            tables[k].draws.append(one)
    by_likelihood = _choose_all(speaker, windows, tables, _Nothing())
    return _whole(chosen), _whole(by_likelihood)


def _draw(
    speaker: Speaker, windows: Sequence[Window], chances: Sequence[Chances], n: int
) -> list[list[Drawing]]:
    """Draw `n` replies to each prompt, as `corpus.chat.decoding.generation.Writer` does."""

    def pick(going: Going, places: list[int], rows: list[Drawing]) -> tuple[list[int], list[float]]:
        of_place = {place: chances[place](n) for place in dict.fromkeys(p // n for p in places)}
        mine = [of_place[place // n][place % n] for place in places]
        before = [Row(one.ids, bool(one.text.strip())) for one in rows]
        found = next_tokens(going.logits, before, speaker.never, speaker.draw, mine)
        return found.ids, found.log_p

    return _in_batches(speaker, windows, n, pick)


def _in_batches(
    speaker: Speaker,
    windows: Sequence[Window],
    n: int,
    pick: Callable[[Going, list[int], list[Drawing]], tuple[list[int], list[float]]],
) -> list[list[Drawing]]:
    """Let each prompt go on in `n` rows; row `r` of prompt `k` is told to `pick` as `k * n + r`."""
    room = speaker.draw.max_new_tokens
    every = [[Drawing() for _ in range(n)] for _ in windows]
    lengths = [len(one.ids) for one in windows]
    for batch in speaker.model.batches(lengths, rows=n, room=room):
        going = speaker.model.begin([windows[k].ids for k in batch], n)
        places = [k * n + row for k in batch for row in range(n)]
        for step in range(room):
            rows = [every[place // n][place % n] for place in places]
            if step:
                speaker.model.step(going, [one.ids[-1] for one in rows])
            _add(speaker, rows, *pick(going, places, rows))
            stay = [at for at, one in enumerate(rows) if one.finish is None]
            if not stay:
                break
            if len(stay) < len(places):
                going.keep(stay)
                places = [places[at] for at in stay]
        speaker.progress(len(batch))
    for one in (one for of_prompt in every for one in of_prompt):
        one.finish = one.finish or "length"
    return every


def _add(
    speaker: Speaker, rows: Sequence[Drawing], ids: Sequence[int], log_p: Sequence[float]
) -> None:
    """Add the next token to each reply, or end it."""
    for one, token, of_it in zip(rows, ids, log_p, strict=True):
        one.scored.append(token)
        one.log_p.append(of_it)
        if token in speaker.ends:
            one.finish = "stop"
        else:
            one.add(token, speaker.reader.encoder.decode([*one.ids, token]), [])


class _OnceMore(Exception):  # noqa: N818 (nothing went wrong)
    """None of the candidates may be shown: a second draw is wanted."""


@dataclass(slots=True)
class _Table:
    """What was drawn to one prompt, given out draw by draw."""

    draws: list[list[Drawing]]
    given: int = field(default=0)

    def write(self, n: int, **_: object) -> list[Drawing]:
        if self.given == len(self.draws):
            raise _OnceMore
        self.given += 1
        return list(self.draws[self.given - 1][:n])


class _Alone:
    """How probable replies are without the conversation, computed for all prompts at once."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._begin = [*speaker.reader.begin, speaker.reader.encoder.sys_id]
        self._known: dict[tuple[int, ...], float] = {}

    def learn(self, tables: Sequence[_Table]) -> None:
        rows = {tuple(one.scored): None for table in tables for draw in table.draws for one in draw}
        new = sorted(row for row in rows if row not in self._known)
        found = self._speaker.model.mean_log_p([self._begin] * len(new), [[row] for row in new])
        self._known |= {row: score for row, [score] in zip(new, found, strict=True)}

    def mean_log_p(self, _begin: Sequence[int], rows: Sequence[Sequence[int]]) -> list[float]:
        return [self._known[tuple(row)] for row in rows]


class _Nothing:
    """Scores that are all 0: the rank is then the likelihood alone."""

    def mean_log_p(self, _begin: Sequence[int], rows: Sequence[Sequence[int]]) -> list[float]:
        return [0.0] * len(rows)


def _choose_all(
    speaker: Speaker,
    windows: Sequence[Window],
    tables: Sequence[_Table],
    scorer: _Alone | _Nothing,
) -> list[Chosen | None]:
    """Choose for each prompt; None where a second draw is wanted first."""
    found: list[Chosen | None] = []
    for window, table in zip(windows, tables, strict=True):
        table.given = 0
        judge = Judge(scorer, speaker.reader, window, lambda text: bool(find_bad_word(text)))
        try:
            chosen = choose(
                table, judge, speaker.draw.candidates, on_text=None, is_cancelled=lambda: False
            )
        except _OnceMore:
            found.append(None)
        else:
            found.append(chosen)
    return found


def _whole(found: Sequence[T | None]) -> list[T]:
    whole = [one for one in found if one is not None]
    if len(whole) < len(found):
        raise ValueError("a second draw is missing")
    return whole
