"""What only a GPU can show: `python -m pytest tests/training/test_gpu.py -v` where there is one."""

import numpy as np
import pytest
import torch
from corpora import chats, write_corpus

from corpus.training import model as packed
from corpus.training.labels import SYS, USR
from corpus.training.log import read_log
from corpus.training.model import precision, scored_states, summed_loss, token_losses
from corpus.training.packing import pack
from corpus.training.speed import gpu_use

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
CUDA = torch.device("cuda")


def has_flash():
    return torch.cuda.is_available() and torch.cuda.get_device_capability() >= (8, 0)


@pytest.fixture
def on_gpu(model):
    torch.nn.Module.to(model, CUDA)
    return model


def test_the_gpu_comes_to_the_losses_of_the_cpu_in_float32(model, material):
    row = pack(material.training, np.arange(20), SYS)
    expected = token_losses(model, row)
    torch.nn.Module.to(model, CUDA)
    torch.set_float32_matmul_precision("highest")
    found = token_losses(model, row.to(CUDA)).cpu()
    assert torch.allclose(found, expected, atol=1e-4)


@pytest.mark.skipif(not has_flash(), reason="flash attention needs compute capability 8")
def test_the_flash_kernel_keeps_dialogues_apart_and_agrees(on_gpu, material, monkeypatch):
    row = pack(material.training, np.arange(20), USR).to(CUDA)
    used = []
    flash = packed._attend_flash
    monkeypatch.setattr(packed, "_attend_flash", lambda *a: used.append(1) or flash(*a))
    with precision(CUDA, torch.bfloat16):
        found = scored_states(on_gpu, row)
    assert len(used) == 2, "one call a layer"
    expected = scored_states(on_gpu, row)
    assert torch.allclose(found, expected, atol=0.05, rtol=0.05)
    alone = pack(material.training, np.array([19]), USR).to(CUDA)
    with precision(CUDA, torch.bfloat16):
        last = scored_states(on_gpu, alone)
    assert torch.allclose(found[-len(last) :], last, atol=0.02, rtol=0.02)


@pytest.mark.skipif(not has_flash(), reason="flash attention needs compute capability 8")
def test_gradients_in_bfloat16_point_where_those_in_float32_do(on_gpu, material):
    row = pack(material.training, np.arange(40), SYS).to(CUDA)
    gradients = []
    for dtype in (torch.float32, torch.bfloat16):
        on_gpu.zero_grad()
        with precision(CUDA, dtype):
            loss = summed_loss(on_gpu, row)
        loss.backward()
        gradients.append(torch.cat([weight.grad.flatten() for weight in on_gpu.parameters()]))
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.99


@pytest.mark.parametrize("arguments", [(), ("--precision", "fp32")])
def test_a_run_on_a_gpu_learns_and_resumes(tmp_path, train, arguments):
    processed = write_corpus(tmp_path / "processed", chats(400), chats(20, seed=1))
    run = tmp_path / "runs/a"
    options = (processed, "--model", "tiny", "--device", "cuda", "--out", run, *arguments)
    assert train(*options, "--epochs", 4, "--batch-tokens", 512) == 0
    losses = [entry["loss"] for entry in read_log(run) if "loss" in entry]
    assert losses[-1] < losses[0] - 1
    assert train(*options, "--epochs", 4, "--batch-tokens", 512) == 0


def test_memory_is_reported_and_the_probe_finds_what_fits(tmp_path, train, processed):
    """Leaves a third of a GiB free, of which the default micro-batch would take more."""
    assert "GiB" in gpu_use(CUDA, 1e12)
    free, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(min(1.0, 2**30 / 3 / total))
    try:
        arguments = ("--model", "tiny", "--device", "cuda", "--epochs", 1)
        out = tmp_path / "runs/a"
        assert train(processed, *arguments, "--batch-tokens", 65536, "--out", out) == 0
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert free > 0
