"""How long dialogues and rows are, and from where they come: sources, splits, topics, speakers."""

from collections.abc import Mapping
from typing import Any

from corpus.report import charts, pictures
from corpus.report.changes import visible
from corpus.report.drawing import (
    DIALOGUES,
    ROWS,
    TOKENS,
    TURNS,
    Axes,
    bar,
    code,
    count,
    heading,
    histogram,
    note,
    part,
    said,
    say,
    share,
    t,
    title,
)
from corpus.report.markup import NONE, Html, html, joined
from corpus.report.numbers import added
from corpus.report.of_keys import BIN
from corpus.report.words import SOURCES, SPLITS, Words

SHARE_OF_ROWS = Words("행의 비율", "share of rows")
RIGHT_HALF = 200  # where a label of the limit stands on its left


def lengths(m: Mapping[str, Any]) -> Html:
    """Draw the section."""
    return html(
        '{}<div class="grid">\n{}{}</div>\n\n{}<div class="grid small">\n{}</div>\n\n{}\n{}',
        heading(2, "shape", "길이와 구성", "How long, and from where"),
        _before_the_limit(m),
        _turns(m),
        title("출처와 분할", "By source and split"),
        joined(_group(one, m["options"]["max_tokens"]) for one in pictures.groups(m)),
        _topics(m["report"]["topics"]),
        _speakers(m["report"]),
    )


def _before_the_limit(m: Mapping[str, Any]) -> Html:
    limit = m["options"]["max_tokens"]
    drawn = charts.histogram(m["report"]["uncapped_tokens"], step=BIN, cap=limit)
    label = NONE
    if drawn.cap is not None:
        left = drawn.cap > RIGHT_HALF
        label = html(
            '<text class="cap-label {}" x="{}" y="{}">{} = --max-tokens</text>',
            "end" if left else "",
            drawn.cap + (-5 if left else 5),
            charts.TOP + 4,
            limit,
        )
    n_over = sum(one.n for one in drawn.bars if one.is_over)
    of_all = share(n_over, drawn.n)
    return html(
        '<figure class="card">\n<figcaption>{}</figcaption>\n{}\n<p class="note">{}</p>\n'
        "</figure>\n",
        say("대화당 토큰 수 (자르기 전)", "Tokens per dialogue, before the limit"),
        histogram(drawn, Axes(TOKENS, DIALOGUES), at_cap=label),
        t(
            f"한도를 넘는 대화 약 {n_over:,}개 ({of_all}). 마지막 막대는 그 이상을 모두 담습니다.",
            f"About {n_over:,} dialogues ({of_all}) are over the limit. "
            "The last bar holds all that is longer.",
        ),
    )


def _turns(m: Mapping[str, Any]) -> Html:
    turns = charts.histogram(added(m["report"]["turns"].values()), step=1)
    return html(
        '<figure class="card">\n<figcaption>{}</figcaption>\n{}\n{}</figure>\n',
        say("행당 턴 수", "Turns per row"),
        histogram(turns, Axes(TURNS, ROWS)),
        note(
            "모든 행은 <usr>로 시작해 <sys>로 끝나므로 짝수입니다.",
            "Every row begins on <usr> and ends on <sys>, so these are even numbers.",
        ),
    )


def _group(one: Mapping[str, Any], limit: int) -> Html:
    """Draw the lengths of a source or a split."""
    name, tokens, turns = one["name"], one["median_tokens"], one["median_turns"]
    is_source = one["kind"] == "source"
    kind = "keep" if is_source else "second"
    at_cap = html('<text class="cap-label end" x="{}" y="11">{}</text>', one["tokens"].cap, limit)
    return html(
        '<figure class="card">\n<figcaption>{}</figcaption>\n'
        '<p class="note"><b>{}</b> {} · {}</p>\n{}\n{}\n</figure>\n',
        html("{} {}", code(name), said(name, SOURCES)) if is_source else t(SPLITS[name].ko, name),
        count(one["rows"]),
        t("행", "rows"),
        t(f"중앙값 약 {tokens}토큰, {turns}턴", f"median about {tokens} tokens, {turns} turns"),
        histogram(one["tokens"], Axes(TOKENS, SHARE_OF_ROWS), kind, at_cap=at_cap),
        histogram(one["turns"], Axes(TURNS, SHARE_OF_ROWS), kind),
    )


def _topics(topics: Mapping[str, Mapping[str, int]]) -> Html:
    by_rows = sorted(topics.items(), key=lambda pair: pair[1]["rows"], reverse=True)
    rows = [
        html(
            '<tr><td><bdi>{}</bdi></td><td class="wide">{}</td><td class="num">{}</td>'
            '<td class="num">{}</td><td class="num">{}</td></tr>\n',
            visible(topic) or "–",
            bar(part(one["rows"], by_rows[0][1]["rows"])),
            count(one["rows"]),
            f"{one['tokens'] / one['rows']:.0f}",
            f"{one['turns'] / one['rows']:.1f}",
        )
        for topic, one in by_rows
    ]
    return html(
        '{}<table>\n<tr><th>{}</th><th></th><th class="num">{}</th><th class="num">{}</th>'
        '<th class="num">{}</th></tr>\n{}</table>\n',
        title("주제", "By topic"),
        t("주제", "topic"),
        t("행", "rows"),
        t("토큰/행", "tokens/row"),
        t("턴/행", "turns/row"),
        joined(rows),
    )


def _speakers(report: Mapping[str, Any]) -> Html:
    speakers, one_in = pictures.speakers(report["speakers"]), report["speakers_one_in"]
    head = title("누가 말하나: 나이와 성별", "Who speaks: age and sex")
    if not speakers:
        none = note("원본에 나이와 성별이 없습니다.", "The raw files do not tell.")
        return html("{}{}", head, none)
    counted = (
        f"행이 된 대화 {one_in:,}개당 하나를 id의 해시로 골라"
        if one_in > 1
        else "행이 된 모든 대화에서",
        f"one in {one_in:,} dialogues that gave rows, chosen by the hash of the id"
        if one_in > 1
        else "all dialogues that gave rows",
    )
    about = note(
        f"원본에 적힌 그대로, {counted[0]} 세었습니다. 중복을 빼기 전의 수입니다. 막대는 그 출처의 "
        "화자 가운데 차지하는 비율이며, 눈금은 모두 같습니다.",
        f"As the raw files say, counted for {counted[1]}, duplicates not yet taken out. Bars are "
        "shares of the speakers of that source, all on one scale.",
    )
    most = max(one["most"] / one["n"] for one in speakers)
    cards = joined(_speakers_of(one, most) for one in speakers)
    return html('{}{}<div class="grid">\n{}</div>\n', head, about, cards)


def _speakers_of(one: Mapping[str, Any], most: float) -> Html:
    """Draw the speakers of one source; a full bar is `most` of them."""
    sexes = [html("<bdi>{}</bdi> {}", visible(sex), share(n, one["n"])) for sex, n in one["sexes"]]
    rows = []
    for age, _, by_sex in one["ages"]:
        of_age = html('<td rowspan="{}"><bdi>{}</bdi></td>', len(by_sex), visible(age))
        for place, (sex, n) in enumerate(by_sex):
            drawn = bar(part(n, one["n"] * most), "second" if place else "keep")
            rows.append(
                html(
                    '<tr>{}<td><bdi>{}</bdi></td><td class="wide">{}</td>'
                    '<td class="num">{}</td></tr>\n',
                    NONE if place else of_age,
                    visible(sex),
                    drawn,
                    count(n),
                )
            )
    return html(
        '<div class="card">\n<p><b class="mono">{}</b> <span class="note">{} {} · {}</span></p>\n'
        "<table>\n{}</table>\n</div>\n",
        one["source"],
        count(one["n"]),
        t("명", "speakers"),
        joined(sexes, ", "),
        joined(rows),
    )
