"""The rows of all shards, row group by row group: memory does not grow with the corpus."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.building.decide import SHARD_ROWS
from corpus.building.unknown_tokens import count_unknown, unknown_to
from corpus.dedup.keys import id_key, key_of
from corpus.output.shards import ContentDigest
from corpus.records import ABOUT, SOURCES, Ints, Mask
from corpus.tokens.encoder import Encoder
from corpus.verify import laws
from corpus.verify.findings import Findings
from corpus.verify.tables import UnreadableShardError, id_of_row, tables_of

Keys = np.ndarray[tuple[int], np.dtype[np.uint64]]


class _RowBefore(NamedTuple):
    """What a row has to follow."""

    id_key: int
    part: int
    place: tuple[str, int]  # raw_file, raw_offset


_START = _RowBefore(0, -2, ("", -1))  # of a split: every row may follow


class Shards:
    """Reads the shards and checks every row; what they hold is counted on the way.

    Attributes:
        whole: all rows could be read, so that the counts are those of the corpus.
        rows, tokens: by split and by source.
        dialogues: by source.
        unk, respellable: tokens that are unknown characters; of these, what --respell on spells.
        from_raw, places, contents: with `with_raw`, of each row its place in the corpus, where it
            comes from and what it says (both as `key_of`).
    """

    def __init__(
        self,
        processed: Path,
        manifest: dict[str, Any],
        encoder: Encoder | None,
        findings: Findings,
        *,
        with_raw: bool,
    ) -> None:
        """Prepare to read; without an encoder no token is looked at."""
        self._processed, self._manifest = processed, manifest
        self._encoder, self._findings, self._with_raw = encoder, findings, with_raw
        self.whole = True
        self.rows: Counter[str] = Counter()
        self.tokens: Counter[str] = Counter()
        self.dialogues: Counter[str] = Counter()
        self.unk = self.respellable = 0
        self._unknown = unknown_to(encoder) if encoder else None
        self.from_raw: list[Ints] = []
        self.places: list[Keys] = []
        self.contents: list[Keys] = []
        self._n_rows = 0
        self._starts: list[tuple[int, str]] = []  # where each shard begins in the corpus
        self._ids: list[Keys] = []  # of the rows that begin a dialogue
        self._first_rows: list[Ints] = []  # where these are
        self._before: _RowBefore | None = _START  # None where it could not be read

    def read(self, changed: set[str]) -> None:
        """Read all shards; the bytes of those that `changed` are not those that were written."""
        shards = self._manifest["shards"]
        for number, shard in enumerate(shards):
            path, split = shard["path"], shard["split"]
            is_last = number + 1 == len(shards) or shards[number + 1]["split"] != split
            if number == 0 or shards[number - 1]["split"] != split:
                self._before = _START
            if not self._read_shard(shard, is_changed=path in changed):
                self.whole, self._before = False, None
            elif not is_last and shard["rows"] != SHARD_ROWS:
                self._findings.add("rows", path, f"only the last shard has not {SHARD_ROWS:,} rows")
        if self._manifest["options"]["dedup"] != "off":
            self._check_ids()

    def name(self, place: int) -> str:
        """Return in words which row is at a place of the corpus."""
        start, path = self._starts[bisect_right(self._starts, (place, "\uffff")) - 1]
        return f"{path} {_row(place - start, id_of_row(self._processed / path, place - start))}"

    def _read_shard(self, shard: dict[str, Any], *, is_changed: bool) -> bool:
        """Read one shard; False if not all of its rows can be had."""
        path, start, digest, n_tokens = shard["path"], self._n_rows, ContentDigest(), 0
        if not (self._processed / path).exists():
            return False  # told already
        self._starts.append((start, path))
        try:
            for rows in tables_of(self._processed / path, path, self._manifest, self._findings):
                digest.update(rows)
                n_tokens += laws.lists_of(rows, "token_ids").bounds[-1]
                if len(rows):
                    self._take(rows, shard, start)
                self._n_rows += len(rows)
        except UnreadableShardError as error:
            self._findings.add(error.kind, path, error.what)
            if is_changed:
                self._findings.add("files", path, "its bytes are not those that were written")
            return False
        same_rows = digest.hexdigest() == shard["content_sha256"]
        if is_changed:
            rest = "its rows are" if same_rows else "nor are its rows (content_sha256)"
            what = f"its bytes are not those that were written, {rest}"
            self._findings.add("files", path, what)
        elif not same_rows:
            self._findings.add("files", path, "its rows are not those that were written")
        for name, n in (("rows", self._n_rows - start), ("tokens", n_tokens)):
            if n != shard[name]:
                what = f"{n:,} {name}; the manifest says {shard[name]:,}"
                self._findings.add("counts", path, what)
        return True

    def _take(self, rows: pa.Table, shard: dict[str, Any], start: int) -> None:
        """Check and count a table of rows, `start` being the place of its shard in the corpus."""
        options = self._manifest["options"]
        self._count(rows, shard["split"])
        missing = list(laws.nulls(rows))
        self._tell("rows", rows, missing, shard, start)
        if missing:
            self._before = None
            return
        broken = laws.broken_laws(
            rows, split=shard["split"], options=options, encoder=self._encoder
        )
        self._tell("rows", rows, broken, shard, start)
        is_start = self._n_rows == start
        self._tell("rows", rows, self._order(rows, is_start=is_start), shard, start)
        left = laws.residue(rows, rules=options["rules"], personal=options["personal"])
        self._tell("residue", rows, left, shard, start)
        if self._encoder is not None:
            others = laws.other_tokens(rows, self._encoder)
            self._tell("tokens", rows, [("token_ids are not its text's", others)], shard, start)
        is_first = rows["part"].to_numpy() == 0
        self._ids.append(_id_keys(rows)[is_first])
        self._first_rows.append(self._n_rows + np.flatnonzero(is_first))
        if self._with_raw:
            self.from_raw.append(self._n_rows + np.arange(len(rows)))
            self.places.append(place_keys(rows))
            self.contents.append(content_keys(rows))

    def _tell(
        self,
        kind: str,
        rows: pa.Table,
        broken: Iterable[tuple[str, Mask]],
        shard: dict[str, Any],
        start: int,
    ) -> None:
        """Put on the record which rows break a law."""

        def told(place: int) -> tuple[str, str]:
            row = _row(self._n_rows - start + place, rows["dialogue_id"][place].as_py())
            return f"{shard['path']} {row}", what

        for what, mask in broken:  # noqa: B007 - told says it
            self._findings.add_each(kind, np.flatnonzero(mask).tolist(), told)

    def _count(self, rows: pa.Table, split: str) -> None:
        sources = np.array(rows["source"].to_pylist())
        ids = laws.lists_of(rows, "token_ids")
        is_first = rows["part"].to_numpy(zero_copy_only=False) == 0
        for source in np.unique(sources).tolist():
            of_source = sources == source
            self.rows[source] += int(of_source.sum())
            self.tokens[source] += int(ids.lengths[of_source].sum())
            self.dialogues[source] += int((of_source & is_first).sum())
        self.rows[split] += len(rows)
        self.tokens[split] += len(ids.values)
        if self._unknown is not None:
            n_unknown, n_respellable = count_unknown(self._unknown, rows)
            self.unk += n_unknown
            self.respellable += n_respellable

    def _order(self, rows: pa.Table, *, is_start: bool) -> laws.Broken:
        """Yield the rows that cannot follow the row before; `is_start`: of a shard."""
        before, ids, parts = self._before, _id_keys(rows), rows["part"].to_numpy()
        files, offsets = rows["raw_file"].combine_chunks(), rows["raw_offset"].to_numpy()
        goes_on, goes_back = np.zeros((2, len(rows)), np.bool_)
        goes_on[1:] = (ids[1:] == ids[:-1]) & (parts[1:] == parts[:-1] + 1)
        goes_back[1:] = pc.less(files[1:], files[:-1]).to_numpy(zero_copy_only=False)
        first, last = ((files[at].as_py(), int(offsets[at])) for at in (0, -1))
        if before is None:
            goes_on[0] = True
        else:
            goes_on[0] = (before.id_key, before.part + 1) == (ids[0], parts[0])
            # Within a shard an offset may go back: two members of an archive may have one name.
            goes_back[0] = first < before.place if is_start else first[0] < before.place[0]
        yield "is no part that follows the row before", (parts != 0) & ~goes_on
        yield "stands in raw/ before the row before", goes_back
        self._before = _RowBefore(int(ids[-1]), int(parts[-1]), last)

    def _check_ids(self) -> None:
        """Check that no id was given to two dialogues; topic has ids of its own."""
        if not self._ids:
            return
        ids, places = np.concatenate(self._ids), np.concatenate(self._first_rows)
        order = np.argsort(ids, kind="stable")
        again = order[1:][ids[order][1:] == ids[order][:-1]]
        what = "its dialogue_id is in use already"
        repeated = np.sort(places[again]).tolist()
        self._findings.add_each("rows", repeated, lambda place: (self.name(place), what))


def place_keys(rows: pa.Table, *, part: int | None = None) -> Keys:
    """Return where each row comes from; with `part`, where that part of its dialogue does."""
    places = zip(
        *(rows[name].to_pylist() for name in ("raw_file", "raw_offset", "part")), strict=True
    )
    texts = (f"{file}\n{offset}\n{own if part is None else part}" for file, offset, own in places)
    return np.fromiter(map(key_of, texts), np.uint64, len(rows))


def content_keys(rows: pa.Table) -> Keys:
    """Return what each row says, its place and its tokens apart."""
    names = ("dialogue_id", "part", "source", "topic", "split", "n_turns_cut", "conversation")
    values = zip(*(map(str, rows[name].to_pylist()) for name in names), strict=True)
    return np.fromiter((key_of("\n".join(row)) for row in values), np.uint64, len(rows))


def _id_keys(rows: pa.Table) -> Keys:
    pairs = zip(rows["source"].to_pylist(), rows["dialogue_id"].to_pylist(), strict=True)
    known = (one if one[0] in ABOUT else (SOURCES[0], one[1]) for one in pairs)  # or it is damage
    return np.fromiter((id_key(*one) for one in known), np.uint64, len(rows))


def _row(place: int, dialogue_id: str) -> str:
    return f"row {place:,} ({dialogue_id})"
