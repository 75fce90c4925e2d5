"""Files that are parts of one: AIHub's parts, plain cuts, and the volumes of a split zip."""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate, chain
from typing import NamedTuple

from corpus.reading.archives import Container

_PART = re.compile(r"(.+)\.part([0-9]{1,18})")  # the number is the offset of the part's first byte
_CUT = re.compile(r"(.+\.(?:zip|tar|7z|rar))\.([0-9]{3})", re.IGNORECASE)  # numbered from 1
_VOLUME = re.compile(r"(.+)\.z[0-9]{2,3}", re.IGNORECASE)  # the last one is `.zip`

_Numbered = dict[str, list[tuple[int, Container]]]


class SplitZip(NamedTuple):
    """A zip in volumes, which are no plain cuts."""

    name: str
    container: Container  # of its last volume
    advice: str


class Parts(NamedTuple):
    """The files of a folder or a tar, parts joined."""

    files: list[tuple[str, Container, str]]  # with what is missing of the parts
    split_zips: list[SplitZip]
    n_beside: int  # parts that lie beside the whole which they were joined to


def join_parts(files: Iterable[tuple[str, Container]]) -> Parts:
    """Return the files as they are, but parts joined."""
    whole: dict[str, Container] = {}
    others: list[tuple[str, Container]] = []  # two members of a tar may share a name
    parts: _Numbered = defaultdict(list)  # by offset
    cuts: _Numbered = defaultdict(list)  # by number
    volumes: dict[str, list[str]] = defaultdict(list)
    for name, container in files:
        if part := _PART.fullmatch(name):
            parts[part[1]].append((int(part[2]), container))
        elif part := _CUT.fullmatch(name):
            cuts[part[1]].append((int(part[2]), container))
        elif part := _VOLUME.fullmatch(name):
            volumes[part[1]].append(name)
        elif name in whole:
            others.append((name, container))
        else:
            whole[name] = container
    split_zips = [_split_zip(stem, names, whole) for stem, names in volumes.items()]
    joined = [(name, several, _hole(several)) for name, several in parts.items()]
    joined += [(name, several, _hole_in_cuts(several)) for name, several in cuts.items()]
    found = [(name, container, "") for name, container in chain(whole.items(), others)]
    found += [
        (name, tuple(chain.from_iterable(one for _, one in sorted(several))), hole)
        for name, several, hole in joined
        if name not in whole
    ]
    n_beside = sum(len(several) for name, several, _ in joined if name in whole)
    return Parts(found, split_zips, n_beside)


def _hole(parts: list[tuple[int, Container]]) -> str:
    """Return what is missing of AIHub's parts, whose numbers are their offsets."""
    parts = sorted(parts)
    lengths = (sum(segment.length for segment in container) for _, container in parts)
    pairs = zip((at for at, _ in parts), accumulate(lengths, initial=0), strict=False)
    return next((f"part{at} should be part{end}" for at, end in pairs if at != end), "")


def _hole_in_cuts(cuts: list[tuple[int, Container]]) -> str:
    """Return what is missing of plain cuts."""
    numbers = sorted(number for number, _ in cuts)
    missing = next((k for k, number in enumerate(numbers, 1) if k != number), 0)
    return f"part .{missing:03} is missing" if missing else ""


def _split_zip(stem: str, names: list[str], whole: dict[str, Container]) -> SplitZip:
    """Return a split zip with how to join it; its last volume is no file of its own."""
    names.sort()
    others = f"{names[0]} to {names[-1]}" if len(names) > 1 else names[0]
    last = next((name for name in whole if name.casefold() == f"{stem}.zip".casefold()), None)
    if last is None:
        advice = f"{others} are volumes of a split zip whose last one, .zip, is missing"
        return SplitZip(f"{stem}.zip", (), advice)
    advice = f"{others} belong to it; join them: zip -s 0 '{last}' --out whole.zip"
    return SplitZip(last, whole.pop(last), advice)
