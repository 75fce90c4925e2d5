"""The folder of a build that is under way.

    .work/HASH/   inputs.json, the tokenizer and, for each item that is built, its result
    .work/ready/  a whole corpus on its way into place (`into_place.py`)
    .work/locks/  who builds here (`locks.py`)

HASH is of what the build is made from, so what is left of another build is never taken for a part
of this one.
"""

import shutil
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from corpus.output.files import write_file, write_json
from corpus.output.shape import IS_A_FOLDER
from corpus.records import MANIFEST, TOKENIZER, CorpusError
from corpus.remote import Folder, Remote

WORK = ".work"
INPUTS = "inputs.json"  # what the build is made from
RESULTS = "parts"  # what each item leaves; version 0.1.0 named the folder so
SHARDS = "shards.json"  # in .work/: which build the shards are of, and how many they are
READY = "ready"  # in .work/: a corpus that is whole, as it will lie in processed/
REPLACED = "replaced.json"  # in .work/: the files of the corpus whose place it takes
LOCKS = "locks"  # in .work/
MOST_SECONDS = 366 * 86_400  # what every system's timer can hold
FRESH = "fresh"  # the build was begun with --fresh


def check_workers(workers: int) -> None:
    """Raise CorpusError if nothing can be done by so many processes."""
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 1:
        raise CorpusError(f"workers is {workers!r}; one is needed at least.")


def check_how(*, workers: int, item_timeout: float) -> None:
    """Raise CorpusError if no build can be done like this."""
    check_workers(workers)
    is_number = isinstance(item_timeout, (int, float)) and not isinstance(item_timeout, bool)
    if not is_number or not 0 < item_timeout <= MOST_SECONDS:
        raise CorpusError(
            f"item_timeout is {item_timeout!r}; it is a number of seconds above 0, at most a year."
        )


def check_folders(raw: Folder, processed: Folder) -> None:
    """Raise CorpusError if no build can be made from and into these folders."""
    if isinstance(processed, Path) and processed.is_symlink() and not processed.exists():
        raise CorpusError(f"{processed} is a link to {processed.readlink()}, which is not there.")
    if isinstance(processed, Path) and (processed / MANIFEST).is_dir():
        raise CorpusError(f"{processed / MANIFEST} {IS_A_FOLDER}")
    if isinstance(raw, Path) and isinstance(processed, Path):  # there may be links between them
        same = raw.resolve() == processed.resolve()
        within = processed.resolve().is_relative_to(raw.resolve())
    else:
        same = f"{raw}" == f"{processed}"
        within = f"{processed}/".startswith(f"{raw}/")
    if same:
        raise CorpusError(f"{raw} is given for both, raw files and corpus; choose another folder.")
    if within:
        raise CorpusError(f"{processed} lies in {raw}, which is read; choose a folder beside it.")


def begin_build(
    processed: Path, inputs: dict[str, Any], tokenizer: bytes, *, fresh: bool = False
) -> Path:
    """Return the folder of this build in `.work/`: as it was if it goes on, else a new one.

    Args:
        processed: the folder of the corpus.
        inputs: what the build is made from.
        tokenizer: its content.
        fresh: nothing is used that a build without it has left.
    """
    work = processed / WORK / work_name(inputs)
    goes_on = _is_begun(work) and (not fresh or (work / FRESH).exists())
    for path in (processed / WORK).iterdir():
        if path.name != LOCKS and not (path == work and goes_on):
            remove(path)
    for path in (work / RESULTS).glob("*.tmp"):  # what a build that was killed was writing
        path.unlink(missing_ok=True)
    begin_work(work, inputs, tokenizer)
    if fresh:
        write_file(work / FRESH, b"")
    return work


def begin_work(work: Folder, inputs: dict[str, Any], tokenizer: bytes) -> None:
    """Make the folder of a build, if nobody has; what lies there as it should is not touched."""
    if isinstance(work, Path):
        (work / RESULTS).mkdir(parents=True, exist_ok=True)
    if _content_of(work / TOKENIZER) != tokenizer:
        write_file(work / TOKENIZER, tokenizer)
    if not _is_begun(work):
        write_json(work / INPUTS, inputs)


def _is_begun(work: Folder) -> bool:
    """Say whether a build has begun in this folder: what it is made from stands there, whole."""
    inputs = read_inputs(work)
    return inputs is not None and work_name(inputs) == work.name


def read_inputs(work: Folder) -> dict[str, Any] | None:
    """Return what the build in a folder is made from, None if that is not there or damaged."""
    try:
        inputs = orjson.loads(_content_of(work / INPUTS) or b"")
        work_name(inputs)
    except (ValueError, KeyError, TypeError):
        return None
    return dict(inputs)


def _content_of(path: Folder) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def builds_begun(processed: Folder) -> Iterator[tuple[Folder, dict[str, Any]]]:
    """Yield the folders of the builds that have begun, and what they are made from.

    Of a store only that of its shards.
    """
    if isinstance(processed, Path):
        works: list[Folder] = [
            path.parent for path in sorted((processed / WORK).glob(f"*/{INPUTS}"))
        ]
    else:
        declared = read_declared(processed)
        works = [processed / WORK / declared["work"]] if declared else []
    for work in works:
        inputs = read_inputs(work)
        if inputs is not None:
            yield work, inputs


def read_declared(processed: Folder) -> dict[str, Any] | None:
    """Return which build the shards in `processed` are of, None if there is none or is damaged."""
    content = _content_of(processed / WORK / SHARDS)
    try:
        declared = orjson.loads(content or b"")
        return {
            "work": str(declared["work"]),
            "state": declared["state"],
            "shards": declared["shards"],
        }
    except (ValueError, KeyError, TypeError):
        return None


def work_name(inputs: dict[str, Any]) -> str:
    """Return the name of the folder in `.work/` of a build, by what it is made from."""
    told = {name: inputs[name] for name in ("options", "versions", "raw")}
    told["tokenizer"] = inputs["tokenizer"]["sha256"]
    digest = sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return digest[:16]


def remove(path: Path) -> None:
    """Remove something in `.work/`; first the file by which a build is known to have begun."""
    if path.is_dir():
        (path / INPUTS).unlink(missing_ok=True)
        shutil.rmtree(path)
    else:
        path.unlink()


def remove_work(processed: Folder) -> None:
    """Remove `.work/`: the manifest stands."""
    if isinstance(processed, Remote):
        (processed / WORK / SHARDS).unlink()  # first: what is left is of no build
        (processed / WORK).remove_folder()
        return
    shutil.rmtree(processed / WORK, ignore_errors=True)
