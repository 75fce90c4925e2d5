"""What a reader knows after a minute: what is in it, what was lost, is it good Korean."""

from collections.abc import Mapping
from typing import Any

from corpus.report.drawing import advice, code, count, fine_share, said, share, t
from corpus.report.markup import NONE, Html, html, joined
from corpus.report.numbers import losses
from corpus.report.words import REASONS, SPLITS

NAMED = 4  # losses beside the strip
TOLD = 3  # losses with their words


def first_minute(m: Mapping[str, Any]) -> Html:
    """Draw what stands above the sections."""
    n_read, n_rows = count(m["dialogues"]["read"]), count(sum(m["rows"].values()))
    return html(
        '<h1><span class="ko" lang="ko">대화 {}개를 읽어 {}행을 썼습니다</span> '
        '<span class="en" lang="en">{} dialogues read, {} rows written</span></h1>\n'
        '{}<div class="grid answers">\n{}{}{}</div>\n',
        *(n_read, n_rows) * 2,
        _strip(m),
        _what_is_in_it(m),
        _what_was_lost(m),
        _is_it_good(m),
    )


def _strip(m: Mapping[str, Any]) -> Html:
    """Draw all that was read in one line, and its parts."""
    n_read, written = m["dialogues"]["read"], m["dialogues"]["written"]
    lost = losses(m)
    kept = share(written, n_read)
    titles = [(written, count(written)), *((one.n, f"{one.reason}: {one.n:,}") for one in lost)]
    parts = [html('<span style="flex:{}" title="{}"></span>', *one) for one in titles]
    names = [
        html('<li class="l l{}">{} <b>{}</b></li>\n', place, code(one.reason), share(one.n, n_read))
        for place, one in enumerate(lost[:NAMED], 1)
    ]
    return html(
        '<div class="strip" role="img" aria-label="{}">\n{}\n</div>\n'
        '<ul class="legend">\n<li class="k">{} <b>{}</b></li>\n{}</ul>\n',
        kept,
        joined(parts),
        t("남음", "kept"),
        kept,
        joined(names),
    )


def shown_rows(m: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Return the rows of each split; of test, if it has some."""
    return [(split, n) for split, n in m["rows"].items() if n or split != "test"]


def _what_is_in_it(m: Mapping[str, Any]) -> Html:
    splits = [
        html("{} <b>{}</b>", t(SPLITS[split].ko, split), count(n)) for split, n in shown_rows(m)
    ]
    sources = [
        html("{} <b>{}</b>", code(source), count(one["rows"]))
        for source, one in m["sources"].items()
    ]
    return html(
        '<div class="card">\n<h2>{}</h2>\n<p class="big kept">{}<small>{}</small></p>\n'
        "<ul>\n<li><b>{}</b> {}</li>\n<li>{}</li>\n<li>{}</li>\n</ul>\n</div>\n",
        t("무엇이 들었나", "What is in it"),
        count(sum(m["rows"].values())),
        t("행", "rows"),
        count(sum(m["tokens"].values())),
        t("토큰", "tokens"),
        joined(splits, " · "),
        joined(sources, " · "),
    )


def _what_was_lost(m: Mapping[str, Any]) -> Html:
    rejected = m["dialogues"]["rejected"]
    lines = [
        html(
            "<li><b>{}</b> {}{}</li>\n",
            count(one.n),
            said(one.reason, REASONS) or one.reason,
            advice(one.option, one.gain),
        )
        for one in losses(m)[:TOLD]
    ]
    nothing = t("빠진 대화가 없습니다.", "No dialogue was left out.")
    return html(
        '<div class="card">\n<h2>{}</h2>\n<p class="big {}">{}<small>{}</small></p>\n'
        "<ul>\n{}</ul>\n</div>\n",
        t("무엇이 왜 빠졌나", "What was lost, and why"),
        "lost" if rejected else "kept",
        share(rejected, m["dialogues"]["read"]),
        t("빠짐", "left out"),
        joined(lines) if lines else html("<li>{}</li>\n", nothing),
    )


def _is_it_good(m: Mapping[str, Any]) -> Html:
    report, utterances = m["report"], m["utterances"]
    return html(
        '<div class="card">\n<h2>{}</h2>\n<p class="big">{}<small><code>&lt;unk&gt;</code></small>'
        "</p>\n<ul>\n{}<li><b>{}</b> {}</li>\n<li><b>{}</b> {}</li>\n<li><b>{}</b> {}</li>\n"
        "</ul>\n</div>\n",
        t("좋은 한국어인가", "Is it good Korean"),
        fine_share(m["unk_tokens"], sum(m["tokens"].values())),
        _speech(report["sample"]["speech"]),
        count(m["names"].get("name", 0)),
        t("가려진 자리에 채운 이름", "names put where they were masked"),
        share(sum(utterances["dropped"].values()), utterances["read"]),
        t("규칙이 버린 발화", "of the utterances dropped by the rules"),
        share(report["rows_cut"], sum(m["rows"].values())),
        t("한도 때문에 뒤가 잘린 행", "of the rows end early, at the token limit"),
    )


def _speech(speech: Mapping[str, int]) -> Html:
    """Say how much of what was judged is polite."""
    polite, casual = speech.get("polite", 0), speech.get("casual", 0)
    judged = polite + casual
    if not judged:
        return NONE
    return html(
        "<li>{} <b>{}</b> · {} <b>{}</b></li>\n",
        t("존댓말", "polite"),
        share(polite, judged),
        t("반말", "casual"),
        share(casual, judged),
    )
