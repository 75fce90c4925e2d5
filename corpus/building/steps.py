"""The steps of a build whose modules are large: each imports its module where it is done.

With workers the process of the build only hands them out. It would need 0.2 s to import text rules,
names, the tokenizer and the report, and no worker starts before.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from corpus.building.unknown import Unknown
from corpus.building.writing import Material, ReadMember, Writing
from corpus.counts import Counts
from corpus.options import Options
from corpus.output.result import ResultPaths
from corpus.records import Document, Ints, Item, Rejected
from corpus.remote import Folder

if TYPE_CHECKING:
    from corpus.building.decide import ShardPlan
    from corpus.tokens.encoder import Encoder


def facts_of(tokenizer: bytes) -> tuple[int, Unknown]:
    """Do `corpus.building.tokenizer.facts_of`."""
    from corpus.building import tokenizer as module

    return module.facts_of(tokenizer)


def forget_tokenizer() -> None:
    """Do `corpus.building.tokenizer.forget_tokenizer`."""
    from corpus.building import tokenizer as module

    module.forget_tokenizer()


def build_or_tell(
    raw: Folder,
    work: Folder,
    item: Item,
    options: Options,
    encoder: "Encoder | None" = None,
    *,
    seconds: float | None = None,
) -> Counts | str:
    """Do `corpus.building.item.build_or_tell`."""
    from corpus.building import item as module

    return module.build_or_tell(raw, work, item, options, encoder, seconds=seconds)


def reject_item(work: Folder, item: Item, why: str) -> Counts:
    """Do `corpus.building.item.reject_item`."""
    from corpus.building import item as module

    return module.reject_item(work, item, why)


def write_shard(writing: Writing, plan: "ShardPlan", last_id: int) -> dict[str, Any]:
    """Do `corpus.building.commit_files.write_shard`."""
    from corpus.building import commit_files as module

    return module.write_shard(writing, plan, last_id)


def locate(parts: Sequence[tuple[ResultPaths, Ints]]) -> bytes:
    """Do `corpus.building.commit_files.locate`."""
    from corpus.building import commit_files as module

    return module.locate(parts)


def pair_up(
    located: Sequence[bytes], batches: Sequence[tuple[Ints, Ints]]
) -> list[tuple[bytes, bytes, list[str]]]:
    """Do `corpus.building.commit_files.pair_up`."""
    from corpus.building import commit_files as module

    return module.pair_up(located, batches)


def write_duplicates(
    writing: Writing,
    number: int,
    located: tuple[bytes, bytes],
    nearness: Sequence[float],
    other_text: Sequence[bool],
    documents: Sequence[Document],
) -> dict[str, Any]:
    """Do `corpus.building.commit_files.write_duplicates`."""
    from corpus.building import commit_files as module

    return module.write_duplicates(writing, number, located, nearness, other_text, documents)


def write_ledger(writing: Writing, name: str, members: Sequence[ReadMember]) -> dict[str, Any]:
    """Do `corpus.building.commit_files.write_ledger`."""
    from corpus.building import commit_files as module

    return module.write_ledger(writing, name, members)


def write_report(
    writing: Writing,
    material: Material,
    rejected_files: Sequence[Rejected],
    manifest: dict[str, Any],
) -> tuple[dict[str, Any], str]:
    """Do `corpus.building.reporting.write_report`."""
    from corpus.building import reporting as module

    return module.write_report(writing, material, rejected_files, manifest)
