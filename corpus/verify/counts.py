"""The manifest's numbers against what was counted, and against each other."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from corpus.records import MANIFEST, SPLITS
from corpus.verify.findings import Findings
from corpus.verify.ledger import Ledger
from corpus.verify.shards import Shards

Claims = Iterator[tuple[str, int, int]]  # what, as the manifest says, as it was counted


def check_counts(
    manifest: dict[str, Any],
    shards: Shards,
    ledger: Ledger,
    findings: Findings,
    *,
    with_unk: bool,
) -> None:
    """Compare all numbers; what could not be read to its end was not counted."""
    claims = list(_own_claims(manifest))
    if shards.whole:
        claims += _shard_claims(manifest, shards)
        if with_unk:
            claims.append(("unk_tokens", manifest["unk_tokens"], shards.unk))
            claims.append(("unk_respellable", manifest["unk_respellable"], shards.respellable))
    if ledger.whole:
        claims += _ledger_claims(manifest, ledger)
    if ledger.utterances_whole:
        dropped = manifest["utterances"]["dropped"]
        claims += _each("lines of utterances left out,", dropped, ledger.dropped)
    for what, said, counted in claims:
        if said != counted:
            findings.add("counts", MANIFEST, f"{what}: it says {said:,}; counted {counted:,}")


def _own_claims(manifest: dict[str, Any]) -> Claims:
    """Yield what has to be equal within the manifest."""
    dialogues, sources = manifest["dialogues"], manifest["sources"]
    yield "dialogues read", dialogues["read"], dialogues["written"] + dialogues["rejected"]
    yield "dialogues rejected, by reason", dialogues["rejected"], sum(manifest["reasons"].values())
    for name in ("read", "written"):
        total = sum(source[name] for source in sources.values())
        yield f"dialogues {name}, by source", dialogues[name], total
    by_reason: Counter[str] = Counter()
    for name, source in sources.items():
        rejected = sum(source["rejected"].values())
        yield f"{name} dialogues read", source["read"], source["written"] + rejected
        by_reason.update(source["rejected"])
    yield from _each("dialogues rejected as", manifest["reasons"], by_reason)
    for name in ("rows", "tokens"):
        for split in SPLITS:
            total = sum(shard[name] for shard in manifest["shards"] if shard["split"] == split)
            yield f"{name} of {split}, by shard", manifest[name][split], total
    yield from _report_claims(manifest)
    utterances = manifest["utterances"]
    dropped = sum(utterances["dropped"].values())
    yield "utterances read", utterances["read"], utterances["kept"] + dropped


def _report_claims(manifest: dict[str, Any]) -> Claims:
    """Yield what the report's numbers have to be, given the others."""
    report, rows = manifest["report"], manifest["rows"]
    for name in ("tokens", "turns"):
        for split in SPLITS:
            groups = [one for group, one in report[name].items() if group.endswith(f"/{split}")]
            found = sum(sum(one.values()) for one in groups)
            yield f"report.{name}, rows of {split}", found, rows[split]
    for name, total in (("rows", rows), ("tokens", manifest["tokens"])):
        found = sum(topic[name] for topic in report["topics"].values())
        yield f"report.topics, {name}", found, sum(total.values())
    written = manifest["dialogues"]["written"]
    yield "report.uncapped_tokens, dialogues", sum(report["uncapped_tokens"].values()), written
    where = report["utterances"]
    found = where["in_rows"] + where["cut"] + sum(where["left_out"].values())
    yield "report.utterances", found, manifest["utterances"]["kept"]


def _shard_claims(manifest: dict[str, Any], shards: Shards) -> Claims:
    sources = manifest["sources"]
    for name, counted in (("rows", shards.rows), ("tokens", shards.tokens)):
        said = manifest[name] | {source: one[name] for source, one in sources.items()}
        yield from _each(f"{name} of", said, counted)
    written = {source: one["written"] for source, one in sources.items()}
    yield from _each("dialogues written of", written, shards.dialogues)


def _ledger_claims(manifest: dict[str, Any], ledger: Ledger) -> Claims:
    said = {
        f"{source}/{reason}": n
        for source, one in manifest["sources"].items()
        for reason, n in one["rejected"].items()
    }
    yield from _each("lines of the ledger,", said, ledger.rejected)
    yield from _each("broken entries and files,", manifest["broken"], ledger.broken)


def _each(what: str, said: Mapping[str, int], counted: Mapping[str, int]) -> Claims:
    for name in sorted(said.keys() | counted.keys()):
        yield f"{what} {name}", said.get(name, 0), counted.get(name, 0)
