"""The rows of one reply, drawn token by token from one prefix."""

from collections.abc import Callable
from dataclasses import dataclass, field

from corpus.chat.decoding.model import Decoder, Prefix
from corpus.chat.decoding.sampling import Drawn, Row, Vocabulary, make_chances, next_tokens
from corpus.chat.reply import Cancelled, Draw, Finish
from corpus.tokens.encoder import Encoder


@dataclass(slots=True)
class Drawing:
    """A reply while it is drawn.

    Attributes:
        ids: of the text alone.
        pieces: the text of each of them; together they are `text`.
        rivals: of each of them.
        scored: all tokens that were drawn, the one that ended it included.
        log_p: of all these.
        finish: nothing while the reply goes on.
    """

    ids: list[int] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    rivals: list[list[tuple[int, float]]] = field(default_factory=list)
    scored: list[int] = field(default_factory=list)
    log_p: list[float] = field(default_factory=list)
    text: str = ""
    finish: Finish | None = None

    def add(self, token: int, whole: str, rivals: list[tuple[int, float]]) -> None:
        """Take the next token, with which the text is `whole`."""
        self.ids.append(token)
        self.pieces.append(whole[len(self.text) :])
        self.rivals.append(rivals)
        self.text = whole

    def cut(self, length: int) -> None:
        """End the reply before a text that was to stop it, at a length of its text."""
        self.finish = "stop"
        self.text = self.text[:length]
        begin = 0
        kept = 0
        while kept < len(self.pieces) and begin < length:
            begin += len(self.pieces[kept])
            kept += 1
        for of_tokens in (self.ids, self.pieces, self.rivals):
            del of_tokens[kept:]
        if begin > length:
            self.pieces[-1] = self.pieces[-1][: length - begin]


class Writer:
    """Draws replies; made once for a message, so that a second drawing has other chances."""

    def __init__(
        self, decoder: Decoder, encoder: Encoder, vocabulary: Vocabulary, prefix: Prefix, draw: Draw
    ) -> None:
        self._decoder, self._encoder, self._vocabulary = decoder, encoder, vocabulary
        self._prefix, self._draw = prefix, draw
        self._ends = (encoder.eos_id, encoder.usr_id)
        self._chances = make_chances(draw.seed, prefix.ids)

    def write(
        self, n: int, *, on_text: Callable[[str], None] | None, is_cancelled: Callable[[], bool]
    ) -> list[Drawing]:
        """Draw `n` replies at once; `on_text` is told what is new of the first one's text.

        Raises:
            Cancelled: before the next token, once that is so.
        """
        drawn = [Drawing() for _ in range(n)]
        going = list(range(n))
        rows = self._decoder.new_rows(n, self._draw.max_new_tokens)
        logits = self._prefix.repeated(n)
        told = 0
        for k in range(self._draw.max_new_tokens):
            if is_cancelled():
                raise Cancelled
            if k:
                last = [drawn[row].ids[-1] for row in going]
                logits = self._decoder.step(self._prefix, rows, last)
            chances = self._chances(n)  # for all, so that none depends on when another ended
            before = [Row(drawn[row].ids, bool(drawn[row].text.strip())) for row in going]
            mine = [chances[row] for row in going]
            found = next_tokens(logits, before, self._vocabulary, self._draw, mine)
            self._add([drawn[row] for row in going], found)
            if on_text is not None:
                told = self._tell(drawn[0], told, on_text)
            stay = [place for place, row in enumerate(going) if drawn[row].finish is None]
            if not stay:
                break
            if len(stay) < len(going):
                rows.keep(stay)
                going = [going[place] for place in stay]
        for one in drawn:
            one.finish = one.finish or "length"
        if on_text is not None:
            self._tell(drawn[0], told, on_text)
        return drawn

    def _add(self, going: list[Drawing], found: Drawn) -> None:
        """Add the next token to each reply, or end it."""
        for one, token, log_p, rivals in zip(
            going, found.ids, found.log_p, found.rivals, strict=True
        ):
            one.scored.append(token)
            one.log_p.append(log_p)
            if token in self._ends:
                one.finish = "stop"
                continue
            one.add(token, self._encoder.decode([*one.ids, token]), rivals)
            places = [one.text.find(stop) for stop in self._draw.stop if stop in one.text]
            if places:
                one.cut(min(places))

    def _tell(self, one: Drawing, told: int, on_text: Callable[[str], None]) -> int:
        """Tell what is new of a text, but no space at its end and no part of what may stop it."""
        text = one.text.rstrip()
        if one.finish is None:
            text = text[: len(text) - _begun(text, self._draw.stop)]
        if len(text) > told:
            on_text(text[told:])
        return max(told, len(text))


def _begun(text: str, stops: tuple[str, ...]) -> int:
    """Return how many characters at the end of a text may be the beginning of one of `stops`.

    >>> _begun("그래 안", ("안녕",)), _begun("그래", ("안녕",))
    (1, 0)
    """
    begun = (n for stop in stops for n in range(len(stop), 0, -1) if text.endswith(stop[:n]))
    return max(begun, default=0)
