"""What the clock and the calendar say, in Korean time."""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from corpus.chat.services.particles import with_particle

# Korea has no summer time, and not every machine has a table of time zones.
KOREA = timezone(timedelta(hours=9))
_WEEKDAYS = "월화수목금토일"
_DAYS_FROM_TODAY = {"그제": -2, "그저께": -2, "어제": -1, "오늘": 0, "내일": 1, "모레": 2}
_FEASTS = {
    "새해": (1, 1),
    "신정": (1, 1),
    "발렌타인데이": (2, 14),
    "밸런타인데이": (2, 14),
    "삼일절": (3, 1),
    "화이트데이": (3, 14),
    "만우절": (4, 1),
    "식목일": (4, 5),
    "노동절": (5, 1),
    "근로자의날": (5, 1),
    "어린이날": (5, 5),
    "어버이날": (5, 8),
    "스승의날": (5, 15),
    "현충일": (6, 6),
    "제헌절": (7, 17),
    "광복절": (8, 15),
    "국군의날": (10, 1),
    "개천절": (10, 3),
    "한글날": (10, 9),
    "할로윈": (10, 31),
    "핼러윈": (10, 31),
    "빼빼로데이": (11, 11),
    "크리스마스이브": (12, 24),
    "크리스마스": (12, 25),
    "성탄절": (12, 25),
}
_DATE = re.compile(r"(?:(\d{4})년)?(\d{1,2})월(\d{1,2})일")
_FORM = "'12월 25일까지 며칠 남았어?'처럼 날짜로 물어봐 주세요."


def korean_now() -> datetime:
    """Return what a clock in Korea shows."""
    return datetime.now(UTC).astimezone(KOREA)


def time_sentence(now: datetime) -> str:
    """Tell date and time.

    >>> time_sentence(datetime(2026, 11, 27, 21, 5))
    '지금은 2026년 11월 27일 금요일 오후 9시 5분이에요.'
    """
    half = "오전" if now.hour < 12 else "오후"
    at = f"{half} {now.hour % 12 or 12}시"
    ending = f" {now.minute}분이에요" if now.minute else "예요"
    return f"지금은 {_in_full(now.date())} {at}{ending}."


def day_sentence(day: str, now: datetime) -> str:
    """Tell the date of 내일, 어제 or 모레; of today the time as well."""
    days = _DAYS_FROM_TODAY[day]
    if not days:
        return time_sentence(now)
    return f"{day}{'은' if day == '내일' else '는'} {_in_full(_shifted(now, days))}이에요."


def countdown_sentence(asked: str, now: datetime) -> str:
    """Tell how many days are left until a feast of a fixed date, or until 12월 25일."""
    name = asked.replace(" ", "")
    found = _DATE.fullmatch(name)
    if not found and name not in _FEASTS:
        return f"{with_particle(asked.strip(), '이', '가')} 며칠인지 몰라요. {_FORM}"
    today = now.date()
    if found:
        year, month, day = found[1] and int(found[1]), int(found[2]), int(found[3])
    else:
        year, (month, day) = None, _FEASTS[name]
    goal = _date(year, month, day) if year else _next(month, day, today)
    if goal is None:
        return f"{with_particle(asked.strip(), '은', '는')} 달력에 없는 날이에요. {_FORM}"
    told = f"{'' if goal.year == today.year else f'{goal.year}년 '}{goal.month}월 {goal.day}일"
    told = f"({told} {_WEEKDAYS[goal.weekday()]}요일)"
    left = (goal - today).days
    if left == 0:
        return f"바로 오늘이에요 {told}."
    return f"{left}일 남았어요 {told}." if left > 0 else f"{-left}일 지났어요 {told}."


def _next(month: int, day: int, today: date) -> date | None:
    """Return the next such day; the 29th of February may be eight years away."""
    years = (_date(today.year + k, month, day) for k in range(9))
    return next((one for one in years if one and one >= today), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _shifted(now: datetime, days: int) -> date:
    return now.date() + timedelta(days=days)


def _in_full(day: date) -> str:
    return f"{day.year}년 {day.month}월 {day.day}일 {_WEEKDAYS[day.weekday()]}요일"
