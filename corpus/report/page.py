"""The page itself: from the manifest and the examples to HTML, one file that needs nothing else.

All text is escaped where it becomes HTML (`corpus.report.markup`). Except for the examples, all
that is drawn comes from the manifest. Nothing depends on a clock, a host or a path.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.report.drawing import say, t
from corpus.report.markup import Html, file_of, html, joined
from corpus.report.sections.first_minute import first_minute
from corpus.report.sections.flows import flows
from corpus.report.sections.good_korean import good_korean
from corpus.report.sections.invented import invented
from corpus.report.sections.left_out import left_out
from corpus.report.sections.lengths import lengths
from corpus.report.sections.made_from import made_from
from corpus.report.sections.ten_dialogues import ten_dialogues

STYLE = Path(__file__).parent / "style.css"


def report_page(
    manifest: Mapping[str, Any], examples: Mapping[str, Any], dialogues: Sequence[dict[str, Any]]
) -> bytes:
    """Return the page.

    Args:
        manifest: without `files` and the two hashes, which depend on the page.
        examples: as `merge_examples` gives them.
        dialogues: rows of the corpus.
    """
    sections = {
        "flow": (t("흐름", "Flow"), flows(manifest)),
        "shape": (t("길이와 구성", "Shape"), lengths(manifest)),
        "losses": (t("빠진 것과 바뀐 것", "Losses and rules"), left_out(manifest, examples)),
        "names": (t("이름", "Names"), invented(manifest)),
        "korean": (t("한국어", "Korean"), good_korean(manifest)),
        "dialogues": (t("대화 열 개", "Dialogues"), ten_dialogues(dialogues)),
        "provenance": (t("출처", "Provenance"), made_from(manifest)),
    }
    contents = [
        html('<li><a href="#{}">{} {}</a></li>\n', name, number, title)
        for number, (name, (title, _)) in enumerate(sections.items(), 1)
    ]
    drawn = [
        html('<section aria-labelledby="{}">\n{}\n</section>\n', name, section)
        for name, (_, section) in sections.items()
    ]
    return html(
        '<!doctype html>\n<html lang="ko">\n{}<body>\n{}'
        '<nav aria-label="목차 · contents"><ul>\n{}</ul></nav>\n<main>\n{}</main>\n'
        "<footer>\n<p>{}</p>\n</footer>\n</body>\n</html>",
        _head(),
        _top(manifest),
        joined(contents),
        joined(drawn),
        say(
            "이 페이지는 파일 하나로 되어 있으며 네트워크도 스크립트도 쓰지 않습니다. 숫자는 "
            "_manifest.json에서 왔고, 예시는 모두 해시로 골랐습니다.",
            "This page is one file, without network or script. Its numbers are those of "
            "_manifest.json, and all examples were chosen by hash.",
        ),
    ).encode()


def _head() -> Html:
    return html(
        '<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<title>코퍼스 보고서 · Corpus report</title>\n"
        '<link rel="icon" href="data:,">\n<style>\n{}</style>\n</head>\n',
        file_of(STYLE),
    )


def _top(manifest: Mapping[str, Any]) -> Html:
    """Draw what stands above all: the switch of languages, and the first minute."""
    return html(
        '<header>\n<div class="top">\n<span>{} · corpus {}</span>\n'
        '<fieldset class="switch" aria-label="언어 · language">\n'
        '<label><input type="radio" name="language" id="both" checked>한·EN</label>\n'
        '<label><input type="radio" name="language" id="only-ko">한국어</label>\n'
        '<label><input type="radio" name="language" id="only-en">English</label>\n'
        "</fieldset>\n</div>\n{}\n</header>\n",
        t("코퍼스 보고서", "Corpus report"),
        manifest["versions"]["corpus"],
        first_minute(manifest),
    )
