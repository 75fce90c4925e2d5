"""What tells two mentions apart, wherever they stand.

One of them is a speaker and the other cannot be, the names end in different ways, another surname
stands there, a title does not go with what else somebody is called, or they are relatives of two.
"""

from corpus.names.mentions import Bounds
from corpus.names.titles import KIN, POLITES, RANKS

_OWN = "child"


def clash(one: Bounds, other: Bounds) -> bool:
    """Say whether two mentions cannot be one person, whatever stands between them."""
    return (
        {one.ending, other.ending} == {"C", "O"}
        or {one.sex, other.sex} == {"male", "female"}
        or bool(one.surname and other.surname and one.surname != other.surname)
        or bool(one.caller and other.caller and one.caller != other.caller)
        or _other_relative(one, other)
        or _other_relative(other, one)
        or _other_speaker(one, other)
        or _other_speaker(other, one)
        or _other_title(one, other)
        or _other_title(other, one)
    )


def _other_relative(one: Bounds, other: Bounds) -> bool:
    """Say whether they are relatives of two people, or two different relatives of one person."""
    if other.parent_of and one.relation == "ours" and one.speaker == other.speaker:
        return True  # who speaks of 지호 엄마 is not she
    if other.parent_of and one.relation.startswith(_OWN) and one.owner == other.speaker:
        return True
    if not (one.owner and other.owner):
        return False
    kinds = one.relation, other.relation
    return one.owner != other.owner or not (
        kinds[0].startswith(kinds[1]) or kinds[1].startswith(kinds[0])
    )


def _other_speaker(one: Bounds, other: Bounds) -> bool:
    """Say whether one is a speaker whom the other mention cannot be of.

    Who speaks is not spoken of by himself or herself, but where he or she says so. Whoever calls
    somebody by name says 너 or nothing of that one, and the next name is another one's.
    """
    if one.who is None:
        return bool(one.caller and other.third and one.speaker == other.speaker)
    if other.third:
        return not (one.guessed and one.title == other.title and one.caller == other.speaker)
    if one.caller == other.speaker and not other.caller and one.title not in POLITES:
        return other.relation != "ours"  # 지우야 ... 우리 지우 최고
    return one.who != other.who if other.who is not None else one.who == other.speaker


def _other_title(one: Bounds, other: Bounds) -> bool:
    """Say whether what one is called does not go with what the other is called.

    Of one speaker 민준이 is no 씨, and 과장님 is no 언니; of two speakers 민준이 may be 씨 or 누나
    to the other one, but hardly 과장님. Nobody is 과장님 to one and 대리님 to the other.
    """
    if not one.title:
        return False
    if one.title != other.title and one.title in RANKS and other.title in RANKS:
        return True
    if one.speaker == other.speaker:
        if other.intimate or (other.bare and (one.title in KIN or other.caller is not None)):
            return True
        if one.title == "씨" and other.title in RANKS and other.older:
            return True
        return bool(
            other.title and one.title != other.title and not {one.title, other.title} & POLITES
        )
    return other.intimate and one.older
