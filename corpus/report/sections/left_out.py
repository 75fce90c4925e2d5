"""What was left out, reason by reason, and what the text rules changed, each with examples."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from corpus.report.changes import change, chosen, samples, visible
from corpus.report.drawing import advice, code, count, counts, heading, note, said, say, t, title
from corpus.report.markup import NONE, Html, html, joined
from corpus.report.numbers import Loss, losses
from corpus.report.pictures import most_first
from corpus.report.rule_words import RULE_WORDS
from corpus.report.sections.flows import detail
from corpus.report.words import REASONS
from corpus.text.personal import IN_PIECES
from corpus.text.respell import RESPELT, respell_rules
from corpus.text.rule import Rule
from corpus.text.rules import TABLES

OPEN = 2  # reasons whose examples are seen at once
_SPEAKERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Listed(NamedTuple):
    """A rule; rules of personal data show an invented example, never a sample from raw/."""

    name: str
    ko: str
    why: str
    example: tuple[str, str] | None


def left_out(m: Mapping[str, Any], examples: Mapping[str, Any]) -> Html:
    """Draw the section."""
    return html(
        "{}{}\n{}\n{}",
        heading(3, "losses", "빠진 것과 바뀐 것", "What was left out, what was changed"),
        _reasons(m, examples["rejected"]),
        _rules(m, examples["rules"]),
        _tags(m, examples["tags"]),
    )


def _reasons(m: Mapping[str, Any], examples: Mapping[str, Sequence[Mapping[str, Any]]]) -> Html:
    of_dialogues = m["reasons"]
    reasons = most_first(of_dialogues)
    reasons += [one for one in most_first(m["broken"]) if one[0] not in of_dialogues]
    by_reason = {one.reason: one for one in losses(m)}
    about = html(
        '<p class="note">{} <code>python -m corpus show processed/ --reason REASON</code></p>\n',
        say(
            "원문 그대로이며 해시로 골랐습니다. 원문 전체와 나머지는",
            "Raw text, chosen by hash. All of it, and all others:",
        ),
    )
    drawn = [
        _reason((reason, n), by_reason.get(reason), examples.get(reason, []), is_open=place < OPEN)
        for place, (reason, n) in enumerate(reasons)
    ]
    nothing = html("<p>{}</p>\n", say("빠진 것이 없습니다.", "Nothing was left out."))
    others = NONE
    if m["left_alone"]:
        others = html(
            '<p class="note">{} {}</p>\n',
            say("대화로 읽지 않은 파일:", "Files that were not read as dialogues:"),
            counts(most_first(m["left_alone"])),
        )
    return html(
        "{}{}{}{}",
        title("이유별 예시 두 개", "Each reason, with two examples"),
        about,
        joined(drawn) or nothing,
        others,
    )


def _reason(
    counted: tuple[str, int],
    loss: Loss | None,
    examples: Sequence[Mapping[str, Any]],
    *,
    is_open: bool,
) -> Html:
    reason, n = counted
    none = note("보여 줄 예시가 없습니다.", "There is no example to show.")
    return html(
        '<details{}>\n<summary>{}<span class="count">{}</span><span class="why">{}{}</span>'
        '</summary>\n<div class="inside grid">\n{}</div>\n</details>\n',
        " open" if is_open else "",
        code(reason),
        count(n),
        said(reason, REASONS),
        advice(loss.option, loss.gain) if loss else NONE,
        joined(map(_example, examples)) or none,
    )


def _example(one: Mapping[str, Any]) -> Html:
    """Draw a rejected dialogue, or what could not be read."""
    excerpt = NONE
    if "excerpt" in one:
        excerpt = html("<code><bdi>{}</bdi></code>\n", visible(one["excerpt"]))
    between = NONE
    if n := one["n_between"]:
        between = html('<li class="cut">{}</li>\n', t(f"… {n}개 더 …", f"{n} more"))
    return html(
        '<div class="card">\n<p class="about"><bdi>{}</bdi>{}<br>{}</p>\n{}'
        '<ul class="chat raw">\n{}{}{}</ul>\n</div>\n',
        visible(one["id"] or one["raw_file"]),
        f" · {one['source']}" if one["source"] else "",
        detail(one["detail"]),
        excerpt,
        joined(map(_utterance, one["first"])),
        between,
        joined(map(_utterance, one["last"])),
    )


def _utterance(said_by: tuple[int, str]) -> Html:
    who, text = said_by
    return html(
        '<li><span class="who">{}</span><bdi>{}</bdi></li>\n',
        _SPEAKERS[who % len(_SPEAKERS)],
        visible(text),
    )


def _rules(m: Mapping[str, Any], examples: Mapping[str, Sequence[Sequence[str]]]) -> Html:
    listed, fired = _listed(m["options"]), m["rules"]
    idle = [code(rule.name) for rule in listed if rule.name not in fired]
    return html(
        '{}{}{}<p class="note">{}</p>\n',
        title("텍스트 규칙: 바뀐 것", "Text rules: what they changed"),
        note(
            "규칙은 순서대로 적용됩니다. 앞뒤는 그 규칙 하나만 적용한 글이고, 숫자는 바뀐 "
            "곳의 수입니다. 예시는 규칙마다 세 개까지 해시로 골랐습니다.",
            "Rules run in this order. Before and after are of that rule alone, the number is of "
            "places that it changed. Up to three samples of each, chosen by hash.",
        ),
        joined(
            _rule(rule, fired[rule.name], examples.get(rule.name, []))
            for rule in listed
            if fired.get(rule.name)
        ),
        html(
            "{} {}",
            t("한 번도 쓰이지 않은 규칙:", "Rules that never fired:"),
            joined(idle, ", "),
        )
        if idle
        else NONE,
    )


def _rule(rule: Listed, n: int, found: Sequence[Sequence[str]]) -> Html:
    shown = [rule.example] if rule.example else found
    invented = note(
        "개인 정보가 들어 있을 수 있어 코퍼스의 예시는 보여 주지 않습니다. "
        "위의 예시는 지어낸 것입니다.",
        "It may hold somebody's data, so no sample of the corpus is shown. The one above is "
        "invented.",
    )
    return html(
        '<details>\n<summary>{}<span class="count">{}</span><span class="why">{}</span>{}'
        '</summary>\n<div class="inside">{}</div>\n</details>\n',
        code(rule.name),
        count(n),
        t(rule.ko, rule.why),
        joined(html('<span class="peek">{}</span>', change(*one)) for one in shown[:1]),
        invented if rule.example else samples(shown[1:]),
    )


def _listed(options: Mapping[str, Any]) -> list[Listed]:
    """Return the rules that these options apply."""
    rules = [*TABLES[options["rules"]]]
    if options["respell"] == "on":
        rules += respell_rules(frozenset(RESPELT))
    listed = [Listed(rule.name, RULE_WORDS[rule.name], rule.why, _invented(rule)) for rule in rules]
    in_pieces, why, example = IN_PIECES
    return (
        [*listed, Listed(in_pieces, RULE_WORDS[in_pieces], why, example)]
        if options["personal"] == "drop"
        else listed
    )


def _invented(rule: Rule) -> tuple[str, str] | None:
    return rule.example if rule.holds else None


def _tags(m: Mapping[str, Any], examples: Mapping[str, Sequence[Sequence[str]]]) -> Html:
    drawn = [_tag(tag, n, examples.get(tag, [])) for tag, n in most_first(m["tags"])]
    names, total = m["other_tags"]["names"], m["other_tags"]["sum"]
    others = note(
        f"그 밖의 태그 {names:,}가지, 모두 {total:,}회.",
        f"And {names:,} more tags, {total:,} times in all.",
    )
    return html(
        "{}{}{}{}",
        title("태그와 별표", "Tags and masks"),
        note(
            "원본 그대로의 발화, 이름까지 채운 발화, 그리고 무엇을 골랐는지 보여 줍니다. "
            "버린 발화는 그 이유를 보여 줍니다.",
            "The utterance as it was written, and as it became, names filled in, with what was "
            "chosen; or why it was dropped.",
        ),
        joined(drawn) or note("태그가 없습니다.", "There are no tags."),
        others if names else NONE,
    )


def _tag(tag: str, n: int, found: Sequence[Sequence[str]]) -> Html:
    peeks, told = NONE, NONE
    for before, after, text in found[:1]:
        peeks = html('<span class="peek">{}</span>', change(before, after))
        told = chosen(text)
    return html(
        '<details>\n<summary><span class="mono"><bdi>{}</bdi></span><span class="count">{}</span>{}'
        '</summary>\n<div class="inside">{}{}</div>\n</details>\n',
        visible(tag),
        count(n),
        peeks,
        told,
        samples(found[1:]),
    )
