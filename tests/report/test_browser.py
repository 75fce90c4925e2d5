"""The report in a real browser: nothing asked for, nothing logged, nothing run, all of it there."""

import pytest
from browser import find_chromium, opened
from raw_trees import summary_document, summary_entry, write

from corpus.building import run

SECTIONS = ["flow", "shape", "losses", "names", "korean", "dialogues", "provenance"]
PLANTED = "<script>document.title = 'run'; fetch('https://example.invalid/')</script>"
PICTURE = '"><img src=https://example.invalid/x onerror=alert(1)>'

pytestmark = pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of dialogues that would do harm, wherever the page shows them."""
    folder = tmp_path_factory.mktemp("report")
    talk = [("A", f"안녕 {PLANTED}"), ("B", f"응 #@이름#아 {PICTURE}")]
    write(
        folder / "raw",
        Training__a=summary_document(
            summary_entry(f"kept {PICTURE}", *talk, topic=PICTURE),
            summary_entry(f"left {PLANTED}", *talk, ("A", PLANTED)),
            summary_entry("alone", ("A", PLANTED)),
            {"header": {"dialogueInfo": {"dialogueID": PLANTED}}, "body": PLANTED},
        ),
    )
    run.build(folder / "raw", folder / "out", tokenizer="builtin")
    return folder / "out" / "_report.html"


def test_the_browser_sees_what_a_page_does(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<script>console.error(1); undefined_()</script><img src='http://0.0.0.0/x'>")
    with opened(page, settled=0.5) as browser:
        assert len(browser.logged) >= 2
        assert browser.requested == ["http://0.0.0.0/x"]


def test_nothing_is_logged_asked_for_or_run(report):
    with opened(report, settled=0.5) as page:
        assert page.logged == []
        assert [one for one in page.requested if not one.startswith("data:")] == []
        assert page.value_of("document.scripts.length") == 0
        assert page.value_of("document.images.length") == 0
        assert "보고서" in page.value_of("document.title")
        assert PLANTED in page.value_of("document.body.textContent")
        assert PICTURE in page.value_of("document.body.textContent")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_section_is_there_and_nothing_is_wider_than_the_screen(report, width, theme):
    with opened(report) as page:
        page.show(width=width, theme=theme)
        ids = "[...document.querySelectorAll('section h2')].map(one => one.id)"
        assert page.value_of(ids) == SECTIONS
        visible = "[...document.querySelectorAll('section')].every(one => one.offsetHeight > 100)"
        assert page.value_of(visible)
        assert page.value_of("document.documentElement.scrollWidth") <= width
        paper = page.value_of("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, paper[4:-1].split(","))) > 384) == (theme == "light")


def test_one_language_can_be_chosen_without_a_script(report):
    with opened(report) as page:
        text = "document.querySelector('h1').innerText"
        assert "dialogues read" in page.value_of(text)
        page.value_of("document.getElementById('only-ko').click()")
        assert "dialogues read" not in page.value_of(text)
        assert "대화" in page.value_of(text)
        page.value_of("document.getElementById('only-en').click()")
        assert "대화" not in page.value_of(text)
