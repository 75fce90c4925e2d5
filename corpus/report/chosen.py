"""What became of the tags of an utterance: names with sex and decade, places with kind.

Or why it was dropped.
"""

from corpus.names.fill import Filled
from corpus.names.lexicon import PROVINCES
from corpus.report.words import DROPPED

_BETWEEN, _INSIDE = "\n", "\t"
_SEXES = {
    "male": ("남자 이름", "a man's name"),
    "female": ("여자 이름", "a woman's name"),
    "any": ("이름", "a name"),
}
_KINDS = {
    "place": ("도시나 구", "a city or district"),
    "inner": ("동네", "a part of a city"),
    "동": ("동", "a 동"),
    "역": ("역", "a station"),
    "구": ("구", "a 구"),
    "시": ("시", "a city"),
    "읍": ("읍", "a 읍"),
    "site": ("시장이나 공원 같은 곳", "a market, a park or the like"),
    "hill": ("산", "a mountain"),
    "군": ("군", "a 군"),
    "면": ("면", "a 면"),
    "리": ("리", "a 리"),
    "affiliation": ("소속", "an affiliation"),
    "university": ("대학", "a university"),
    "firm name": ("회사", "a firm"),
    "school": ("학교", "a school"),
    "kindergarten": ("유치원이나 반", "a kindergarten or a class"),
    "hospital": ("병원", "a hospital"),
    "firm": ("회사", "a firm"),
    "team": ("팀이나 부서", "a team"),
    "subject": ("학과", "a subject of study"),
    "church": ("교회나 성당", "a church"),
    "bank": ("은행", "a bank"),
    "club": ("모임", "a club"),
    "city hall": ("시청", "a city hall"),
    "office": ("관공서", "a public office"),
    "works": ("회사나 기관", "a firm or an institute"),
    "shop": ("가게나 건물", "a shop or a building"),
}


def chosen_of(filled: Filled, text: str, typed: str) -> str:
    """Return what was chosen for one utterance, a line for each.

    Args:
        filled: its dialogue.
        text: of the utterance, as the row has it.
        typed: the same, with placeholders.
    """
    lines = [
        _INSIDE.join((person.surname + person.given, person.sex, str(person.decade)))
        for person in filled.persons
        if person.given in text and person.given not in typed
    ]
    lines += [
        _INSIDE.join((word, kind))
        for word, kind in zip(filled.places, filled.kinds, strict=True)
        if word in text and word not in typed
    ]
    return _BETWEEN.join(lines)


def in_words(chosen: str) -> list[tuple[str, str]]:
    r"""Return each line of `chosen_of` in Korean and in English; or why an utterance was dropped.

    >>> in_words("김민준\tmale\t1990")
    [('김민준: 남자 이름, 1990년대생', "김민준: a man's name, born in the 1990s")]
    >>> in_words("역삼동\t동")
    [('역삼동: 동', '역삼동: a 동')]
    >>> in_words("url_tag")
    [('url_tag: 링크', 'url_tag: a link')]
    """
    if chosen in DROPPED:
        return [(f"{chosen}: {DROPPED[chosen].ko}", f"{chosen}: {DROPPED[chosen].en}")]
    told = []
    for line in chosen.split(_BETWEEN) if chosen else ():
        word, kind, *decade = line.split(_INSIDE)
        korean, english = about(kind)
        if decade:
            korean, english = f"{korean}, {decade[0]}년대생", f"{english}, born in the {decade[0]}s"
        told.append((f"{word}: {korean}", f"{word}: {english}"))
    return told


def about(kind: str) -> tuple[str, str]:
    """Return what a word is by its kind, or a name by its sex, in Korean and in English."""
    if kind in PROVINCES:
        return f"{kind}의 도시", f"a city of {kind}"
    return _SEXES.get(kind) or _KINDS[kind]
