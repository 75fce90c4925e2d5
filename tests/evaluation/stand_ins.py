"""Models that are not trained: random ones in folders, and one that says what a script tells it."""

import json
import shutil
from dataclasses import dataclass

import torch
from corpora import BUILTIN

CHAT = {"labels": "all-sys", "max_tokens": 128, "rules": "default", "respell": "off"}
SIZE = 4243  # some more than the tokenizer has


def save_gpt2(folder, **settings):
    from transformers import GPT2Config, GPT2LMHeadModel

    sizes = {"n_embd": 64, "n_layer": 2, "n_head": 2, "n_positions": 128, "vocab_size": SIZE}
    ends = {"bos_token_id": 0, "eos_token_id": 1, "initializer_range": 0.2}
    return save(folder, GPT2LMHeadModel, GPT2Config(**(sizes | ends | settings)))


def save_llama(folder):
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=SIZE,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=128,
        bos_token_id=0,
        eos_token_id=1,
        initializer_range=0.2,
    )
    return save(folder, LlamaForCausalLM, config, chat=False)


def save(folder, kind, config, *, chat=True):
    torch.manual_seed(0)
    model = kind(config).eval()
    model.save_pretrained(folder)
    shutil.copyfile(BUILTIN, folder / "tokenizer.json")
    if chat:
        (folder / "chat.json").write_text(json.dumps(CHAT))
    return model


@dataclass
class ScriptedGoing:
    prompts: list
    said: list
    logits: torch.Tensor

    def keep(self, rows):
        self.prompts = [self.prompts[row] for row in rows]
        self.said = [self.said[row] for row in rows]
        return self


class Scripted:
    """In place of `corpus.evaluation.model.Model`: replies as `script(prompt ids)` says.

    The script's next token is nearly certain, and the end of the reply comes second.
    """

    vocab_size, n_positions = SIZE, 256
    device = torch.device("cpu")

    def __init__(self, script, end):
        self._script, self._end = script, end

    def __call__(self, *_, **__):
        return self

    def batches(self, lengths, *, rows, room, positions=1):
        return [list(range(len(lengths)))] if lengths else []

    def begin(self, prompts, rows):
        every = [tuple(one) for one in prompts for _ in range(rows)]
        going = ScriptedGoing(every, [() for _ in every], None)
        going.logits = self._logits(going)
        return going

    def step(self, going, ids):
        going.said = [(*said, one) for said, one in zip(going.said, ids, strict=True)]
        going.logits = self._logits(going)

    def mean_log_p(self, prompts, replies, *, progress=lambda _: None):
        return [[-float(len(ids)) for ids in of_prompt] for of_prompt in replies]

    def beams(self, prompts, *, ends, room, **_):
        return [[*self._script(tuple(one)), self._end][:room] for one in prompts]

    def _logits(self, going):
        logits = torch.zeros(len(going.prompts), SIZE)
        logits[:, self._end] = 20.0
        for row, (prompt, said) in enumerate(zip(going.prompts, going.said, strict=True)):
            script = self._script(prompt)
            if len(said) < len(script):
                logits[row, script[len(said)]] = 40.0
        return logits
