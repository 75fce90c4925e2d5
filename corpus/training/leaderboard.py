"""The leaderboard: one row a run, from the `run.json` of every run in a folder.

It is made anew from all runs each time, so that it can be deleted, and a run's folder too.
"""

import csv
import io
import json
from pathlib import Path
from typing import Any

from corpus.training.evaluate import perplexity
from corpus.training.files import write_text
from corpus.training.progress import Progress
from corpus.training.strategies import Labels

RUN = "run.json"

# The columns of the 2023 leaderboard, then what makes runs comparable.
_COLUMNS = {
    "index": "index",
    "model": "model",
    "epochs": "epochs",
    "data_type": "data type",
    "state": "state",
    "date": "date",
    "label": "label",
    "loss": "loss",
    "val_loss": "val loss",
    "comment": "comment",
    "rank": "rank",
    "sys_loss": "`<sys>` loss",
    "sys_perplexity": "perplexity",
    "before_sys_loss": "`<sys>` loss before training",
    "test_sys_loss": "`<sys>` loss on test",
    "hits_at_1": "hits@1",
    "distinct_2": "distinct-2",
    "loops": "loops",
    "copied": "copied",
    "performance": "성능",
    "tokens_per_second": "tokens/s",
    "seed": "seed",
    "corpus_hash": "corpus",
    "run": "run",
}
_NOTES = """\
# Leaderboard

Ranked by the best validation loss over all `<sys>` turns (nats per token), which is comparable
between labelling strategies and runs on one corpus. `loss` and `val loss` are per epoch, over what
the strategy trains on, and compare only within one strategy. `index` counts the runs by date.

`python -m corpus eval RUN PROCESSED` fills the columns before 성능, which links to its page: how
often the model knows the real reply among nine strangers' (chance 10 %), and of its greedy replies
the share of different pairs of tokens, how many go round in circles, and how many train holds word
for word. A run that was trained on since then is to be evaluated again.
"""
# Of the evaluation's row of the model alone, with nothing forbidden; and whether it is a share.
_EVALUATED = {"hits_at_1": True, "distinct_2": False, "loops": True, "copied": True}
_ROW = "greedy"

Row = dict[str, Any]


def run_row(
    *,
    run: str,
    model: str,
    sources: str,
    state: str,
    date: str,
    labels: Labels,
    comment: str,
    seed: int,
    corpus_hash: str,
    progress: Progress,
    steps_per_epoch: int,
) -> Row:
    """Return what a run says about itself on the leaderboard."""
    ends = [one for one in progress.evaluations if one.step and one.step % steps_per_epoch == 0]
    best, before, test = progress.best, progress.before, progress.final.get("test")
    # With --eval-dialogues only the score of the whole split, at the end, compares with other runs.
    judged = progress.final.get("validation", None if best is None else best.losses)
    return {
        "model": model,
        "epochs": len(progress.epoch_losses),
        "data_type": sources,
        "state": state,
        "date": date,
        "label": labels,
        "loss": [round(loss, 3) for loss in progress.epoch_losses],
        "val_loss": [round(one.losses.of(labels), 3) for one in ends],
        "comment": comment,
        "sys_loss": None if judged is None else round(judged.sys, 4),
        "sys_perplexity": None if judged is None else round(perplexity(judged.sys), 2),
        "before_sys_loss": None if before is None else round(before.losses.sys, 4),
        "test_sys_loss": None if test is None else round(test.sys, 4),
        "tokens_per_second": round(progress.tokens / progress.seconds) if progress.seconds else 0,
        "seed": seed,
        "corpus_hash": corpus_hash[:12],
        "run": run,
    }


def write_leaderboard(folder: Path) -> None:
    """Write `leaderboard.md` and `.csv` from all runs in a folder."""
    rows = _ranked([row for path in sorted(folder.glob(f"*/{RUN}")) if (row := _read(path))])
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows([_cell(row.get(column), " ") for column in _COLUMNS] for row in rows)
    write_text(folder / "leaderboard.csv", table.getvalue())
    lines = [_line(list(_COLUMNS.values())), _line(["---"] * len(_COLUMNS))]
    for row in rows:
        cells = {column: _cell(row.get(column), " → ").replace("|", "\\|") for column in _COLUMNS}
        cells["run"] = f"[{cells['run']}]({cells['run']})"
        if cells["performance"]:
            cells["performance"] = f"[eval.md]({cells['performance']})"
        lines.append(_line(list(cells.values())))
    write_text(folder / "leaderboard.md", _NOTES + "\n" + "\n".join(lines) + "\n")


def _read(path: Path) -> Row | None:
    """Return a run's row; `None` for a file of this name that is not ours."""
    try:
        row: Row = json.loads(path.read_text(encoding="utf-8"))["row"]
    except (ValueError, KeyError, TypeError):
        return None
    return row | _evaluated(path.parent)


def _evaluated(run: Path) -> Row:
    """Return what was found of the replies of a run's best model, if it was evaluated."""
    try:
        found = json.loads((run / "eval/eval.json").read_text(encoding="utf-8"))
        if found["state"] != (run / "best").resolve().parent.name:
            return {}
        numbers = found["rows"][_ROW]
        row = {
            name: f"{100 * numbers[name]:.1f}%" if is_share else f"{numbers[name]:.3f}"
            for name, is_share in _EVALUATED.items()
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return row | {"performance": f"{run.name}/eval/eval.md"}


def _ranked(rows: list[Row]) -> list[Row]:
    for index, row in enumerate(sorted(rows, key=lambda row: (row["date"], row["run"])), 1):
        row["index"] = index
    unjudged = float("inf")
    rows.sort(
        key=lambda row: (unjudged if row["sys_loss"] is None else row["sys_loss"], row["run"])
    )
    for rank, row in enumerate(rows, 1):
        row["rank"] = rank
    return rows


def _cell(value: object, between: str) -> str:
    if isinstance(value, list):
        return between.join(f"{loss:.3f}" for loss in value)
    return "" if value is None else str(value)


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |"
