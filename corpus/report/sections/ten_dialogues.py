"""Ten dialogues, as people read them."""

from collections.abc import Mapping, Sequence
from typing import Any

from corpus.report.changes import visible
from corpus.report.drawing import heading, say, t
from corpus.report.markup import NONE, Html, html, joined
from corpus.report.pictures import bubbles


def ten_dialogues(rows: Sequence[dict[str, Any]]) -> Html:
    """Draw the section."""
    about = say(
        "id의 해시가 가장 작은 대화들입니다. 왼쪽이 <usr>, 오른쪽이 <sys>, 작은 숫자는 토큰입니다.",
        "Those whose ids have the smallest hashes. Left is <usr>, right is <sys>; small numbers "
        "are tokens.",
    )
    return html(
        '{}<p>{}</p>\n<div class="dialogues">\n{}</div>\n',
        heading(6, "dialogues", "대화 열 개", "Ten dialogues"),
        about,
        joined(_dialogue(bubbles(row)) for row in rows),
    )


def _dialogue(row: Mapping[str, Any]) -> Html:
    turns = [
        html(
            '<li class="{}"><bdi>{}</bdi><span class="n">{}</span></li>\n',
            "usr" if role == "user" else "sys",
            visible(text),
            n,
        )
        for role, text, n in row["turns"]
    ]
    n_turns, n_tokens = row["n_turns"], row["n_tokens"]
    hidden, cut = row["n_hidden"], row["n_turns_cut"]
    return html(
        '<article class="card">\n<p class="about"><bdi>{}</bdi> · {} · <bdi>{}</bdi> · {}<br>{}</p>'
        '\n<ol class="chat">\n{}{}{}</ol>\n</article>\n',
        visible(row["dialogue_id"]),
        row["source"],
        visible(row["topic"]),
        row["split"],
        t(f"{n_turns}턴, {n_tokens}토큰", f"{n_turns} turns, {n_tokens} tokens"),
        joined(turns),
        _more(f"턴 {hidden}개 더", f"{hidden} more turns in this row") if hidden else NONE,
        _more(f"✂ 한도에 걸려 턴 {cut}개가 잘림", f"{cut} turns behind this were cut off")
        if cut
        else NONE,
    )


def _more(korean: str, english: str) -> Html:
    return html('<li class="cut">{}</li>\n', t(korean, english))
