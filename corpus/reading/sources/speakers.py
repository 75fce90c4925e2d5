"""Who speaks: the sex and the decade of birth that a dialogue's header gives of its speakers.

Read only for dialogues in which somebody is called by name and for some that the report looks at,
from their raw JSON, and only as far as it is there: whatever else stands there is nobody's age.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from corpus.reading.sources import READERS
from corpus.reading.sources.described import Described
from corpus.records import Source, SpeakerTraits

LABEL = 12  # characters at most of an age or a sex
_SEX = {"남": "male", "여": "female", "m": "male", "f": "female"}
_YEAR = re.compile(rb'"date"\s*:\s*"((?:19|20)[0-9]{2})')
_AGE = re.compile(r"([1-9])0대|([1-9][0-9])세")


def speaker_traits(source: Source, raw: bytes) -> dict[str, SpeakerTraits]:
    """Return what the raw JSON of a dialogue says of each speaker, by the speaker's id.

    >>> people = '[{"participantID": "P01", "age": "20대", "gender": "여성"}]'
    >>> raw = f'{{"header": {{"participantsInfo": {people}}}, "body": [{{"date": "2020-10-18"}}]}}'
    >>> speaker_traits("sns", raw.encode())
    {'P01': SpeakerTraits(sex='female', decade=1990)}
    """
    year = _YEAR.search(raw)
    speakers = {one.id: one for one in _speakers(source, raw) if isinstance(one.id, str)}
    return {
        name: SpeakerTraits(_sex(one), _decade(one.age, int(year[1]) if year else None))
        for name, one in speakers.items()
    }


def ages_and_sexes(source: Source, raw: bytes) -> list[tuple[str, str]]:
    """Return the age and the sex of each speaker, as they are written; what is no text is empty."""
    speakers = {str(one.id): one for one in _speakers(source, raw)}
    return [(_short(one.age), _short(_told_sex(one))) for one in speakers.values()]


def _speakers(source: Source, raw: bytes) -> Sequence[Described]:
    """Return the speakers as they stand there, some more than once."""
    try:
        return READERS[source].speakers(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, IndexError):
        return []


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON
    return value[:LABEL] if isinstance(value, str) else ""


def _told_sex(one: Described) -> Any:  # noqa: ANN401 - any JSON
    return one.sex if isinstance(one.sex, str) else one.gender


def _sex(one: Described) -> Any:  # noqa: ANN401 - a value of SpeakerTraits.sex
    told = _told_sex(one)
    return _SEX.get(told[:1].lower(), "any") if isinstance(told, str) else "any"


def _decade(age: Any, year: int | None) -> int | None:  # noqa: ANN401 - any JSON
    """Return the decade in which most people of an age were born: of 20대 in 2020 the 1990s."""
    found = _AGE.search(age) if isinstance(age, str) else None
    if found is None or year is None:
        return None
    years = int(found[1]) * 10 + 5 if found[1] else int(found[2])
    return (year - years) // 10 * 10
