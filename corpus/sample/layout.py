"""How the invented sample is laid out: AIHub's archives, and which dialogue goes where."""

import itertools
import zipfile
from collections.abc import Sequence
from pathlib import Path

VALIDATION_EVERY = 9  # AIHub: eight parts Training, one part Validation
PART_BYTES = 1 << 24  # at most; AIHub cuts at 1 GiB
AGES, SEXES = ("10대", "20대", "30대", "40대"), ("여성", "남성")  # the labels of 543, 117 and 114


class _Cp949Name(zipfile.ZipInfo):
    """A member whose Korean name is cp949 bytes without the UTF-8 flag, as in AIHub's zips.

    `zipfile` has no public way to write one: should this method's name change, a test fails.
    """

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 (zipfile's name)
        return self.filename.encode("cp949"), self.flag_bits & ~0x800


def member(name: str) -> zipfile.ZipInfo:
    """Return a member to be written into a zip: the same on every day and every machine."""
    entry = _Cp949Name(name, (2022, 1, 3, 9, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 0
    return entry


def new_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip for writing, its folder made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return zipfile.ZipFile(path, "w")


def split_in_parts(path: Path) -> None:
    """Replace a file by two or more parts, each named after its byte offset, as AIHub serves it."""
    size = min(-(-path.stat().st_size // 2), PART_BYTES)
    with path.open("rb") as whole:
        for offset in itertools.count(0, size):
            if not (part := whole.read(size)):
                break
            path.with_name(f"{path.name}.part{offset}").write_bytes(part)
    path.unlink()


def in_split(numbers: range, *, validation: bool) -> list[int]:
    """Return those of `numbers` that belong to one split."""
    last = VALIDATION_EVERY - 1
    return [k for k in numbers if (k % VALIDATION_EVERY == last) == validation]


def shares(n: int, weights: Sequence[int]) -> list[range]:
    """Cut range(n) in proportion to `weights`.

    >>> shares(10, [3, 1, 1])
    [range(0, 6), range(6, 8), range(8, 10)]
    """
    total = sum(weights)
    edges = [round(n * weight / total) for weight in itertools.accumulate(weights, initial=0)]
    return [range(start, stop) for start, stop in itertools.pairwise(edges)]


def once_in(every: int, number: int) -> bool:
    """Say whether `number` is the irregular one of `every` numbers; the first comes early."""
    return number % every == every // 13
