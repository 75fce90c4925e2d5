"""Random models in folders as `train.py` writes them."""

import json
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILTIN = ROOT / "corpus/tokens/builtin/tokenizer.json"
CHAT = {"labels": "all-sys", "max_tokens": 96, "rules": "default", "respell": "off"}


def save_model(folder, **settings):
    """Write a random GPT-2, with some embeddings too many for the tokenizer; return it."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    sizes = {"n_embd": 64, "n_layer": 2, "n_head": 2, "n_positions": 128, "vocab_size": 4243}
    config = GPT2Config(
        **(sizes | {"initializer_range": 0.2, "bos_token_id": 0, "eos_token_id": 1} | settings)
    )
    model = GPT2LMHeadModel(config).eval()
    model.save_pretrained(folder)
    shutil.copyfile(BUILTIN, folder / "tokenizer.json")
    (folder / "chat.json").write_text(json.dumps(CHAT))
    return model
