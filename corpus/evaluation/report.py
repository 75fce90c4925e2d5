"""eval.md: the evaluation for people, who need to read nothing else to understand it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from corpus.evaluation.picture import text_of
from corpus.evaluation.prompts import STRANGERS, Prompt
from corpus.evaluation.replies import PERSON
from corpus.evaluation.results import Result, Row
from corpus.evaluation.words import (
    COLUMNS,
    FLAGS,
    LIMITS,
    OUTS,
    ROWS,
    SENTENCES,
    Column,
    row_name,
)

SHOWN = 20  # dialogues
_WORST = 3  # replies of each kind
_CONTEXT = 6  # messages before a reply
_LONGEST = 200  # characters of a reply that does not end
CHANCE = 1 / (1 + STRANGERS)  # of hits@1
_MARKED = str.maketrans({c: f"\\{c}" for c in "\\`*_[]#~|"} | {"&": "&amp;", "<": "&lt;"})
_BETTER = {
    "higher": "높을수록 좋음",
    "lower": "낮을수록 좋음",
    "as people": "사람과 비슷할수록 좋음",
}


def report(result: Result) -> str:
    """Return the text of eval.md."""
    sections = (
        _opening(result),
        _findings(result),
        _table(result),
        _how_to_read(result),
        _worst(result),
        _taken_out(result),
        _dialogues(result, "대화 20개", result.prompts[: min(SHOWN, result.n)]),
        _dialogues(result, "첫마디 20개", result.prompts[result.n :]),
        _limits(),
    )
    return "\n".join(line for section in sections for line in (*section, "")).rstrip() + "\n"


def plain(text: str) -> str:
    r"""Return a text so that Markdown shows it as it is, on one line.

    >>> plain("**ㅋㅋ** <sys>")
    '\\*\\*ㅋㅋ\\*\\* &lt;sys>'
    """
    return " ".join(text.split()).translate(_MARKED)


def _opening(result: Result) -> Iterator[str]:
    draw = result.draw
    yield f"# {plain(result.model)}: 좋은 대화 상대인가"
    yield ""
    yield SENTENCES["opening"].format(n=result.n)
    yield ""
    yield SENTENCES["settings"].format(
        **asdict(draw),
        weights=result.weights[:12],
        corpus=result.corpus[:12],
        precision=result.precision,
    )


def _findings(result: Result) -> Iterator[str]:
    yield "## 눈에 띄는 점"
    yield ""
    of_model = result.row("likelihood")
    hits = COLUMNS[0]
    low, high = of_model.numbers.intervals[hits.key]
    verdict = "above_chance" if low > CHANCE else "below_chance" if high < CHANCE else "at_chance"
    yield f"- {hits.name}({hits.short}) {_cell(of_model, hits)}. {SENTENCES[verdict]}"
    people = result.row(PERSON)
    named = [
        f"- **{row_name(row.name)}**({plain(row.name)}): {FLAGS[flag].name}({FLAGS[flag].short}) "
        f"{_cell(row, FLAGS[flag])}, 사람은 {_cell(people, FLAGS[flag])}."
        for row in result.rows
        if row.rows.kind in ("model", "file")
        for flag in row.conspicuous
    ]
    yield from named or [f"- {SENTENCES['nothing_wrong']}"]
    yield ""
    yield SENTENCES["what_is_named"]


def _table(result: Result) -> Iterator[str]:
    yield "## 표"
    yield ""
    names = [f"{row_name(row.name)}<br>`{row.name}`" for row in result.rows]
    yield f"| | {' | '.join(names)} |"
    yield f"| --- |{' --- |' * len(names)}"
    for column in COLUMNS:
        cells = " | ".join(_cell(row, column) for row in result.rows)
        yield f"| {column.name} `{column.short}`<br>{_BETTER[column.better]} | {cells} |"
    yield ""
    budget = max(row.numbers.distinct_tokens for row in result.rows)
    yield SENTENCES["table"].format(budget=budget)
    yield ""
    yield "![열마다 천장과 바닥, 그리고 모든 줄](eval.svg)"


def _cell(row: Row, column: Column) -> str:
    value = row.numbers.values[column.key]
    if value is None:
        return "–"
    text = text_of(value, column)
    low, high = row.numbers.intervals.get(column.key, (value, value))
    if low < high:
        text += f" ({text_of(low, column).removesuffix('%')}~{text_of(high, column)})"
    if column.unit == "ratio" and row.numbers.is_short:
        text += "\\*"
    return text


def _how_to_read(result: Result) -> Iterator[str]:
    yield "### 줄"
    yield ""
    for row in result.rows:
        if row.name in ROWS:
            yield f"- **{row_name(row.name)}** `{row.name}`: {ROWS[row.name].meaning}"
        else:
            yield f"- **{plain(row.name)}**: {SENTENCES['from_file']}"
    yield ""
    yield "### 열"
    yield ""
    for column in COLUMNS:
        yield f"- **{column.name}** `{column.short}`: {column.meaning}"


def _worst(result: Result) -> Iterator[str]:
    """Show the longest replies with each flag, of `generic` the most frequent ones."""
    yield "## 문제가 있는 대답"
    yield ""
    yield SENTENCES["worst"]
    for flag, column in FLAGS.items():
        found = list(_with_flag(result, flag))
        if not found:
            continue
        often = Counter(text for _, _, text in found)
        first = {text: (row, prompt) for row, prompt, text in reversed(found)}
        worst = sorted(first, key=lambda text: (-often[text] * (flag == "generic"), -len(text)))
        yield ""
        yield f"### {column.name} `{column.short}`"
        yield ""
        for text in worst[:_WORST]:
            row, prompt = first[text]
            times = f", 모두 {often[text]}번" if often[text] > 1 else ""
            where = f"{plain(row_name(row.name))}{times}"
            yield f"- {plain(prompt.asked)} → **{_short(text)}** ({where})"


def _with_flag(result: Result, flag: str) -> Iterator[tuple[Row, Prompt, str]]:
    """Yield the replies of models that have a flag; what no text shows is spelled."""
    for row in result.rows:
        of_row = zip(result.prompts[: result.n], row.judged, row.rows.said, strict=False)
        for prompt, judged, said in of_row:
            if row.rows.kind in ("model", "file") and judged and said and flag in judged.flags:
                spelled = said.spelled if flag == "unknown" else ""
                yield row, prompt, spelled or judged.text or said.text


def _taken_out(result: Result) -> Iterator[str]:
    """Show candidates that chat would not show, those it would have ranked highest."""
    every = [
        (one, prompt)
        for prompt, candidates in zip(result.prompts, result.candidates, strict=True)
        for one in candidates
    ]
    yield "## 걸러진 후보"
    yield ""
    n_out = sum(bool(one.out) for one, _ in every)
    yield SENTENCES["out"].format(n=len(every), n_out=n_out)
    yield ""
    for reason, name in OUTS.items():
        out = [(one, prompt) for one, prompt in every if one.out == reason]
        if out:
            yield f"- {name} {len(out):,}개"
            best = sorted(out, key=lambda pair: (-pair[0].score, pair[1].id))[:_WORST]
            for one, prompt in best:
                yield f"  - {plain(prompt.asked)} → {_short(one.text)}"


def _dialogues(result: Result, title: str, prompts: Sequence[Prompt]) -> Iterator[str]:
    yield f"## {title.replace('20', str(len(prompts)))}"
    yield ""
    place_of = {prompt.id: place for place, prompt in enumerate(result.prompts)}
    for number, prompt in enumerate(prompts, 1):
        yield f"### {number}. {plain(prompt.id)}"
        yield ""
        left_out = len(prompt.messages) - _CONTEXT
        if left_out > 0:
            yield f"> (앞의 {left_out}마디는 줄임)<br>"
        for message in prompt.messages[-_CONTEXT:]:
            yield f"> **{'상대' if message.role == 'user' else '나'}** {plain(message.content)}<br>"
        yield ""
        yield "| 줄 | 대답 | 문제 |"
        yield "| --- | --- | --- |"
        for row in result.rows:
            judged = row.judged[place_of[prompt.id]]
            if judged is not None:
                flags = ", ".join(FLAGS[one].name for one in FLAGS if one in judged.flags)
                yield f"| {row_name(row.name)} | {_short(judged.text)} | {flags} |"
        yield ""


def _short(text: str) -> str:
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return plain(shown) or "(빈 대답)"


def _limits() -> Iterator[str]:
    yield "## 이 표로 알 수 없는 것"
    yield ""
    for limit in LIMITS:
        yield f"- {limit}"
