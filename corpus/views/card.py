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
