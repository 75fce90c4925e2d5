import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional

from corpus.training import evaluate as evaluating
from corpus.training.evaluate import evaluate, perplexity, plan_evaluation
from corpus.training.labels import make_sequences
from corpus.training.shards import read_split
from corpus.training.world import World


def world(**changes):
    defaults = {"rank": 0, "size": 1, "device": torch.device("cpu"), "dtype": torch.float32}
    return World(**defaults | changes)


@torch.no_grad()
def by_hand(model, dialogues, prefix):
    """The three losses, dialogue by dialogue through transformers' own forward pass."""
    sums = {"all": [0.0, 0], "sys": [0.0, 0], "last_sys": [0.0, 0]}
    for number in range(len(dialogues)):
        begin, end = dialogues.offsets[number : number + 2]
        ids = dialogues.token_ids[begin:end].tolist()
        begin, end = dialogues.turn_offsets[number : number + 2]
        starts = [*dialogues.turn_starts[begin:end].tolist(), len(ids)]
        logits = model.eval()(torch.tensor([prefix + ids])).logits[0, len(prefix) :]
        losses = functional.cross_entropy(logits, torch.tensor([*ids[1:], 1]), reduction="none")
        spans = {
            "all": [(0, len(ids))],
            "sys": [(starts[turn], starts[turn + 1]) for turn in range(1, len(starts) - 1, 2)],
            "last_sys": [(starts[-2], starts[-1])],
        }
        for name, places in spans.items():
            for first, last in places:
                sums[name][0] += float(losses[first:last].double().sum())
                sums[name][1] += last - first
    return {name: total / count for name, (total, count) in sums.items()}


@pytest.mark.parametrize("shift", [False, True])
def test_the_three_losses_are_those_of_every_dialogue_alone(model, material, shift):
    dialogues = read_split(material.corpus, "validation")
    sequences = make_sequences(dialogues, bos=0, eos=1, shift=shift)
    losses = evaluate(model, sequences, plan_evaluation(sequences), world())
    expected = by_hand(model, dialogues, [0] if shift else [])
    assert dataclasses.asdict(losses) == pytest.approx(expected, rel=1e-5)


def test_the_rows_hold_every_dialogue_once_and_are_of_one_size(material, monkeypatch):
    monkeypatch.setattr(evaluating, "ROW_TOKENS", 300)
    rows = plan_evaluation(material.validation.sequences)
    assert sorted(np.concatenate(rows).tolist()) == list(
        range(len(material.validation.sequences.lengths))
    )
    longest = material.validation.sequences.lengths.max()
    assert len(rows) > 2
    assert all(material.validation.sequences.lengths[row].sum() < 300 + longest for row in rows)


def test_the_losses_come_out_alike_for_any_number_of_processes(model, material, monkeypatch):
    """The processes of a job, played one after the other; test_processes has real ones."""
    monkeypatch.setattr(evaluating, "ROW_TOKENS", 300)
    rows = plan_evaluation(material.validation.sequences)
    alone = evaluate(model, material.validation.sequences, rows, world())
    parts = []
    for rank in range(3):
        here = world(rank=rank, size=3)
        monkeypatch.setattr(World, "any", lambda self, flag: flag)
        monkeypatch.setattr(World, "add_up", lambda self, tensor: parts.append(tensor.clone()))
        evaluate(model, material.validation.sequences, rows, here)
    monkeypatch.setattr(World, "add_up", lambda self, tensor: tensor.copy_(sum(parts)))
    assert evaluate(model, material.validation.sequences, rows, world(size=3)) == alone


def test_a_stop_is_noticed_between_rows(model, material):
    rows = plan_evaluation(material.validation.sequences)
    assert evaluate(model, material.validation.sequences, rows, world(stop_asked=True)) is None
    assert model.training


def test_perplexity_of_a_hopeless_model_is_still_a_number():
    assert perplexity(0.0) == 1.0
    assert perplexity(1e6) > 1e300
