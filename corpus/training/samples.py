"""Replies to fixed prompts, for people to read: does it answer, in good Korean, and stop?"""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, GPT2LMHeadModel

from corpus.training.files import write_text
from corpus.training.labels import LAST_SYS, Sequences
from corpus.training.log import Entry
from corpus.training.vocabulary import Vocabulary

OPENINGS = ("안녕? 오늘 뭐 했어?", "저녁 뭐 먹을까?", "내일 시험이라 너무 떨려 ㅠㅠ")
N_FROM_VALIDATION = 3
MAX_NEW_TOKENS = 40


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is given, and what a person replied, if one did."""

    ids: list[int]
    shown: str
    reply: str | None


def make_prompts(vocabulary: Vocabulary, validation: Sequences, *, shift: bool) -> list[Prompt]:
    """Return openings of ours, and validation dialogues up to their last `<sys>`."""
    start = [vocabulary.bos] if shift else []
    prompts = []
    for opening in OPENINGS:
        ids = vocabulary.prompt(opening)
        prompts.append(Prompt(start + ids, vocabulary.turns(ids[:-1]), None))
    numbers = np.linspace(0, len(validation.lengths) - 1, N_FROM_VALIDATION).astype(int)
    for number in dict.fromkeys(numbers.tolist()):
        begin, end = validation.starts[number], validation.starts[number + 1] - 1
        ids = validation.tokens[begin:end].tolist()
        turn = np.flatnonzero(validation.kinds[begin:end] == LAST_SYS).tolist()
        if turn:
            context, reply = ids[: turn[0] + 1], ids[turn[0] + 1 : turn[-1] + 1]
            shown = vocabulary.turns(context[:-1])
            prompts.append(Prompt(context, shown, vocabulary.text(reply)))
    return prompts


def draw_samples(
    model: GPT2LMHeadModel, vocabulary: Vocabulary, prompts: Sequence[Prompt], *, seed: int
) -> list[Entry]:
    """Let the model reply to every prompt, greedily and by chance; training is not disturbed."""
    model.eval()
    devices = [model.device] if model.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        greedy = generate(model, vocabulary, [prompt.ids for prompt in prompts])
        drawn = generate(model, vocabulary, [prompt.ids for prompt in prompts], do_sample=True)
    model.train()
    return [
        {
            "prompt": prompt.shown,
            "reply": prompt.reply,
            "greedy": _shown(vocabulary, one),
            "drawn": _shown(vocabulary, other),
        }
        for prompt, one, other in zip(prompts, greedy, drawn, strict=True)
    ]


def generate(
    model: GPT2LMHeadModel,
    vocabulary: Vocabulary,
    prompts: Sequence[Sequence[int]],
    *,
    do_sample: bool = False,
) -> list[list[int]]:
    """Return the ids of a reply to each prompt, up to and with the token that ends the turn."""
    longest = max(map(len, prompts))
    device = next(model.parameters()).device
    ids = torch.full((len(prompts), longest), vocabulary.pad)
    mask = torch.zeros_like(ids)
    for number, prompt in enumerate(prompts):
        ids[number, longest - len(prompt) :] = torch.tensor(prompt)
        mask[number, longest - len(prompt) :] = 1
    ends = (vocabulary.eos, vocabulary.usr)
    generator: Any = model  # transformers types `generate` for a protocol that its models miss
    output = generator.generate(
        ids.to(device),
        attention_mask=mask.to(device),
        generation_config=GenerationConfig(
            max_new_tokens=min(MAX_NEW_TOKENS, model.config.n_positions - longest),
            do_sample=do_sample,
            top_p=0.9 if do_sample else None,
            eos_token_id=list(ends),
            pad_token_id=vocabulary.pad,
        ),
    )
    replies: list[list[int]] = output[:, longest:].tolist()
    for reply in replies:
        end = next((place for place, token in enumerate(reply) if token in ends), len(reply))
        del reply[end + 1 :]
    return replies


def write_samples(path: Path, entries: Sequence[Entry]) -> None:
    """Write all samples of the log as Markdown, the latest first."""
    lines = ["# Replies to fixed prompts", "", "→ greedy · ⇢ by chance (top-p 0.9)", ""]
    for entry in reversed([entry for entry in entries if "samples" in entry]):
        lines += [f"## After step {entry['step']:,}", ""]
        for sample in entry["samples"]:
            lines += ["```text", sample["prompt"]]
            if sample["reply"] is not None:
                lines += [f"(a person: {sample['reply']})"]
            lines += [f"→ {sample['greedy']}", f"⇢ {sample['drawn']}", "```", ""]
    write_text(path, "\n".join(lines))


def _shown(vocabulary: Vocabulary, reply: list[int]) -> str:
    ended = bool(reply) and reply[-1] in (vocabulary.eos, vocabulary.usr)
    return (vocabulary.text(reply) or "(nothing)") + ("" if ended else " … (did not stop)")
