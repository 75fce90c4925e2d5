"""The texts that somebody gives us, in whatever they lie: a list, a Series, a generator."""

from collections.abc import Iterable, Mapping
from typing import Any

from corpus.records import CorpusError

SHORT = 60
_ADVICE = "normalise takes texts, one of each utterance, as a list: normalise([text])"


def texts_of(given: Iterable[Any]) -> list[str | None]:
    """Return texts in their order; what is missing, in the sense of pandas or Arrow, is None.

    >>> texts_of(text for text in ("안녕", None, float("nan")))
    ['안녕', None, None]

    Raises:
        CorpusError: these are no texts.
    """
    is_one = isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable)
    if is_one or getattr(given, "ndim", 1) != 1:  # of a table its columns' names would come
        raise CorpusError(f"{_ADVICE}, not {_told(given)}.")
    return [_text_of(place, one) for place, one in enumerate(given)]


def _text_of(place: int, one: Any) -> str | None:  # noqa: ANN401 - whatever was given
    if isinstance(one, str):
        return str(one)
    if one is None or type(one).__name__ in {"NAType", "NaTType"}:  # of pandas
        return None
    if isinstance(one, float) and one != one:  # noqa: PLR0124 - NaN alone is not itself
        return None
    if hasattr(one, "as_py"):  # a scalar of Arrow
        return _text_of(place, one.as_py())
    raise CorpusError(f"{_ADVICE}; number {place:,} is {_told(one)}.")


def _told(one: Any) -> str:  # noqa: ANN401
    """Return what something is, and how it begins if it is short enough to be shown."""
    kind = type(one).__name__
    is_short = isinstance(one, (str, bytes, int, float)) and len(repr(one)) < SHORT
    return f"the {kind} {one!r}" if is_short else f"a {kind}"
