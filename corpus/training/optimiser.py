"""AdamW, its learning rate, and its state as tensors with names."""

import math

import torch
from torch.optim import AdamW
from transformers import GPT2LMHeadModel

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")


def make_optimiser(model: GPT2LMHeadModel, *, weight_decay: float) -> AdamW:
    """Return a fused AdamW that decays matrices and embeddings, not biases and norms."""
    parameters = list(model.parameters())
    return AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        fused=True,
    )


def learning_rate(step: int, *, total: int, warmup: float, peak: float) -> float:
    """Return the rate of step 0, 1, ...: up in a line over `warmup` of all steps, down in a cosine.

    >>> [round(learning_rate(step, total=10, warmup=0.2, peak=1.0), 2) for step in (0, 1, 2, 9)]
    [0.5, 1.0, 1.0, 0.04]
    """
    rising = math.ceil(total * warmup)
    if step < rising:
        return peak * (step + 1) / rising
    return peak * (1 + math.cos(math.pi * (step - rising) / (total - rising))) / 2


def set_learning_rate(optimiser: AdamW, rate: float) -> None:
    """Let the next step be of this rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def optimiser_tensors(model: GPT2LMHeadModel, optimiser: AdamW) -> dict[str, torch.Tensor]:
    """Return the moments under `NAME.exp_avg` ...; nothing before the first step."""
    return {
        f"{name}.{moment}": optimiser.state[parameter][moment]
        for name, parameter in model.named_parameters()
        if parameter in optimiser.state
        for moment in _MOMENTS
    }


def restore_optimiser(
    model: GPT2LMHeadModel, optimiser: AdamW, tensors: dict[str, torch.Tensor]
) -> None:
    """Put saved moments back, as `optimiser_tensors` returned them."""
    if not tensors:
        return
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    ordered = [names[id(p)] for group in optimiser.param_groups for p in group["params"]]
    state = optimiser.state_dict()
    state["state"] = {
        place: {moment: tensors[f"{name}.{moment}"] for moment in _MOMENTS}
        for place, name in enumerate(ordered)
    }
    optimiser.load_state_dict(state)
