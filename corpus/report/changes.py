"""A text before and after, with what went and what came."""

from collections.abc import Sequence
from typing import NamedTuple

from corpus.report.chosen import in_words
from corpus.report.drawing import t
from corpus.report.markup import NONE, Html, html, joined

SPACE = "␣"


class Change(NamedTuple):
    """A text before and after: what both begin with, what went, what came, what both end with."""

    head: str
    removed: str
    added: str
    tail: str


def visible(text: object) -> str:
    r"""Return a text with invisible characters and characters that change the layout escaped.

    >>> visible("안\u200b녕\n\u202e")
    '안\\u200b녕\\u000a\\u202e'
    """
    text = str(text)
    return (
        text if text.isprintable() else "".join(c if c.isprintable() else _spelt(c) for c in text)
    )


def _spelt(character: str) -> str:
    return f"\\u{ord(character):04x}"


def change_of(before: str, after: str) -> Change:
    """Return the difference of two texts.

    >>> change_of("네ㅋㅋㅋㅋ 응", "네ㅋㅋ 응")
    Change(head='네ㅋㅋ', removed='ㅋㅋ', added='', tail=' 응')
    """
    before, after = visible(before), visible(after)
    shorter = min(len(before), len(after))
    head = next((k for k in range(shorter) if before[k] != after[k]), shorter)
    tail = next(
        (k for k in range(shorter - head) if before[-1 - k] != after[-1 - k]), shorter - head
    )
    removed, came = before[head : len(before) - tail], after[head : len(after) - tail]
    return Change(
        before[:head],
        removed.replace(" ", SPACE) if removed.isspace() else removed,
        came.replace(" ", SPACE) if came.isspace() else came,
        before[len(before) - tail :] if tail else "",
    )


def change(before: str, after: str) -> Html:
    """Draw a text before and after."""
    head, removed, added, tail = change_of(before, after)
    was = html("<bdi>{}{}{}</bdi>", head, html("<del>{}</del>", removed) if removed else "", tail)
    if before == after:
        stays = t(
            "자리 표시만 남깁니다. 채운 결과는 아래 태그에 있습니다.",
            "A placeholder stays; filled in, it stands below.",
        )
        became = html('<span class="en after">{}</span>', stays)
    elif after:
        came = html("<ins>{}</ins>", added) if added else ""
        became = html('<bdi class="after">{}{}{}</bdi>', head, came, tail)
    else:
        became = html('<span class="gone after">{}</span>', t("버림", "dropped"))
    return html('{}<span class="arrow" aria-hidden="true">→</span>{}', was, became)


def chosen(text: str) -> Html:
    """Say what was chosen for the tags of one utterance, or why it was dropped."""
    return joined(
        html('<span class="chosen">{}</span>\n', t(korean, english))
        for korean, english in in_words(text)
    )


def samples(found: Sequence[Sequence[str]]) -> Html:
    """Draw samples: each before and after, and, of tags, what was chosen."""
    if not found:
        return html(
            '<p class="note">{}</p>\n', t("다른 예시가 없습니다.", "There is no other sample.")
        )
    lines = (
        html("<li>{}{}</li>\n", change(before, after), chosen(*more) if more else NONE)
        for before, after, *more in found
    )
    return html('<ul class="samples">\n{}</ul>\n', joined(lines))
