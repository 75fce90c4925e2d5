"""AdamW, its state as tensors with names, and the loss scale that float16 needs."""

import torch
from torch.optim import AdamW
from transformers import GPT2LMHeadModel

from corpus.training.gradient import Gradient

_MOMENTS = ("step", "exp_avg", "exp_avg_sq")

_FIRST_SCALE = 65536.0
_GROWTH, _BACKOFF, _GROW_AFTER = 2.0, 0.5, 2000  # what torch's GradScaler uses
_LEAST_SCALE = 2.0**-14  # a run whose gradients overflow even so has diverged


def make_optimiser(model: GPT2LMHeadModel, *, weight_decay: float, beta2: float = 0.999) -> AdamW:
    """Return a fused AdamW that decays matrices and embeddings, not biases and norms."""
    parameters = list(model.parameters())
    return AdamW(
        [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ],
        betas=(0.9, beta2),
        fused=True,
    )


def set_learning_rate(optimiser: AdamW, rate: float) -> None:
    """Let the next step be of this rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


class LossScale:
    """The factor that keeps float16 gradients above zero.

    It is halved when a gradient overflows (that step is skipped), and doubled after 2,000 good
    steps. Both numbers live on the device, so that nobody waits for them.
    """

    def __init__(self, device: torch.device, scale: float, good_steps: int) -> None:
        """Go on with a saved scale; 0 is none yet."""
        self.scale = torch.tensor(scale or _FIRST_SCALE, device=device)
        self._good_steps = torch.tensor(good_steps, dtype=torch.int32, device=device)

    def update(self, *, overflow: torch.Tensor, stop: torch.Tensor) -> None:
        """Take note of a step: did it overflow? A step that was stopped does not count."""
        before = self.scale.clone(), self._good_steps.clone()
        flag = overflow.to(torch.float32)
        torch._amp_update_scale_(self.scale, self._good_steps, flag, _GROWTH, _BACKOFF, _GROW_AFTER)
        self.scale.copy_(torch.where(stop, before[0], self.scale))
        self._good_steps.copy_(torch.where(stop, before[1], self._good_steps))

    def state(self) -> tuple[float, int]:
        """Return both numbers, to be saved."""
        return float(self.scale), int(self._good_steps)


def update_weights(
    optimiser: AdamW,
    gradient: Gradient,
    numbers: torch.Tensor,
    *,
    clip: float,
    scale: LossScale | None,
) -> torch.Tensor:
    """Clip and take the step without reading anything from the device.

    `numbers` are those of `measure_gradient`. The fused kernel divides the gradient by what clips
    it (and by the loss scale), and changes nothing at all if the loss or the gradient is no finite
    number, or if a process was asked to stop.

    Returns:
        The loss, the true norm, the wish to stop, and the scale that the step was taken with.
    """
    loss, norm, stopped = numbers.unbind()
    stop = stopped > 0
    overflow = ~torch.isfinite(loss + norm)
    used = torch.ones_like(norm) if scale is None else scale.scale.to(norm.dtype)
    norm = norm / used
    divisor = (torch.where(norm > clip, norm / clip, 1.0) * used).float()
    if numbers.device.type == "mps":  # its kernel knows neither attribute
        if not bool(overflow | stop):
            gradient.weights.div_(divisor)
            optimiser.step()
    else:  # AdamW reads these two attributes, as GradScaler sets them
        setattr(optimiser, "grad_scale", torch.where(overflow, used.float(), divisor))  # noqa: B010
        setattr(optimiser, "found_inf", (overflow | stop).float())  # noqa: B010
        optimiser.step()
    if scale is not None:
        scale.update(overflow=overflow, stop=stop)
    return torch.stack([loss, norm, stopped, used])


def has_diverged(scale: float) -> bool:
    """Tell whether float16 gradients overflow at any scale."""
    return scale < _LEAST_SCALE


def optimiser_tensors(model: GPT2LMHeadModel, optimiser: AdamW) -> dict[str, torch.Tensor]:
    """Return the moments under `NAME.exp_avg` ...; nothing before the first step."""
    return {
        f"{name}.{moment}": optimiser.state[parameter][moment]
        for name, parameter in model.named_parameters()
        if parameter in optimiser.state
        for moment in _MOMENTS
    }


def empty_moments(model: GPT2LMHeadModel) -> dict[str, torch.Tensor]:
    """Return moments of the right shapes, to be filled by a broadcast."""
    return {
        f"{name}.{moment}": torch.zeros(() if moment == "step" else parameter.shape)
        for name, parameter in model.named_parameters()
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
