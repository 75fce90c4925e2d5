"""The config and weights of a model folder, mapped from the disk.

Not handled: weights in several files, and pickled ones (`pytorch_model.bin`).
"""

# mypy: allow-untyped-calls
# (safetensors leaves its calls without annotations)

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from corpus.records import CorpusError

Tensor = Any  # torch's: only `model` and `sampling` import torch

_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
# GPT-2 computes something else than `model.Decoder` where one of these differs.
_PLAIN_GPT2: dict[str, tuple[Any, ...]] = {
    "model_type": ("gpt2",),
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}
_DEFAULTS: dict[str, Any] = {
    "activation_function": "gelu_new",
    "scale_attn_weights": True,
    "scale_attn_by_inverse_layer_idx": False,
    "add_cross_attention": False,
    "layer_norm_epsilon": 1e-5,
    "n_inner": None,
}
_PREFIX = "transformer."  # before all names but the head's, if the model was saved with its head
_HEAD = "lm_head.weight"  # only there if it is not the token embeddings


@dataclass(frozen=True, slots=True)
class Config:
    """The sizes of a GPT-2."""

    vocab_size: int
    n_positions: int
    n_embd: int
    n_layer: int
    n_head: int
    n_inner: int
    layer_norm_epsilon: float

    @property
    def head_width(self) -> int:
        """Width of an attention head."""
        return self.n_embd // self.n_head


def read_config(folder: Path) -> Config:
    """Read config.json.

    Raises:
        CorpusError: unreadable, or of no plain GPT-2.
    """
    path = folder / _CONFIG
    try:
        content = _DEFAULTS | json.loads(path.read_bytes())
        for setting, allowed in _PLAIN_GPT2.items():
            if content[setting] not in allowed:
                raise CorpusError(
                    f"{folder} is no plain GPT-2 ({setting} is {content[setting]!r}): chat talks "
                    "to what train.py makes."
                )
        return Config(
            vocab_size=int(content["vocab_size"]),
            n_positions=int(content["n_positions"]),
            n_embd=int(content["n_embd"]),
            n_layer=int(content["n_layer"]),
            n_head=int(content["n_head"]),
            n_inner=int(content["n_inner"] or 4 * content["n_embd"]),
            layer_norm_epsilon=float(content["layer_norm_epsilon"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise CorpusError(f"{path} is no config.json of a model: {error}.") from error


class Weights:
    """The weights of a model by name, checked against its config. `of` gives views of the file."""

    def __init__(self, folder: Path) -> None:
        """Map the weights.

        Raises:
            CorpusError: there are none, one is lacking, or one has another size than config.json
                says.
        """
        self.config = read_config(folder)
        path = folder / _WEIGHTS
        if not path.is_file():
            raise CorpusError(f"{folder} has no {_WEIGHTS}, which train.py writes there.")
        try:
            self._file = safe_open(path, framework="pt")
            names = set(self._file.keys())
        except (SafetensorError, OSError) as error:
            raise CorpusError(f"{path} cannot be read: {error}.") from error
        self._prefix = _PREFIX if f"{_PREFIX}wte.weight" in names else ""
        self._has_head = _HEAD in names
        for name, shape in self._shapes().items():
            if self._prefix + name not in names:
                raise CorpusError(f"the weights of {folder} lack {name}.")
            found = self._file.get_slice(self._prefix + name).get_shape()
            if tuple(found) != shape:
                raise CorpusError(
                    f"the weights of {folder} do not fit its {_CONFIG}: {name} is "
                    f"{_by(found)}, not {_by(shape)}."
                )

    def of(self, name: str) -> Tensor:
        """Return a weight by its name without `transformer.`, in float32."""
        return self._file.get_tensor(self._prefix + name).float()

    @property
    def head(self) -> Tensor:
        """What turns hidden states into logits: (vocabulary, width)."""
        if self._has_head:
            return self._file.get_tensor(_HEAD).float()
        return self.of("wte.weight")

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        config = self.config
        width, inner = config.n_embd, config.n_inner
        shapes: dict[str, tuple[int, ...]] = {
            "wte.weight": (config.vocab_size, width),
            "wpe.weight": (config.n_positions, width),
        }
        for k in range(config.n_layer):
            for name, n_in, n_out in (
                ("attn.c_attn", width, 3 * width),
                ("attn.c_proj", width, width),
                ("mlp.c_fc", width, inner),
                ("mlp.c_proj", inner, width),
            ):
                shapes[f"h.{k}.{name}.weight"] = (n_in, n_out)
                shapes[f"h.{k}.{name}.bias"] = (n_out,)
            for name in ("ln_1", "ln_2"):
                shapes[f"h.{k}.{name}.weight"] = shapes[f"h.{k}.{name}.bias"] = (width,)
        shapes["ln_f.weight"] = shapes["ln_f.bias"] = (width,)
        return shapes


def _by(shape: "tuple[int, ...] | list[int]") -> str:
    return " x ".join(map(str, shape))
