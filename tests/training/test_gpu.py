"""What only a GPU can show: `python -m pytest tests/training/test_gpu.py -v` where there is one."""

import gc

import numpy as np
import pytest
import torch
from corpora import chats, write_corpus

from corpus.training import attention
from corpus.training.compiled import compiled_pieces
from corpus.training.graph import Graphs
from corpus.training.labels import SYS, USR
from corpus.training.log import read_log
from corpus.training.model import PLAIN, precision, scored_states, summed_loss, token_losses
from corpus.training.packing import pack, pad, shapes_of
from corpus.training.speed import usage

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
CUDA = torch.device("cuda")


def has_flash():
    return torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)


needs_flash = pytest.mark.skipif(not has_flash(), reason="it needs compute capability 8")


@pytest.fixture
def on_gpu(model):
    torch.nn.Module.to(model, CUDA)
    return model


def gradient_of(model, row, dtype, pieces=PLAIN):
    model.zero_grad()
    with precision(CUDA, dtype):
        loss = summed_loss(model, row, pieces)
    loss.backward()
    return loss.item(), torch.cat([weight.grad.flatten() for weight in model.parameters()])


def test_the_gpu_comes_to_the_losses_of_the_cpu_in_float32(model, material):
    row = pack(material.training, np.arange(20), SYS)
    expected = token_losses(model, row)
    torch.nn.Module.to(model, CUDA)
    torch.set_float32_matmul_precision("highest")
    found = token_losses(model, row.to(CUDA)).cpu()
    assert torch.allclose(found, expected, atol=1e-4)


@needs_flash
def test_the_flash_kernel_keeps_dialogues_apart_and_agrees(on_gpu, material, monkeypatch):
    row = pack(material.training, np.arange(20), USR).to(CUDA)
    used = []
    flash = attention._attend_flash
    monkeypatch.setattr(attention, "_attend_flash", lambda *a: used.append(1) or flash(*a))
    with precision(CUDA, torch.bfloat16):
        found = scored_states(on_gpu, row)
    assert len(used) == 2, "one call a layer"
    expected = scored_states(on_gpu, row)
    assert torch.allclose(found, expected, atol=0.05, rtol=0.05)
    alone = pack(material.training, np.array([19]), USR).to(CUDA)
    with precision(CUDA, torch.bfloat16):
        last = scored_states(on_gpu, alone)
    assert torch.allclose(found[-len(last) :], last, atol=0.02, rtol=0.02)


@needs_flash
def test_the_public_call_of_the_flash_kernel_agrees_with_the_private_one(on_gpu, material):
    pytest.importorskip("torch.nn.attention.varlen")
    row = pack(material.training, np.arange(20), SYS).to(CUDA)
    projected = torch.randn(len(row.ids), 3 * 128, device=CUDA, dtype=torch.bfloat16)
    query, key, value = attention._heads(projected, 2)
    longest = max(row.lengths)
    found = attention._public_flash(query, key, value, row.bounds, longest)
    assert torch.equal(found, attention._private_flash(query, key, value, row.bounds, longest))


@needs_flash
def test_gradients_in_bfloat16_point_where_those_in_float32_do(on_gpu, material):
    row = pack(material.training, np.arange(40), SYS).to(CUDA)
    gradients = [gradient_of(on_gpu, row, dtype)[1] for dtype in (torch.float32, torch.bfloat16)]
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_the_padded_path_agrees_with_the_flash_kernel(on_gpu, material, monkeypatch, dtype):
    """The way of a T4, on whatever GPU this is."""
    monkeypatch.setattr(attention, "has_flash", lambda *_: False)
    row = pack(material.training, np.arange(40), SYS).to(CUDA)
    torch.set_float32_matmul_precision("highest")
    loss, gradient = gradient_of(on_gpu, row, dtype)
    expected, exact = gradient_of(on_gpu, row, torch.float32)
    assert loss == pytest.approx(expected, rel=2e-3)
    assert torch.nn.functional.cosine_similarity(gradient, exact, dim=0) > 0.999


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_compiled_pieces_come_to_the_loss_and_gradient_of_the_plain_ones(
    on_gpu, material, dtype
):
    if dtype is torch.bfloat16 and not has_flash():
        pytest.skip("no bfloat16")
    for n in (40, 23):  # one compilation for both
        row = pack(material.training, np.arange(n), SYS).to(CUDA)
        loss, gradient = gradient_of(on_gpu, row, dtype)
        found, compiled = gradient_of(on_gpu, row, dtype, compiled_pieces())
        assert found == pytest.approx(loss, rel=1e-3)
        assert torch.nn.functional.cosine_similarity(gradient, compiled, dim=0) > 0.999


@pytest.fixture
def graphs(on_gpu):
    """Graphs of a model without dropout; each play adds to the gradients and to `losses`."""
    losses = torch.zeros((), device=CUDA)
    for weight in on_gpu.parameters():
        weight.grad = torch.zeros_like(weight)

    def add(row, n_labelled):
        with precision(CUDA, torch.bfloat16):
            loss = summed_loss(on_gpu, row, compiled_pieces())
        (loss / n_labelled).backward()
        losses.add_(loss.detach())

    return Graphs(add, CUDA), losses, on_gpu


def played(graphs, row, shape):
    recorder, losses, model = graphs
    losses.zero_()
    for weight in model.parameters():
        weight.grad.zero_()
    recorder.play(row, shape, 1)
    return losses.item(), torch.cat([weight.grad.flatten() for weight in model.parameters()])


@needs_flash
def test_a_graph_comes_to_the_loss_and_gradient_of_every_row_it_is_played_with(graphs, material):
    rows = [pack(material.training, np.arange(n, n + 30 + n), SYS) for n in (0, 5, 9)]
    sizes = [(len(row.ids), len(row.scored), len(row.lengths)) for row in rows]
    shapes = shapes_of(sizes, material.longest)
    graphs[0].record(shapes)
    for row, shape in [*zip(rows, shapes, strict=True), (rows[0], shapes[0])]:
        found, gradient = played(graphs, row, shape)
        model = graphs[2]
        for weight in model.parameters():
            weight.grad.zero_()
        with precision(CUDA, torch.bfloat16):
            loss = summed_loss(model, row.to(CUDA))
        loss.backward()
        expected = torch.cat([weight.grad.flatten() for weight in model.parameters()])
        assert found == pytest.approx(loss.item(), rel=1e-3)
        assert torch.nn.functional.cosine_similarity(gradient, expected, dim=0) > 0.999


@needs_flash
def test_a_graph_draws_the_dropout_that_the_seed_says(graphs, material):
    recorder, _, model = graphs
    model.transformer.drop.p = 0.2
    for block in model.transformer.h:
        block.mlp.dropout.p = 0.2
    row = pack(material.training, np.arange(30), SYS)
    (shape,) = shapes_of([(len(row.ids), len(row.scored), len(row.lengths))], material.longest)
    recorder.record([shape])
    losses = []
    for seed in (1, 2, 1):
        torch.manual_seed(seed)
        losses.append(played(graphs, row, shape)[0])
    assert losses[0] == pytest.approx(losses[2], rel=1e-6)
    assert losses[0] != pytest.approx(losses[1], rel=1e-4)
    row = pad(row, shape).to(CUDA)
    torch.manual_seed(1)
    with precision(CUDA, torch.bfloat16):
        loss = summed_loss(model, row, compiled_pieces())
    assert loss.item() == pytest.approx(losses[0], rel=1e-4)


def test_graphs_that_fail_are_told_in_one_line_and_the_run_goes_on(
    tmp_path, train, few, monkeypatch, capsys
):
    def broken(*_, **__):
        raise RuntimeError("no graphs here")

    monkeypatch.setattr(torch.cuda, "graph_pool_handle", broken)
    run = tmp_path / "runs/a"
    arguments = ("--model", "tiny", "--device", "cuda", "--precision", "fp16", "--epochs", 1)
    assert train(few, *arguments, "--out", run) == 0
    told = capsys.readouterr().out
    assert ("CUDA graphs do not work here (RuntimeError: no graphs here)" in told) == has_flash()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--graph", "off"),
        ("--compile", "off"),
        ("--compile", "off", "--graph", "off", "--wait"),
        ("--precision", "fp16", "--compile", "off"),
        ("--precision", "fp32", "--compile", "off"),
    ],
)
def test_a_run_on_a_gpu_learns_and_resumes(tmp_path, train, arguments):
    processed = write_corpus(tmp_path / "processed", chats(400), chats(20, seed=1))
    run = tmp_path / "runs/a"
    options = (processed, "--model", "tiny", "--device", "cuda", "--out", run, *arguments)
    assert train(*options, "--epochs", 3, "--batch-tokens", 512) == 0
    losses = [entry["loss"] for entry in read_log(run) if "loss" in entry]
    assert losses[-1] < losses[0] - 1
    assert train(*options, "--epochs", 4, "--batch-tokens", 512) == 0
    entries = [entry for entry in read_log(run) if "loss" in entry]
    assert [entry["step"] for entry in entries] == list(range(1, len(losses) // 3 * 4 + 1))
    assert entries[-1]["memory_gib"] > 0


def test_memory_is_reported_and_the_probe_finds_what_fits(tmp_path, train, processed):
    """Leaves a third of a GiB free, of which the default micro-batch would take more."""
    assert "GiB" in usage(CUDA, torch.bfloat16, 1e12).text
    gc.collect()  # what the tests before left behind counts, too
    torch.cuda.empty_cache()
    total = torch.cuda.mem_get_info()[1]
    most = torch.cuda.memory_reserved() + 2**30 / 3
    torch.cuda.set_per_process_memory_fraction(min(1.0, most / total))
    try:
        arguments = ("--model", "tiny", "--device", "cuda", "--epochs", 1, "--compile", "off")
        out = tmp_path / "runs/a"
        assert train(processed, *arguments, "--batch-tokens", 65536, "--out", out) == 0
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
