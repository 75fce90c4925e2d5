"""How a corpus gets into place whole or not at all.

It is made whole in `.work/ready/` and moved from there, its manifest last. No manifest, no corpus:
until one is ready, what stood in `processed/` before stays.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from corpus.output.files import sync_folder, write_json
from corpus.output.shape import read_whole
from corpus.output.standing import files_in, files_of_builds
from corpus.output.work import READY, REPLACED, WORK, remove
from corpus.records import MANIFEST, CorpusError
from corpus.remote import CONNECTIONS, Folder, Remote


def make_ready(processed: Path, work: Path, out: Path) -> None:
    """Declare the corpus in `out` whole and `work`, of which it was made, done with.

    From here on a build that is cut short has nothing left to do but `put_in_place`.
    """
    for folder in {path.parent for path in out.rglob("*")}:
        sync_folder(folder)
    out.rename(processed / WORK / READY)
    sync_folder(processed / WORK)
    remove(work)


def is_ready(processed: Folder) -> bool:
    """Say whether a whole corpus waits for `put_in_place`."""
    return _ready_manifest(processed) is not None


def _ready_manifest(processed: Folder) -> dict[str, Any] | None:
    with suppress(FileNotFoundError, CorpusError):
        return read_whole(processed / WORK / READY / MANIFEST)
    return None


def put_in_place(processed: Path) -> None:
    """Move the corpus that is ready, if one is, to where it is read, its manifest last.

    What stood there goes now and not before. Called again after a crash, it goes on.
    """
    manifest = _ready_manifest(processed)
    if manifest is None:
        return
    ready, replaced = processed / WORK / READY, processed / WORK / REPLACED
    files = manifest["files"]
    if not replaced.exists():
        names = sorted(files_of_builds(processed) - {MANIFEST})
        write_json(replaced, {"files": dict.fromkeys(names, "")})
    (processed / MANIFEST).unlink(missing_ok=True)
    sync_folder(processed)  # before a file goes: half a corpus must not look like one
    _remove_files(processed, files_in(replaced) - files.keys() - {MANIFEST})
    for name in files:
        if (ready / name).exists():
            (processed / name).parent.mkdir(exist_ok=True)
            (ready / name).replace(processed / name)
        elif not (processed / name).exists():
            raise CorpusError(
                f"{ready / name} is lost: add --fresh to build the corpus of {processed} again."
            )
    for folder in {(processed / name).parent for name in files} | {processed}:
        sync_folder(folder)
    replaced.unlink(missing_ok=True)
    (ready / MANIFEST).replace(processed / MANIFEST)
    sync_folder(processed)


def publish(processed: Remote, out: Path) -> None:
    """Put a whole corpus on a store, its manifest last; the one that stood there goes first.

    Called again after it was cut short, it puts all once more.
    """
    manifest, replaced = processed / MANIFEST, processed / WORK / REPLACED
    files = read_whole(out / MANIFEST)["files"]
    if manifest.exists():
        replaced.write_bytes(manifest.read_bytes())
        manifest.unlink()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(lambda name: (processed / name).put(out / name), files))
        gone = files_in(replaced) - files.keys() - {MANIFEST}
        list(pool.map(lambda name: (processed / name).unlink(), gone))
    manifest.put(out / MANIFEST)


def _remove_files(processed: Path, files: Iterable[str]) -> None:
    """Remove these files of a build, and their folders if nothing else lies in them."""
    paths = [processed / name for name in files]
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths} - {processed}:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
