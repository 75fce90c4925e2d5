"""The search for near-duplicates in blocks and steps, against one dialogue after the other."""

import random
from collections import defaultdict
from itertools import pairwise

import numpy as np
import pytest
from effort import tries
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.building import near_steps
from corpus.dedup import near_bands, near_search, near_texts
from corpus.dedup.exact import Originals, in_order, values_of
from corpus.dedup.keys import KEY
from corpus.dedup.near import BANDS, NEAR, SHARED, Texts, bands_of, near_bytes, shingles, similarity

_WORDS = "오늘 내일 점심 저녁 영화 여행 가방 우산 바다 산책 커피 친구 회사 학교 시험 노래"
WORDS = _WORDS.split()


class Here:
    """Does the steps of a search in this process."""

    def made(self, steps):
        return [step() for step in steps]


def slow(keys, rows):
    """The definition: for each dialogue in order, the nearest of those that stay so far.

    Of equally near ones that of the first row counts, then that of the first band in common, then
    the first in order.
    """
    of = np.repeat(np.arange(len(keys)), keys["rows"])
    bands = bands_of([row.before for row in rows])
    sets = [(shingles(row.before), shingles(row.written)) for row in rows]
    kept, stays, found = Originals(), [], {}
    for place, one, text in values_of(keys, in_order(keys)):
        first, alike = kept.of(one, text), 0.0
        if first < 0:
            for row in np.flatnonzero(of == place):
                ranked = []
                for rank, other in enumerate(stays):
                    same = np.flatnonzero(bands[:, row] == bands[:, other])
                    if len(same) >= SHARED:
                        near_as = max(map(similarity, sets[row], sets[other]))
                        ranked.append((-near_as, same[0], rank, other))
                if ranked and -min(ranked)[0] > alike:
                    alike, first = -min(ranked)[0], of[min(ranked)[3]]
            if alike < NEAR:
                first = -1
        if first >= 0:
            found[place] = (int(first), alike)
        else:
            kept.keep(place, one, text)
            stays += np.flatnonzero(of == place).tolist()
    return found


def searched(tmp_path, keys, rows, n_parts):
    folder = tmp_path / "search"
    folder.mkdir()
    # Parts end where dialogues do, as items do.
    ends = np.cumsum(keys["rows"])
    cuts = [0, *(int(ends[k * len(keys) // n_parts - 1]) for k in range(1, n_parts)), len(rows)]
    parts = []
    for number, (start, end) in enumerate(pairwise(cuts)):
        parts.append((tmp_path / str(number), end - start))
        parts[-1][0].write_bytes(near_bytes(rows[start:end]))
    ids, texts = (np.isin(keys[name], _repeated(keys[name])) for name in ("id", "text"))
    found = near_steps.search(folder, parts, keys, ids | texts, Here())
    assert found.places.tolist() == sorted(found.places.tolist())
    pairs = zip(found.originals.tolist(), found.nearness.tolist(), strict=True)
    return dict(zip(found.places.tolist(), pairs, strict=True))


def _repeated(values):
    names, counts = np.unique(values, return_counts=True)
    return names[counts > 1]


def texts_of(draw, n):
    """Texts of which each is new, or one of the others with some words changed."""
    said = []
    for _ in range(n):
        if said and draw.random() < 0.7:
            words = [
                draw.choice(WORDS) if draw.random() < draw.choice((0.02, 0.1, 0.3)) else word
                for word in draw.choice(said)
            ]
        else:
            words = draw.choices(WORDS, k=draw.randint(3, 20))
        said.append(words)
    found = []
    for words in said:
        before = " ".join(words)
        named = "민준" + before if draw.random() < 0.3 else before
        found.append(Texts(("\ue000" if named != before else "") + before, named))
    return found


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(near_search, "BLOCKS", (3, 8))
    for module, name, value in (
        (near_steps, "PARTS", 2),
        (near_steps, "MOST_BANDS", 7),
        (near_steps, "ROWS", 4),
        (near_steps, "OTHERS", 5),
        (near_texts, "_AT_ONCE", 3),
        (near_bands, "_MATCHES", 20),
    ):
        monkeypatch.setattr(module, name, value)


def keys_of(draw, n):
    keys = np.zeros(n, KEY)
    keys["id"] = [draw.randrange(4 * n) for _ in range(n)]
    keys["text"] = [draw.randrange(4 * n) for _ in range(n)]
    keys["held_out"] = [draw.choice((0, 0, 0, 1, 2)) for _ in range(n)]
    keys["version"] = [draw.choice((0, 0, 0, 1)) for _ in range(n)]
    keys["rows"] = [draw.choice((1, 1, 1, 2, 3)) for _ in range(n)]
    return keys


@settings(max_examples=tries(25), deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 4))
def test_the_search_in_steps_finds_what_one_after_the_other_finds(
    tmp_path_factory, seed, n, n_parts
):
    draw = random.Random(seed)
    keys = keys_of(draw, n)
    rows = texts_of(draw, int(keys["rows"].sum()))
    tmp_path = tmp_path_factory.mktemp("near")
    assert searched(tmp_path, keys, rows, min(n, n_parts)) == slow(keys, rows)


@pytest.mark.parametrize("seed", range(tries(4)))
def test_the_size_of_blocks_and_steps_changes_nothing(tmp_path, small_steps, seed):
    draw = random.Random(seed)
    keys = keys_of(draw, 28)
    rows = texts_of(draw, int(keys["rows"].sum()))
    found = searched(tmp_path, keys, rows, 3)
    assert found == slow(keys, rows)
    assert len(found) > 5


def test_no_rows_have_no_near_duplicates(tmp_path):
    assert searched(tmp_path, np.zeros(0, KEY), [], 1) == {}


def test_what_is_counted_out_grows_with_those_that_stay_not_with_copies(tmp_path, monkeypatch):
    """Of 3,000 copies of one text each is compared with the one that stays alone."""
    draw = random.Random(1)
    words = draw.choices(WORDS, k=40)
    copies = [" ".join([*words, f"{k}번"]) for k in range(3_000)]
    keys = np.zeros(len(copies), KEY)
    keys["id"] = keys["text"] = np.arange(len(copies))
    keys["rows"] = 1
    monkeypatch.setattr(near_search, "BLOCKS", (64, 1 << 17))
    compared, real = defaultdict(int), near_bands.similarities

    def counts(texts, ones, pairs, least):
        compared["pairs"] += len(pairs[0])
        return real(texts, ones, pairs, least)

    monkeypatch.setattr(near_bands, "similarities", counts)
    found = searched(tmp_path, keys, [Texts(text, text) for text in copies], 2)
    assert len(found) == len(copies) - 1
    assert compared["pairs"] < 64 * 64 / 2 + len(copies)


def test_common_openings_are_counted_out_many_at_once(tmp_path):
    """Two lines of which one is the same: all are candidates of each other, and none is near."""
    draw = random.Random(2)
    common = "오늘 점심에 뭐 먹을지 같이 골라 보자 나는 국밥이 좋은데 너는 어때"

    def other(n):
        return "".join(chr(draw.randrange(0xAC00, 0xD7A4)) for _ in range(n))

    texts = [f"{common}{other(14)}\n응 {other(8)}" for _ in range(600)]
    keys = np.zeros(len(texts), KEY)
    keys["id"] = keys["text"] = np.arange(len(texts))
    keys["rows"] = 1
    rows = [Texts(text, text) for text in texts]
    shared = (bands_of(texts)[:, :1] == bands_of(texts)).sum(axis=0)
    assert (shared >= SHARED).sum() > len(texts) / 2  # of the pairs are candidates
    assert BANDS > SHARED
    found = searched(tmp_path, keys, rows, 2)
    assert all(alike >= NEAR for _, alike in found.values())
    assert len(found) < len(texts) / 10
