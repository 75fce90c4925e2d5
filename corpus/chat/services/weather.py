"""The sentence that answers a question for the weather of a place."""

import re
from dataclasses import dataclass
from typing import Any

from corpus.chat.services.network import Network, UnreachableError
from corpus.chat.services.particles import particle, with_particle

DAYS = ("오늘", "내일", "모레")
SOURCE = "(Open-Meteo, CC BY 4.0)"

# The codes of the World Meteorological Organization that Open-Meteo uses.
_SKIES = {
    0: "맑음",
    1: "대체로 맑음",
    2: "구름 조금",
    3: "흐림",
    **dict.fromkeys((45, 48), "안개"),
    **dict.fromkeys((51, 53, 55), "이슬비"),
    **dict.fromkeys((56, 57), "어는 이슬비"),
    61: "약한 비",
    63: "비",
    65: "강한 비",
    **dict.fromkeys((66, 67), "어는 비"),
    71: "약한 눈",
    73: "눈",
    75: "많은 눈",
    77: "싸락눈",
    **dict.fromkeys((80, 81, 82), "소나기"),
    **dict.fromkeys((85, 86), "소낙눈"),
    95: "천둥번개",
    **dict.fromkeys((96, 99), "우박과 천둥번개"),
}
_REGIONS = re.compile(r"(?:특별자치시|특별자치도|특별시|광역시)$")
_PROVINCES = {
    "충청북": "충북",
    "충청남": "충남",
    "전라북": "전북",
    "전라남": "전남",
    "경상북": "경북",
    "경상남": "경남",
}
_MUCH_BIGGER = 5  # times the people: who says 부산 means the city


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    label: str  # what tells it from others of its name: 인천, 안산
    areas: str  # all that it lies in
    people: int
    latitude: float
    longitude: float
    country: str


def weather_sentence(asked: str, day: str, network: Network) -> str:
    """Tell the weather of a day, or what is lacking to tell it. `asked` may name the province."""
    words = asked.split()
    try:
        places = _places(words, network)
        if not places:
            called = particle(asked, "이라는", "라는")
            return f"'{asked}'{called} 곳을 찾지 못했어요."
        labels = list(dict.fromkeys(place.label for place in places))
        if len(labels) > 1:
            *most, last = labels[:4]
            choice = f"{with_particle(', '.join(most), '과', '와')} {last}"
            return f"{choice} 중 어느 {with_particle(words[-1], '이에요', '예요')}?"
        place = places[0]
        return _told(asked, day, network.forecast_at(place.latitude, place.longitude))
    except UnreachableError:
        return f"지금은 인터넷에 연결할 수 없어서 {asked} 날씨를 알 수 없어요."


def _places(words: list[str], network: Network) -> list[_Place]:
    """Return the places that may be meant, the biggest first."""
    name, of = words[-1], words[:-1]
    known = [place for one in network.places(name) if (place := _place(one))]
    known = [one for one in known if one.name.startswith(name)] or known
    known = [one for one in known if one.country in ("", "KR")] or known
    if of:
        return [one for one in known if all(_stem(word) in one.areas for word in of)]
    known.sort(key=lambda one: -one.people)
    exact = [one for one in known if _stem(one.name) == _stem(name)] or known
    if len(exact) > 1 and exact[0].people > _MUCH_BIGGER * exact[1].people:
        return exact[:1]
    return exact


def _place(one: dict[str, Any]) -> _Place | None:
    try:
        latitude, longitude = float(one["latitude"]), float(one["longitude"])
        areas = [str(one.get(f"admin{k}") or "") for k in (1, 2, 3, 4)]
        province = _stem(areas[0])
        is_city = bool(_REGIONS.search(areas[0])) or not areas[0].endswith("도")
        label = province if is_city or not areas[1] else re.sub(r"[시군]$", "", areas[1].split()[0])
        return _Place(
            name=str(one["name"]),
            label=label or str(one.get("country") or one["name"]),
            areas=" ".join([*areas, province, _PROVINCES.get(province, "")]),
            people=int(one.get("population") or 0),
            latitude=latitude,
            longitude=longitude,
            country=str(one.get("country_code") or ""),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _stem(area: str) -> str:
    """Return 인천 of 인천광역시, 강원 of 강원도, 수원 of 수원시."""
    stem = _REGIONS.sub("", area)
    stem = stem.removesuffix("도") if stem == area and len(area) > 2 else stem
    return stem.removesuffix("시") if len(stem) > 2 else stem


def _told(asked: str, day: str, daily: dict[str, list[Any]]) -> str:
    k = DAYS.index(day)
    try:
        low, high = daily["temperature_2m_min"][k], daily["temperature_2m_max"][k]
        sky = _SKIES.get(daily["weather_code"][k], "")
        told = f"{asked} {day} 최저 {_degrees(low)}, 최고 {_degrees(high)}"
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UnreachableError("a forecast that lacks the day") from error
    return f"{told}{f', {sky}' if sky else ''} {SOURCE}."


def _degrees(value: float) -> str:
    degrees = round(float(value))
    return f"영하 {-degrees}도" if degrees < 0 else f"{degrees}도"
