"""Made from what, and how: the commands, options, versions, raw files and shards."""

from collections.abc import Mapping
from typing import Any

from corpus.report.changes import visible
from corpus.report.drawing import count, counts, heading, note, say, t, title
from corpus.report.markup import NONE, Html, html, joined
from corpus.report.pictures import command, most_first

FILES_SHOWN = 200


def made_from(m: Mapping[str, Any]) -> Html:
    """Draw the section."""
    return html(
        "{}<p>{}</p>\n<pre><code>{}</code></pre>\n<p>{}</p>\n"
        "<pre><code>python -m corpus verify processed/ --raw raw/</code></pre>\n{}{}{}{}",
        heading(7, "provenance", "어디에서 어떻게", "Made from what, and how"),
        say(
            "같은 원본, 같은 옵션, 같은 버전이면 같은 바이트가 나옵니다. 다시 만들려면:",
            "The same raw files, options and versions give the same bytes. To build it again:",
        ),
        command(m),
        say("그대로인지 확인하려면:", "To see whether it is still what was built:"),
        _inputs(m),
        _raw_files(m["raw"]),
        _shards(m["shards"]),
        note(
            "AIHub의 데이터와 그것으로 만든 코퍼스는 재배포할 수 없습니다. 이 페이지에도 원문이 "
            "들어 있습니다.",
            "AIHub forbids passing on its data and what is made of it. This page holds raw text, "
            "too.",
        ),
    )


def _inputs(m: Mapping[str, Any]) -> Html:
    tokenizer, quirks = m["tokenizer"], NONE
    if m["quirks"]:
        quirks = html(
            "<dt>{}</dt><dd>{}</dd>\n",
            t("원본의 특이점", "quirks of raw"),
            counts(most_first(m["quirks"])),
        )
    return html(
        '<dl>\n{}<dt>{}</dt><dd>{} · {}<br><span class="mono hash">{}</span></dd>\n'
        "<dt>{}</dt><dd>{}</dd>\n{}</dl>\n",
        joined(
            html(
                '<dt class="mono">{}</dt><dd>{}</dd>\n',
                name,
                " ".join(value) if isinstance(value, list | tuple) else value,
            )
            for name, value in m["options"].items()
        ),
        t("토크나이저", "tokenizer"),
        tokenizer["name"],
        count(tokenizer["vocab_size"]),
        tokenizer["sha256"],
        t("버전", "versions"),
        ", ".join(f"{name} {version}" for name, version in m["versions"].items()),
        quirks,
    )


def _raw_files(files: list[Mapping[str, Any]]) -> Html:
    rows = [
        html(
            '<tr><td><bdi>{}</bdi>{}<br><span class="mono hash">{}</span></td>'
            '<td class="num">{}</td></tr>\n',
            visible(one["path"]),
            html(' <span class="en">({})</span>', count(one["n_files"]))
            if one["n_files"] > 1
            else NONE,
            one["sha256"],
            count(one["bytes"]),
        )
        for one in files[:FILES_SHOWN]
    ]
    others = NONE
    if len(files) > FILES_SHOWN:
        others = html(
            '<p class="note">{} +{}</p>\n',
            say("그 밖의 파일은 _manifest.json에 있습니다.", "The others are in _manifest.json."),
            count(len(files) - FILES_SHOWN),
        )
    return html(
        '{}<div class="scroll"><table>\n<tr><th>{}</th><th class="num">{}</th></tr>\n{}'
        "</table></div>\n{}",
        title("원본 파일", "Raw files"),
        t("파일", "file"),
        t("바이트", "bytes"),
        joined(rows),
        others,
    )


def _shards(shards: list[Mapping[str, Any]]) -> Html:
    rows = [
        html(
            '<tr><td class="mono">{}<br><span class="hash">{}</span></td><td class="num">{}</td>'
            '<td class="num">{}</td><td class="num">{}</td></tr>\n',
            one["path"],
            one["sha256"],
            count(one["rows"]),
            count(one["tokens"]),
            count(one["bytes"]),
        )
        for one in shards
    ]
    return html(
        '{}<div class="scroll"><table>\n<tr><th>{}</th><th class="num">{}</th>'
        '<th class="num">{}</th><th class="num">{}</th></tr>\n{}</table></div>\n',
        title("만들어진 파일", "Shards"),
        t("파일", "file"),
        t("행", "rows"),
        t("토큰", "tokens"),
        t("바이트", "bytes"),
        joined(rows),
    )
