"""A model of any architecture that `from_pretrained` loads, for many prompts at once.

`corpus.chat` computes one conversation fast; an evaluation has hundreds, of which it knows all
beforehand. They are put side by side, padded on the left, and give the same logits but for
rounding.

Not handled: models without a cache of keys and values, several GPUs.
"""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from inspect import signature
from pathlib import Path
from typing import Any, Self

import torch
from transformers import AutoModelForCausalLM, DynamicCache
from transformers.utils import logging

from corpus.records import CorpusError

# Of keys and values, for all rows that go on together: they are copied at every step, and with 256
# MB a tiny model took 2.5 times as long. A big one's weights are read at every step: 16 rows at
# least.
_CACHE_BYTES = 16 << 20
_FEWEST_ROWS = 16
_LOGITS_BYTES = 64 << 20  # of one step; drawing makes some copies of them
_SMALL = 512  # width of a model for which threads only wait for one another
_WEIGHTS = ("*.safetensors", "*.bin")


class Model:
    """A causal language model on its device, in one precision."""

    def __init__(self, folder: Path, *, precision: str, device: str, threads: int | None) -> None:
        """Load a model.

        Raises:
            CorpusError: it cannot be loaded, weights are lacking, or there is no such device.
        """
        if device == "cuda" and not torch.cuda.is_available():
            raise CorpusError("--device is cuda, but torch sees no GPU here.")
        on_gpu = device != "cpu" and torch.cuda.is_available()
        self.device = torch.device("cuda" if on_gpu else "cpu")
        self._model = _load(folder, getattr(torch, precision)).to(self.device).eval()
        config = self._model.config
        parameters = signature(self._model.forward).parameters
        self._cache_name = "cache" if "cache" in parameters else "past_key_values"
        self.vocab_size: int = config.get_text_config().vocab_size
        self.n_positions: int = getattr(config, "max_position_embeddings", 1 << 20)
        if threads or config.hidden_size < _SMALL:
            torch.set_num_threads(threads or 1)
        width = config.num_hidden_layers * config.hidden_size
        size = torch.finfo(self._model.dtype).bits // 8
        self._most_tokens = max(1, _CACHE_BYTES // (2 * width * size))
        self._most_rows = max(1, _LOGITS_BYTES // (4 * self.vocab_size))

    def batches(
        self, lengths: Sequence[int], *, rows: int, room: int, positions: int = 1
    ) -> list[list[int]]:
        """Return which prompts go together: of like length, as many as memory has room for.

        Args:
            lengths: of the prompts.
            rows: for each prompt.
            room: tokens that may follow a prompt.
            positions: of each row whose logits are there at the same time.
        """
        found: list[list[int]] = []
        for place in sorted(range(len(lengths)), key=lambda k: (-lengths[k], k)):
            n = rows * (len(found[-1]) + 1) if found else 0
            longest = lengths[found[-1][0]] if found else 0
            most_tokens = max(self._most_tokens, _FEWEST_ROWS * (longest + room))
            fits = n * positions <= self._most_rows and n * (longest + room) <= most_tokens
            if found and fits:
                found[-1].append(place)
            else:
                found.append([place])
        return found

    @torch.inference_mode()
    def begin(self, prompts: Sequence[Sequence[int]], rows: int) -> "Going":
        """Read prompts; each goes on in so many rows, which stand side by side."""
        longest = max(map(len, prompts))
        padded = [[0] * (longest - len(ids)) + list(ids) for ids in prompts]
        known = [[0] * (longest - len(ids)) + [1] * len(ids) for ids in prompts]
        cache = DynamicCache(config=self._model.config)
        mask = self._tensor(known)
        logits = self._run(padded, mask, cache, keep=1)[:, -1]
        if rows > 1:
            cache.batch_repeat_interleave(rows)
            mask, logits = (one.repeat_interleave(rows, 0) for one in (mask, logits))
        return Going(cache, mask, logits.float())

    @torch.inference_mode()
    def step(self, going: "Going", ids: Sequence[int]) -> None:
        """Add a token to each row."""
        going.mask = torch.cat([going.mask, going.mask.new_ones(len(ids), 1)], 1)
        fed = [[one] for one in ids]
        going.logits = self._run(fed, going.mask, going.cache, keep=1)[:, -1].float()

    @torch.inference_mode()
    def mean_log_p(
        self,
        prompts: Sequence[Sequence[int]],
        replies: Sequence[Sequence[Sequence[int]]],
        *,
        progress: Callable[[int], None] = lambda _: None,
    ) -> list[list[float]]:
        """Return how probable replies to each prompt are: of their tokens the mean log p.

        All prompts have equally many replies, of at least one token; `progress` is told how many
        prompts were done.
        """
        if not prompts:
            return []
        n = len(replies[0])
        longest = max(len(ids) for of_prompt in replies for ids in of_prompt)
        found: list[list[float]] = [[] for _ in prompts]
        lengths = [len(ids) for ids in prompts]
        for batch in self.batches(lengths, rows=n, room=longest, positions=longest):
            going = self.begin([prompts[k] for k in batch], n)
            rows = [ids for k in batch for ids in replies[k]]
            width = max(map(len, rows))
            fed = self._tensor([[*ids, *[0] * (width - len(ids))] for ids in rows])
            logits = going.logits[:, None]
            if width > 1:
                mask = torch.cat([going.mask, going.mask.new_ones(len(rows), width - 1)], 1)
                following = self._run(fed[:, :-1], mask, going.cache, keep=width - 1)
                logits = torch.cat([logits, following.float()], 1)
            log_p = logits.gather(2, fed[:, :, None])[:, :, 0] - logits.logsumexp(2)
            means = [
                float(of_row[: len(ids)].mean()) for of_row, ids in zip(log_p, rows, strict=True)
            ]
            for place, k in enumerate(batch):
                found[k] = means[n * place : n * place + n]
            progress(len(batch))
        return found

    @torch.inference_mode()
    def beams(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        beams: int,
        penalty: float,
        ends: Sequence[int],
        pad: int,
        room: int,
    ) -> list[list[int]]:
        """Return what `generate` gives by beam search, the token that ends it included."""
        longest = max(map(len, prompts))
        padded = [[pad] * (longest - len(ids)) + list(ids) for ids in prompts]
        known = [[0] * (longest - len(ids)) + [1] * len(ids) for ids in prompts]
        written = self._model.generate(
            self._tensor(padded),
            attention_mask=self._tensor(known),
            num_beams=beams,
            do_sample=False,
            repetition_penalty=penalty,
            eos_token_id=list(ends),
            pad_token_id=pad,
            max_new_tokens=room,
            early_stopping=True,
        )
        return [_until_end(ids, ends) for ids in written[:, longest:].tolist()]

    def _run(
        self,
        ids: Sequence[Sequence[int]] | torch.Tensor,
        mask: torch.Tensor,
        cache: DynamicCache,
        keep: int,
    ) -> torch.Tensor:
        """Return the logits of the last `keep` positions; `mask` is of all positions so far."""
        fed = self._tensor(ids)
        positions = (mask.cumsum(1) - 1).clamp(min=0)[:, -fed.shape[1] :]
        logits: torch.Tensor = self._model(
            input_ids=fed,
            attention_mask=mask,
            position_ids=positions,
            use_cache=True,
            logits_to_keep=keep,
            **{self._cache_name: cache},
        ).logits
        return logits

    def _tensor(self, ids: Sequence[Sequence[int]] | torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(ids, device=self.device)


@dataclass(slots=True)
class Going:
    """Rows that go on token by token, and the logits of the next token of each."""

    cache: DynamicCache
    mask: torch.Tensor
    logits: torch.Tensor  # (rows, vocabulary), in float32

    def keep(self, rows: Sequence[int]) -> Self:
        """Forget all other rows."""
        chosen = torch.tensor(rows, device=self.mask.device)
        self.cache.batch_select_indices(chosen)
        self.mask = self.mask[chosen]
        return self


def hash_of(folder: Path) -> str:
    """Return a hash of the weights of a model."""
    found = sha256()
    for path in sorted(path for pattern in _WEIGHTS for path in folder.glob(pattern)):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                found.update(block)
    return found.hexdigest()


def _load(folder: Path, dtype: torch.dtype) -> Any:  # noqa: ANN401 - any architecture
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        # No code of others runs: a pytorch_model.bin is unpickled with weights_only.
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, output_loading_info=True, local_files_only=True
        )
    except Exception as error:  # of whatever reads the weights
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CorpusError(f"the model {folder} cannot be loaded: {reason[0]}") from error
    model, report = loaded
    if report["missing_keys"]:
        raise CorpusError(
            f"the model {folder} lacks weights ({min(report['missing_keys'])}), which transformers "
            "would fill with random numbers."
        )
    return model


def _until_end(ids: list[int], ends: Sequence[int]) -> list[int]:
    """Return tokens up to and with the first that ends them."""
    places = [place for place, one in enumerate(ids) if one in ends]
    return ids[: places[0] + 1] if places else ids
