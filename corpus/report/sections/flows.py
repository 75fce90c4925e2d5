"""From what was read to what is left: dialogues, other choices of options, utterances."""

from collections.abc import Mapping
from typing import Any

from corpus.report import charts, pictures
from corpus.report.changes import visible
from corpus.report.charts import Ribbon
from corpus.report.details import in_korean
from corpus.report.drawing import (
    advice,
    bar,
    count,
    counts,
    fine_share,
    heading,
    note,
    part,
    said,
    say,
    share,
    t,
    title,
)
from corpus.report.markup import NONE, Html, html, joined
from corpus.report.numbers import Loss, losses
from corpus.report.pictures import most_first
from corpus.report.remarks import NAMED, remark_lines
from corpus.report.sections.first_minute import shown_rows
from corpus.report.words import DROPPED, OPTIONS, PROBLEMS, REASONS, SPLITS, Words

NAMES = 4  # of reasons for which utterances went with their dialogues
TO_KEEP_THEM = Words("살리려면", "to keep them")
_COLOURS = {"rows": "keep", "cut": "second"}


def flows(m: Mapping[str, Any]) -> Html:
    """Draw the section."""
    about = say(
        "폭은 대화 수입니다. 아래로 갈라지는 흐름이 빠진 대화이며, 옆에 이유와 살리는 방법이 "
        "있습니다.",
        "Width is the number of dialogues. What branches off was left out; beside it stand why, "
        "and what would keep it.",
    )
    return html(
        '{}<p>{}</p>\n{}<p class="read">{} {}</p>\n{}\n{}\n{}',
        heading(1, "flow", "읽은 것에서 남은 것까지", "From what was read to what is left"),
        about,
        _to_be_looked_at(m),
        t("읽은 대화", "dialogues read"),
        count(m["dialogues"]["read"]),
        _of_dialogues(m),
        _other_choices(m),
        _of_utterances(m),
    )


def _to_be_looked_at(m: Mapping[str, Any]) -> Html:
    remarks, problems = [*remark_lines(m)], m["problems"]
    if not (remarks or problems):
        return NONE
    lines = [
        html(
            '<li><b class="mono">{}</b> {}: <bdi>{}</bdi>: {}</li>\n',
            one["reason"],
            said(one["reason"], PROBLEMS),
            visible(one["place"]),
            detail(one["detail"]),
        )
        for one in problems[:NAMED]
    ]
    if more := len(problems[NAMED:]) + m.get("other_problems", 0):
        others = t("목록에 없는 문제", "problems that are not listed")
        lines.append(html("<li>{}: {}</li>\n", others, count(more)))
    lines += [html("<li>{}</li>\n", detail(remark)) for remark in remarks]
    return html("{}<ul>\n{}</ul>\n", title("확인할 것", "To be looked at"), joined(lines))


def detail(text: str) -> Html:
    """Say a detail, a problem or a remark, which may quote raw/, in both languages."""
    korean, english = (html("<bdi>{}</bdi>", visible(one)) for one in (in_korean(text), text))
    return t(korean, english)


def _flow(height: float, streams: list[tuple[str, Ribbon, Html]]) -> Html:
    """Draw streams, each with its colour and its label."""
    paths = [html('<path class="{}" d="{}"/>\n', kind, one.path) for kind, one, _ in streams]
    ends = [
        html(
            '<div class="ends {}" style="top:{}px;height:{}px"></div>\n'
            '<div class="label" style="top:{}px">\n{}</div>\n',
            kind,
            ribbon.y,
            ribbon.height,
            ribbon.y,
            label,
        )
        for kind, ribbon, label in streams
    ]
    return html(
        '<div class="flow" style="height:{}px">\n'
        '<svg viewBox="0 0 100 {}" preserveAspectRatio="none" aria-hidden="true">\n{}</svg>\n'
        "{}</div>\n",
        height,
        height,
        joined(paths),
        joined(ends),
    )


def _of_dialogues(m: Mapping[str, Any]) -> Html:
    flow = pictures.dialogue_flow(m)
    labels = [("keep", _written(m)), *(("lose", _lost(one, m)) for one in losses(m))]
    streams = [
        (kind, ribbon, label) for ribbon, (kind, label) in zip(flow.ribbons, labels, strict=True)
    ]
    return _flow(flow.height, streams)


def _written(m: Mapping[str, Any]) -> Html:
    """Say what became rows."""
    n_read, written = m["dialogues"]["read"], m["dialogues"]["written"]
    n_rows, n_cut = sum(m["rows"].values()), m["report"]["rows_cut"]
    splits = [html("{} {}", t(SPLITS[split].ko, split), count(n)) for split, n in shown_rows(m)]
    cut = NONE
    if n_cut:
        split = m["other_choices"].get("--overlong split")
        cut = html(
            "<span>{}</span>\n{}\n",
            t(
                f"한도에 걸려 뒤가 잘린 행 {n_cut:,}",
                f"{n_cut:,} rows end early, at the token limit",
            ),
            NONE if split is None else advice("--overlong split", split - n_rows),
        )
    return html(
        "<span><b>{} {}</b> · {}</span>\n<span>{} {}: {}</span>\n{}",
        t("남은 대화", "written"),
        count(written),
        share(written, n_read),
        count(n_rows),
        t("행", "rows"),
        joined(splits, ", "),
        cut,
    )


def _lost(one: Loss, m: Mapping[str, Any]) -> Html:
    """Say why some dialogues were left out, and what would keep them."""
    keeps = (
        html(
            '{}\n<span class="note">{}</span>\n',
            advice(one.option, one.gain),
            said(one.option, OPTIONS),
        )
        if one.option
        else NONE
    )
    return html(
        '<span><b class="mono">{}</b> <b>{}</b> · {}</span>\n<span>{}</span>\n{}',
        one.reason,
        count(one.n),
        share(one.n, m["dialogues"]["read"]),
        said(one.reason, REASONS),
        keeps,
    )


def _other_choices(m: Mapping[str, Any]) -> Html:
    """Draw what other options would have kept."""
    others, n_rows = m["other_choices"], sum(m["rows"].values())
    if not others:
        return NONE
    most = max(n_rows, *others.values())
    rows = [
        html(
            '<tr><td><code>{}</code></td><td class="wide">{}</td><td class="num">{}</td></tr>\n',
            option,
            bar(part(n, most), "second"),
            count(n),
        )
        for option, n in sorted(others.items(), key=lambda pair: pair[1])
    ]
    of_fold = note(
        "fold는 여러 사람의 말을 한 턴으로 합칩니다. 마지막 화자가 답한 사람의 말만 남기는 "
        "nearest를 권합니다.",
        "fold joins the turns of different people. nearest keeps those of the one whom the last "
        "speaker answers, and is the better choice.",
    )
    return html(
        '{}<table>\n<tr><td>{}</td><td class="wide">{}</td><td class="num"><b>{}</b></td></tr>\n'
        "{}</table>\n{}{}",
        title("다른 옵션을 썼다면", "What other options would have kept"),
        t("지금 이 코퍼스", "this corpus"),
        bar(part(n_rows, most)),
        count(n_rows),
        joined(rows),
        of_fold if "--multi-party fold" in others else NONE,
        note(
            "행 수이며 추정이 아닙니다. 모든 대화를 세었고 중복은 뺐습니다.",
            "Rows, and no estimate: every dialogue was counted, duplicates taken out.",
        ),
    )


def _of_utterances(m: Mapping[str, Any]) -> Html:
    parts = pictures.utterance_parts(m)
    flow = charts.flow([(n, charts.SHORT if reason else charts.LONG) for _, reason, n in parts])
    streams = [
        (_COLOURS.get(kind, "lose"), ribbon, _label(kind, reason, n, m))
        for ribbon, (kind, reason, n) in zip(flow.ribbons, parts, strict=True)
    ]
    return html(
        '{}<p class="read">{} {}</p>\n{}{}{}',
        title("발화의 흐름", "The same for utterances"),
        t("읽은 발화", "utterances read"),
        count(m["utterances"]["read"]),
        _by_source(
            m["turns_joined"],
            "사이의 발화가 모두 빠져 하나로 합쳐진 턴:",
            "Turns of one speaker that became one, since all that stood between was dropped:",
        ),
        _by_source(
            m["other_speaker"],
            "다른 화자의 말이라 어느 턴에도 들어가지 않은 발화:",
            "Utterances in no turn, for another speaker came last before the answer:",
        ),
        _flow(flow.height, streams),
    )


def _by_source(counter: Mapping[str, int], korean: str, english: str) -> Html:
    """Count by source what a sentence says."""
    found = [(source, n) for source, n in most_first(counter) if n]
    if not found:
        return NONE
    numbers = counts(found, mono=False)
    return html('<p class="note">{} {}</p>\n', say(korean, english), numbers)


def _label(kind: str, reason: str, n: int, m: Mapping[str, Any]) -> Html:
    """Say where some utterances went."""
    n_read = m["utterances"]["read"]
    if kind == "rows":
        return _stream(t("행에 들어감", "in the rows"), n, n_read)
    if kind == "left_out":
        names = counts(most_first(m["report"]["utterances"]["left_out"])[:NAMES])
        return html(
            '{}<span class="note">{}</span>\n',
            _stream(t("빠진 대화와 함께", "went with their dialogues"), n, n_read),
            names,
        )
    if kind == "cut":
        kept = m["other_choices"].get("--overlong split")
        return html(
            "{}<span>{}</span>\n{}",
            _stream(t("뒤에서 잘림", "cut off at the end"), n, n_read),
            t("토큰 한도를 넘은 턴", "turns behind the token limit, or that no row can hold"),
            _to_keep_them("--overlong split") if kept else NONE,
        )
    return html(
        '<span><b class="mono">{}</b> <b>{}</b> · {}</span>\n<span>{}</span>\n{}',
        reason,
        count(n),
        fine_share(n, n_read),
        said(reason, DROPPED),
        _to_keep_them("--personal keep") if reason == "personal_data" else NONE,
    )


def _stream(name: Html, n: int, of: int) -> Html:
    return html("<span><b>{} {}</b> · {}</span>\n", name, count(n), share(n, of))


def _to_keep_them(option: str) -> Html:
    return html("{}\n", advice(option, None, keeps=TO_KEEP_THEM))
