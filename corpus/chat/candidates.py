"""Which of the drawn replies is given: those that may be shown, ranked by what they say.

The rank is mean log p(token | context) - 0.5 · mean log p(token | `<sys>` alone): by likelihood
alone 응 would win, as it is likely after everything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from corpus.chat.decoding.generation import Drawing
from corpus.chat.filters import reason_out, words_of
from corpus.chat.reply import FALLBACK, NEVER_SHOWN, Candidate, Finish, Token
from corpus.chat.window import Reader, Window

ALONE_SHARE = 0.5


class Scorer(Protocol):
    """Says how probable replies are: a `Decoder`, or what has their scores already."""

    def mean_log_p(self, begin: Sequence[int], rows: Sequence[Sequence[int]]) -> list[float]:
        """Return of each row the mean log-probability of its tokens behind `begin` alone."""


class Draws(Protocol):
    """Draws replies to one message: a `Writer`, or what has drawn them already."""

    def write(
        self, n: int, *, on_text: Callable[[str], None] | None, is_cancelled: Callable[[], bool]
    ) -> list[Drawing]:
        """Return `n` replies, others at each call."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The reply that is given, and all that were drawn, the best first."""

    text: str
    finish: Finish
    place: int  # in `candidates`; -1 if none could be given
    candidates: tuple[Candidate, ...]

    @property
    def n_tokens(self) -> int:
        """Tokens of the reply."""
        return len(self.candidates[self.place].tokens) if self.place >= 0 else 0


@dataclass(frozen=True, slots=True)
class Judge:
    """Scores and filters the replies to one message."""

    decoder: Scorer
    reader: Reader
    window: Window
    is_bad: Callable[[str], bool]

    def candidates(self, drawn: Sequence[Drawing], *, ranked: bool) -> list[Candidate]:
        """Return what was drawn with scores and reasons, the best first, those that are out last.

        Without `ranked` the score is the likelihood alone.
        """
        scores = [sum(one.log_p) / len(one.log_p) for one in drawn]
        if ranked:
            begin = [*self.reader.begin, self.reader.encoder.sys_id]
            alone = self.decoder.mean_log_p(begin, [one.scored for one in drawn])
            pairs = zip(scores, alone, strict=True)
            scores = [score - ALONE_SHARE * other for score, other in pairs]
        found = [self._candidate(one, score) for one, score in zip(drawn, scores, strict=True)]
        return _without_twins(found)

    def _candidate(self, one: Drawing, score: float) -> Candidate:
        text = self.reader.texts([one.text])[0] or ""
        out = reason_out(
            one.text,
            shown=text,
            asked=self.window.asked,
            answers=self.window.answers,
            rules=self.reader.rules,
            is_bad=self.is_bad,
        )
        if one.finish == "length":
            out = out or "unfinished"
        return Candidate(text, score, out, one.finish or "length", self._tokens(one))

    def _tokens(self, one: Drawing) -> tuple[Token, ...]:
        texts = self.reader.encoder.token_texts
        known = len(texts)  # the model may have more, which belong to no text
        return tuple(
            Token(
                piece,
                token,
                log_p,
                tuple((texts[one] if one < known else "", one, p) for one, p in rivals),
            )
            for piece, token, log_p, rivals in zip(
                one.pieces, one.ids, one.log_p, one.rivals, strict=False
            )
        )


def choose(
    writer: Draws,
    judge: Judge,
    n: int,
    *,
    on_text: Callable[[str], None] | None,
    is_cancelled: Callable[[], bool],
) -> Chosen:
    """Draw `n` replies and choose one; if none may be shown, draw once more.

    With one candidate, which may have been told while it was drawn, only what must never be shown
    is replaced.

    Raises:
        Cancelled: the reply is no longer wanted.
    """
    drawn = writer.write(n, on_text=on_text, is_cancelled=is_cancelled)
    if n == 1:
        [one] = judge.candidates(drawn, ranked=False)
        if one.out in NEVER_SHOWN:
            return Chosen(FALLBACK, one.finish, -1, (one,))
        return Chosen(one.text, one.finish, 0, (one,))
    candidates = judge.candidates(drawn, ranked=True)
    if candidates[0].out:
        drawn += writer.write(n, on_text=None, is_cancelled=is_cancelled)
        candidates = judge.candidates(drawn, ranked=True)
    if not candidates[0].out:
        return Chosen(candidates[0].text, candidates[0].finish, 0, tuple(candidates))
    for place, one in enumerate(candidates):
        if one.out == "unfinished":
            whole = one.text.rpartition(" ")[0] or one.text  # its last word may be half a word
            candidates[place] = replace(one, text=whole)
            return Chosen(whole, one.finish, place, tuple(candidates))
    return Chosen(FALLBACK, "stop", -1, tuple(candidates))


def _without_twins(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Sort by score, those that are out last; the worse one of two equal ones is out."""
    best = sorted(candidates, key=lambda one: (bool(one.out), -one.score))
    known: list[list[str]] = []
    for place, one in enumerate(best):
        words = words_of(one.text)
        if not one.out and words in known:
            best[place] = replace(one, out="twin")
        known.append(words)
    return sorted(best, key=lambda one: bool(one.out))
