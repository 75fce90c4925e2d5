"""The data-set card of a corpus, for whoever keeps it in a (private) hub repository.

It is printed, not written: a README.md among the shards breaks pandas, pyarrow and datasets.
"""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from corpus.output.rows import COLUMNS
from corpus.processed import read_manifest
from corpus.records import ABOUT
from corpus.remote import Folder
from corpus.views.closing import closing_lines

# As schemas/row.json describes them.
DESCRIPTIONS = {
    "dialogue_id": "topic and task: the stem of the raw file; summary and sns: the raw dialogueID",
    "part": "0, 1, 2, ... of a dialogue that --overlong split cut; else 0",
    "source": "AIHub 543, 117, 114 or 544",
    "topic": "the data set's own label",
    "split": (
        "AIHub's own split where raw/ holds it, else 5 % validation by a hash of the "
        "dialogue id; with --test-share a part of train is test, by another hash of it"
    ),
    "n_turns": "turns of the row, an even number",
    "n_turns_cut": (
        "turns of the dialogue that the cap left out after this row (or, of part 0, before it)"
    ),
    "n_tokens": "length of token_ids; with <s> and </s> at most --max-tokens",
    "conversation": (
        "turns behind their role tokens, without spaces: <usr>안녕<sys>반가워; tokenising it "
        "gives token_ids"
    ),
    "messages": "the same turns in the shape of chat templates",
    "token_ids": "ids of conversation, role tokens included, without <s> and </s>",
    "turn_starts": "offset in token_ids of each turn's role token; even ones are <usr>",
    "raw_file": "path in raw/, split parts joined, ! before a member, NFC",
    "raw_offset": "byte offset of the dialogue in the unpacked document",
}
LIMITS = (
    "- Names of people are invented, for each dialogue by a hash of its id: their endings fit the",
    "  particles, their sex and generation the speakers' header and titles. Who is meant is",
    "  read off the text and may be wrong; places and affiliations are invented, too.",
    "- Laughs, tears and runs of signs are shortened; emoji and other scripts are gone.",
    "- Utterances were dropped for the reasons above; where that joined turns of one speaker, the",
    "  counts say so. What was said between may be missing.",
    "- `<usr>` and `<sys>` are two people who chat, not a person and an assistant. Nothing was",
    "  filtered for truth, manners or safety.",
    "- Personal data that AIHub did not mask is looked for by rules, which can miss some.",
)


def card_text(processed: Folder) -> str:
    """Return the card of a finished corpus: YAML front matter for the hub, then Markdown.

    Raises:
        CorpusError: no build has finished there.
    """
    manifest = read_manifest(processed)
    return "\n".join([*_front_matter(manifest), *_body(manifest)]) + "\n"


def _front_matter(manifest: dict[str, Any]) -> Iterator[str]:
    yield from (
        "---",
        "language:",
        "- ko",
        "license: other",
        "license_name: aihub-terms-of-use",
        "license_link: https://aihub.or.kr",
        "task_categories:",
        "- text-generation",
        "pretty_name: AIHub Korean dialogues as a chat corpus",
        "configs:",
        "- config_name: default",
        "  data_files:",
    )
    splits = [split for split, n in manifest["rows"].items() if n]
    for split in splits:
        yield from (f"  - split: {split}", f"    path: {split}/*.parquet")
    yield from ("dataset_info:", "  features:")
    for field in COLUMNS:
        yield from (f"  - name: {field.name}", *_feature(field.type))
    yield "  splits:"
    for split in splits:
        n_bytes = sum(one["bytes"] for one in manifest["shards"] if one["split"] == split)
        yield from (
            f"  - name: {split}",
            f"    num_bytes: {n_bytes}",
            f"    num_examples: {manifest['rows'][split]}",
        )
    yield "---"


def _feature(kind: pa.DataType) -> Iterator[str]:
    if not pa.types.is_list(kind):
        yield f"    dtype: {kind}"
    elif not pa.types.is_struct(kind.value_type):
        yield f"    list: {kind.value_type}"
    else:
        yield "    list:"
        for member in kind.value_type:
            yield from (f"    - name: {member.name}", f"      dtype: {member.type}")


def _body(manifest: dict[str, Any]) -> Iterator[str]:
    options = manifest["options"]
    yield from (
        "",
        "# AIHub Korean dialogues as a chat corpus",
        "",
        "**Do not redistribute.** AIHub's terms of use forbid passing on its data, and this corpus",
        "is made of it: keep this repository private. Whoever needs the corpus downloads the raw",
        "sets from AIHub and builds it again; the same files, options and versions give the same",
        "bytes.",
        "",
        "## Made from",
        "",
    )
    for source in manifest["sources"]:
        yield f"- `{source}`: AIHub {ABOUT[source].number}, {ABOUT[source].name}"
    yield from (
        "",
        "## Counts",
        "",
        "```",
        *closing_lines(manifest),
        "```",
        "",
        "## Columns",
        "",
        "| column | type | what it is |",
        "|---|---|---|",
        *(f"| `{one.name}` | {one.type} | {DESCRIPTIONS[one.name]} |" for one in COLUMNS),
        "",
        "## Limits",
        "",
        *LIMITS,
        "",
        "## Built with",
        "",
    )
    chosen = ", ".join(f"{name} = {value}" for name, value in options.items())
    versions = ", ".join(f"{name} {value}" for name, value in manifest["versions"].items())
    tokenizer = manifest["tokenizer"]
    yield from (
        f"- options: {chosen}",
        f"- tokenizer: {tokenizer['name']}, sha256 {tokenizer['sha256']}",
        f"- versions: {versions}",
        f"- corpus hash: {manifest['corpus_hash']}",
        "",
        "Personal names are invented; they stand where AIHub had masked the real ones.",
    )
