"""A shard as tables of the columns, however damaged it is."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.output.manifest import shard_metadata
from corpus.output.rows import COLUMNS
from corpus.verify.findings import Findings

# What pyarrow raises for a damaged file: errors of its own, of the system and of Python.
DAMAGED = (pa.ArrowException, OSError, ValueError, MemoryError, OverflowError)


class UnreadableShardError(Exception):
    """Not all rows of a shard can be had: what is found of it, and its class."""

    def __init__(self, kind: str, what: str) -> None:
        super().__init__(kind, what)
        self.kind, self.what = kind, what


def tables_of(
    path: Path, name: str, manifest: dict[str, Any], findings: Findings
) -> Iterator[pa.Table]:
    """Yield the row groups of a shard as tables of `COLUMNS`, if they can be read as such.

    Raises:
        UnreadableShardError: not all of them can be had.
    """
    with ExitStack() as opened:
        try:
            content = opened.enter_context(path.open("rb"))  # a path need not be UTF-8
            file = opened.enter_context(pq.ParquetFile(content))
            _check_schema(file.schema_arrow, name, manifest, findings)
        except DAMAGED as error:
            raise UnreadableShardError("files", f"cannot be read: {_told(error)}") from error
        for group in range(file.num_row_groups):
            try:
                rows = file.read_row_group(group)
                rows.validate(full=True)
            except DAMAGED as error:
                what = f"row group {group} cannot be read: {_told(error)}"
                raise UnreadableShardError("files", what) from error
            try:
                rows = rows.select(COLUMNS.names).cast(COLUMNS).combine_chunks()
            except (*DAMAGED, KeyError) as error:
                what = f"its rows cannot be read as the columns: {_told(error)}"
                raise UnreadableShardError("schema", what) from error
            yield rows


def id_of_row(path: Path, row: int) -> str:
    """Return the dialogue_id of a row, or a word if a damaged shard does not tell it."""
    try:
        with path.open("rb") as content:
            return str(
                pq.ParquetFile(content).read(["dialogue_id"], use_threads=False)["dialogue_id"][row]
            )
    except DAMAGED:
        return "id unreadable"


def _check_schema(
    found: pa.Schema, name: str, manifest: dict[str, Any], findings: Findings
) -> None:
    """Check columns, types and metadata."""
    for column in sorted(set(found.names) ^ set(COLUMNS.names)):
        what = "is missing" if column in COLUMNS.names else "is no column of a corpus"
        findings.add("schema", name, f"{column} {what}")
    others = [
        f"{expected.name} is {_kind(found.field(place))}, not {_kind(expected)}"
        for expected in COLUMNS
        for place in found.get_all_field_indices(expected.name)
        if not found.field(place).equals(expected)
    ]
    if others:
        more = f", and {len(others) - 1} more columns are others" if others[1:] else ""
        findings.add("schema", name, others[0] + more)
    if sorted(found.names) == sorted(COLUMNS.names) and found.names != COLUMNS.names:
        findings.add("schema", name, "its columns are not in their order")
    metadata = found.metadata or {}
    for key, value in shard_metadata(manifest).items():
        if metadata.get(key.encode()) != value.encode():
            findings.add("schema", name, f"its {key} is not that of the manifest")


def _kind(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


def _told(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
