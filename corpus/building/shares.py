"""A build by several machines: its shards, in any order, and the commit of what they have left.

The first machine makes the plan; one that begins at the same time makes the same plan. No machine
waits for another one or removes its files, so shards share a folder and nothing else.
"""

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.building.commit import Origin, commit
from corpus.building.engines import answers, build_items, engine_of, look_by
from corpus.building.plan import n_bytes
from corpus.building.shared_plan import (
    DAMAGED,
    declare,
    declared_plan,
    missing_line,
    parse_share,
    plan_state,
    read_plan,
    write_plan,
)
from corpus.building.steps import facts_of, forget_tokenizer
from corpus.building.workers import Workers
from corpus.counts import Counts
from corpus.options import DEFAULT_TOKENIZER, ITEM_TIMEOUT, options_of
from corpus.output.files import temporary_folder
from corpus.output.into_place import is_ready, put_in_place
from corpus.output.locks import locked
from corpus.output.manifest import differences, inputs_of, versions
from corpus.output.result import discard_results
from corpus.output.standing import finished_build, refuse_lost
from corpus.output.work import (
    WORK,
    begin_work,
    check_folders,
    check_how,
    check_workers,
    remove_work,
    work_name,
)
from corpus.processed import read_manifest
from corpus.reading.decode import sniff
from corpus.reading.documents import (
    check_unchanged,
    find_documents,
    raw_state,
    without_state,
)
from corpus.records import TOKENIZER, CorpusError, Document
from corpus.remote import Folder, folder_of
from corpus.tokens.find import find_tokenizer


@dataclass(frozen=True, slots=True)
class BuiltShare:
    """What a shard has built."""

    n_items: int
    counts: Counts  # `read`, `rejected` and `broken` of its items


def build_share(
    raw: Folder | str,
    processed: Folder | str,
    shard: str,
    *,
    tokenizer: str = DEFAULT_TOKENIZER,
    update: bool = False,
    fresh: bool = False,
    workers: int = 1,
    item_timeout: float = ITEM_TIMEOUT,
    engine: str = "local",
    address: str | None = None,
    progress: bool = False,
    **options: Any,  # noqa: ANN401 - `options_of` has their types
) -> BuiltShare | None:
    """Build one share of the items of `raw`; None if the whole corpus stands in `processed`.

    A shard that was interrupted goes on where it was; one whose items are built does nothing.

    Args:
        raw: the folder that holds the AIHub downloads, as they are.
        processed: the folder of the corpus, which all shards see.
        shard: `2/8` for the second of eight.
        tokenizer: as for `build`, and like `options` the same for all shards.
        update: as for `build`.
        fresh: as for `build`: of what was built before, this shard uses nothing.
        workers: as for `build`, of this shard alone.
        item_timeout: as for `build`.
        engine: as for `build`.
        address: as for `build`.
        progress: draw a bar on stderr.
        options: those of `build`.

    Raises:
        CorpusError: a wrong call, in one sentence; what was in `processed` before is untouched.
    """
    one = parse_share(shard)
    chosen = options_of(**options)
    raw, processed = folder_of(raw), folder_of(processed)
    check_folders(raw, processed)
    check_how(workers=workers, item_timeout=item_timeout)
    start = engine_of(engine, address)
    with start(workers=workers, n_bytes=0) as steps:
        tokenizer_file = find_tokenizer(tokenizer)
        state = plan_state(chosen, versions(), tokenizer_file.sha256, raw_state(raw))
        plan, found = declared_plan(processed, state), None
        if plan:
            inputs = plan.inputs
        else:
            found = find_documents(raw, sniff=sniff, do=look_by(steps))
            ask = partial(facts_of, tokenizer_file.json)
            [(vocab_size, _)] = answers(steps, [ask], "The tokenizer could not be loaded")
            inputs = inputs_of(chosen, tokenizer_file, vocab_size, found)
        if finished_build(processed, inputs, update=update, fresh=fresh):
            return None
        with locked(processed, shared=True):
            if finished_build(processed, inputs, update=update, fresh=fresh):
                return None
            if is_ready(processed):
                raise CorpusError(
                    f"A commit of {processed} was cut short: let `commit` finish first."
                )
            work = processed / WORK / work_name(inputs)
            begin_work(work, inputs, tokenizer_file.json)
            if found:
                write_plan(work, inputs, raw, found)
            declare(processed, work, state, one)
            items = read_plan(work).items_of(one)
            if fresh:
                name = f"{one.number}-{one.of}"
                discard_results(work, [item.index for item in items], name=name)
            steps.expect(sum(map(n_bytes, items)))
            counts = build_items(
                raw,
                work,
                items,
                chosen,
                steps,
                item_timeout=item_timeout,
                progress=progress,
            )
    return BuiltShare(len(items), counts)


def commit_shares(
    processed: Folder | str,
    *,
    raw: Folder | str | None = None,
    workers: int = 1,
    progress: bool = False,
) -> dict[str, Any]:
    """Turn what all shards have left in `processed` into the corpus, and return its manifest.

    Args:
        processed: the folder of the corpus.
        raw: where raw/ lies as this machine sees it, if not where it lay for the shards: the ledger
            has the raw text of duplicates.
        workers: processes that write the corpus at most.
        progress: draw a bar on stderr.

    Raises:
        CorpusError: a wrong call; a shard has not built all of its items, or no shard was built at
            all; what was in `processed` before is untouched.
    """
    check_workers(workers)
    processed = folder_of(processed)
    if not (processed / WORK).is_dir():
        return _finished(processed)
    with locked(processed):
        if isinstance(processed, Path) and is_ready(processed):  # a commit was cut short
            put_in_place(processed)
            remove_work(processed)
        plan = declared_plan(processed)
        if plan is None:
            return _finished(processed)
        others = [*differences(plan.inputs, plan.inputs | {"versions": versions()})]
        if others:
            raise CorpusError(f"The shards were built with other versions: {'; '.join(others)}.")
        missing = plan.missing()
        if missing:
            raise CorpusError(missing_line(processed, plan, missing))
        raw = folder_of(raw or plan.raw)
        if not raw.is_dir():
            raise CorpusError(f"There is no {raw} here: say with --raw where RAW lies.")
        documents: Iterable[Document] = plan.documents()
        if str(raw.absolute()) == plan.raw:
            check_unchanged(raw, plan.documents())
        else:  # a copy, whose files may have other times
            documents = map(without_state, documents)
        tokenizer = (plan.work / TOKENIZER).read_bytes()
        if sha256(tokenizer).hexdigest() != plan.inputs["tokenizer"]["sha256"]:
            raise CorpusError(f"{plan.work / TOKENIZER} {DAMAGED}")
        _, unknown = facts_of(tokenizer)
        forget_tokenizer()
        here = nullcontext(plan.work) if isinstance(plan.work, Path) else temporary_folder()
        with here as aside, Workers(workers=workers, n_bytes=sum(plan.sizes)) as engine:
            manifest = commit(
                processed,
                plan.work,
                len(plan.sizes),
                Origin(
                    inputs=plan.inputs,
                    left_alone=plan.left_alone,
                    rejected_files=plan.rejected,
                    raw=raw,
                    documents=documents,
                    unknown=unknown,
                    one_in=plan.one_in,
                ),
                engine,
                aside=aside,
                progress=progress,
            )
        remove_work(processed)
    return manifest


def _finished(processed: Folder) -> dict[str, Any]:
    """Return the manifest of a corpus that stands there whole."""
    manifest = read_manifest(processed)
    refuse_lost(processed, manifest)
    return manifest


def build_in_store(
    raw: Folder,
    processed: Folder,
    options: Mapping[str, Any],
    *,
    workers: int,
    progress: bool,
    **how: Any,  # noqa: ANN401 - `build_share` has their types
) -> dict[str, Any]:
    """Build all of `raw` into a store, as the only shard of a build, and return the manifest."""
    how |= {"workers": workers, "progress": progress}
    if build_share(raw, processed, "1/1", **how, **options) is None:
        return read_manifest(processed)
    return commit_shares(processed, raw=raw, workers=workers, progress=progress)
