"""A finished corpus: its manifest, a local copy of one in a store, and its rows in pandas."""

from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from corpus.output.shape import read_whole
from corpus.records import MANIFEST, SPLITS, CorpusError
from corpus.remote import Folder, copies, folder_of, local_file

if TYPE_CHECKING:
    import pandas as pd


def has_manifest(processed: Folder) -> bool:
    """Say whether a build has finished here."""
    return (processed / MANIFEST).exists()


def read_manifest(processed: Folder | str) -> dict[str, Any]:
    """Return the manifest of a corpus.

    Raises:
        CorpusError: there is none, so no build has finished there, or it is damaged or of another
            version of this project.
    """
    path = folder_of(processed) / MANIFEST
    if not path.exists():
        raise CorpusError(
            f"{processed} holds no finished corpus (no {MANIFEST}): "
            f"run `python -m corpus build raw/ {processed}`."
        )
    return read_whole(path)


def local_copy(processed: Folder) -> Path:
    """Return a local folder as it is, and of a corpus in a store a copy for this process.

    A file that the manifest lists and the store lacks is missing in the copy, too.
    """
    if isinstance(processed, Path):
        return processed
    names = [*read_manifest(processed)["files"], MANIFEST]
    folder = Path(copies().name, token_hex(8))
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            (processed / name).fetch(folder / name)
    return folder


def load(processed: Folder | str, *, split: str | None = None) -> "pd.DataFrame":
    """Return the rows of a corpus as a DataFrame, in plan order, split by split as in `SPLITS`.

    Args:
        processed: the folder of a finished build, or the URL of one in a store.
        split: `train`, `validation` or `test` alone; all by default.

    Raises:
        CorpusError: no build has finished there, its shards cannot be read, or there is no such
            split.
    """
    import pandas as pd  # noqa: PLC0415 - the manifest is read without it
    import pyarrow as pa  # noqa: PLC0415

    shards = read_manifest(processed)["shards"]
    if split is not None and split not in SPLITS:
        raise CorpusError(f"split can be {', '.join(SPLITS)}, not {split!r}.")
    chosen = [shard["path"] for shard in shards if split in (None, shard["split"])]
    frames = []
    try:
        for path in chosen:
            with local_file(folder_of(processed) / path).open("rb") as file:
                frames.append(pd.read_parquet(file))
    except (OSError, ValueError, pa.ArrowException) as error:
        raise CorpusError(
            f"{processed} cannot be read ({error}): `python -m corpus verify {processed}` says "
            "what is wrong with it."
        ) from error
    if not frames:
        raise CorpusError(f"{processed} holds no rows{f' of {split}' if split else ''}.")
    return pd.concat(frames, ignore_index=True)
