"""Which labels are missing: raw text that lies in raw/ without the labelled JSON of it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

_SUFFIX = re.compile(r"\.(?:zip|tar)(?:\.part[0-9]+)?", re.IGNORECASE)
_TEXTS = re.compile(r"(?:([TV])S|\[(?:원천)\])(_?.*)")
_LABELS = re.compile(r"(?:([TV])L|\[(?:라벨)\])(_?.*)")
_NUMBER = re.compile(r"_([0-9]+)")


def labels_missing(
    texts: Mapping[str, int], labelled: Iterable[str]
) -> Iterator[tuple[str, int, str]]:
    """Yield each set of raw texts without labels: its path, how many texts, and what is missing.

    Args:
        texts: how many raw texts there are, by the archive or folder that holds them.
        labelled: the archives and folders that hold labelled JSON.

    >>> list(labels_missing({"a/TS_03. BAND.zip": 9, "a/TS_1.zip": 2}, ["b/TL_1.zip"]))
    [('a/TS_03. BAND.zip', 9, 'TL_03. BAND')]
    """
    there = {name for path in labelled if (name := _name(path, _LABELS))}
    wanted = {path: name for path in sorted(texts) if (name := _name(path, _TEXTS))}
    other = Counter(map(_numbered, there - set(wanted.values())))  # of another name, same number
    for path, name in wanted.items():
        if name in there:
            continue
        if other[_numbered(name)] > 0:
            other[_numbered(name)] -= 1
            continue
        split, rest = name
        yield path, texts[path], f"{split}L{rest}" if split else f"[라벨]{rest}"


def _name(path: str, pattern: re.Pattern[str]) -> tuple[str, str] | None:
    """Return the split and the rest of the innermost name in a path that is of a set."""
    for part in reversed(path.split("/")):
        if found := pattern.fullmatch(_SUFFIX.sub("", part)):
            return found[1] or "", found[2]
    return None


def _numbered(name: tuple[str, str]) -> tuple[str, str]:
    number = _NUMBER.match(name[1])
    return name[0], number[1].lstrip("0") if number else name[1]
