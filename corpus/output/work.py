"""The folder of a build that is under way, and how files get into place whole or not at all.

    .work/HASH/   inputs.json, the tokenizer and, for each item that is done, its part
    .work/ready/  a whole corpus on its way into place; its manifest goes last

HASH is of what the build is made from, so what is left of another build is never taken for a part
of this one. No manifest, no corpus: until one is ready, what stood in `processed/` before stays.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from corpus.output.files import read_json, sync_folder, write_file, write_json
from corpus.output.manifest import differences
from corpus.records import MANIFEST, TOKENIZER, CorpusError
from corpus.remote import CONNECTIONS, Folder, Remote

WORK = ".work"
INPUTS = "inputs.json"  # what the build is made from
RESULTS = "results"
READY = "ready"  # in .work/: a corpus that is whole, as it will lie in processed/
SHARDS = "shards.json"  # in .work/: which build the shards are of, and how many they are
REPLACED = "replaced.json"  # in .work/: the manifest of the corpus whose place it takes


def check_folders(raw: Folder, processed: Folder, *, workers: int) -> None:
    """Raise CorpusError if no build can be asked for like this."""
    if workers < 1:
        raise CorpusError(f"workers is {workers}; a build needs one at least.")
    place, within = f"{raw.absolute()}/", f"{processed.absolute()}/"
    if isinstance(raw, Path) and isinstance(processed, Path):  # there may be links between them
        place, within = f"{raw.resolve()}/", f"{processed.resolve()}/"
    if within == place:
        raise CorpusError(f"{raw} is given for both, raw files and corpus; choose another folder.")
    if within.startswith(place):
        raise CorpusError(f"{processed} lies in {raw}, which is read; choose a folder beside it.")


@contextmanager
def locked(processed: Folder, *, shared: bool = False) -> Iterator[None]:
    """Hold the build folder for one build at a time, or for any number of its shards.

    The lock is on the folder itself and ends with the process, however that ends. A network file
    system does not tell other machines of it, and a store has none.

    Raises:
        CorpusError: another build holds it.
    """
    if isinstance(processed, Remote):
        yield
        return
    (processed / WORK).mkdir(parents=True, exist_ok=True)
    descriptor = os.open(processed, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CorpusError(f"{processed} is being built by another process.") from None
        yield
    finally:
        os.close(descriptor)


def finished_build(
    processed: Folder, inputs: dict[str, Any], *, update: bool, fresh: bool
) -> dict[str, Any] | None:
    """Return the manifest of `processed` if it is just this build, None if it is still to be made.

    Args:
        update: a corpus of other raw files may be replaced.
        fresh: any corpus may be replaced, this one too.

    Raises:
        CorpusError: another build stands or is half made there and is not to be replaced, or a file
            that no build wrote would become part of the corpus.
    """
    if processed.exists() and not processed.is_dir():
        raise CorpusError(f"{processed} is not a folder.")
    manifest = processed / MANIFEST
    half_made = _half_made(processed)
    for path in [manifest, *half_made] if manifest.exists() else half_made:
        if fresh:
            break
        there = read_json(path)
        others, raw = list(differences(there, inputs)), _raw_difference(there, inputs)
        if others or (raw and not update):
            what = "holds" if path == manifest else "holds half of"
            told = "; ".join([*others, *filter(None, [raw])])
            advice = (
                "choose another folder, or add --fresh to replace that build"
                if others
                else "add --update to build raw/ as it is now"
            )
            raise CorpusError(
                f"{processed} {what} another build ({told}): {advice}; a corpus that stands "
                "there stays until the new one is complete."
            )
        if path == manifest and not raw:
            return dict(there)
    if isinstance(processed, Path):
        _refuse_strangers(processed)
    return None


def _half_made(processed: Folder) -> Sequence[Folder]:
    """Return the inputs of the builds that have begun; of a store that of its shards alone."""
    if isinstance(processed, Path):
        return sorted((processed / WORK).glob(f"*/{INPUTS}"))
    shards = processed / WORK / SHARDS
    inputs = processed / WORK / read_json(shards)["work"] / INPUTS if shards.exists() else shards
    return [inputs] if inputs.exists() else []


def _raw_difference(there: dict[str, Any], here: dict[str, Any]) -> str:
    """Return which raw files are new, changed and gone, as a person would say it, or nothing."""
    before, now = ({file["path"]: file for file in one["raw"]} for one in (there, here))
    changed = {name for name in now.keys() & before if now[name] != before[name]}
    return ", ".join(
        f"raw file {names[0]}{f' (and {len(names) - 1} more)' if names[1:] else ''} {what}"
        for names, what in (
            (sorted(now.keys() - before), "is new"),
            (sorted(changed), "changed"),
            (sorted(before.keys() - now), "is gone"),
        )
        if names
    )


def _refuse_strangers(processed: Path) -> None:
    """Raise CorpusError for a file that no build wrote and that would be read as ours."""
    own = _own_files(processed)
    folders = {name.rpartition("/")[0] for name in own}
    strangers = [
        path
        for folder in sorted(folders | {""})
        for path in sorted((processed / folder).glob("*"))
        if not path.name.startswith(".")
        and path.relative_to(processed).as_posix() not in own | folders
    ]
    if strangers:
        raise CorpusError(
            f"{strangers[0]} was not written by a build and would be read as part of the corpus: "
            "move it away, or choose another folder."
        )


def _own_files(processed: Path) -> set[str]:
    """Return what the manifests say that builds have put here, relative to `processed`."""
    work = processed / WORK
    manifests = (processed / MANIFEST, work / READY / MANIFEST, work / REPLACED)
    names = {name for path in manifests if path.exists() for name in read_json(path)["files"]}
    return names | {MANIFEST}


def begin_build(processed: Path, inputs: dict[str, Any], tokenizer: bytes) -> Path:
    """Return the folder of this build in `.work/`: as it was if it goes on, else a new one."""
    work = processed / WORK / work_name(inputs)
    for path in (processed / WORK).iterdir():
        if path != work or not (path / INPUTS).exists():
            _remove(path)
    for path in (work / RESULTS).glob("*.tmp"):  # what a build that was killed was writing
        path.unlink(missing_ok=True)
    begin_work(work, inputs, tokenizer)
    return work


def begin_work(work: Folder, inputs: dict[str, Any], tokenizer: bytes) -> None:
    """Make the folder of a build, if nobody has; nothing that lies there is touched."""
    if not (work / INPUTS).exists():
        if isinstance(work, Path):
            (work / RESULTS).mkdir(parents=True, exist_ok=True)
        write_file(work / TOKENIZER, tokenizer)
        write_json(work / INPUTS, inputs)


def work_name(inputs: dict[str, Any]) -> str:
    """Return the name of the folder in `.work/` of a build, by what it is made from."""
    told = {name: inputs[name] for name in ("options", "versions", "raw")}
    told["tokenizer"] = inputs["tokenizer"]["sha256"]
    digest = sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return digest[:16]


def make_ready(processed: Path, work: Path, out: Path) -> None:
    """Declare the corpus in `out` whole and `work`, of which it was made, done with.

    From here on a build that is cut short has nothing left to do but `put_in_place`.
    """
    for folder in {path.parent for path in out.rglob("*")}:
        sync_folder(folder)
    out.rename(processed / WORK / READY)
    sync_folder(processed / WORK)
    _remove(work)


def is_ready(processed: Folder) -> bool:
    """Say whether a whole corpus waits for `put_in_place`."""
    return (processed / WORK / READY / MANIFEST).exists()


def put_in_place(processed: Path) -> None:
    """Move the corpus that is ready, if one is, to where it is read, its manifest last.

    What stood there goes now and not before. Called again after a crash, it goes on.
    """
    work = processed / WORK
    ready, manifest = work / READY, processed / MANIFEST
    if not is_ready(processed):
        return
    files = read_json(ready / MANIFEST)["files"]
    if manifest.exists():
        manifest.replace(work / REPLACED)
        sync_folder(processed)  # before a file goes: half a corpus must not look like one
    if (work / REPLACED).exists():
        _remove_files(processed, read_json(work / REPLACED)["files"].keys() - files.keys())
    for name in files:
        if (ready / name).exists():
            (processed / name).parent.mkdir(exist_ok=True)
            (ready / name).replace(processed / name)
    for folder in {(processed / name).parent for name in files} | {processed}:
        sync_folder(folder)
    (work / REPLACED).unlink(missing_ok=True)
    (ready / MANIFEST).replace(manifest)
    sync_folder(processed)


def publish(processed: Remote, out: Path) -> None:
    """Put a whole corpus on a store, its manifest last; the one that stood there goes first.

    Called again after it was cut short, it puts all once more.
    """
    manifest, replaced = processed / MANIFEST, processed / WORK / REPLACED
    files = read_json(out / MANIFEST)["files"]
    if manifest.exists():
        replaced.write_bytes(manifest.read_bytes())
        manifest.unlink()
    old = read_json(replaced)["files"] if replaced.exists() else {}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda name: (processed / name).put(out / name), files))
        list(pool.map(lambda name: (processed / name).unlink(), old.keys() - files.keys()))
    manifest.put(out / MANIFEST)


def _remove(path: Path) -> None:
    """Remove what lies in `.work/`; first what would make half a folder look like a whole one."""
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


def _remove_files(processed: Path, files: Iterable[str]) -> None:
    """Remove these files of a build, and their folders if nothing else lies in them."""
    paths = [processed / name for name in files]
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths} - {processed}:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
