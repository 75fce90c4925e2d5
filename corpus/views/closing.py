"""The lines that close a build: what became of everything, in a table a person reads."""

from collections.abc import Iterator, Mapping
from typing import Any

from corpus.report.remarks import remark_lines

BETWEEN = {
    "turns_joined": "turns of one speaker became one, all between them having been dropped",
    "other_speaker": "utterances in no turn: another speaker came last before the answer",
}
FOLD_CAVEAT = " (turns of different people are joined; nearest does not)"


def closing_lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield the closing table of a manifest."""
    dialogues = manifest["dialogues"]
    utterances = {"read": 0} | manifest["utterances"]  # none, where no dialogue could be read
    rows, tokens = manifest["rows"], manifest["tokens"]
    n_rows, n_tokens = sum(rows.values()), sum(tokens.values())
    yield ""
    yield _line("dialogues read", dialogues["read"])
    yield _line("  written", dialogues["written"], dialogues["read"])
    yield _line("  rejected", dialogues["rejected"], dialogues["read"])
    for reason, n in _most_first(manifest["reasons"]):
        yield _line(f"    {reason}", n, dialogues["read"])
    yield _line("utterances read", utterances["read"])
    dropped = utterances["dropped"]
    yield _line("  dropped", sum(dropped.values()), utterances["read"])
    for reason, n in _most_first(dropped):
        yield _line(f"    {reason}", n, utterances["read"])
    for name, told in BETWEEN.items():
        if n := sum(manifest.get(name, {}).values()):
            yield f"  {name:<22}{n:>12,}  {told}"
    yield _line("rows", n_rows)
    for split, n in rows.items():
        if n or split != "test":
            yield _line(f"  {split}", n, n_rows)
    for line in remark_lines(manifest):
        yield f"  {line}"
    yield _line("tokens", n_tokens)
    yield _line("  <unk>", manifest["unk_tokens"], n_tokens)
    if manifest["unk_respellable"] and manifest["options"]["respell"] == "off":
        yield _line("    less by --respell on", manifest["unk_respellable"], manifest["unk_tokens"])
    if manifest["other_choices"]:
        near = ", near-duplicates included" if manifest["options"]["dedup"] == "near" else ""
        yield f"another choice would have kept{near}"
        choices = sorted(manifest["other_choices"].items(), key=_fewest_changes)
        for choice, n in choices:
            yield f"  {choice}: {n:,} rows{FOLD_CAVEAT if 'fold' in choice else ''}"


def _fewest_changes(choice: tuple[str, int]) -> tuple[int, bool, str]:
    return choice[0].count("--"), "fold" in choice[0], choice[0]  # one option, then all of them


def _most_first(counter: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))


def _line(name: str, n: int, of: int | None = None) -> str:
    share = f"{n / of:8.2%}" if of else ""
    return f"{name:<24}{n:>12,}{share}"
