import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.records import CorpusError
from corpus.training.memory import heaviest_unit, units_that_fit
from corpus.training.plan import count_units, cut_step, n_steps, plan_epoch, unit_seed

lengths_of = st.lists(st.integers(2, 256), min_size=1, max_size=300).map(np.array)
batches = st.integers(512, 4096)
epochs = st.integers(0, 20)


@given(lengths_of, st.integers(0, 2**31), epochs, batches)
def test_an_epoch_takes_every_dialogue_once_in_steps_of_about_the_same_size(
    lengths, seed, epoch, batch_tokens
):
    plan = plan_epoch(lengths, seed=seed, epoch=epoch, batch_tokens=batch_tokens)
    assert sorted(np.concatenate(plan).tolist()) == list(range(len(lengths)))
    assert len(plan) == n_steps(lengths, batch_tokens=batch_tokens)
    tokens = [int(lengths[step].sum()) for step in plan]
    assert min(tokens) > 0
    share = lengths.sum() / len(plan)
    assert all(abs(one - share) < lengths.max() + 1 for one in tokens)
    assert max(tokens) < batch_tokens + lengths.max()


def test_a_plan_depends_on_seed_and_epoch_alone():
    lengths = np.arange(2, 202)
    plans = {
        (seed, epoch): np.concatenate(
            plan_epoch(lengths, seed=seed, epoch=epoch, batch_tokens=512)
        ).tolist()
        for seed in (0, 1)
        for epoch in (0, 1)
    }
    assert len({tuple(plan) for plan in plans.values()}) == 4
    again = plan_epoch(lengths, seed=1, epoch=1, batch_tokens=512)
    assert np.concatenate(again).tolist() == plans[1, 1]


def test_the_order_is_the_same_in_every_release():
    plan = plan_epoch(np.full(8, 100), seed=0, epoch=0, batch_tokens=400)
    assert [step.tolist() for step in plan] == [[3, 7, 4, 0], [2, 6, 5, 1]]


def test_a_step_too_small_for_two_dialogues_is_refused():
    with pytest.raises(CorpusError, match="at least 512"):
        n_steps(np.array([2, 256]), batch_tokens=511)


@given(lengths_of, st.sampled_from([2, 3, 4, 8, 16]))
def test_micro_batches_part_a_step_evenly_and_lose_nothing(lengths, n_units):
    step = np.arange(len(lengths))
    units = cut_step(step, lengths, n_units)
    assert len(units) == n_units
    assert sorted(np.concatenate(units).tolist()) == step.tolist()
    share = lengths.sum() / n_units
    assert all(lengths[unit].sum() <= share + lengths.max() for unit in units)
    assert np.all(np.diff(lengths[np.concatenate(units)]) <= 0)


@pytest.mark.parametrize(
    ("batch_tokens", "micro_tokens", "processes", "units"),
    [
        (8192, 16384, 1, 2),
        (8192, 16384, 2, 2),
        (8192, 2048, 1, 4),
        (8192, 2048, 2, 4),
        (8192, 2047, 1, 8),
        (8192, 16384, 3, 3),
        (8192, 2048, 3, 6),
    ],
)
def test_one_process_and_two_cut_a_step_alike(batch_tokens, micro_tokens, processes, units):
    found = count_units(batch_tokens=batch_tokens, micro_tokens=micro_tokens, processes=processes)
    assert found == units


def test_every_micro_batch_of_a_run_draws_its_own_dropout():
    seeds = {unit_seed(seed, step, unit) for seed in (0, 1) for step in range(9) for unit in (0, 1)}
    assert len(seeds) == 36
    assert all(0 <= one < 2**63 for one in seeds)


@given(lengths_of, batches, st.sampled_from([2, 4, 8]), epochs)
def test_no_micro_batch_is_heavier_than_the_one_that_is_tried_first(
    lengths, batch_tokens, n_units, epoch
):
    tried = heaviest_unit(lengths, batch_tokens=batch_tokens, n_units=n_units)
    for step in plan_epoch(lengths, seed=0, epoch=epoch, batch_tokens=batch_tokens):
        for unit in cut_step(step, lengths, n_units):
            assert lengths[unit].sum() <= lengths[tried].sum()


def test_micro_batches_are_halved_until_they_fit():
    lengths = np.full(100, 50)

    def fits(unit):
        return lengths[unit].sum() <= 600

    assert units_that_fit(2, lengths, fits, batch_tokens=4000) == 8


def test_a_dialogue_that_never_fits_ends_in_a_sentence():
    with pytest.raises(CorpusError, match="out of memory"):
        units_that_fit(2, np.full(100, 50), lambda unit: False, batch_tokens=4000)
