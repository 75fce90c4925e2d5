"""A finished corpus in pandas."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.records import SPLITS, CorpusError
from corpus.work import MANIFEST, read_json

if TYPE_CHECKING:
    import pandas as pd


def has_manifest(processed: Path) -> bool:
    """Say whether a build has finished here."""
    return (processed / MANIFEST).exists()


def read_manifest(processed: Path | str) -> dict[str, Any]:
    """Return the manifest of a corpus.

    Raises:
        CorpusError: there is none, so no build has finished there.
    """
    path = Path(processed) / MANIFEST
    if not path.exists():
        raise CorpusError(
            f"{processed} holds no finished corpus (no {MANIFEST}): "
            f"run `python -m corpus build raw/ {processed}`."
        )
    return dict(read_json(path))


def load(processed: Path | str, *, split: str | None = None) -> "pd.DataFrame":
    """Return the rows of a corpus as a DataFrame, in plan order, split by split as in `SPLITS`.

    Args:
        processed: the folder of a finished build.
        split: `train`, `validation` or `test` alone; all by default.

    Raises:
        CorpusError: no build has finished there, or there is no such split.
    """
    import pandas as pd  # noqa: PLC0415 - the manifest is read without it

    shards = read_manifest(processed)["shards"]
    if split is not None and split not in SPLITS:
        raise CorpusError(f"split can be {', '.join(SPLITS)}, not {split!r}.")
    chosen = [shard["path"] for shard in shards if split in (None, shard["split"])]
    frames = [pd.read_parquet(Path(processed) / path) for path in chosen]
    if not frames:
        raise CorpusError(f"{processed} holds no rows{f' of {split}' if split else ''}.")
    return pd.concat(frames, ignore_index=True)
