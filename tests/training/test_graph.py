"""Padded rows, and the graphs that they run through; the graphs themselves are in `test_gpu`."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corpus.training import graph as graph_module
from corpus.training import start
from corpus.training.compiled import _cross_entropy
from corpus.training.graph import Graphs
from corpus.training.labels import SYS, USR
from corpus.training.log import read_log
from corpus.training.model import summed_loss, token_losses
from corpus.training.packing import NO_TARGET, Shape, pack, pad, padding, shapes_of

CPU = torch.device("cpu")


def gradient_of(model, row):
    model.zero_grad()
    loss = summed_loss(model, row)
    loss.backward()
    return loss.item(), torch.cat([weight.grad.flatten() for weight in model.parameters()])


@pytest.mark.parametrize("lowest", [USR, SYS])
def test_padding_changes_neither_loss_nor_gradient(model, material, lowest):
    row = pack(material.training, np.arange(7), lowest)
    shape = Shape(len(row.ids) + 300, len(row.scored) + 40, len(row.lengths) + 9, row.longest + 5)
    padded = pad(row, shape)
    loss, gradient = gradient_of(model, row)
    found, padded_gradient = gradient_of(model, padded)
    assert found == pytest.approx(loss, rel=1e-6)
    assert torch.allclose(padded_gradient, gradient, atol=1e-5, rtol=1e-5)
    assert torch.allclose(token_losses(model, row).sum(), torch.tensor(loss), rtol=1e-5)


def test_a_row_of_padding_alone_has_no_loss_and_no_gradient(model):
    loss, gradient = gradient_of(model, padding(Shape(96, 16, 6, 20)))
    assert loss == 0
    assert not gradient.any()


def test_a_padded_row_tells_attention_where_every_sequence_begins(material):
    row = pack(material.training, np.arange(5), SYS)
    shape = Shape(len(row.ids) + 100, len(row.scored), 10, row.longest)
    padded = pad(row, shape)
    more = [row.longest] * (100 // row.longest) + [100 % row.longest]
    assert padded.lengths == row.lengths + [length for length in more if length]
    starts = np.concatenate([[0], np.cumsum(padded.lengths)])
    assert padded.bounds.tolist() == [*starts, *[shape.tokens] * (11 - len(starts))]
    assert padded.bounds.dtype is torch.int32
    assert torch.equal(padded.positions[: len(row.ids)], row.positions)
    for begin, length in zip(starts, padded.lengths, strict=False):
        assert padded.positions[begin : begin + length].tolist() == list(range(length))


@pytest.mark.parametrize("missing", range(4))
def test_a_row_that_is_too_big_for_a_shape_is_refused(material, missing):
    row = pack(material.training, np.arange(5), SYS)
    fits = [len(row.ids), len(row.scored), len(row.lengths), row.longest]
    assert len(pad(row, Shape(*fits)).ids) == len(row.ids)
    fits[missing] -= 1
    with pytest.raises(ValueError, match="does not fit"):
        pad(row, Shape(*fits))


sizes = st.integers(1, 400).flatmap(
    lambda n: st.tuples(st.integers(n, 20_000), st.integers(0, n), st.just(n))
)


@given(st.lists(sizes, min_size=1, max_size=40), st.integers(1, 256))
def test_shapes_hold_their_rows_and_are_few(rows, longest):
    most = max(tokens for tokens, _, _ in rows)
    shapes = shapes_of(rows, longest)
    assert len(shapes) == len(rows)
    for (tokens, scored, n), shape in zip(rows, shapes, strict=True):
        more = -(-(shape.tokens - tokens) // longest)
        assert shape.sequences >= n + more
        assert 0 <= shape.tokens - tokens < max(1, most / 16)
        assert 0 <= shape.scored - scored < max(1, most / 16)
    assert len({shape.sequences for shape in shapes}) == 1


def test_the_fused_cross_entropy_leaves_out_what_has_no_target():
    torch.manual_seed(0)
    logits = torch.randn(6, 11)
    targets = torch.tensor([3, NO_TARGET, 0, 10, NO_TARGET, 5])[:, None]
    counts = targets[:, 0] != NO_TARGET
    loss, error = _cross_entropy(logits, targets)
    expected, exact = _cross_entropy(logits[counts], targets[counts])
    assert loss.item() == pytest.approx(expected.item())
    assert torch.equal(error[counts], exact)
    assert not error[~counts].any()


class Tape:
    """Stands in for a CUDA graph: while it records nothing is computed, and played it is."""

    now = None

    def __init__(self):
        self.calls = []

    def replay(self):
        for call in self.calls:
            call()


@pytest.fixture
def tapes(monkeypatch):
    """`Graphs` as on a GPU, with tapes for graphs and the host's memory for the device's."""

    @contextmanager
    def recording(tape, **_):
        Tape.now = tape
        yield
        Tape.now = None

    class Stream:
        def __init__(self, *_):
            pass

        def wait_stream(self, _):
            pass

    @contextmanager
    def on(_):
        yield

    for name, stand_in in {
        "CUDAGraph": Tape,
        "graph": recording,
        "Stream": Stream,
        "stream": on,
        "current_stream": Stream,
        "graph_pool_handle": lambda: (0, 0),
    }.items():
        monkeypatch.setattr(graph_module.torch.cuda, name, stand_in)
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self)


def test_a_graph_reads_the_row_it_is_played_with(tapes, material):
    played = []

    def add(row, n_labelled):
        def compute():
            played.append((row.ids.clone(), row.positions.clone(), row.scored.clone(),
                           row.targets.clone(), n_labelled.item()))  # fmt: skip

        (Tape.now.calls.append if Tape.now else lambda call: call())(compute)

    rows = [pack(material.training, np.arange(n, n + 5), SYS) for n in range(4)]
    sizes = [(len(row.ids), len(row.scored), len(row.lengths)) for row in rows]
    shapes = shapes_of(sizes, max(row.longest for row in rows))
    graphs = Graphs(add, CPU)
    graphs.record(shapes)
    assert len(played) == len({*shapes}), "each shape runs once before it is recorded"
    assert all((targets == NO_TARGET).all() for _, _, _, targets, _ in played)
    played.clear()
    for row, shape in zip(rows, shapes, strict=True):
        graphs.play(row, shape, 7)
    for (ids, positions, scored, targets, n_labelled), row, shape in zip(
        played, rows, shapes, strict=True
    ):
        padded = pad(row, shape)
        assert torch.equal(ids, padded.ids)
        assert torch.equal(positions, padded.positions)
        assert torch.equal(scored, padded.scored)
        assert torch.equal(targets, padded.targets)
        assert n_labelled == 7


def test_shapes_are_recorded_once_until_a_new_one_comes(tapes):
    warmed = []

    def add(row, _):
        if Tape.now is None:
            warmed.append(len(row.ids))

    graphs = Graphs(add, CPU)
    small, big, bigger = (Shape(16 * n, 4, 2 * n, 16) for n in (1, 2, 3))
    graphs.record([small, small])
    graphs.record([small])
    assert warmed == [16]
    graphs.record([small, big])
    assert warmed == [16, 32, 16], "the biggest first"
    graphs.record([big])
    assert warmed == [16, 32, 16]
    graphs.record([big, bigger])
    row = padding(Shape(16, 0, 1, 16))
    graphs.play(row, big, 1)
    with pytest.raises(KeyError):  # its memory was given back
        graphs.play(row, small, 1)


@pytest.mark.parametrize(
    ("changed", "has_graphs"),
    [
        ({}, True),
        ({"units": 4, "batch_tokens": 131072}, True),
        ({"graph": "off"}, False),
        ({"flash": False}, False),
        ({"size": 2}, False),
        ({"batch_tokens": 65536}, False),
    ],
)
def test_graphs_run_where_they_are_faster_and_fit(monkeypatch, changed, has_graphs):
    case = {"graph": "auto", "flash": True, "size": 1, "batch_tokens": 8192, "units": 1, **changed}
    monkeypatch.setattr(start, "has_flash", lambda *_: case["flash"])
    run = SimpleNamespace(
        options=SimpleNamespace(graph=case["graph"], batch_tokens=case["batch_tokens"]),
        world=SimpleNamespace(size=case["size"], device=CPU, dtype=torch.bfloat16),
        progress=SimpleNamespace(units=case["units"]),
        graphs=None,
    )
    start.choose_graphs(run)
    assert (run.graphs is not None) == has_graphs


def test_where_no_graph_can_be_recorded_a_run_says_so_and_goes_on(
    tmp_path, train, few, monkeypatch, capsys
):
    if torch.cuda.is_available():
        pytest.skip("here one can be recorded: test_gpu.py has its own failure")
    monkeypatch.setattr(start, "has_flash", lambda *_: True)
    arguments = ("--model", "tiny", "--device", "cpu", "--epochs", 1)
    assert train(few, *arguments, "--out", tmp_path / "runs/a") == 0
    told = capsys.readouterr().out
    assert told.count("CUDA graphs do not work here (") == 1
    assert read_log(tmp_path / "runs/a")[-1]["step"] == 1
