import numpy as np
import pytest
import torch

from corpus.training.gradient import (
    attach_gradient,
    measure_gradient,
    sum_gradient,
)
from corpus.training.labels import SYS
from corpus.training.model import summed_loss
from corpus.training.optimiser import (
    LossScale,
    make_optimiser,
    optimiser_tensors,
    restore_optimiser,
    set_learning_rate,
    update_weights,
)
from corpus.training.packing import pack
from corpus.training.schedule import Schedule
from corpus.training.world import World

CPU = torch.device("cpu")


def world(**changes):
    return World(**{"rank": 0, "size": 1, "device": CPU, "dtype": torch.float32} | changes)


@pytest.fixture
def gradient(model):
    return attach_gradient(model)


@pytest.fixture
def add(model, material, gradient):
    def add_unit(unit):
        loss = summed_loss(model, pack(material.training, np.arange(5) + 5 * unit, SYS))
        loss.backward()
        gradient.loss.add_(loss.detach())

    return add_unit


def test_every_weight_has_its_gradient_in_the_buffer(model, gradient, add):
    sum_gradient(gradient, range(1), add, world())
    together = torch.cat([weight.grad.flatten() for weight in model.parameters()])
    assert torch.equal(together, gradient.weights[: len(together)])
    assert not gradient.weights[len(together) :].any()
    assert together.any()


@pytest.mark.parametrize("n_units", [2, 4, 8])
def test_two_halves_sum_to_the_bits_of_the_whole(gradient, add, n_units):
    sum_gradient(gradient, range(n_units), add, world())
    whole = gradient.buffer.clone()
    sum_gradient(gradient, range(n_units // 2), add, world())
    left = gradient.buffer.clone()
    sum_gradient(gradient, range(n_units // 2, n_units), add, world())
    assert torch.equal(left + gradient.buffer, whole)


def test_the_order_of_the_sum_matters_or_the_test_above_says_nothing(gradient, add):
    sum_gradient(gradient, range(8), add, world())
    tree = gradient.buffer.clone()
    gradient.buffer.zero_()
    for unit in range(8):
        add(unit)
    assert not torch.equal(gradient.buffer, tree)
    assert torch.allclose(gradient.buffer, tree, atol=1e-3)


def test_a_process_that_is_asked_to_stop_tells_the_others(gradient, add):
    here = world()

    def add_and_stop(unit):
        add(unit)
        here.stop_asked = True

    sum_gradient(gradient, range(4), add_and_stop, here)
    assert measure_gradient(gradient)[2] > 0
    sum_gradient(gradient, range(4), add, world())
    assert measure_gradient(gradient)[2] == 0


def test_the_norm_is_that_of_torch(model, gradient, add):
    sum_gradient(gradient, range(2), add, world())
    loss, norm, _ = measure_gradient(gradient).tolist()
    assert loss == pytest.approx(float(gradient.loss))
    exact = torch.linalg.vector_norm(gradient.weights.double())
    assert norm == pytest.approx(float(exact), rel=1e-9)
    expected = torch.nn.utils.clip_grad_norm_(model.parameters(), 1e9)  # in float32
    assert norm == pytest.approx(float(expected), rel=1e-4)


@pytest.fixture
def after(model, gradient, add):
    """Take one step from the same weights and gradient: `after(clip=1.0)` returns the weights."""
    sum_gradient(gradient, range(2), add, world())
    begin = [weight.detach().clone() for weight in model.parameters()]
    begin_gradient = gradient.buffer.clone()

    def step(*, clip=1e9, scale=None, change=lambda _: None):
        with torch.no_grad():
            for weight, before in zip(model.parameters(), begin, strict=True):
                weight.copy_(before)
        gradient.buffer.copy_(begin_gradient)
        change(gradient)
        optimiser = make_optimiser(model, weight_decay=0.01)
        set_learning_rate(optimiser, 1e-2)
        numbers = measure_gradient(gradient)
        told = update_weights(optimiser, gradient, numbers, clip=clip, scale=scale).tolist()
        steps = {float(state["step"]) for state in optimiser.state.values()}
        return torch.cat([weight.detach().flatten() for weight in model.parameters()]), told, steps

    step.begin = torch.cat([weight.flatten() for weight in begin])
    return step


def test_what_clips_is_the_factor_of_clip_grad_norm(model, gradient, after):
    clipped, (_, norm, _, _), _ = after(clip=0.5)
    by_hand, _, _ = after(change=lambda one: one.weights.mul_(0.5 / norm))
    assert torch.allclose(clipped, by_hand, atol=1e-6, rtol=0)


@pytest.mark.parametrize("place", [-1, 0, -2])
def test_a_step_that_is_stopped_or_no_number_changes_nothing(after, place):
    """The flag of a process that must stop, a gradient and a loss."""

    def spoil(gradient):
        gradient.buffer[place] = 1.0 if place == -1 else float("nan")

    weights, _, steps = after(change=spoil)
    assert torch.equal(weights, after.begin)
    assert steps == {0.0}
    assert not torch.equal(after()[0], after.begin)


def test_the_loss_scale_leaves_the_step_as_it_is(after):
    plain, (_, norm, _, _), _ = after(clip=0.5)
    scale = LossScale(CPU, 1024.0, 0)
    scaled, told, _ = after(clip=0.5, scale=scale, change=lambda one: one.weights.mul_(1024.0))
    assert told[1] == pytest.approx(norm)
    assert told[3] == 1024.0
    assert torch.equal(scaled, plain)  # a power of two


def test_an_overflow_skips_the_step_and_halves_the_scale(after):
    scale = LossScale(CPU, 1024.0, 7)
    weights, told, _ = after(scale=scale, change=lambda one: one.weights[3].fill_(float("inf")))
    assert torch.equal(weights, after.begin)
    assert told[1] == float("inf")
    assert scale.state() == (512.0, 0)


def test_good_steps_double_the_scale_and_a_stopped_one_does_not_count(after):
    scale = LossScale(CPU, 1024.0, 1998)
    after(scale=scale)
    after(scale=scale, change=lambda one: one.stop.fill_(1.0))
    assert scale.state() == (1024.0, 1999)
    after(scale=scale)
    assert scale.state() == (2048.0, 0)


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine():
    schedule = Schedule("cosine", peak=1.0, warmup=0.1)
    rates = [schedule.rate(step, [100]) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert all(np.diff(rates[10:]) < 0)
    assert 0 < rates[-1] < 0.01
    assert Schedule("cosine", peak=1.0, warmup=0.0).rate(0, [1]) == 1.0
    assert Schedule("cosine", peak=1.0, warmup=0.99).rate(2, [3]) == pytest.approx(1.0)


def test_wsd_stays_at_its_height_until_the_cooldown():
    schedule = Schedule("wsd", peak=1.0, least=0.1, warmup=0.1, cooldown=0.2)
    rates = [schedule.rate(step, [100]) for step in range(100)]
    assert rates[9:81] == [1.0] * 72
    assert all(np.diff(rates[80:]) < 0)
    assert rates[-1] == pytest.approx(0.1 + 0.9 / 20)
    assert Schedule("wsd", peak=1.0, cooldown=0.0).rate(99, [100]) == 1.0


def test_a_raised_run_keeps_its_rates_and_goes_through_the_shape_once_more():
    schedule = Schedule("linear", peak=1.0, warmup=0.2)
    planned = [schedule.rate(step, [10]) for step in range(10)]
    raised = [schedule.rate(step, [10, 15, 35]) for step in range(35)]
    assert raised[:10] == planned
    assert raised[10:15] == [schedule.rate(step, [5]) for step in range(5)]
    assert raised[15:] == [schedule.rate(step, [20]) for step in range(20)]


def test_matrices_decay_and_biases_and_norms_do_not(model):
    decayed, spared = make_optimiser(model, weight_decay=0.1).param_groups
    assert decayed["weight_decay"] == 0.1
    assert spared["weight_decay"] == 0.0
    assert {weight.ndim for weight in decayed["params"]} == {2}
    assert {weight.ndim for weight in spared["params"]} == {1}


def test_saved_moments_go_on_to_the_same_weights(model, gradient, add):
    optimiser = make_optimiser(model, weight_decay=0.01)
    set_learning_rate(optimiser, 1e-3)
    sum_gradient(gradient, range(2), add, world())
    optimiser.step()
    weights = [weight.detach().clone() for weight in model.parameters()]
    saved = {name: one.clone() for name, one in optimiser_tensors(model, optimiser).items()}
    sum_gradient(gradient, range(2, 4), add, world())
    optimiser.step()
    expected = [weight.detach().clone() for weight in model.parameters()]

    with torch.no_grad():
        for weight, before in zip(model.parameters(), weights, strict=True):
            weight.copy_(before)
    resumed = make_optimiser(model, weight_decay=0.01)
    restore_optimiser(model, resumed, saved)
    set_learning_rate(resumed, 1e-3)
    sum_gradient(gradient, range(2, 4), add, world())
    resumed.step()
    assert all(map(torch.equal, model.parameters(), expected))


def test_before_the_first_step_there_are_no_moments(model):
    optimiser = make_optimiser(model, weight_decay=0.01)
    assert optimiser_tensors(model, optimiser) == {}
    restore_optimiser(model, optimiser, {})
    assert not optimiser.state
