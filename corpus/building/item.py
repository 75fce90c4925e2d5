"""One item of the plan, from raw bytes to its part: read, decode, and then batch by batch.

The steps know the record types alone; this module and batch.py know the steps.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from corpus.building.limit import attempt
from corpus.building.tokenizer import encoder_in
from corpus.building.workers import TRIES
from corpus.counts import Counts
from corpus.dedup.keys import KEY, version_of
from corpus.dialogues.batch import build_batch
from corpus.options import Options
from corpus.output.result import result_folder
from corpus.output.result_rows import ResultWriter
from corpus.output.rows import COLUMNS
from corpus.output.utterances import Dropped
from corpus.reading.decode import decode_document
from corpus.reading.documents import open_document
from corpus.reading.entries import Decoded
from corpus.reading.quirks import count_odd
from corpus.reading.sources.topic import repeated_lines
from corpus.records import (
    Dialogue,
    Document,
    Item,
    Rejected,
    Source,
)
from corpus.remote import Folder
from corpus.report.examples import Examples
from corpus.splits import split_with_test
from corpus.tokens.encoder import Encoder

BATCH_UTTERANCES = 16_384  # in one batch: enough to be fast, few enough for some megabytes
BATCH_REJECTED = 1_000  # entries in one write; 64 KB are kept of each
MANY = 8  # with a larger `one_in` a corpus has many items: then each keeps few samples


def build_item(raw: Folder, work: Folder, item: Item, encoder: Encoder, options: Options) -> Counts:
    """Take one item through all steps into its part of `work`, and return what was counted."""
    counts: Counts = defaultdict(Counter)
    examples = Examples(of_many=item.one_in >= MANY)
    with result_folder(work, item.index) as folder, ResultWriter(folder, item.index) as part:
        for read, rejected, doubled in _read(raw, item, counts, options["sources"]):
            dialogues = [
                one.in_split(split_with_test(one.split, one.dialogue_id, options["test_share"]))
                for one in read
            ]
            built = build_batch(dialogues, encoder, counts, examples, options, one_in=item.one_in)
            left_out = [*rejected, *built.rejected]
            examples.take_rejected(left_out)
            for one in left_out:
                if one.stage != "file":
                    counts["rejected"][f"{one.source}/{one.reason}"] += 1
                if one.stage in {"file", "decode"}:
                    counts["broken"][one.reason] += one.n
            dropped = [*doubled, *built.dropped]
            part.write(built.rows, built.keys, left_out, built.texts, dropped)
        part.finish(counts, examples.found(), near=options["dedup"] == "near")
    return counts


def build_or_tell(
    raw: Folder,
    work: Folder,
    item: Item,
    options: Options,
    encoder: Encoder | None = None,
    *,
    seconds: float | None = None,
) -> Counts | str:
    """Build an item; return what was counted, or why it failed each time.

    Args:
        raw: the folder that holds the AIHub downloads.
        work: the folder of the build.
        item: what to build.
        options: of the build.
        encoder: if this process has one already.
        seconds: for each try, where nobody else ends one that takes too long.

    Raises:
        CorpusError: the build cannot go on.
        OSError: the disk is full or broken.
    """

    def build_it() -> Counts:
        return build_item(raw, work, item, encoder or encoder_in(work), options)

    for _ in range(TRIES):
        answer = attempt(build_it, seconds)
        if not isinstance(answer, str):
            break
    return answer


def reject_item(work: Folder, item: Item, why: str) -> Counts:
    """Leave a part without rows for an item that cannot be built; it is one line in the ledger."""
    counts: Counts = defaultdict(Counter)
    counts["broken"]["failed_item"] += 1
    first = item.documents[0]
    detail = f"{why}; {len(item.documents)} documents from here, to byte {item.end or 'the end'}"
    rejected = Rejected(
        stage="file",
        reason="failed_item",
        detail=detail,
        source=None,
        dialogue_id=None,
        raw_file=first.raw_file,
        raw_offset=item.start,
        raw=b"",
    )
    examples = Examples(of_many=True)
    examples.take_rejected([rejected])
    with result_folder(work, item.index) as folder, ResultWriter(folder, item.index) as part:
        part.write(COLUMNS.empty_table(), np.empty(0, KEY), [rejected])
        part.finish(counts, examples.found(), near=True)  # the commit may look for it
    return counts


def _read(
    raw: Folder, item: Item, counts: Counts, sources: Sequence[Source]
) -> Iterator[tuple[list[Dialogue], list[Rejected], list[Dropped]]]:
    """Yield the dialogues of an item in batches of one source.

    Beside them is what is broken, and the lines that the reader has left out already.
    """
    dialogues: list[Dialogue] = []
    rejected: list[Rejected] = []
    doubled: list[Dropped] = []
    n_utterances = 0
    for document, decoded in _decode(raw, item, counts):
        source = _source(decoded)
        if source and source not in sources:
            counts["not_chosen"][source] += decoded.n_entries
            continue
        _count_decoded(decoded, document, source, counts)
        rejected += decoded.rejected
        for dialogue in decoded.dialogues:
            other_source = dialogues and dialogue.source != dialogues[0].source
            many = max(n_utterances, len(dialogues))  # of some there may be no utterance
            if other_source or many >= BATCH_UTTERANCES:
                yield dialogues, rejected, doubled
                dialogues, rejected, doubled, n_utterances = [], [], [], 0
            dialogues.append(dialogue)
            if "doubled_line" in decoded.quirks:
                doubled += _doubled_lines(dialogue)
            n_utterances += len(dialogue.texts)
        if len(rejected) >= BATCH_REJECTED:
            yield dialogues, rejected, doubled
            dialogues, rejected, doubled, n_utterances = [], [], [], 0
    yield dialogues, rejected, doubled


def _doubled_lines(dialogue: Dialogue) -> Iterator[Dropped]:
    for place, text in repeated_lines(dialogue.raw):
        yield Dropped(dialogue, place, "doubled_line", text)


def _decode(raw: Folder, item: Item, counts: Counts) -> Iterator[tuple[Document, Decoded]]:
    for document in item.documents:
        stream = open_document(raw, document)
        declared, n_found = None, 0
        for decoded in decode_document(
            stream, document, start=item.start, end=item.end, alone=item.is_sample
        ):
            declared = decoded.declared if decoded.declared is not None else declared
            n_found += decoded.n_entries
            yield document, decoded
        if declared is not None:
            counts["declared"][document.raw_file] = declared
        if declared is not None or item.start:  # its first range may declare it
            counts["found"][document.raw_file] += n_found


def _source(decoded: Decoded) -> Source | None:
    """Return the source of a run of entries, which has but one; None if nothing was met."""
    for one in decoded.dialogues[:1]:
        return one.source
    return next((one.source for one in decoded.rejected if one.source), None)


def _count_decoded(
    decoded: Decoded, document: Document, source: Source | None, counts: Counts
) -> None:
    if source and decoded.n_entries:
        counts["read"][source] += decoded.n_entries
        if document.split is None:
            counts["drawn"][source] += len(decoded.dialogues)
        if "_add" in document.raw_file and (folder := version_of(document.raw_file)[1]):
            counts["newer"][folder] += len(decoded.dialogues)
    count_odd(decoded, document, counts)
    if "doubled_line" in decoded.quirks:  # the reader left these out already
        doubled = decoded.quirks["doubled_line"]
        counts["utterances"]["read"] += doubled
        counts["dropped"]["doubled_line"] += doubled
