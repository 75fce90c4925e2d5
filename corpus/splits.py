"""Which split a dialogue is in: what the path tells, else a hash of its id.

A dialogue's place is the folder that AIHub put it in, or a hash of its id, and no other dialogue
has a say in it: as data grow rows may be lost to duplicates, never moved. Validation is the same
with a test split and without one, and a larger share takes in what a smaller one had.
"""

import re
from functools import lru_cache
from hashlib import sha256

from corpus.records import Split

VALIDATION_ONE_IN = 20  # dialogues, where the path does not tell the split
# AIHub's folders (`1.Training`, `Validation`, `Training_220728_add`), the stems of its archives
# (`TL_01. KAKAO(1).zip`, `[라벨]한국어대화요약_train.zip`), what they are unpacked to, and the
# folders `Train`, `Valid`, `Val` and `검증` of other copies. A folder of the user's own, say
# `Training data` or `train_station`, tells nothing.
_NUMBER = r"(?:\d+[._ -]\s*)?"
# `_1`, ` (2)`, ` - 복사본`, `-00000-of-00002`, what Google Drive adds, and `.zip`
_COPY = (
    r"(?:(?:-\d{1,5}-of-\d{1,5}|-\d{8}T\d{6}Z(?:-\d{1,3}){0,2})|[._ -]?\(?\d{1,4}\)?)?"
    r"(?: ?[-_]? ?(?i:복사본|사본|copy)(?: ?\(?\d{1,3}\)?)?)?(?:\.[A-Za-z]\w{0,4})*"
)
_SPLIT = re.compile(
    rf"{_NUMBER}(?i:(training)|(validation))(?:[._].*)?"
    rf"|(?:(T)|(V))(?:[A-Z]_.*|[LS]{_COPY})"
    rf"|(?:{_NUMBER}|.*[._\-\]])(?i:(train|training)|(val|valid|validation)){_COPY}"
    rf"|{_NUMBER}(?:(훈련(?:용|데이터)?|학습)|(검증(?:용|데이터)?))"
)


def split_of(raw_file: str) -> Split | None:
    """Return the split that a path tells; the innermost part that tells one counts.

    >>> split_of("1.Training/TL_01. KAKAO.zip!K_1.json"), split_of("VL_02.zip!K_2.json")
    ('train', 'validation')
    >>> split_of("[라벨]한국어대화요약_valid.zip!행사.json"), split_of("Training data/a.json")
    ('validation', None)
    """
    parts = raw_file.replace("!", "/").split("/")
    return next(filter(None, map(_split_told, reversed(parts))), None)


@lru_cache(maxsize=1024)  # thousands of files share their folders and archives
def _split_told(part: str) -> Split | None:
    found = _SPLIT.fullmatch(part)
    if not found:
        return None
    return "train" if any(found.groups()[::2]) else "validation"


def drawn_split(dialogue_id: str) -> Split:
    """Return the split that a dialogue stays in for ever, whatever else is read.

    >>> [drawn_split(f"K_{n}") for n in range(1, 100)].count("validation")
    7
    """
    draw = int.from_bytes(sha256(dialogue_id.encode()).digest()[:8], "big")
    return "train" if draw % VALIDATION_ONE_IN else "validation"


def split_with_test(split: Split, dialogue_id: str, test_share: float) -> Split:
    """Return `test` for about this share of the dialogues of train, else `split`.

    >>> [split_with_test("train", f"K_{n}", 0.1) for n in range(100)].count("test")
    5
    >>> split_with_test("validation", "K_0", 0.999)
    'validation'
    """
    if split != "train" or not test_share:
        return split
    draw = int.from_bytes(sha256(f"test/{dialogue_id}".encode()).digest()[:8], "big")
    return "test" if draw < int(test_share * 2**64) else "train"
