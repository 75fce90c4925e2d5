import numpy as np
import pytest
import torch

from corpus.training.gradient import (
    attach_gradient,
    clip_gradient,
    read_gradient,
    sum_gradient,
)
from corpus.training.labels import SYS
from corpus.training.model import summed_loss
from corpus.training.optimiser import (
    learning_rate,
    make_optimiser,
    optimiser_tensors,
    restore_optimiser,
    set_learning_rate,
)
from corpus.training.packing import pack
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
    assert read_gradient(gradient)[2]
    sum_gradient(gradient, range(4), add, world())
    assert not read_gradient(gradient)[2]


def test_norm_and_clipping_are_those_of_torch(model, gradient, add):
    sum_gradient(gradient, range(2), add, world())
    loss, norm, _ = read_gradient(gradient)
    assert loss == pytest.approx(float(gradient.loss))
    exact = torch.linalg.vector_norm(gradient.weights.double())
    assert norm == pytest.approx(float(exact), rel=1e-9)
    expected = torch.nn.utils.clip_grad_norm_(model.parameters(), 1e9)  # in float32
    assert norm == pytest.approx(float(expected), rel=1e-4)
    clip_gradient(gradient, norm, 0.5)
    assert read_gradient(gradient)[1] == pytest.approx(0.5, rel=1e-5)
    assert read_gradient(gradient)[0] == loss
    before = gradient.buffer.clone()
    clip_gradient(gradient, 0.5, 1.0)
    assert torch.equal(before, gradient.buffer)


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine():
    rates = [learning_rate(step, total=100, warmup=0.1, peak=1.0) for step in range(100)]
    assert rates[:10] == pytest.approx([0.1 * k for k in range(1, 11)])
    assert all(np.diff(rates[10:]) < 0)
    assert 0 < rates[-1] < 0.01
    assert learning_rate(0, total=1, warmup=0.0, peak=1.0) == 1.0
    assert learning_rate(2, total=3, warmup=0.99, peak=1.0) == pytest.approx(1.0)


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
