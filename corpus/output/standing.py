"""What stands in the folder of a corpus before a build: this one, another, half of one, others."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from corpus.output.manifest import differences
from corpus.output.shape import read_whole
from corpus.output.work import READY, REPLACED, WORK, builds_begun
from corpus.records import MANIFEST, REJECTED, REPORT, SPLITS, TOKENIZER, CorpusError
from corpus.remote import CONNECTIONS, Folder, Remote

NAMED = 8  # files are named of those that are foreign or missing
_WITHIN = re.compile(r"(?:[\w-]+/)?\w[\w.-]*")  # a forged manifest must not name files elsewhere
_LOOKS_OWN = re.compile(
    rf"{MANIFEST}|{TOKENIZER}|{REPORT}|{REJECTED}/(?:utterances-)?[0-9]{{5}}\.jsonl\.gz"
    rf"|(?:{'|'.join(SPLITS)})/[0-9]{{5}}\.parquet"
)


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
    manifest = None if fresh else _manifest_of(processed)
    if not fresh:
        told = [("holds", manifest)] if manifest else []
        told += [("holds half of", there) for _, there in builds_begun(processed)]
        for what, there in told:
            _refuse_another(processed, what, there, inputs, update=update)
    if manifest and not _raw_difference(manifest, inputs):
        refuse_lost(processed, manifest)
        return manifest
    if isinstance(processed, Path):
        _refuse_strangers(processed, fresh=fresh)
    return None


def _manifest_of(processed: Folder) -> dict[str, Any] | None:
    """Return the manifest that stands in `processed`, None if there is none.

    Raises:
        CorpusError: it is damaged or of another version.
    """
    try:
        return read_whole(processed / MANIFEST)
    except FileNotFoundError:
        return None


def _refuse_another(
    processed: Folder, what: str, there: dict[str, Any], inputs: dict[str, Any], *, update: bool
) -> None:
    """Raise CorpusError if what is `there` is another build that is not to be replaced."""
    others, raw = list(differences(there, inputs)), _raw_difference(there, inputs)
    if others or (raw and not update):
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


def refuse_lost(processed: Folder, manifest: dict[str, Any]) -> None:
    """Raise CorpusError if files of the corpus are missing or have another size."""
    sizes: dict[str, int] = manifest["file_bytes"]
    if isinstance(processed, Remote):
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            found = list(pool.map(lambda name: (processed / name).n_bytes(), sizes))
    else:
        found = [_n_bytes(processed / name) for name in sizes]
    lost = [
        f"{name} is missing" if n is None else f"{name} has {n:,} bytes and not {sizes[name]:,}"
        for name, n in zip(sizes, found, strict=True)
        if n != sizes[name]
    ]
    if lost:
        raise CorpusError(
            f"{processed} is this build, but not whole: {_first(lost)}; `build` with --fresh "
            "builds the corpus again."
        )


def _n_bytes(path: Path) -> int | None:
    return path.stat().st_size if path.is_file() else None


def _refuse_strangers(processed: Path, *, fresh: bool) -> None:
    """Raise CorpusError if files lie there that the manifests do not list.

    With `fresh` those that look like a build's are replaced, where no manifest says whose they are.
    """
    own = files_of_builds(processed) if fresh else set[str]()
    for name in (f"{READY}/{MANIFEST}", REPLACED):
        own |= files_in(processed / WORK / name)
    own |= files_in(processed / MANIFEST)
    folders = {name.rpartition("/")[0] for name in own} | {*SPLITS, REJECTED}
    strangers = sorted(
        path.relative_to(processed).as_posix()
        for folder in folders | {""}
        for path in (processed / folder).glob("*")
        if not path.name.startswith(".")
    )
    strangers = [
        name
        for name in strangers
        if name not in own and not (name in folders and (processed / name).is_dir())
    ]
    if not strangers:
        return
    has_manifest = (processed / MANIFEST).exists()
    if not has_manifest and set(strangers) <= set(_own_looking(processed)):
        raise CorpusError(
            f"{processed} holds files of a build without its manifest ({_first(strangers)}): add "
            "--fresh to replace them, or choose another folder."
        )
    raise CorpusError(
        f"{processed} holds what no build wrote: {_first(strangers)}. A corpus stands in a folder "
        "of its own, or readers take other files for a part of it: move them away, or choose "
        "another folder."
    )


def files_of_builds(processed: Path) -> set[str]:
    """Return the files of the corpus in `processed`; without a whole manifest, by their look."""
    names = files_in(processed / MANIFEST)
    with suppress(FileNotFoundError, CorpusError):
        read_whole(processed / MANIFEST)
        return names
    return names | set(_own_looking(processed))


def files_in(manifest: Folder) -> set[str]:
    """Return the files that a manifest lists, with itself; nothing if it cannot be read."""
    try:
        names = {*orjson.loads(manifest.read_bytes())["files"], MANIFEST}
        return {name for name in names if _WITHIN.fullmatch(name)}
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return set()


def _own_looking(processed: Path) -> Iterator[str]:
    """Yield the files that look as if a build had written them."""
    for folder in ("", *SPLITS, REJECTED):
        for path in (processed / folder).glob("*"):
            name = path.relative_to(processed).as_posix()
            if _LOOKS_OWN.fullmatch(name) and (path.suffix != ".parquet" or _is_shard(path)):
                yield name


def _is_shard(path: Path) -> bool:
    from corpus.output.shards import is_shard  # noqa: PLC0415 - pyarrow, seldom needed

    return is_shard(path)


def _first(told: Sequence[str]) -> str:
    """Return the first few of a list in words."""
    more = f", and {len(told) - NAMED:,} more" if told[NAMED:] else ""
    return ", ".join(told[:NAMED]) + more
