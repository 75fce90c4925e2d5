"""The folder of a build that is under way, and how files get into place whole or not at all.

`processed/.work/` holds what the build is made from, the tokenizer and, for each item that is done,
its part. No manifest, no corpus: until the commit nothing stands in train/ or validation/.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from corpus.records import CorpusError

WORK = ".work"
INPUTS = "inputs.json"  # in .work/: what the build is made from
MANIFEST = "_manifest.json"
TOKENIZER = "_tokenizer.json"
REJECTED = "_rejected"
JOURNAL = "committing.json"  # in .work/: the files that a commit is moving into place


def write_file(path: Path, content: bytes) -> None:
    """Write a file so that it stands under its name whole or not at all, even after a power cut."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:  # noqa: ANN401 - JSON is what it is
    """Write `value` as readable JSON, keys in order, for people and for equal bytes."""
    write_file(path, orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


def read_json(path: Path) -> Any:  # noqa: ANN401
    """Read a JSON file of ours."""
    return orjson.loads(path.read_bytes())


@contextmanager
def locked(processed: Path) -> Iterator[Path]:
    """Hold the build folder for one build at a time; yields `processed/.work`.

    The lock is on the folder itself and ends with the process, however that ends.

    Raises:
        CorpusError: another build holds it.
    """
    work = processed / WORK
    work.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(processed, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield work
    except BlockingIOError:
        raise CorpusError(f"{processed} is being built by another process.") from None
    finally:
        os.close(descriptor)


def finished_build(
    processed: Path, inputs: dict[str, Any], *, fresh: bool
) -> dict[str, Any] | None:
    """Return the manifest of `processed` if it is just this build, None if it is still to be made.

    Raises:
        CorpusError: another build stands or is half made there and is not to be removed, or a file
            that no build wrote would become part of the corpus.
    """
    manifest = processed / MANIFEST
    for path, what in ((manifest, "holds"), (processed / WORK / INPUTS, "holds half of")):
        if path.exists() and not fresh:
            there = read_json(path)
            differences = list(_differences(there, inputs))
            if differences:
                raise CorpusError(
                    f"{processed} {what} another build ({'; '.join(differences)}): choose another "
                    "folder, or add --fresh to remove that build first."
                )
            if path == manifest:
                return dict(there)
    if processed.exists() and not processed.is_dir():
        raise CorpusError(f"{processed} is not a folder.")
    for path in sorted(processed.iterdir()) if processed.exists() else ():
        if not path.name.startswith(".") and path.name not in _own_names(processed):
            raise CorpusError(
                f"{path} was not written by a build and would be read as part of the corpus: "
                "move it away, or choose another folder."
            )
    return None


def begin_build(processed: Path, inputs: dict[str, Any], tokenizer: bytes, *, fresh: bool) -> None:
    """Make `.work/` ready: empty for a new build, as it was for one that goes on."""
    work = processed / WORK
    if fresh:
        remove_build(processed)
    take_back(processed)
    (work / "parts").mkdir(parents=True, exist_ok=True)
    if not (work / INPUTS).exists():
        write_file(work / TOKENIZER, tokenizer)
        write_json(work / INPUTS, inputs)


def _own_names(processed: Path) -> set[str]:
    names = {MANIFEST}
    for path in (processed / MANIFEST, processed / WORK / JOURNAL):
        if path.exists():
            content = read_json(path)
            listed = content["files"] if isinstance(content, dict) else content
            names |= {name.partition("/")[0] for name in listed}
    return names


def _differences(there: dict[str, Any], here: dict[str, Any]) -> Iterator[str]:
    """Yield what tells two builds apart, as a person would say it."""
    for kind in ("options", "versions"):
        for name in sorted(there[kind].keys() | here[kind].keys()):
            before, now = there[kind].get(name), here[kind].get(name)
            if before != now:
                yield f"{name} is {before} there and {now} here"
    if there["tokenizer"]["sha256"] != here["tokenizer"]["sha256"]:
        names = there["tokenizer"]["name"], here["tokenizer"]["name"]
        yield f"tokenizer is {names[0]} there and {names[1]} here (or its content changed)"
    before, now = ({file["path"]: file for file in one["raw"]} for one in (there, here))
    changed = sorted(name for name in before.keys() | now if before.get(name) != now.get(name))
    if changed:
        more = f" and {len(changed) - 1} more" if changed[1:] else ""
        yield f"raw file {changed[0]}{more} changed, came or went"


def remove_build(processed: Path) -> None:
    """Remove what a build wrote: the files its manifest lists and `.work/`; nothing else."""
    manifest = processed / MANIFEST
    if manifest.exists():
        files = read_json(manifest)["files"]
        manifest.unlink()  # first: half a corpus must not look like one
        remove_files(processed, files)
    take_back(processed)
    remove_work(processed)


def take_back(processed: Path) -> None:
    """Remove what a commit that was cut short had moved into place already."""
    journal = processed / WORK / JOURNAL
    if journal.exists():
        remove_files(processed, read_json(journal))
        journal.unlink()


def remove_work(processed: Path) -> None:
    """Remove `.work/`: the manifest stands, or the build is given up."""
    shutil.rmtree(processed / WORK, ignore_errors=True)


def remove_files(processed: Path, files: Iterable[str]) -> None:
    """Remove these files of a build, and their folders if nothing else lies in them."""
    paths = [processed / name for name in files]
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths} - {processed}:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
