import json

import numpy as np
import pytest
import torch
from forked import fork
from torch import distributed

from corpus.training import exchange as exchange_module
from corpus.training.exchange import Exchange
from corpus.training.gradient import attach_gradient, sum_gradient
from corpus.training.labels import SYS
from corpus.training.model import summed_loss
from corpus.training.packing import pack
from corpus.training.world import World

CPU = torch.device("cpu")


class Network:
    """Takes what is sent, as it is at that moment."""

    def __init__(self):
        self.sent = []
        self.n_waited = 0

    def all_reduce(self, tensor, *, async_op):
        assert async_op
        self.sent.append((tensor.data_ptr(), tensor.clone()))
        return self

    def wait(self):
        self.n_waited += 1


@pytest.fixture
def network(monkeypatch):
    found = Network()
    monkeypatch.setattr(exchange_module, "distributed", found)
    monkeypatch.setattr(exchange_module, "STRETCH_BYTES", 100_000)
    return found


@pytest.fixture
def world():
    return World(rank=0, size=2, device=CPU, dtype=torch.float32)


def adder(model, material, gradient):
    def add(unit):
        loss = summed_loss(model, pack(material.training, np.arange(5) + 5 * unit, SYS))
        loss.backward()
        gradient.loss.add_(loss.detach())

    return add


def order(network):
    return [place for place, _ in network.sent]


@pytest.mark.parametrize("n_units", [1, 2, 4])
def test_everything_is_sent_once_and_as_it_is_in_the_end(model, material, world, network, n_units):
    gradient = attach_gradient(model)
    add, exchange = adder(model, material, gradient), Exchange(model, gradient.buffer)
    sum_gradient(gradient, range(n_units), add, world, exchange)
    assert network.n_waited == len(network.sent) > 3
    by_place = sorted(network.sent, key=lambda sent: sent[0])
    assert torch.equal(torch.cat([content for _, content in by_place]), gradient.buffer)
    assert gradient.loss > 0


def test_a_stretch_goes_while_the_backward_pass_still_works(model, material, world, network):
    gradient = attach_gradient(model)
    exchange = Exchange(model, gradient.buffer)
    add = adder(model, material, gradient)
    sent_before = []
    # The weight whose gradient comes last: what is fed and what is foretold.
    embedding = model.transformer.wte.weight
    embedding.register_post_accumulate_grad_hook(lambda _: sent_before.append(len(network.sent)))
    sum_gradient(gradient, range(2), add, world, exchange)
    assert sent_before[0] == 0, "the first micro-batch is not the sum yet"
    assert sent_before[1] > 1


def test_a_process_that_stops_sends_in_the_order_of_the_others(model, material, world, network):
    gradient = attach_gradient(model)
    exchange, add = Exchange(model, gradient.buffer), adder(model, material, gradient)
    sum_gradient(gradient, range(1), add, world, exchange)
    one = order(network)
    network.sent.clear()
    world.stop_asked = True
    sum_gradient(gradient, range(1), add, world, exchange)
    assert order(network) == one
    network.sent.clear()
    world.stop_asked = False
    sum_gradient(gradient, range(1), lambda _: None, world, exchange)  # an empty micro-batch
    assert order(network) == one
    network.sent.clear()
    sum_gradient(gradient, range(4), add, world, exchange)  # a tree of more than two
    assert order(network) == one


def _meet(rank, port):
    store = distributed.TCPStore("127.0.0.1", port, is_master=False)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    model = torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Linear(5, 2))
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(0.5)
    gradient = attach_gradient(model)
    exchange_module.STRETCH_BYTES = 32
    exchange = Exchange(model, gradient.buffer)
    world = World(rank=rank, size=2, device=CPU, dtype=torch.float32, stop_asked=False)

    def add(unit):
        model(torch.full((1, 3), unit + 1.0)).sum().backward()
        gradient.loss.add_(unit + 1.0)

    for _ in range(3):
        sum_gradient(gradient, range(rank, rank + 1), add, world, exchange)
    world.stop_asked = rank == 1
    told = gradient.buffer.clone()
    sum_gradient(gradient, range(rank, rank + 1), add, world, exchange)
    print(json.dumps([rank, told.tolist(), float(gradient.stop)]))
    distributed.destroy_process_group()


def test_two_processes_hold_the_sum_of_both_and_know_that_one_wants_to_stop(tmp_path):
    store = distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    processes = []
    for rank in range(2):
        folder = tmp_path / str(rank)
        folder.mkdir()
        processes.append(fork(_meet, rank, store.port, folder=folder))
    ended = [process.end() for process in processes]
    assert [status for _, _, status in ended] == [0, 0], ended
    told = [json.loads(out) for out, _, _ in ended]
    assert told[0][1] == told[1][1]
    assert told[0][1][-2] == 3.0, "the losses of both"
    assert any(told[0][1][:-2])
    assert told[0][2] == told[1][2] == 1.0
