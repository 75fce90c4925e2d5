"""GPT-2 as `train.py` writes it, for replies: keys and values are kept, rows share their prefix.

A prefix is computed in chunks that its text decides (one for each exchange), never by what happens
to be kept: so a reply is the same, to the last bit, whether the prefix was kept or not.

Not handled: training, padding on the left, other architectures.
"""

# mypy: allow-untyped-calls
# (torch leaves some of what is called here without annotations)

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch.nn import functional

from corpus.chat.decoding.weights import Config, Weights

Device = torch.device
Linear = Callable[[torch.Tensor], torch.Tensor]
Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]

_SCORED_AT_ONCE = 64  # positions: their logits are 13 MB
# Rows of the head: to pack all 51,200 at once takes 1.1 s, in four parts 0.5, for the same bits.
_PACKED_AT_ONCE = 12800


@dataclass(slots=True)
class Prefix:
    """The tokens that all rows of a reply begin with, and what the model keeps of them."""

    keys: torch.Tensor  # (layers, heads, room, head width)
    values: torch.Tensor
    ids: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)  # of the chunks
    logits: torch.Tensor | None = None  # after the last chunk

    def repeated(self, n: int) -> torch.Tensor:
        """Return the logits after the last chunk for `n` rows.

        Raises:
            ValueError: no chunk was computed since the prefix was cut.
        """
        if self.logits is None:
            raise ValueError("the prefix has no logits at its end")
        return self.logits.expand(n, -1)

    def cut(self, n: int) -> None:
        """Forget all but the first `n` tokens, where a chunk ends."""
        del self.ids[n:]
        self.ends = [end for end in self.ends if end <= n]
        self.logits = None

    def copy_from(self, other: "Prefix", n: int) -> None:
        """Take over the first `n` tokens of another prefix, where a chunk ends."""
        self.keys[:, :, :n] = other.keys[:, :, :n]
        self.values[:, :, :n] = other.values[:, :, :n]
        self.ids, self.ends = list(other.ids), list(other.ends)
        self.cut(n)


@dataclass(slots=True)
class Rows:
    """What the model keeps of the rows that go on from one prefix, token by token."""

    keys: torch.Tensor  # (layers, rows, heads, room, head width)
    values: torch.Tensor
    length: int = 0

    def keep(self, rows: Sequence[int]) -> None:
        """Forget all other rows."""
        self.keys, self.values = self.keys[:, rows], self.values[:, rows]


@dataclass(frozen=True, slots=True)
class _Layer:
    norm_1: tuple[torch.Tensor, torch.Tensor]
    attention: Linear
    projection: Linear
    norm_2: tuple[torch.Tensor, torch.Tensor]
    inner: Linear
    outer: Linear


class Decoder:
    """A model on its device, in one precision."""

    def __init__(
        self, weights: Weights, *, precision: str, device: str, is_lasting: bool = True
    ) -> None:
        """Take the weights; one that is not to last copies none of them, and is slower."""
        self.config: Config = weights.config
        self.device = torch.device(device)
        self.precision = precision
        self._is_lasting = is_lasting
        halves = {"bfloat16": torch.bfloat16, "float16": torch.float16}
        self._packs = precision == "float16" and device == "cpu"
        self._dtype = torch.float32 if self._packs else halves.get(precision, torch.float32)
        self._head = self._linear(weights.head.t(), None)  # the biggest first, for the peak
        self._tokens = self._put(weights.of("wte.weight"))
        self._positions = self._put(weights.of("wpe.weight"))
        self._layers = [self._layer(weights, k) for k in range(self.config.n_layer)]
        self._norm = self._norm_of(weights, "ln_f")

    def new_prefix(self, room: int) -> Prefix:
        """Return an empty prefix with room for so many tokens."""
        heads, width = self.config.n_head, self.config.head_width
        shape = (2, self.config.n_layer, heads, room, width)
        keys, values = torch.zeros(shape, dtype=self._dtype, device=self.device)
        return Prefix(keys, values)

    def new_rows(self, n: int, room: int) -> Rows:
        """Return `n` rows with room for so many tokens each."""
        heads, width = self.config.n_head, self.config.head_width
        shape = (2, self.config.n_layer, n, heads, room, width)
        keys, values = torch.zeros(shape, dtype=self._dtype, device=self.device)
        return Rows(keys, values)

    @torch.inference_mode()
    def extend(self, prefix: Prefix, chunk: Sequence[int]) -> torch.Tensor:
        """Compute one more chunk of a prefix; return the logits of the token that follows."""
        begin, end = len(prefix.ids), len(prefix.ids) + len(chunk)
        mask = torch.ones(len(chunk), end, dtype=torch.bool, device=self.device).tril(begin)

        def attend(
            layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
        ) -> torch.Tensor:
            keys, values = prefix.keys[layer], prefix.values[layer]
            keys[:, begin:end], values[:, begin:end] = key[0], value[0]
            return functional.scaled_dot_product_attention(
                query, keys[None, :, :end], values[None, :, :end], attn_mask=mask
            )

        hidden = self._run(self._ids([chunk]), begin, attend)
        prefix.ids += chunk
        prefix.ends.append(end)
        prefix.logits = logits = self._logits(hidden[:, -1])[0]
        return logits

    def logits_behind(self, ids: Sequence[int]) -> torch.Tensor:
        """Return the logits of the token that follows `ids`."""
        prefix = self.new_prefix(len(ids))
        return self.extend(prefix, ids)

    @torch.inference_mode()
    def step(self, prefix: Prefix, rows: Rows, ids: Sequence[int]) -> torch.Tensor:
        """Add a token to each row and return the logits of the next one: (rows, vocabulary)."""
        known, begin = len(prefix.ids), rows.length
        end = begin + 1
        scale = self.config.head_width**-0.5

        def attend(
            layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
        ) -> torch.Tensor:
            rows.keys[layer, :, :, begin:end], rows.values[layer, :, :, begin:end] = key, value
            shared, own = prefix.keys[layer, :, :known], rows.keys[layer, :, :, :end]
            query = query * scale  # (rows, heads, 1, width)
            of_shared = query[:, :, 0].transpose(0, 1) @ shared.transpose(1, 2)
            of_own = (query @ own.transpose(2, 3))[:, :, 0].transpose(0, 1)
            weights = torch.cat([of_shared, of_own], 2).softmax(2)  # (heads, rows, tokens)
            attended = weights[:, :, :known] @ prefix.values[layer, :, :known]
            own_weights = weights[:, :, known:].transpose(0, 1)[:, :, None]
            own_attended = own_weights @ rows.values[layer, :, :, :end]
            return attended.transpose(0, 1)[:, :, None] + own_attended

        hidden = self._run(self._ids(ids)[:, None], known + begin, attend)
        rows.length = end
        return self._logits(hidden[:, 0])

    @torch.inference_mode()
    def mean_log_p(self, begin: Sequence[int], rows: Sequence[Sequence[int]]) -> list[float]:
        """Return of each row the mean log-probability of its tokens behind `begin` alone."""
        longest = max(map(len, rows))
        fed = [[*begin, *row[:-1], *[0] * (longest - len(row))] for row in rows]
        hidden = self._run(self._ids(fed), 0, _attend_causally)[:, len(begin) - 1 :]
        of_row = [k for k, row in enumerate(rows) for _ in row]
        place = [j for row in rows for j in range(len(row))]
        targets = self._ids([one for row in rows for one in row])
        scored = [
            self._logits(states).log_softmax(1).gather(1, target[:, None])[:, 0]
            for states, target in zip(
                hidden[of_row, place].split(_SCORED_AT_ONCE),
                targets.split(_SCORED_AT_ONCE),
                strict=True,
            )
        ]
        by_row = torch.cat(scored).split([len(row) for row in rows])
        return [float(one.mean()) for one in by_row]

    def _run(self, ids: torch.Tensor, position: int, attend: Attend) -> torch.Tensor:
        """Return the hidden states of tokens (rows, T) that stand at `position` and on."""
        n_rows, n = ids.shape
        heads, width = self.config.n_head, self.config.n_embd
        eps = self.config.layer_norm_epsilon
        hidden = functional.embedding(ids, self._tokens) + self._positions[position : position + n]
        hidden = hidden.flatten(0, 1)
        for k, layer in enumerate(self._layers):
            normal = functional.layer_norm(hidden, (width,), *layer.norm_1, eps)
            projected = layer.attention(normal).view(n_rows, n, 3, heads, -1)
            query, key, value = projected.permute(2, 0, 3, 1, 4)
            attended = attend(k, query, key, value).transpose(1, 2).reshape(n_rows * n, width)
            hidden = hidden + layer.projection(attended)
            normal = functional.layer_norm(hidden, (width,), *layer.norm_2, eps)
            inner = functional.gelu(layer.inner(normal), approximate="tanh")
            hidden = hidden + layer.outer(inner)
        hidden = functional.layer_norm(hidden, (width,), *self._norm, eps)
        return hidden.view(n_rows, n, width)

    def _logits(self, hidden: torch.Tensor) -> torch.Tensor:
        return self._head(hidden).float()

    def _ids(self, ids: Sequence[int] | Sequence[Sequence[int]]) -> torch.Tensor:
        return torch.tensor(ids, device=self.device)

    def _put(self, weight: torch.Tensor) -> torch.Tensor:
        return weight.to(self.device, self._dtype)

    def _linear(self, weight: torch.Tensor, bias: torch.Tensor | None) -> Linear:
        """Return what multiplies by a matrix (in, out) and adds a bias."""
        if self._packs:
            return _pack(weight.t(), bias)
        matrix = self._put(weight)
        if self._is_lasting:  # one row by the head (out, in in memory) takes half the time then
            matrix = matrix.contiguous()
        if bias is None:
            return lambda hidden: hidden @ matrix
        added = self._put(bias)
        return lambda hidden: torch.addmm(added, hidden, matrix)

    def _layer(self, weights: Weights, k: int) -> _Layer:
        def linear(name: str) -> Linear:
            name = f"h.{k}.{name}"
            return self._linear(weights.of(f"{name}.weight"), weights.of(f"{name}.bias"))

        return _Layer(
            norm_1=self._norm_of(weights, f"h.{k}.ln_1"),
            attention=linear("attn.c_attn"),
            projection=linear("attn.c_proj"),
            norm_2=self._norm_of(weights, f"h.{k}.ln_2"),
            inner=linear("mlp.c_fc"),
            outer=linear("mlp.c_proj"),
        )

    def _norm_of(self, weights: Weights, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        return self._put(weights.of(f"{name}.weight")), self._put(weights.of(f"{name}.bias"))


def _pack(weight: torch.Tensor, bias: torch.Tensor | None) -> Linear:
    """Return what multiplies by float16 copies of a matrix (out, in)."""
    multiply = torch.ops.quantized.linear_dynamic_fp16
    if bias is not None:
        packed = torch.ops.quantized.linear_prepack_fp16(weight.contiguous(), bias.contiguous())
        return lambda hidden: multiply(hidden, packed)
    parts = [
        torch.ops.quantized.linear_prepack_fp16(part.contiguous(), None)
        for part in weight.split(_PACKED_AT_ONCE)
    ]
    return lambda hidden: torch.cat([multiply(hidden, part) for part in parts], -1)


def _attend_causally(
    _layer: int, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> torch.Tensor:
    return functional.scaled_dot_product_attention(query, key, value, is_causal=True)


def max_difference(one: Decoder, other: Decoder, ids: Sequence[int]) -> float:
    """Return the largest difference of a logit behind some tokens."""
    logits = [decoder.logits_behind(ids) for decoder in (one, other)]
    return float((logits[0] - logits[1]).abs().max())


def has_gpu() -> bool:
    """Tell whether torch sees a GPU."""
    return torch.cuda.is_available()


def n_threads() -> int:
    """Return with how many threads the calling thread computes on the CPU."""
    return torch.get_num_threads()


def set_threads(n: int) -> None:
    """Let the calling thread compute with `n` threads on the CPU."""
    torch.set_num_threads(n)
