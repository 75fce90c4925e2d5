"""HTML from constant forms: whatever fills a gap is escaped, unless it was made here itself.

No other module makes an `Html`, so what comes from raw/ cannot become markup.
"""

from collections.abc import Iterable
from pathlib import Path

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&#39;", '"': "&#34;"})


class Html(str):
    """Markup. Made by `html`, `joined` and `file_of` alone."""

    __slots__ = ()


NONE = Html()


def html(form: str, *values: object) -> Html:
    """Return a form with its gaps filled; forms are constants.

    >>> html('<b title="{}">{}</b>', 'a "b"', html("<i>{}</i>", "<usr>"))
    '<b title="a &#34;b&#34;"><i>&lt;usr&gt;</i></b>'
    """
    return Html(form.format(*map(escaped, values)))


def joined(parts: Iterable[Html], between: str = "") -> Html:
    """Return some markup, one after the other, with text in between.

    >>> joined([html("<b>{}</b>", n) for n in (1, 2)], " & ")
    '<b>1</b> &amp; <b>2</b>'
    """
    return Html(escaped(between).join(map(escaped, parts)))


def file_of(path: Path) -> Html:
    """Return a file of ours, as it is."""
    return Html(path.read_text())


def escaped(value: object) -> str:
    """Return markup as it is, and everything else as text that stands for itself."""
    return value if isinstance(value, Html) else str(value).translate(_ESCAPES)
