"""The page itself: from the manifest and the examples to HTML, one file that needs nothing else.

All text goes through jinja2's autoescape. Except for the examples, all that is drawn comes from the
manifest. Nothing depends on a clock, a host or a path.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from corpus.report import charts, pictures, words
from corpus.report.chosen import in_words
from corpus.report.counting import BIN
from corpus.report.details import in_korean
from corpus.report.examples import UTTERANCES
from corpus.report.numbers import added, losses, median
from corpus.report.remarks import NAMED, remark_lines
from corpus.report.rule_words import RULE_WORDS
from corpus.text.personal import IN_PIECES
from corpus.text.respell import RESPELT, respell_rules
from corpus.text.rule import Rule
from corpus.text.rules import TABLES

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "template"
FILES_SHOWN = 200
SPACE = "␣"


class Listed(NamedTuple):
    """A rule; rules of personal data show an invented example, never a sample from raw/."""

    name: str
    ko: str
    why: str
    example: tuple[str, str] | None


class Change(NamedTuple):
    """A text before and after: what both begin with, what went, what came, what both end with."""

    head: str
    removed: str
    added: str
    tail: str


def report_page(
    manifest: Mapping[str, Any], examples: Mapping[str, Any], dialogues: list[dict[str, Any]]
) -> bytes:
    """Return the page.

    Args:
        manifest: without `files` and the two hashes, which depend on the page.
        examples: as `merge_examples` gives them.
        dialogues: rows of the corpus.
    """
    report, options = manifest["report"], manifest["options"]
    page = _environment().get_template("page.html")
    return page.render(
        m=manifest,
        report=report,
        words=words,
        n_rows=sum(manifest["rows"].values()),
        n_tokens=sum(manifest["tokens"].values()),
        losses=losses(manifest),
        problems=manifest["problems"][:NAMED],
        more_problems=len(manifest["problems"][NAMED:]) + manifest.get("other_problems", 0),
        remarks=list(remark_lines(manifest)),
        most_first=pictures.most_first,
        reasons=pictures.most_first(manifest["reasons"])
        + [
            one
            for one in pictures.most_first(manifest["broken"])
            if one[0] not in manifest["reasons"]
        ],
        examples=examples,
        utterances_shown=UTTERANCES,
        dialogue_flow=pictures.dialogue_flow(manifest),
        utterance_parts=(parts := pictures.utterance_parts(manifest)),
        utterance_flow=charts.flow(
            [(n, charts.SHORT if reason else charts.LONG) for _, reason, n in parts]
        ),
        uncapped=charts.histogram(report["uncapped_tokens"], step=BIN, cap=options["max_tokens"]),
        turns=charts.histogram(added(report["turns"].values()), step=1),
        groups=pictures.groups(manifest),
        speakers=pictures.speakers(report["speakers"]),
        rules=_rules(options),
        shown_rows={split: n for split, n in manifest["rows"].items() if n or split != "test"},
        surnames=pictures.surnames(report["surnames"]),
        people=charts.histogram(manifest["people"], step=1),
        particles=pictures.particles(manifest["names"]),
        dialogues=[pictures.bubbles(row) for row in dialogues],
        command=pictures.command(manifest),
        files_shown=FILES_SHOWN,
        chart=charts,
    ).encode()


def _rules(options: Mapping[str, Any]) -> list[Listed]:
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


def visible(text: object) -> str:
    r"""Return a text with invisible characters and characters that change the layout escaped.

    >>> visible("안\u200b녕\n\u202e")
    '안\\u200b녕\\u000a\\u202e'
    """
    return "".join(c if c.isprintable() else _spelt(c) for c in str(text))


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


@cache  # a process may build more than one corpus, as the tests do
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - slow

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        optimized=False,  # folding constants takes longer than it saves on one page
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "n": lambda n: f"{n:,}",
        "share": lambda n, of: f"{n / of:.1%}" if of else "–",
        "fine_share": lambda n, of: f"{n / of:.2%}" if of else "–",
        "part": lambda n, of: round(100 * n / of, 2) if of else 0,
        "visible": visible,
        "said_of": words.words_of,
        "median": median,
        "in_korean": in_korean,
        "in_words": in_words,
    }
    environment.globals["change_of"] = change_of
    return environment
