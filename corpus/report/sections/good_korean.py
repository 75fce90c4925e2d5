"""Is it good Korean: speech, what the tokenizer does not know, frequent turns, laughter, tears."""

from collections.abc import Mapping, Sequence
from typing import Any

from corpus.report.changes import visible
from corpus.report.drawing import bar, count, heading, note, part, say, share, t, title
from corpus.report.markup import NONE, Html, html, joined

WORDS_SHOWN = 20  # that hold what the tokenizer does not know


def good_korean(m: Mapping[str, Any]) -> Html:
    """Draw the section."""
    sample = m["report"]["sample"]
    rows, turns = sample["rows"], sample["turns"]
    is_all = rows == sum(m["rows"].values())
    which = (
        ("모든 행", "all")
        if is_all
        else (
            "id의 해시가 가장 작은 대화의 행",
            "of the dialogues whose ids have the smallest hashes,",
        )
    )
    about = say(
        f"말투·웃음·자주 나오는 말은 {which[0]} {rows:,}개({turns:,}턴)에서 세었습니다.",
        f"Speech, laughter and frequent turns were counted in {which[1]} {rows:,} rows ({turns:,} "
        "turns).",
    )
    return html(
        '{}<p>{}</p>\n\n<div class="grid" style="align-items:start">\n{}{}</div>\n\n{}\n{}',
        heading(5, "korean", "좋은 한국어인가", "Is it good Korean"),
        about,
        _speech(sample),
        _unknown(m),
        _frequent_turns(sample),
        _laughter(sample["topics"]),
    )


def _speech(sample: Mapping[str, Any]) -> Html:
    of_turns, of_rows = sample["speech"], sample["speech_of_rows"]
    judged = of_turns.get("polite", 0) + of_turns.get("casual", 0)
    kinds = [("polite", "존댓말", "polite"), ("casual", "반말", "casual")]
    kinds_of_rows = [
        ("polite", "모두 존댓말", "all polite"),
        ("casual", "모두 반말", "all casual"),
        ("mixed", "섞임", "mixed"),
    ]
    return html(
        '<div class="card">\n<h3 style="margin-top:0">{}</h3>\n<table>\n{}{}</table>\n{}</div>\n',
        t("존댓말과 반말", "Polite and casual speech"),
        _shares(t("턴", "turns"), of_turns, judged, kinds),
        _shares(t("대화", "dialogues"), of_rows, sample["rows"], kinds_of_rows),
        note(
            "-요, -죠, -ㅂ니다, -ㅂ니까, -시오로 끝나는 낱말이 하나라도 있으면 존댓말(필요 같은 "
            "명사는 빼고), 한글 낱말은 있는데 하나도 없으면 반말로 봅니다. 대략적인 기준입니다.",
            "A turn with a word that ends in -요, -죠, -ㅂ니다, -ㅂ니까 or -시오 counts as polite "
            "(nouns such as 필요 aside), one with words of Hangul but none of these as casual. A "
            "rule of thumb.",
        ),
    )


def _shares(
    head: Html, counter: Mapping[str, int], of: int, kinds: Sequence[tuple[str, str, str]]
) -> Html:
    rows = [
        html(
            '<tr><td>{}</td><td class="wide">{}</td><td class="num">{}</td></tr>\n',
            t(korean, english),
            bar(part(counter.get(kind, 0), of), "keep" if kind == "polite" else "second"),
            share(counter.get(kind, 0), of),
        )
        for kind, korean, english in kinds
    ]
    return html("<tr><th>{}</th><th></th><th></th></tr>\n{}", head, joined(rows))


def _unknown(m: Mapping[str, Any]) -> Html:
    """Draw what the tokenizer does not know."""
    none = say("없습니다. 모든 글자를 압니다.", "None: every character is known.")
    return html(
        '<div class="card">\n<h3 style="margin-top:0">{} <code>&lt;unk&gt;</code></h3>\n{}</div>\n',
        t("토크나이저가 모르는 글자", "Characters that the tokenizer does not know"),
        _unknown_words(m) if m["unk_tokens"] else html("<p>{}</p>\n", none),
    )


def _unknown_words(m: Mapping[str, Any]) -> Html:
    n_unknown, n_tokens = m["unk_tokens"], sum(m["tokens"].values())
    unknown = m["report"]["unknown"]
    words = unknown["words"]
    rows = [
        html(
            '<tr><td><bdi>{}</bdi></td><td class="num">{}</td><td class="wide">{}</td>'
            '<td class="num">{}</td></tr>\n',
            one["word"],
            count(one["times"]),
            bar(part(one["tokens"], words[0]["tokens"]), "lose"),
            count(one["tokens"]),
        )
        for one in words[:WORDS_SHOWN]
    ]
    n_rows, looked_at, found = (
        unknown[name] for name in ("rows", "rows_looked_at", "tokens_looked_at")
    )
    return html(
        '<p>{}</p>\n<table>\n<tr><th>{}</th><th class="num">{}</th><th></th>'
        '<th class="num"><code>&lt;unk&gt;</code></th></tr>\n{}</table>\n'
        '<p class="note">{}</p>\n{}',
        say(
            f"토큰 {n_tokens:,}개 가운데 {n_unknown:,}개, 행 {n_rows:,}개에 있습니다.",
            f"{n_unknown:,} of {n_tokens:,} tokens, in {n_rows:,} rows.",
        ),
        t("낱말", "word"),
        t("횟수", "times"),
        joined(rows),
        t(
            f"그런 행 {looked_at:,}개(해시로 고름)에서 세었습니다: <unk> {found:,}개.",
            f"Counted in {looked_at:,} of these rows, chosen by hash: {found:,} <unk>.",
        )
        if looked_at < n_rows
        else t("그런 행 모두에서 세었습니다.", "Counted in all of these rows."),
        _respellable(m["unk_respellable"]) if m["options"]["respell"] == "off" else NONE,
    )


def _respellable(n: int) -> Html:
    """Say how to have fewer unknown tokens."""
    if not n:
        return NONE
    return html(
        '<p class="advice">{} <code>--respell on</code>: {}</p>\n',
        t("줄이려면", "to have less"),
        t(f"{n:,}개는 다르게 적을 수 있습니다", f"{n:,} of them can be spelt with others"),
    )


def _frequent_turns(sample: Mapping[str, Any]) -> Html:
    n = sample["different_turns"]
    chips = [
        html("<li><bdi><b>{}</b></bdi>{}</li>", visible(one["turn"]), count(one["times"]))
        for one in sample["frequent_turns"]
    ]
    return html(
        '{}{}<ul class="chips">{}</ul>\n',
        title("가장 자주 나온 턴", "Most frequent turns"),
        note(
            f"서로 다른 턴 {n:,}개. 두 번 이상 나온 것 가운데 가장 자주 나온 것들입니다.",
            f"{n:,} different turns; the most frequent of those that come more than once.",
        ),
        joined(chips) or html("<li>{}</li>", t("없음", "none")),
    )


def _laughter(topics: Mapping[str, Mapping[str, int]]) -> Html:
    by_turns = sorted(topics.items(), key=lambda pair: pair[1]["turns"], reverse=True)
    rows = [
        html(
            '<tr><td><bdi>{}</bdi></td>{}{}<td class="num en">{}</td></tr>\n',
            visible(topic) or "–",
            _of_turns(one["laughing"], one["turns"], "keep"),
            _of_turns(one["weeping"], one["turns"], "second"),
            count(one["turns"]),
        )
        for topic, one in by_turns
    ]
    return html(
        "{}<table>\n<tr><th>{}</th><th>ㅋㅋ ㅎㅎ</th><th></th><th>ㅠㅠ</th><th></th>"
        '<th class="num">{}</th></tr>\n{}</table>\n{}',
        title("주제별 웃음과 눈물", "Laughter and tears by topic"),
        t("주제", "topic"),
        t("턴", "turns"),
        joined(rows),
        note(
            "ㅋ이나 ㅎ, ㅠ나 ㅜ가 하나라도 있는 턴의 비율입니다. "
            "턴이 적은 주제는 값이 들쭉날쭉합니다.",
            "Share of turns with a ㅋ or ㅎ, with a ㅠ or ㅜ. Topics with few turns are uncertain.",
        ),
    )


def _of_turns(n: int, n_turns: int, kind: str) -> Html:
    return html(
        '<td style="width:24%;vertical-align:middle">{}</td><td class="num">{}</td>',
        bar(part(n, n_turns), kind),
        share(n, n_turns),
    )
