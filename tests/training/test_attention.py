"""The ways of a GPU through attention, played on a CPU against the one call per dialogue."""

import inspect

import numpy as np
import pytest
import torch
from torch.nn import functional

from corpus.training import attention, compiled, model
from corpus.training.compiled import compiled_pieces
from corpus.training.labels import SYS, USR
from corpus.training.model import PLAIN, precision, scored_states, summed_loss
from corpus.training.packing import pack

CPU = torch.device("cpu")


@pytest.fixture
def row(material):
    """A micro-batch as `cut_step` makes it: the longest dialogues first."""
    order = np.argsort(-material.training.lengths[:40], kind="stable")
    return pack(material.training, order, SYS)


def gradient_of(model, row, dtype=torch.float32, pieces=PLAIN):
    model.zero_grad()
    with precision(CPU, dtype):
        loss = summed_loss(model, row, pieces)
    loss.backward()
    return loss.item(), torch.cat([weight.grad.flatten() for weight in model.parameters()])


@pytest.fixture
def padded(monkeypatch):
    def attend(row, dtype):
        groups = attention.padded_groups(row)
        return lambda projected, n_heads: attention._attend_padded(projected, n_heads, groups)

    def switch():
        monkeypatch.setattr(model, "attention_of", attend)

    return switch


def test_padded_attention_comes_to_the_loss_and_gradient_of_each_dialogue_alone(model, row, padded):
    loss, gradient = gradient_of(model, row)
    padded()
    found, padded_gradient = gradient_of(model, row)
    assert found == pytest.approx(loss, rel=1e-6)
    assert torch.allclose(padded_gradient, gradient, atol=1e-4, rtol=1e-4)


def test_padding_is_bounded_and_every_token_stands_in_one_group(row):
    groups = attention.padded_groups(row)
    assert 1 < len(groups) < len(row.lengths)
    real = torch.cat([group.places[group.inside] for group in groups])
    assert real.tolist() == list(range(len(row.ids)))
    computed = sum(len(group.places) for group in groups)
    assert len(row.ids) / computed >= 0.8


def test_a_row_in_any_order_is_padded_rightly(model, material, padded):
    row = pack(material.training, np.arange(30), USR)
    expected = scored_states(model, row)
    padded()
    assert torch.allclose(scored_states(model, row), expected, atol=1e-5)


class FlashKernel:
    """What FlashAttention demands and computes, slowly and on a CPU."""

    def __call__(self, query, key, value, bounds, bounds_k, most_q, most_k, dropout, causal, debug):
        assert bounds is bounds_k
        assert bounds.dtype is torch.int32
        assert (dropout, causal, debug) == (0.0, True, False)
        lengths = bounds.diff().tolist()
        assert most_q == most_k == max(lengths)
        assert sum(lengths) == len(query)
        parts = []
        for tensor in (query, key, value):
            assert tensor.dtype is torch.bfloat16
            assert tensor.stride(-1) == 1
            assert tensor.shape[-1] % 8 == 0
            parts.append(tensor.transpose(0, 1).split(lengths, 1))
        attended = [
            functional.scaled_dot_product_attention(q[None], k[None], v[None], is_causal=True)[0]
            for q, k, v in zip(*parts, strict=True)
        ]
        return torch.cat(attended, 1).transpose(0, 1), None


def test_the_flash_kernel_is_called_as_it_must_be(model, row, monkeypatch):
    loss, gradient = gradient_of(model, row, torch.bfloat16)
    monkeypatch.setattr(torch.ops.aten, "_flash_attention_forward", FlashKernel(), raising=False)
    monkeypatch.setattr(
        "corpus.training.model.attention_of",
        lambda row, dtype: lambda projected, heads: attention._attend_flash(projected, heads, row),
    )
    attention._flash.cache_clear()
    found, flash_gradient = gradient_of(model, row, torch.bfloat16)
    assert (found, torch.equal(flash_gradient, gradient)) == (loss, True)


def test_the_private_kernel_still_takes_its_arguments_in_this_order():
    names = [one.name for one in torch.ops.aten._flash_attention_forward.default._schema.arguments]
    assert names[:10] == [
        "query", "key", "value", "cum_seq_q", "cum_seq_k", "max_q", "max_k", "dropout_p",
        "is_causal", "return_debug_mask",
    ]  # fmt: skip


@pytest.mark.parametrize("keyword", ["window_size", "is_causal"])
def test_the_public_call_is_made_causal_in_every_version(monkeypatch, keyword):
    module = pytest.importorskip("torch.nn.attention.varlen")
    seen = {}

    def newer(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, window_size=(-1, -1)):
        seen.update(window_size=window_size)
        return query

    def older(query, key, value, cu_seq_q, cu_seq_k, max_q, max_k, *, is_causal=False):
        seen.update(is_causal=is_causal)
        return query

    monkeypatch.setattr(module, "varlen_attn", {"window_size": newer, "is_causal": older}[keyword])
    query = torch.zeros(4, 2, 8)
    attention._public_flash(query, query, query, torch.tensor([0, 4], dtype=torch.int32), 4)
    assert (
        seen == {"window_size": {"window_size": (-1, 0)}, "is_causal": {"is_causal": True}}[keyword]
    )


def test_this_torchs_public_call_can_be_made_causal():
    module = pytest.importorskip("torch.nn.attention.varlen")
    names = inspect.signature(module.varlen_attn).parameters
    assert {"window_size", "is_causal"} & set(names)


@pytest.fixture
def traced(monkeypatch):
    """The pieces as torch.compile sees them, with all its tracing and without its kernels."""
    compile_all = torch.compile
    monkeypatch.setattr(torch, "compile", lambda f, **kw: compile_all(f, backend="aot_eager", **kw))
    monkeypatch.setattr(compiled, "_LOGITS_AT_ONCE", 100)
    for one in (compiled_pieces, compiled._compiled_cross_entropy):
        one.cache_clear()
    yield compiled_pieces()
    for one in (compiled_pieces, compiled._compiled_cross_entropy):
        one.cache_clear()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_compiled_pieces_come_to_the_loss_and_gradient_of_the_plain_ones(
    model, material, traced, dtype
):
    for n in (40, 9):
        row = pack(material.training, np.arange(n), SYS)
        loss, gradient = gradient_of(model, row, dtype)
        found, compiled_gradient = gradient_of(model, row, dtype, traced)
        assert found == pytest.approx(loss, rel=1e-5)
        assert functional.cosine_similarity(gradient, compiled_gradient, dim=0) > 0.9999


def test_rows_of_other_lengths_are_not_compiled_again(model, material, traced):
    from torch._dynamo.utils import counters

    gradient_of(model, pack(material.training, np.arange(40), SYS), pieces=traced)
    before = counters["stats"]["unique_graphs"]
    for n in (39, 17, 3):
        gradient_of(model, pack(material.training, np.arange(n), SYS), pieces=traced)
    assert counters["stats"]["unique_graphs"] == before
