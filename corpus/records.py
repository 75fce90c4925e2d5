"""The records that the steps of a build pass to each other. Every module may import them.

A *dialogue* is a list of *utterances* (raw messages) by *speakers*; the turns step joins a
speaker's run of utterances into a *turn* and gives it a *role*. What cannot become a row is
`Rejected`, with the stage and the reason.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:  # `--help` answers without numpy
    import numpy as np
    import numpy.typing as npt

Ints: TypeAlias = "npt.NDArray[np.int64]"
Ids: TypeAlias = "npt.NDArray[np.int32]"  # of tokens
Mask: TypeAlias = "npt.NDArray[np.bool_]"

Source = Literal["topic", "summary", "sns", "task"]
Split = Literal["train", "validation", "test"]


class SourceFacts(NamedTuple):
    """What is known of a source beside the shape of its files."""

    number: str  # of the data set on AIHub
    name: str  # there
    ids: str  # the space of its dialogue ids: sources that share one have the same dialogues
    agent: str | None = None  # the speaker who always is `<sys>`, where the data set has one


# To add a source: its name above, its row here and in `corpus.reading.sources.READERS`, its reader,
# `schemas/NAME.json` (written by tests/test_schemas.py), its name in `schemas/row.json`, a test.
ABOUT: dict[Source, SourceFacts] = {
    "topic": SourceFacts("543", "주제별 텍스트 일상 대화", "topic"),
    "summary": SourceFacts("117", "한국어 대화 요약", "summary"),
    "sns": SourceFacts("114", "한국어 SNS", "summary"),  # 117 is a part of 114
    "task": SourceFacts("544", "용도별 목적대화", "task", agent="A"),
}
SOURCES: tuple[Source, ...] = tuple(ABOUT)
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

KOGPT2 = "skt/kogpt2-base-v2"  # on the hub: the tokenizer and the model that we tune

# What lies in processed/ beside the shards.
MANIFEST = "_manifest.json"  # written last: no manifest, no corpus
TOKENIZER = "_tokenizer.json"
REJECTED = "_rejected"
REPORT = "_report.html"
RAW_BYTES = 64 * 1024  # of a rejected dialogue's raw text are kept

# The letter that people type for each conjoining jamo. NFKC, which KoGPT2's tokenizer applies,
# turns the typed one into the conjoining one: ㅋ (U+314B) becomes U+110F.
COMPATIBILITY_JAMO = {
    unicodedata.normalize("NFKC", jamo): jamo for jamo in map(chr, range(0x3131, 0x3164))
}

# What stands in a text for a tag or a mask between the tags step and the names step. One
# private-use character each: no raw text can hold one (they are removed first), every text rule
# keeps them, and the names step replaces all of them, so that none leaves the package.
NAME = "\ue000"  # #@이름#
ADDRESS = "\ue001"  # #@주소# and #@장소#: a Korean city or district
AFFILIATION = "\ue002"  # #@소속#: a school, firm or club
MASKED_GIVEN = "\ue003"  # topic's `**`: a given name of two syllables
MASKED_FULL = "\ue004"  # topic's `***`: surname + given name
MASKED_SURNAME = "\ue005"  # topic's `*` before 씨 님 교수 ...: a surname
MASKED_STEM = "\ue006"  # topic's `**` before 동 역 구 시 읍: the two-syllable stem of a place
MASKED_PLACE = "\ue007"  # topic's `**` or `***` before 에서: a place
FIRM = "\ue008"  # #@회사# of AIHub 544
PLACEHOLDERS = (
    f"{NAME}{ADDRESS}{AFFILIATION}"
    f"{MASKED_GIVEN}{MASKED_FULL}{MASKED_SURNAME}{MASKED_STEM}{MASKED_PLACE}{FIRM}"
)


class CorpusError(Exception):
    """A wrong call, told in one sentence: the command line prints it and exits with 2."""


class RawChangedError(CorpusError):
    """A file of raw/ is no longer what it was when its hash was taken: the build has to stop."""


class UnreadableError(Exception):
    """Bytes of raw/ cannot be read: the file is `Rejected` with this reason and detail."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)  # as given, so that it survives pickling
        self.reason, self.detail = reason, detail


class Segment(NamedTuple):
    """A run of bytes of one file: a whole file, one AIHub part, or a member of a tar."""

    path: str  # as found on disk, relative to raw/
    offset: int
    length: int
    size: int = -1  # of the file when it was hashed; -1 where it could not be read then
    stamp: int = 0  # its time of change in ns, or in a store a number for its version


class Member(NamedTuple):
    """Where a member of a zip lies, so that no worker reads the directory again."""

    offset: int  # of its local header in the container
    packed: int  # bytes
    deflated: bool  # else stored
    crc: int


class Document(NamedTuple):
    """One JSON document in raw/: a loose file, or a member of an archive, read in place.

    There may be 100,000, which processes hand to each other; a dataclass takes 3 times as long.
    """

    raw_file: str  # as recorded: path in raw/, parts joined, "!" before a member, NFC
    container: tuple[Segment, ...]  # the file, or the archive that holds the member
    member: Member | None  # None: the container is the document
    size: int  # bytes, unpacked
    split: Split | None  # as the path says; None: the dialogue id decides


Columns = tuple[Sequence[Any], ...]  # documents, by their fields


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of work: some small documents, or one byte range of a big one."""

    index: int  # place in the plan
    documents: tuple[Document, ...]
    start: int  # of the only document, in unpacked bytes; 0 where there are several
    end: int | None  # entries that begin before this byte belong to the item; None: to the end
    one_in: int = 1  # the report counts the speakers of one dialogue in `one_in`, chosen by its id
    is_sample: bool = False  # what the document holds beside the range is not built

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the documents by columns."""
        rest = self.start, self.end, self.one_in, self.is_sample
        return _item_of, (self.index, columns_of(self.documents), *rest)


def _item_of(index: int, columns: Columns, *rest: Any) -> Item:  # noqa: ANN401
    """Return an item whose documents are given by columns."""
    return Item(index, tuple(documents_of(columns)), *rest)


def columns_of(documents: Sequence[Document]) -> Columns:
    """Return documents by columns, which are pickled in a third of the time of one by one."""
    if not documents:
        return ()
    names, containers, members, sizes, splits = zip(*documents, strict=True)
    places: dict[tuple[Segment, ...], int] = {}
    at = [places.setdefault(one, len(places)) for one in containers]
    segments = [tuple(map(tuple, one)) for one in places]
    plain = [one and tuple(one) for one in members]
    return names, segments, at, plain, sizes, splits


def documents_of(columns: Columns) -> Iterator[Document]:
    """Return the documents that `columns_of` was given."""
    if not columns:
        return iter(())
    names, segments, at, members, sizes, splits = columns
    containers = [tuple(starmap(Segment, one)) for one in segments]
    of_each = [containers[place] for place in at]
    those = [one and Member(*one) for one in members]
    return map(Document, names, of_each, those, sizes, splits)


@dataclass(frozen=True, slots=True)
class SpeakerTraits:
    """What the header of a dialogue says of a speaker."""

    sex: Literal["male", "female", "any"]  # any: the header does not say
    decade: int | None  # of birth: 1990, say


class Dialogue(NamedTuple):
    """One dialogue as it was typed, `speakers[k]` having written `texts[k]`."""

    source: Source
    dialogue_id: str
    topic: str
    split: Split
    speakers: list[str]
    texts: list[str]
    raw_file: str
    raw_offset: int  # of `raw` in the document, in unpacked bytes (as UTF-8)
    raw: bytes  # the JSON it came from, for the ledger

    def in_split(self, split: Split) -> "Dialogue":
        """Return the dialogue in a split."""
        return self if split == self.split else self._replace(split=split)


class Rejected(NamedTuple):
    """A dialogue, an unreadable entry or (stage `file`) a whole file that was left out, and why."""

    stage: Literal["file", "decode", "turns", "tokens", "commit"]
    reason: str
    detail: str
    source: Source | None
    dialogue_id: str | None
    raw_file: str
    raw_offset: int
    raw: bytes
    whole: tuple[int, str] | None = None  # length and sha256, where `raw` is only its beginning
    n: int = 1  # how many of the kind it stands for: scraps are told together
