"""Weights per source: how often an epoch takes each dialogue."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.records import SOURCES, CorpusError
from corpus.training.material import read_material
from corpus.training.memory import heaviest_unit
from corpus.training.plan import cut_step, n_steps, plan_epoch
from corpus.training.shards import open_corpus, read_split

weighted = st.lists(
    st.tuples(st.integers(2, 256), st.sampled_from([0.25, 0.5, 1.0, 2.5])), min_size=4, max_size=200
).map(lambda pairs: (np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs])))


@given(weighted, st.integers(0, 9), st.integers(0, 9))
def test_every_dialogue_is_taken_as_often_as_its_weight_says(material, seed, epoch):
    lengths, weights = material
    if _drawn_count(weights) == 0:
        return
    plan = plan_epoch(lengths, seed=seed, epoch=epoch, batch_tokens=512, weights=weights)
    taken = Counter(np.concatenate(plan).tolist())
    for number, weight in enumerate(weights):
        assert int(weight) <= taken[number] <= -(-weight // 1)
    assert taken.total() == _drawn_count(weights)


def _drawn_count(weights):
    return sum(
        int(weight) * n + round(n * (weight % 1)) for weight, n in Counter(weights.tolist()).items()
    )


@given(weighted, st.sampled_from([1, 2, 4]), st.integers(0, 5))
def test_steps_are_as_many_in_every_epoch_and_never_too_big(material, n_units, epoch):
    lengths, weights = material
    if _drawn_count(weights) == 0:
        return
    steps = n_steps(lengths, batch_tokens=512, weights=weights)
    plan = plan_epoch(lengths, seed=0, epoch=epoch, batch_tokens=512, weights=weights)
    assert len(plan) == steps
    heaviest = lengths[heaviest_unit(lengths, batch_tokens=512, n_units=n_units)].sum()
    for step in plan:
        assert lengths[step].sum() < 512 + lengths.max()
        if lengths.sum() > 1024:  # else the heaviest unit is all there is
            for unit in cut_step(step, lengths, n_units) if len(step) else []:
                assert lengths[unit].sum() <= heaviest


def test_the_half_of_a_source_is_another_half_in_the_next_epoch(processed):
    corpus = open_corpus(processed)
    material = read_material(corpus, "all-sys", [], mix={"topic": 0.5, "summary": 2.0})
    source = read_split(corpus, "train").source
    halves = []
    for epoch in range(2):
        taken = np.concatenate(material.plan(seed=0, epoch=epoch, batch_tokens=512))
        counts = Counter(source[taken].tolist())
        assert counts == {SOURCES.index("topic"): 30, SOURCES.index("summary"): 120}
        halves.append(set(taken[source[taken] == SOURCES.index("topic")].tolist()))
    assert halves[0] != halves[1]


def test_a_source_of_weight_0_is_not_trained_on_but_judged_on(processed):
    material = read_material(open_corpus(processed), "all-sys", [], mix={"topic": 0.0})
    assert len(material.used) == 60
    assert material.sources == "topic+summary"
    assert len(material.validation.sequences.lengths) == 30


def test_weights_of_1_change_nothing(processed):
    plain = read_material(open_corpus(processed), "all-sys", [])
    mixed = read_material(open_corpus(processed), "all-sys", [], mix={"topic": 1.0})
    for one, other in zip(*(m.plan(seed=3, epoch=1, batch_tokens=512) for m in (plain, mixed)),
                          strict=True):  # fmt: skip
        assert one.tolist() == other.tolist()


def test_a_mix_that_leaves_nothing_is_refused(processed):
    with pytest.raises(CorpusError, match="no token"):
        read_material(open_corpus(processed), "all-sys", [], mix={"topic": 0, "summary": 0})
    material = read_material(
        open_corpus(processed), "all-sys", [], mix={"topic": 0.001, "summary": 0}
    )
    with pytest.raises(CorpusError, match="--mix leaves no dialogue"):
        material.steps_per_epoch(512)
