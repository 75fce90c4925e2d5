"""One evaluation from beginning to end: prompts, replies, columns."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

from tqdm import tqdm

from corpus import __version__
from corpus.chat.engine import reader_of, vocabulary_of
from corpus.chat.folder import CHAT, Trained, find_model, name_of, read_chat
from corpus.chat.reply import Candidate, Draw
from corpus.chat.window import Reader, Window, make_window
from corpus.evaluation import decoding
from corpus.evaluation.decoding import Speaker
from corpus.evaluation.material import Material, check_tokenizer, open_material
from corpus.evaluation.measure import Share, budget_of, conspicuous, judge, measure, shown
from corpus.evaluation.model import Model, hash_of
from corpus.evaluation.prompts import STRANGERS, Prompt, openings, validation_prompts
from corpus.evaluation.replies import (
    PERSON,
    STRANGER,
    Rows,
    as_chosen,
    as_drawn,
    from_file,
    from_people,
)
from corpus.evaluation.results import Result, Row, Scores, hit_share
from corpus.records import CorpusError
from corpus.remote import Folder
from corpus.tokens.encoder import Encoder

T = TypeVar("T")

BEAMS, PENALTY = 3, 2.0  # what replies of 2023 were made with
_PHASES = 5  # in which all prompts are computed
_STATES = ".states"  # of a run, where train.py keeps its models


@dataclass(frozen=True, slots=True)
class Settings:
    """What the files depend on, beside model and corpus."""

    n: int
    draw: Draw
    precision: str = "float32"
    replies: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Clock:
    """How long each row took."""

    bar: "tqdm[NoReturn]"
    speed: dict[str, dict[str, float]]

    def measure(self, name: str, n_tokens: Callable[[T], int], act: Callable[[], T]) -> T:
        """Return what `act` returns."""
        self.bar.set_description(name)
        began, cpu_began = time.perf_counter(), time.process_time()
        found = act()
        self.speed[name] = {
            "seconds": round(time.perf_counter() - began, 3),
            "cpu_seconds": round(time.process_time() - cpu_began, 3),
            "tokens": n_tokens(found),
        }
        return found


def evaluate(
    folder: Path,
    processed: Folder,
    settings: Settings,
    *,
    device: str = "auto",
    threads: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Let a model reply to the prompts of a corpus, and measure.

    Args:
        folder: of a run or of a model.
        processed: the corpus.
        settings: how many prompts, how replies are drawn, what they are compared with.
        device: `auto`, `cpu` or `cuda`.
        threads: on a CPU.
        say: told what was taken for granted, a sentence each.

    Raises:
        CorpusError: one sentence that says what is wrong with the model, the corpus or a file of
            replies.
    """
    path, material = find_model(folder), open_material(processed)
    check_tokenizer(material, path)
    trained = _trained(path, material, say)
    reader = reader_of(Encoder(material.tokenizer), trained)
    asked = validation_prompts(material.dialogues("validation"), settings.n)
    if len(asked) < settings.n:
        say(f"validation has {len(asked)} dialogues, so that there are no {settings.n} prompts.")
    prompts = [*asked, *openings()]
    others = _others(settings.replies, prompts)
    model = Model(path, precision=settings.precision, device=device, threads=threads)
    max_tokens = min(trained.max_tokens, model.n_positions)
    windows = _windows(prompts, reader, max_tokens - 1 - settings.draw.max_new_tokens)
    with tqdm(
        total=_PHASES * len(prompts) - len(prompts) + len(asked),
        unit=" replies",
        leave=False,
        disable=None,
    ) as bar:
        clock = _Clock(bar, {})
        never = vocabulary_of(reader, model.vocab_size, model.device)
        speaker = Speaker(model, reader, never, settings.draw, _advance(bar))
        rows, candidates = _let_speak(speaker, windows, clock)
        bar.set_description("hits@1")
        scores = _scores(speaker, asked, windows[: len(asked)])
    person, stranger = from_people(prompts)
    return Result(
        model=name_of(path),
        state=path.resolve().parent.name if path.resolve().parts[-3] == _STATES else None,
        weights=hash_of(path),
        corpus=material.corpus_hash,
        version=__version__,
        n=len(asked),
        precision=settings.precision,
        draw=settings.draw,
        beams=BEAMS,
        penalty=PENALTY,
        prompts=tuple(prompts),
        rows=_measured([person, *rows, *others, stranger], prompts, reader, material, scores),
        scores=scores,
        candidates=candidates,
        speed=clock.speed,
    )


def _advance(bar: "tqdm[NoReturn]") -> Callable[[int], None]:
    def advance(n: int) -> None:
        bar.update(n)

    return advance


def _trained(path: Path, material: Material, say: Callable[[str], None]) -> Trained:
    """Return how a model was trained; one that does not say so, as train.py does on this corpus."""
    if (path / CHAT).is_file():
        return read_chat(path)[0]
    say(f"no {CHAT} in {path}: taken as trained on {material.folder} with --labels all-sys.")
    return material.trained


def _others(files: Sequence[Path], prompts: Sequence[Prompt]) -> list[Rows]:
    found = [from_file(file, prompts) for file in files]
    if len({one.name for one in found}) < len(found):
        raise CorpusError("two files of --replies have the same name, which is that of their row.")
    return found


def _windows(prompts: Sequence[Prompt], reader: Reader, room: int) -> list[Window]:
    found = []
    for prompt in prompts:
        window = make_window(prompt.messages, reader, room)
        if window is None:
            raise CorpusError(
                f"nothing is left of the prompt {prompt.id} by the rules {reader.rules!r} of this "
                "model: evaluate it on the corpus that it was trained on."
            )
        found.append(window)
    return found


def _let_speak(
    speaker: Speaker, windows: Sequence[Window], clock: _Clock
) -> tuple[list[Rows], tuple[tuple[Candidate, ...], ...]]:
    """Return the rows of the model, and all candidates of the first one."""
    chosen, likely = clock.measure(
        "ranked",
        lambda found: sum(len(one.tokens) for row in found[0] for one in row.candidates),
        lambda: decoding.ranked(speaker, windows),
    )
    rows = [as_chosen("ranked", chosen), as_chosen("likelihood", likely)]
    for name, let_speak in (
        ("drawn", lambda: decoding.drawn(speaker, windows)),
        ("greedy", lambda: decoding.greedy(speaker, windows)),
        ("beam3", lambda: decoding.beam(speaker, windows, beams=BEAMS, penalty=PENALTY)),
    ):
        written = clock.measure(name, lambda found: sum(len(one.ids) for one in found), let_speak)
        rows.append(as_drawn(name, written, speaker.reader.encoder))
    return rows, tuple(one.candidates for one in chosen)


def _scores(speaker: Speaker, asked: Sequence[Prompt], windows: Sequence[Window]) -> Scores:
    """Score the real reply and nine strangers to each validation prompt; nothing is drawn."""
    reader, model = speaker.reader, speaker.model
    texts = [text for prompt in asked for text in (prompt.real, *prompt.strangers)]
    ids = [of_text[: speaker.draw.max_new_tokens] for of_text in reader.ids(texts)]
    size = 1 + STRANGERS
    replies = [ids[size * k : size * k + size] for k in range(len(asked))]
    prompts = [window.ids for window in windows]
    given = model.mean_log_p(prompts, replies, progress=speaker.progress)
    begin = [*reader.begin, reader.encoder.sys_id]
    each = {tuple(of_text): None for of_text in ids}
    found = model.mean_log_p([begin] * len(each), [[one] for one in each])
    alone = {one: score for one, [score] in zip(each, found, strict=True)}
    return Scores(
        given=tuple(tuple(one) for one in given),
        alone=tuple(tuple(alone[tuple(one)] for one in of_prompt) for of_prompt in replies),
    )


def _measured(
    every: Sequence[Rows],
    prompts: Sequence[Prompt],
    reader: Reader,
    material: Material,
    scores: Scores,
) -> tuple[Row, ...]:
    """Judge and measure all rows, each beside the person's."""
    said = [text for rows in every for text in shown(rows, reader) if text]
    in_train = material.replies_in_train(said)
    judged = {rows.name: judge(rows, prompts, reader, in_train) for rows in every}
    of_validation = {
        name: [one for one, prompt in zip(row, prompts, strict=True) if one and prompt.real]
        for name, row in judged.items()
    }
    budget = budget_of([of_validation[PERSON], of_validation[STRANGER]])
    numbers = {
        rows.name: measure(of_validation[rows.name], _hits(rows, scores), budget=budget)
        for rows in every
    }
    n = len(scores.given)
    return tuple(
        Row(
            rows,
            tuple(judged[rows.name]),
            numbers[rows.name],
            tuple(conspicuous(numbers[rows.name], numbers[PERSON], n)),
        )
        for rows in every
    )


def _hits(rows: Rows, scores: Scores) -> Share | None:
    """Return how often a row's own score puts the real reply first.

    A person's does by definition, a stranger's by chance; what only has texts has no score.
    """
    if rows.kind == "model":
        return hit_share(scores.ranked if rows.name == "ranked" else scores.given)
    share = {PERSON: 1.0, STRANGER: 1 / (1 + STRANGERS)}.get(rows.kind)
    return None if share is None else Share(share, share, share)
