"""The third split: which dialogues of train are kept for a last test.

A dialogue's place is the folder that AIHub put it in, or a hash of its id, and no other dialogue
has a say in it: as data grow rows may be lost to duplicates, never moved. Validation is the same
with a test split and without one, and a larger share takes in what a smaller one had.
"""

from hashlib import sha256

from corpus.records import Split


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
