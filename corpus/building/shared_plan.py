"""The plan of a build as a file that its shards share, and whose items are whose.

.work/shards.json         which build the shards are of, and how many they are
.work/HASH/plan.jsonl.gz  what raw/ holds beside documents, then an item a line
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any, TextIO

import orjson

from corpus.building.plan import make_plan, n_bytes
from corpus.output.files import write_file, write_json
from corpus.output.result import read_results
from corpus.output.work import SHARDS, WORK, read_declared, read_inputs
from corpus.reading.documents import Found
from corpus.records import CorpusError, Document, Item, Member, Rejected, Segment, Split
from corpus.remote import Folder

PLAN = "plan.jsonl.gz"
DAMAGED = "is damaged: run one of the shards again, which makes it anew."
NAMED = 8  # shards are named of those that are missing


@dataclass(frozen=True, slots=True)
class Share:
    """One of the shares into which the items of a build are dealt."""

    number: int  # from 1
    of: int

    def __str__(self) -> str:
        """Return it as `--shard` takes it."""
        return f"{self.number}/{self.of}"


def parse_share(text: str) -> Share:
    """Return the shard that `--shard` names.

    >>> parse_share("2/8")
    Share(number=2, of=8)

    Raises:
        CorpusError: there is no such shard.
    """
    numbers = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text) if isinstance(text, str) else None
    if not numbers or not 1 <= int(numbers[1]) <= int(numbers[2]):
        raise CorpusError(f"--shard can be 1/8, 2/8, ... 8/8 for one of 8 shards, not {text!r}.")
    return Share(int(numbers[1]), int(numbers[2]))


def share_numbers(sizes: Sequence[int], of: int) -> list[int]:
    """Return the number of the shard of each item: neighbours together, as many bytes in each.

    Neighbours, because what stands before a range of a zip's member has to be unpacked to reach it.

    >>> share_numbers([8, 8, 8, 24], 2)
    [1, 1, 1, 2]
    """
    total = sum(sizes) or 1
    middles = (2 * end - size for end, size in zip(accumulate(sizes), sizes, strict=True))
    return [min(1 + middle * of // (2 * total), of) for middle in middles]


@dataclass(frozen=True, slots=True)
class SharedPlan:
    """The plan of a build as it lies in its folder `work`; the items are read when asked for."""

    work: Folder
    inputs: dict[str, Any]  # what the build is made from, in the order in which reports list it
    raw: str  # where it was made
    left_alone: dict[str, int]
    rejected: list[Rejected]
    sizes: list[int]  # bytes of each item
    one_in: int  # of all items

    def items_of(self, shard: Share) -> list[Item]:
        """Return the items of one shard, in plan order."""
        numbers = share_numbers(self.sizes, shard.of)
        pairs = zip(numbers, self._lines(), strict=True)
        return [_item(json.loads(line)) for number, line in pairs if number == shard.number]

    def documents(self) -> Iterator[Document]:
        """Yield the documents in plan order, each once; memory does not grow with the plan."""
        for item in map(_item, map(json.loads, self._lines())):
            if not item.start:
                yield from item.documents

    def missing(self) -> list[int]:
        """Return the items that nobody has built yet, or that are damaged."""
        parts = read_results(self.work, range(len(self.sizes)), prove=True)
        return [part.index for part, receipt in parts if receipt is None]

    def _lines(self) -> Iterator[str]:
        with _opened(self.work) as lines:
            next(lines)
            yield from lines


def write_plan(work: Folder, inputs: dict[str, Any], raw: Folder, found: Found) -> None:
    """Leave the plan of a build in its folder, for all of its shards."""
    items = make_plan(found.documents)
    header = {
        "inputs": inputs,
        "raw": str(raw.absolute()),
        "left_alone": found.left_alone,
        "rejected": [_values(one)[:7] for one in found.rejected],  # files: they have no raw text
        "sizes": [n_bytes(item) for item in items],
        "one_in": items[0].one_in if items else 1,
    }
    lines = (json.dumps(one, ensure_ascii=False, default=_values) for one in (header, *items))
    content = "\n".join(lines).encode("utf-8", "surrogatepass")  # a path may be no UTF-8
    write_file(work / PLAN, gzip.compress(content, 1, mtime=0))


def read_plan(work: Folder) -> SharedPlan:
    """Return the plan that lies in the folder of a build.

    Raises:
        CorpusError: it is damaged.
    """
    try:
        with _opened(work) as lines:
            header = json.loads(next(lines))
            header["rejected"] = [Rejected(*[*one, b""]) for one in header["rejected"]]
            plan = SharedPlan(work, **header)
            if sum(1 for _ in lines) == len(plan.sizes):  # read to its end, which proves it
                return plan
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, StopIteration):
        pass
    raise CorpusError(f"{work / PLAN} {DAMAGED}")


def plan_state(
    options: Mapping[str, Any], versions: Mapping[str, str], tokenizer_sha256: str, raw_state: str
) -> str:
    """Return a name for what a plan is made of, which costs less than making it."""
    told = [options, versions, tokenizer_sha256, raw_state]
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


def declare(processed: Folder, work: Folder, state: str, shard: Share) -> None:
    """Say that the shards in `processed` are of the build in `work`, and how many they are."""
    declared = {"work": work.name, "state": state, "shards": shard.of}
    write_json(processed / WORK / SHARDS, declared)


def declared_plan(processed: Folder, state: str | None = None) -> SharedPlan | None:
    """Return the plan of the shards in `processed`, None if there is none.

    Args:
        processed: the folder of the corpus.
        state: of the plan that is looked for; one of another state, or a damaged one, is None.

    Raises:
        CorpusError: it is damaged, and any state would do.
    """
    declared = read_declared(processed)
    if declared is None:
        if state is None and (processed / WORK / SHARDS).exists():
            raise CorpusError(f"{processed / WORK / SHARDS} {DAMAGED}")
        return None
    work = processed / WORK / declared["work"]
    if state not in (None, declared["state"]) or read_inputs(work) is None:
        return None  # without its inputs it is of a build that is done with
    try:
        return read_plan(work)
    except CorpusError:
        if state is None:
            raise
        return None


def missing_line(processed: Folder, plan: SharedPlan, missing: Sequence[int]) -> str:
    """Return which shards have not built which items, as a person would say it."""
    of = (read_declared(processed) or {"shards": 1})["shards"]
    numbers = share_numbers(plan.sizes, of)
    shards = [str(Share(number, of)) for number in sorted({numbers[one] for one in missing})]
    more = f" and {len(shards) - NAMED:,} more" if shards[NAMED:] else ""
    return (
        f"{processed} lacks {len(missing):,} of {len(plan.sizes):,} items: run --shard "
        f"{', '.join(shards[:NAMED])}{more} to the end, and commit then."
    )


def _opened(work: Folder) -> TextIO:
    plan = work / PLAN
    packed = plan if isinstance(plan, Path) else BytesIO(plan.read_bytes())
    return gzip.open(packed, "rt", encoding="utf-8", errors="surrogatepass", newline="\n")


def _values(record: Any) -> list[Any]:  # noqa: ANN401 - any of our records
    return [getattr(record, name) for name in type(record).__annotations__]


def _item(values: list[Any]) -> Item:
    index, documents, *rest = values
    return Item(index, tuple(_document(*one) for one in documents), *rest)


def _document(
    raw_file: str, container: list[Any], member: list[Any] | None, size: int, split: Split | None
) -> Document:
    segments = tuple(Segment(*one) for one in container)
    return Document(raw_file, segments, Member(*member) if member else None, size, split)
