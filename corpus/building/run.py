"""A build from raw/ to processed/: find, plan, run the items, commit.

What happens to one item is in item.py and batch.py, what happens once for all in commit.py.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from corpus.building.commit import Origin, commit
from corpus.building.engines import answers, build_items, engine_of, look_by
from corpus.building.plan import make_plan, n_bytes
from corpus.building.shares import build_in_store
from corpus.building.steps import facts_of, forget_tokenizer
from corpus.options import DEFAULT_TOKENIZER, ITEM_TIMEOUT, options_of
from corpus.output.into_place import put_in_place
from corpus.output.locks import locked
from corpus.output.manifest import inputs_of
from corpus.output.standing import finished_build
from corpus.output.work import begin_build, check_folders, check_how, remove_work
from corpus.reading.decode import sniff
from corpus.reading.documents import check_unchanged, find_documents
from corpus.records import SOURCES
from corpus.remote import Folder, Remote, folder_of
from corpus.tokens.find import find_tokenizer


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
    item_timeout: float = ITEM_TIMEOUT,
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
        sources: which of `topic`, `summary`, `sns` and `task` to build.
        multi_party: what becomes of dialogues of more than two speakers: `drop`; `nearest`, where
            the last speaker is `<sys>` and whom that one answers `<usr>`; or `fold`, all others
            joined.
        usr_ending: what becomes of dialogues that end on `<usr>`: `drop` or `trim`.
        overlong: what becomes of dialogues over the limit: `truncate`, `split` or `drop`.
        max_tokens: the limit of a row, `<s>` and `</s>` included.
        dedup: what counts as a duplicate: the same id or text (`exact`), or a text that is much the
            same, too (`near`), or nothing (`off`).
        personal: what becomes of an utterance with personal data, `drop` or `keep`; by the rules of
            2023 it is kept.
        respell: `off`, or `on`: syllables that the tokenizer lacks are spelt with others where that
            is known how, by the default rules.
        test_share: how much of train becomes a third split, `test`: from 0, nothing, to below 1.
        seed: of the invented names.
        update: build again if the raw files are not those of the corpus that stands.
        fresh: build whatever stands there. Either way it stays until the new one is complete.
        workers: processes that build at most; a script that asks for more than one must be
            guarded by `if __name__ == "__main__"`, for they import it.
        item_timeout: seconds; an item of the plan that takes longer in each of three tries is
            rejected as an item.
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
    check_folders(raw, processed)
    check_how(workers=workers, item_timeout=item_timeout)
    start = engine_of(engine, address)
    if isinstance(processed, Remote):
        return build_in_store(
            raw,
            processed,
            options,
            tokenizer=tokenizer,
            update=update,
            fresh=fresh,
            workers=workers,
            item_timeout=item_timeout,
            engine=engine,
            address=address,
            progress=progress,
        )
    with start(workers=workers, n_bytes=0) as steps:
        found = find_documents(raw, sniff=sniff, do=look_by(steps))
        tokenizer_file = find_tokenizer(tokenizer)
        ask = partial(facts_of, tokenizer_file.json)
        [(vocab_size, unknown)] = answers(steps, [ask], "The tokenizer could not be loaded")
        inputs = inputs_of(options, tokenizer_file, vocab_size, found)
        finished = finished_build(processed, inputs, update=update, fresh=fresh)
        if finished is not None:
            return finished
        with locked(processed):
            if not fresh:
                put_in_place(processed)  # what was ready when a build was cut short
            finished = finished_build(processed, inputs, update=update, fresh=fresh)
            if finished is None:
                work = begin_build(processed, inputs, tokenizer_file.json, fresh=fresh)
                items = make_plan(found.documents)
                steps.expect(sum(map(n_bytes, items)))
                build_items(
                    raw,
                    work,
                    items,
                    options,
                    steps,
                    item_timeout=item_timeout,
                    progress=progress,
                )
                check_unchanged(raw, found.documents)
                if steps.is_here:
                    forget_tokenizer()
                finished = commit(
                    processed,
                    work,
                    len(items),
                    Origin(
                        inputs=inputs,
                        left_alone=found.left_alone,
                        rejected_files=found.rejected,
                        raw=raw,
                        documents=found.documents,
                        unknown=unknown,
                        one_in=items[0].one_in if items else 1,
                    ),
                    steps,
                    aside=work,
                    progress=progress,
                )
            remove_work(processed)
    return finished
