"""A build from raw/ to processed/: find, plan, run the items, commit.

What happens to one item is in item.py and batch.py, what happens once for all in commit.py.
"""

import platform
from collections import Counter, defaultdict
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from tqdm import tqdm

from corpus import __version__
from corpus.building.commit import commit
from corpus.building.plan import make_plan, n_bytes
from corpus.building.unknown import Unknown
from corpus.building.workers import run_items
from corpus.counts import Counts
from corpus.dedup.exact import DEDUP
from corpus.dialogues.batch import Options
from corpus.dialogues.cap import OVERLONG
from corpus.output.result import read_results
from corpus.output.work import begin_build, finished_build, locked, put_in_place, remove_work
from corpus.reading.decode import raw_entries, sniff
from corpus.reading.documents import Found, find_documents, open_document
from corpus.records import SOURCES, CorpusError, Document, Item
from corpus.remote import Folder, Remote, folder_of
from corpus.text.normalisation import PERSONAL_CHOICES
from corpus.tokens.encoder import Encoder
from corpus.tokens.find import TokenizerFile, find_tokenizer

DEFAULT_TOKENIZER = "skt/kogpt2-base-v2"
CHOICES = {
    "rules": ("default", "chathuman"),
    "multi_party": ("drop", "fold"),
    "usr_ending": ("drop", "trim"),
    "overlong": OVERLONG,
    "dedup": DEDUP,
    "personal": PERSONAL_CHOICES,
    "respell": ("off", "on"),
}
ENGINES = ("local", "ray")
MIN_TOKENS = 6  # <s> <usr> and a token, <sys> and a token, </s>
VERSIONED = (
    "pyarrow",
    "tokenizers",
    "regex",
    "Faker",
    "Jinja2",
)  # what the bytes depend on beside ourselves


class RunItems(Protocol):
    """Builds items somewhere; `corpus.building.workers.run_items` says all that there is to say."""

    def __call__(
        self,
        raw: Folder,
        work: Folder,
        items: Sequence[Item],
        encoder: Encoder,
        options: Options,
        *,
        workers: int,
    ) -> Generator[tuple[Item, Counts], None, None]:
        """Yield each item with what was counted, in the order in which they are done."""


def build(
    raw: Folder | str,
    processed: Folder | str,
    *,
    tokenizer: str = DEFAULT_TOKENIZER,
    rules: str = "default",
    sources: Sequence[str] = SOURCES,
    multi_party: str = "drop",
    usr_ending: str = "drop",
    overlong: str = "truncate",
    max_tokens: int = 256,
    dedup: str = "exact",
    test_share: float = 0.0,
    personal: str = "drop",
    respell: str = "off",
    seed: int = 0,
    update: bool = False,
    fresh: bool = False,
    workers: int = 1,
    engine: str = "local",
    address: str | None = None,
    progress: bool = False,
) -> dict[str, Any]:
    """Build the corpus of everything in `raw` into `processed`, and return its manifest.

    A build that was interrupted goes on where it was; one that is finished is left as it is.

    Args:
        raw: the folder that holds the AIHub downloads, as they are; like `processed` it may be a
            URL of an object store that fsspec knows.
        processed: the folder of the corpus; made if it is not there.
        tokenizer: `skt/kogpt2-base-v2` or another hub name, a folder, a `tokenizer.json`, or
            `builtin`.
        rules: `default`, or `chathuman` for the text rules of 2023.
        sources: which of `topic`, `summary` and `sns` to build.
        multi_party: what becomes of dialogues of more than two speakers: `drop` or `fold`.
        usr_ending: what becomes of dialogues that end on `<usr>`: `drop` or `trim`.
        overlong: what becomes of dialogues over the limit: `truncate`, `split` or `drop`.
        max_tokens: the limit of a row, `<s>` and `</s>` included.
        dedup: what counts as a duplicate: the same id or text (`exact`), or a text that is much the
            same, too (`near`), or nothing (`off`).
        personal: what becomes of an utterance with personal data, `drop` or `keep`; by the rules of
            2023 it is kept.
        respell: `on`: syllables that the tokenizer lacks are spelt with others where that is known
            how, by the default rules.
        test_share: how much of train becomes a third split, `test`: from 0, nothing, to below 1.
        seed: of the invented names.
        update: build again if the raw files are not those of the corpus that stands.
        fresh: build whatever stands there. Either way it stays until the new one is complete.
        workers: processes that build at most; a script that asks for more than one must be
            guarded by `if __name__ == "__main__"`, for they import it.
        engine: where items are built: `local`, in processes of this machine, or `ray`.
        address: of a Ray cluster, whose nodes see `raw` and `processed` under the same paths; Ray
            is started here without one.
        progress: draw a bar on stderr.

    Raises:
        CorpusError: a wrong call, in one sentence; what was in `processed` before is untouched.
    """
    raw, processed = folder_of(raw), folder_of(processed)
    options = options_of(
        rules=rules,
        sources=sources,
        multi_party=multi_party,
        usr_ending=usr_ending,
        overlong=overlong,
        max_tokens=max_tokens,
        dedup=dedup,
        test_share=test_share,
        personal=personal,
        respell=respell,
        seed=seed,
    )
    check_folders(raw, processed, workers=workers)
    run_on = runner_of(engine, address)
    if isinstance(processed, Remote):
        from corpus.building.shares import build_in_store  # noqa: PLC0415 - it imports this module

        return build_in_store(
            raw,
            processed,
            options,
            tokenizer=tokenizer,
            update=update,
            fresh=fresh,
            workers=workers,
            engine=engine,
            address=address,
            progress=progress,
        )
    found = find_documents(raw, sniff=sniff)
    tokenizer_file = find_tokenizer(tokenizer)
    encoder = Encoder(tokenizer_file.json)
    inputs = inputs_of(options, tokenizer_file, encoder, found)
    finished = finished_build(processed, inputs, update=update, fresh=fresh)
    if finished is not None:
        return finished
    with locked(processed):
        put_in_place(processed)  # what was ready when a build was cut short
        finished = finished_build(processed, inputs, update=update, fresh=fresh)
        if finished is None:
            work = begin_build(processed, inputs, tokenizer_file.json)
            items = make_plan(found.documents)
            build_items(
                raw, work, items, encoder, options, run_on, workers=workers, progress=progress
            )
            unknown = Unknown.of(encoder)
            del encoder  # 50 MB that the commit can use
            finished = commit(
                processed,
                work,
                len(items),
                inputs=inputs,
                left_alone=found.left_alone,
                rejected_files=found.rejected,
                read_raw=partial(read_raw, raw, by_name(found.documents)),
                unknown=unknown,
                one_in=items[0].one_in if items else 1,
                aside=work,
            )
        remove_work(processed)
    return finished


def check_folders(raw: Folder, processed: Folder, *, workers: int) -> None:
    """Raise CorpusError if no build can be asked for like this."""
    if workers < 1:
        raise CorpusError(f"workers is {workers}; a build needs one at least.")
    place, within = f"{raw.absolute()}/", f"{processed.absolute()}/"
    if isinstance(raw, Path) and isinstance(processed, Path):  # there may be links between them
        place, within = f"{raw.resolve()}/", f"{processed.resolve()}/"
    if within == place:
        raise CorpusError(f"{raw} is given for both, raw files and corpus; choose another folder.")
    if within.startswith(place):
        raise CorpusError(f"{processed} lies in {raw}, which is read; choose a folder beside it.")


def runner_of(engine: str, address: str | None) -> RunItems:
    """Return what builds items where `engine` says.

    Raises:
        CorpusError: there is no such engine, or it is not installed.
    """
    if engine not in ENGINES:
        raise CorpusError(f"engine can be {' or '.join(ENGINES)}, not {engine!r}.")
    if address and engine != "ray":
        raise CorpusError(f"--address {address} is of a Ray cluster: add --engine ray.")
    if engine == "local":
        return run_items
    try:
        from corpus.building.on_ray import run_on_ray  # noqa: PLC0415 - Ray is an extra
    except ImportError as error:
        raise CorpusError(
            "--engine ray needs Ray, which is not installed here: "
            "pip install 'aihub-chat-corpus[ray]'."
        ) from error

    return partial(run_on_ray, address=address, versions=versions())


def inputs_of(
    options: Options, tokenizer: TokenizerFile, encoder: Encoder, found: Found
) -> dict[str, Any]:
    """Return what a corpus is made from, as its manifest records it."""
    return {
        "options": options,
        "versions": versions(),
        "tokenizer": {
            "name": tokenizer.name,
            "sha256": tokenizer.sha256,
            "vocab_size": encoder.vocab_size,
        },
        "raw": [asdict(file) for file in found.files],
    }


def build_items(
    raw: Folder,
    work: Folder,
    items: Sequence[Item],
    encoder: Encoder,
    options: Options,
    run_on: RunItems,
    *,
    workers: int,
    progress: bool,
) -> Counts:
    """Build the items that have no receipt yet, and return what all of them counted."""
    parts = read_results(work, [item.index for item in items])
    done = {part.index: receipt for part, receipt in parts}
    total = sum(map(n_bytes, items))
    counted: Counts = defaultdict(Counter)
    with tqdm(total=total, unit="B", unit_scale=True, disable=not progress) as bar:

        def count(item: Item, counts: Mapping[str, Mapping[str, int]]) -> None:
            for name in ("read", "rejected", "broken"):
                counted[name].update(counts.get(name, {}))
            rejected = counted["rejected"].total()
            kept = counted["read"].total() - rejected
            bar.set_postfix_str(f"{kept:,} kept, {rejected:,} rejected", refresh=False)
            bar.update(n_bytes(item))

        for item in items:
            receipt = done[item.index]
            if receipt is not None:
                count(item, receipt)
        left = [item for item in items if done[item.index] is None]
        built = run_on(raw, work, left, encoder, options, workers=workers)
        with closing(built):  # no worker outlives the build, whatever ends it
            for item, counts in built:
                count(item, counts)
    return counted


def by_name(documents: Iterable[Document]) -> dict[str, list[Document]]:
    """Return the documents by their names; in an archive two may have the same."""
    by_name: dict[str, list[Document]] = {}
    for document in documents:
        by_name.setdefault(document.raw_file, []).append(document)
    return by_name


def read_raw(
    raw: Folder, documents: Mapping[str, Sequence[Document]], places: Sequence[tuple[str, int]]
) -> Iterator[tuple[tuple[str, int], bytes]]:
    """Yield each (raw_file, raw_offset) with the raw JSON there, reading each document once."""
    wanted: dict[str, set[int]] = {}
    for raw_file, offset in places:
        wanted.setdefault(raw_file, set()).add(offset)
    for raw_file, offsets in wanted.items():
        missing = set(offsets)
        for document in documents.get(raw_file, ()):
            for offset, content in raw_entries(open_document(raw, document), document, offsets):
                missing.discard(offset)
                yield (raw_file, offset), content
        if missing:
            raise CorpusError(
                f"{raw_file} at {min(missing):,} cannot be read any more: {raw} has changed, or "
                "its disk fails."
            )


def options_of(
    *,
    rules: str = "default",
    sources: Sequence[str] = SOURCES,
    multi_party: str = "drop",
    usr_ending: str = "drop",
    overlong: str = "truncate",
    max_tokens: int = 256,
    dedup: str = "exact",
    test_share: float = 0.0,
    personal: str = "drop",
    respell: str = "off",
    seed: int = 0,
) -> Options:
    """Return the options of a build as the manifest records them.

    Raises:
        CorpusError: no build can have them.
    """
    chosen = {
        "rules": rules,
        "multi_party": multi_party,
        "usr_ending": usr_ending,
        "overlong": overlong,
        "dedup": dedup,
        "personal": personal,
        "respell": respell,
    }
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise CorpusError(f"{name} can be {' or '.join(CHOICES[name])}, not {value!r}.")
    unknown = sorted(set(sources) - set(SOURCES))
    if unknown or not sources:
        given = ", ".join(unknown) or "none"
        raise CorpusError(f"sources can be {', '.join(SOURCES)}, not {given}.")
    if max_tokens < MIN_TOKENS:
        raise CorpusError(
            f"max_tokens is {max_tokens}; the shortest row has {MIN_TOKENS}: "
            "<s> <usr> one <sys> one </s>."
        )
    if not 0 <= test_share < 1:
        raise CorpusError(f"test_share is {test_share}; it is a share of train: 0.05, say.")
    return {
        "rules": rules,
        "sources": [source for source in SOURCES if source in sources],
        "multi_party": multi_party,
        "usr_ending": usr_ending,
        "overlong": overlong,
        "max_tokens": max_tokens,
        "dedup": dedup,
        "test_share": float(test_share),
        "personal": "keep" if rules == "chathuman" else personal,
        "respell": "off" if rules == "chathuman" else respell,
        "seed": seed,
    }


def versions() -> dict[str, str]:
    """Return the versions here of all that the bytes of a corpus depend on."""
    python = ".".join(platform.python_version_tuple()[:2])
    return {"corpus": __version__, "python": python} | {name: version(name) for name in VERSIONED}
