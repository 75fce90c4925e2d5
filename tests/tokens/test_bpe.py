from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.tokens.bpe import NEVER_MERGED, Bpe

LETTERS = "abc"


def one_by_one(word, vocab, merges):
    """BPE as its paper tells it: merge the first-listed pair of the word, leftmost first."""
    rank = {pair: place for place, pair in enumerate(merges)}
    parts = list(word)
    while found := [(rank[pair], k) for k, pair in enumerate(pairwise(parts)) if pair in rank]:
        _, k = min(found)
        parts[k : k + 2] = [parts[k] + parts[k + 1]]
    return [vocab[part] for part in parts]


def all_at_once(words, vocab, merges):
    text = "".join(words)
    symbols = np.array([vocab[letter] for letter in text], np.uint32)
    stays = Bpe(vocab, merges).merge(symbols)
    begins = np.cumsum([0, *map(len, words)])
    return [symbols[a:b][stays[a:b]].tolist() for a, b in pairwise(begins)]


@st.composite
def tokenizers(draw):
    """A vocabulary and merges in any order, so also such as no training would give."""
    tokens, merges = [*LETTERS, "_"], []
    for _ in range(draw(st.integers(1, 12))):
        left = draw(st.sampled_from(tokens))
        right = draw(st.sampled_from([token for token in tokens if not token.startswith("_")]))
        if len(left + right) < 8:
            merges.append((left, right))
            tokens.append(left + right)
    merges = draw(st.permutations(merges))
    return {token: k for k, token in enumerate(dict.fromkeys(tokens))}, merges


WORDS = st.lists(st.text(LETTERS, max_size=12).map("_".__add__), min_size=1, max_size=8)


@given(tokenizers(), WORDS)
def test_words_merged_all_at_once_are_merged_as_if_one_by_one(tokenizer, words):
    vocab, merges = tokenizer
    assert all_at_once(words, vocab, merges) == [one_by_one(word, vocab, merges) for word in words]


def test_merges_that_share_a_slot_are_told_apart():
    # 40,000 merges in 2**20 slots: hundreds of slots are wanted twice.
    letters = [chr(0xAC00 + k) for k in range(200)]
    merges = [(a, b) for a in letters for b in letters]
    vocab = {token: k for k, token in enumerate([*letters, *map("".join, merges), "_"])}
    words = [f"_{a}{b}" for a, b in merges]
    expected = [[vocab["_"], vocab[a + b]] for a, b in merges]
    assert all_at_once(words, vocab, merges) == expected


def test_a_symbol_that_never_merges_keeps_its_neighbours_apart():
    bpe = Bpe({"a": 0, "aa": 1}, [("a", "a")])
    symbols = np.array([0, NEVER_MERGED, 0, 0, NEVER_MERGED], np.uint32)
    stays = bpe.merge(symbols)
    assert symbols[stays].tolist() == [0, NEVER_MERGED, 1, NEVER_MERGED]


@pytest.mark.parametrize("length", [1, 2, 3, 64, 65, 1000])
def test_a_word_may_be_as_long_as_an_easy_text(length):
    vocab = {letter: k for k, letter in enumerate(["a", "_", "aa", "aaaa"])}
    merges = [("a", "a"), ("aa", "aa")]
    word = "_" + "a" * length
    assert all_at_once([word], vocab, merges) == [one_by_one(word, vocab, merges)]
