"""The names that were given: surnames against the census, people, particles."""

from collections.abc import Mapping
from typing import Any

from corpus.report import charts, pictures
from corpus.report.drawing import (
    DIALOGUES,
    Axes,
    bar,
    count,
    heading,
    histogram,
    note,
    part,
    say,
    share,
    t,
    title,
)
from corpus.report.markup import Html, html, joined
from corpus.report.pictures import most_first
from corpus.report.words import Words

PEOPLE = Words("사람", "people")
_ENDINGS = {
    "C": ("받침이 있어야 함 (민준이, 민준아)", "the name must end in a consonant"),
    "O": ("받침이 없어야 함 (지우가, 지우야)", "the name must end in a vowel"),
    "any": (
        "둘 다 됨 (– 띄어쓰기·부호·끝, + 다른 글자)",
        "either will do (– a space, a sign or the end; + another syllable)",
    ),
}


def invented(m: Mapping[str, Any]) -> Html:
    """Draw the section."""
    names = m["names"]
    about = say(
        "원본에서 가려진 사람에게는 뒤에 오는 조사에 맞는 이름을 지어 줍니다. 성은 2015년 "
        "인구총조사의 비율을 따릅니다.",
        "People who were masked in the raw files get names that fit the particle behind them. "
        "Surnames follow the census of 2015.",
    )
    return html(
        '{}<p>{}</p>\n{}<p class="note">{} {} {} · {} {} · {} {}. {}</p>\n',
        heading(4, "names", "지어 준 이름", "Names that were given"),
        about,
        _people(m)
        if m["report"]["people"]
        else note("지어 준 이름이 없습니다.", "No name was given."),
        t("채운 곳:", "Filled in:"),
        t("이름", "names"),
        count(names.get("name", 0)),
        t("장소", "places"),
        count(names.get("place", 0)),
        t("소속", "affiliations"),
        count(names.get("affiliation", 0)),
        t("겹치는 대화를 빼기 전의 수입니다.", "Counted before duplicates were taken out."),
    )


def _people(m: Mapping[str, Any]) -> Html:
    particles = [
        html('<p class="note">{}</p>\n{}', t(*_ENDINGS[ending]), _chips(met))
        for ending, met in pictures.particles(m["names"])
    ]
    return html(
        '<div class="grid">\n{}<div>\n{}</div>\n</div>\n{}{}{}{}',
        _surnames(m["report"]),
        _per_dialogue(m["people"]),
        title("자주 쓴 이름", "Given names"),
        _chips(most_first(m["report"]["given_names"])),
        title("뒤에 온 조사", "Particles met"),
        joined(particles),
    )


def _chips(counted: list[tuple[str, int]]) -> Html:
    chips = [
        html("<li><b>{}</b>{}</li>", "–" if name == "-" else name, count(n)) for name, n in counted
    ]
    return html('<ul class="chips">{}</ul>\n', joined(chips))


def _surnames(report: Mapping[str, Any]) -> Html:
    people, surnames = report["people"], pictures.surnames(report["surnames"])
    most = max(*(census for _, _, census in surnames), max(n for _, n, _ in surnames) / people)
    rows = [
        html(
            '<tr><td>{}</td><td class="wide" style="width:60%">{}</td><td class="num">{}</td>'
            '<td class="num en">{}</td></tr>\n',
            surname,
            bar(
                part(n, people * most),
                mark=part(census, most),
                label=f"{share(n, people)} / {census:.1%}",
            ),
            share(n, people),
            f"{census:.1%}",
        )
        for surname, n, census in surnames
    ]
    return html(
        '<figure class="card">\n<figcaption>{}</figcaption>\n<table>\n{}</table>\n{}</figure>\n',
        say("성씨: 지어 준 비율과 인구총조사", "Surnames: given, and the census"),
        joined(rows),
        note(
            f"막대는 지어 준 비율, 세로줄과 마지막 칸은 인구총조사입니다. "
            f"지어낸 사람은 {people:,}명입니다.",
            f"Bar: given. Line and last column: census. {people:,} people were invented.",
        ),
    )


def _per_dialogue(people: Mapping[str, int]) -> Html:
    return html(
        '<figure class="card">\n<figcaption>{}</figcaption>\n{}\n{}</figure>\n',
        say("대화 하나에 지어낸 사람 수", "Invented people per dialogue"),
        histogram(charts.histogram(people, step=1), Axes(PEOPLE, DIALOGUES)),
        note(
            "가려진 자리가 있는 대화만 셌습니다. 0은 장소나 소속만 채운 대화입니다.",
            "Dialogues with a mask alone; in those with 0 only a place or an affiliation was "
            "filled in.",
        ),
    )
