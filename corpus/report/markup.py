"""HTML from constant forms: whatever fills a gap is escaped, unless it was made here itself.

No other module makes an `Html`, so what comes from raw/ cannot become markup.
"""

from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup, escape

Html = Markup
NONE = Html()


def html(form: str, *values: object) -> Html:
    """Return a form with its gaps filled; forms are constants.

    >>> html('<b title="{}">{}</b>', 'a "b"', html("<i>{}</i>", "<usr>"))
    Markup('<b title="a &#34;b&#34;"><i>&lt;usr&gt;</i></b>')
    """
    return Html(form.format(*map(escape, values)))


def joined(parts: Iterable[Html], between: str = "") -> Html:
    """Return some markup, one after the other, with text in between.

    >>> joined([html("<b>{}</b>", n) for n in (1, 2)], " & ")
    Markup('<b>1</b> &amp; <b>2</b>')
    """
    return escape(between).join(parts)


def file_of(path: Path) -> Html:
    """Return a file of ours, as it is."""
    return Html(path.read_text())
