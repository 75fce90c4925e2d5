import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from corpus.training.labels import SYS, USR
from corpus.training.model import precision, scored_states, summed_loss, token_losses
from corpus.training.packing import pack
from corpus.training.speed import Work

CPU = torch.device("cpu")


@pytest.fixture
def row(material):
    return pack(material.training, np.arange(7), SYS)


def separate(model, material, number):
    """The dialogue alone through transformers' own forward pass: logits (length, vocabulary)."""
    start, end = material.training.starts[number], material.training.starts[number + 1] - 1
    ids = torch.from_numpy(material.training.tokens[start:end].astype(np.int64))
    return model(ids[None]).logits[0]


def test_packed_logits_are_the_logits_of_each_dialogue_alone(model, material):
    row = pack(material.training, np.arange(7), USR)
    packed = model.lm_head(scored_states(model, row))
    alone = torch.cat([separate(model, material, number) for number in range(7)])
    assert torch.allclose(packed, alone, atol=1e-5, rtol=0)


def test_a_dialogue_does_not_see_its_neighbours(model, material):
    first = scored_states(model, pack(material.training, np.array([3, 4]), USR))
    second = scored_states(model, pack(material.training, np.array([9, 4]), USR))
    length = int(material.training.lengths[4])
    assert torch.allclose(first[-length:], second[-length:], atol=1e-6)


def test_what_is_not_scored_is_left_out_without_a_trace(model, material, row):
    everywhere = pack(material.training, np.arange(7), USR)
    expected = scored_states(model, everywhere)[everywhere.kinds >= SYS]
    assert torch.allclose(scored_states(model, row), expected, atol=1e-6)


def test_loss_and_gradients_are_those_of_transformers(model, material, row):
    summed_loss(model, row).backward()
    packed = {name: weight.grad.clone() for name, weight in model.named_parameters()}
    model.zero_grad()
    total = 0.0
    for number in range(7):
        one = pack(material.training, np.array([number]), SYS)
        labels = torch.full((len(one.ids),), -100)
        labels[one.scored] = one.targets
        logits = separate(model, material, number)
        total += torch.nn.functional.cross_entropy(logits, labels, reduction="sum")
    total.backward()
    assert total.item() == pytest.approx(summed_loss(model, row).item(), rel=1e-5)
    for name, weight in model.named_parameters():
        assert torch.allclose(packed[name], weight.grad, atol=1e-4, rtol=1e-4), name


def test_the_loss_of_a_row_is_the_sum_over_its_tokens(model, material):
    row = pack(material.training, np.arange(40), USR)  # more than one chunk of logits
    losses = token_losses(model, row)
    assert losses.shape == row.targets.shape
    assert losses.sum().item() == pytest.approx(summed_loss(model, row).item(), rel=1e-5)


def test_no_logit_is_made_where_nothing_is_scored(model, material, monkeypatch):
    seen = []
    product = torch.mm
    monkeypatch.setattr(torch, "mm", lambda *a, **b: seen.append(len(a[0])) or product(*a, **b))
    row = pack(material.training, np.arange(40), SYS)
    summed_loss(model, row)
    assert sum(seen) == len(row.targets) < len(row.ids)
    assert max(seen) <= 256, "in chunks"


def test_bfloat16_comes_close_and_leaves_weights_and_gradients_in_float32(model, row):
    exact = summed_loss(model, row).item()
    with precision(CPU, torch.bfloat16):
        loss = summed_loss(model, row)
    loss.backward()
    assert loss.item() == pytest.approx(exact, rel=1e-3)
    assert {weight.grad.dtype for weight in model.parameters()} == {torch.float32}


def test_in_bfloat16_losses_are_still_float32(model, row):
    """As torch's own `linear_cross_entropy` gives them, they have 8 bits."""
    with precision(CPU, torch.bfloat16):
        total, losses = summed_loss(model, row), token_losses(model, row)
    assert {total.dtype, losses.dtype} == {torch.float32}
    assert not torch.equal(losses, losses.bfloat16().float())
    assert total.item() == pytest.approx(losses.double().sum().item(), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_number_of_threads_does_not_show_in_the_gradient(model, material, dtype):
    rows = [pack(material.training, np.arange(n), SYS) for n in (1, 7, 30)]
    gradients = []
    threads = torch.get_num_threads()
    for number in (1, 2, 3):  # 3 parts nothing evenly
        torch.set_num_threads(number)
        model.zero_grad()
        for row in rows:
            with precision(CPU, dtype):
                loss = summed_loss(model, row)
            loss.backward()
        gradients.append(torch.cat([weight.grad.flatten() for weight in model.parameters()]))
    torch.set_num_threads(threads)
    assert all(torch.equal(gradients[0], gradient) for gradient in gradients[1:])


def test_the_packed_forward_pass_relies_on_this_in_transformers(model):
    """DESIGN's traps, checked: a release that changes them makes our way through GPT-2 suspect."""
    block = model.transformer.h[0]
    assert block.attn.c_attn.weight.shape == (128, 3 * 128)
    assert block.attn.scaling == pytest.approx(64**-0.5)
    assert type(block.mlp.act).__name__ == "NewGELUActivation"
    assert GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=1)).config.tie_word_embeddings


def test_the_work_of_a_step_is_counted_by_what_is_done(model, material):
    few, many = (pack(material.training, np.arange(9), kind) for kind in (SYS, USR))
    work = Work.of(model)
    more = (work.flops(many) - work.flops(few)) / (len(many.scored) - len(few.scored))
    assert more == 6 * (4000 * 128 + 9 * 128**2 + 6 * 128), "logits, c_proj and MLP with biases"
