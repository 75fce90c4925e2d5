"""The model a run starts from: KoGPT2 from the hub or a folder, or a tiny GPT-2 from scratch."""

from pathlib import Path
from typing import Any

import torch
from huggingface_hub import get_hf_file_metadata, hf_hub_url, snapshot_download
from transformers import GPT2Config, GPT2LMHeadModel

from corpus.records import CorpusError
from corpus.training.lineage import model_folder
from corpus.training.strategies import TINY
from corpus.training.vocabulary import Vocabulary, check_same_tokenizer

HUB_TIMEOUT = 10  # seconds; the client's own five retries take 23 to fail without a network
_WANTED = ["config.json", "tokenizer.json", "*.safetensors", "pytorch_model*.bin"]
# Without these settings at these values GPT-2 computes something else than `model.scored_states`.
_PLAIN_GPT2 = {
    "model_type": ("gpt2",),
    "activation_function": ("gelu_new", "gelu_pytorch_tanh"),
    "scale_attn_weights": (True,),
    "scale_attn_by_inverse_layer_idx": (False,),
    "add_cross_attention": (False,),
}


def load_base(
    name: str, vocabulary: Vocabulary, tokenizer_file: Path, *, dropout: float | None, seed: int
) -> GPT2LMHeadModel:
    """Return the model to fine-tune, in float32 on the CPU.

    Raises:
        CorpusError: not to be had, no plain GPT-2, or not made for this tokenizer.
    """
    if name == TINY:
        return _tiny(vocabulary, dropout=dropout, seed=seed)
    folder = _fetch(name)
    if not (folder / "tokenizer.json").is_file():
        raise CorpusError(
            f"{name} has no tokenizer.json, so nothing shows that this corpus's token ids are its."
        )
    check_same_tokenizer(tokenizer_file, folder / "tokenizer.json", name)
    return load_model(folder, vocabulary, dropout=dropout)


def load_model(folder: Path, vocabulary: Vocabulary, *, dropout: float | None) -> GPT2LMHeadModel:
    """Load a folder that `save_pretrained` wrote; attention dropout becomes 0, the rest `dropout`.

    `varlen_attn`, torch's public call of the flash kernel for packed sequences, has no dropout, and
    a run should not depend on the device, so that it is 0 on all of them.

    Raises:
        CorpusError: unreadable or incomplete, no plain GPT-2, or too small for the corpus.
    """
    try:
        config = GPT2Config.from_pretrained(folder)
        _check_config(config, folder, vocabulary)
        config.attn_pdrop = 0.0
        if dropout is not None:
            config.resid_pdrop = config.embd_pdrop = dropout
        # A pytorch_model.bin is unpickled with weights_only by transformers.
        loaded: Any = GPT2LMHeadModel.from_pretrained(
            folder, config=config, dtype=torch.float32, output_loading_info=True
        )
    except (OSError, ValueError, RuntimeError) as error:
        raise CorpusError(f"the model {folder} cannot be loaded: {error}") from error
    model: GPT2LMHeadModel
    model, report = loaded
    if report["missing_keys"]:
        raise CorpusError(
            f"the model {folder} lacks weights ({min(report['missing_keys'])}), which transformers "
            "would fill with random numbers."
        )
    return model


def check_length(model: GPT2LMHeadModel, longest: int) -> None:
    """Check that the model has a position for every token of the longest sequence.

    Raises:
        CorpusError: it has not.
    """
    if model.config.n_positions < longest:
        raise CorpusError(
            f"the longest dialogue has {longest} tokens, the model has positions for "
            f"{model.config.n_positions}: build the corpus with a smaller --max-tokens."
        )


def _tiny(vocabulary: Vocabulary, *, dropout: float | None, seed: int) -> GPT2LMHeadModel:
    rate = 0.1 if dropout is None else dropout
    config = GPT2Config(
        vocab_size=vocabulary.size,
        n_embd=128,
        n_layer=2,
        n_head=2,
        resid_pdrop=rate,
        embd_pdrop=rate,
        attn_pdrop=0.0,
        bos_token_id=vocabulary.bos,
        eos_token_id=vocabulary.eos,
        pad_token_id=vocabulary.pad,
    )
    torch.manual_seed(seed)
    return GPT2LMHeadModel(config)


def _check_config(config: GPT2Config, folder: Path, vocabulary: Vocabulary) -> None:
    for setting, allowed in _PLAIN_GPT2.items():
        if getattr(config, setting) not in allowed:
            raise CorpusError(
                f"{folder} is no plain GPT-2 ({setting} is {getattr(config, setting)!r}): "
                "train.py fine-tunes KoGPT2 and models built like it."
            )
    if config.vocab_size < vocabulary.size:
        raise CorpusError(
            f"the vocabulary does not fit: the model has {config.vocab_size} embeddings, the "
            f"corpus's tokenizer {vocabulary.size} entries."
        )


def _fetch(name: str) -> Path:
    """Return a folder with the model's files: `name` itself, the hub's cache, or from the hub."""
    folder = model_folder(name)
    if folder is not None:
        return folder
    if _looks_like_a_path(name):
        raise CorpusError(
            f"there is no folder {name}: --model takes a folder or a name of the hub."
        )
    cached = _snapshot(name, local=True)
    if cached is not None and _is_complete(cached):
        return cached
    try:
        get_hf_file_metadata(hf_hub_url(name, "config.json"), timeout=HUB_TIMEOUT)
        fetched = _snapshot(name, local=False)
    except Exception as error:  # the client raises its HTTP library's errors, which change
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CorpusError(
            f"the model {name} is neither a folder, nor in the hub's cache, nor to be had from the "
            f"hub ({reason}). --model tiny trains a small model from scratch without a network."
        ) from error
    if fetched is None:
        raise CorpusError(f"the hub gave no files for the model {name}.")
    return fetched


def _looks_like_a_path(name: str) -> bool:
    """Tell a path from a hub name, which is one or two words with one slash between them.

    >>> [_looks_like_a_path(name) for name in ("./m", "runs/a/best", "~/m", "skt/kogpt2-base-v2")]
    [True, True, True, False]
    """
    looks = name.startswith((".", "/", "~", "runs/")) or name.count("/") > 1 or "\\" in name
    return looks or Path(name).exists()


def _is_complete(folder: Path) -> bool:
    weights = [*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")]
    return (folder / "config.json").is_file() and bool(weights)


def _snapshot(name: str, *, local: bool) -> Path | None:
    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED, local_files_only=local))
    except (OSError, ValueError):
        if local:
            return None  # not in the cache, or no hub name at all
        raise
