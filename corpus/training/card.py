"""The model card (README.md) that lies in `last/` and `best/`."""

from corpus.training.evaluate import perplexity
from corpus.training.lineage import Lineage
from corpus.training.progress import Progress
from corpus.training.strategies import TINY, Labels

_KOGPT2 = (
    "KoGPT2 by SKT AI is licensed [CC-BY-NC-SA 4.0]"
    "(https://creativecommons.org/licenses/by-nc-sa/4.0/): these weights may be passed on only "
    "under the same licence, with SKT AI named, and not be used commercially."
)
_UNKNOWN_LICENCE = "The licence of the base model applies."
_AIHUB = "The dialogues come from AIHub: its terms of use apply to what is made from them."

_CARD = """\
---
language: ko
library_name: transformers
pipeline_tag: text-generation
{front_matter}---
# A Korean chat model

Fine-tuned with `train.py` on two-party Korean chat. Base model: {base}.{chain}

## Licence
{licence} {aihub}

## How to talk to it
```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(FOLDER)
model = AutoModelForCausalLM.from_pretrained(FOLDER)
messages = [{{"role": "user", "content": "안녕? 오늘 뭐 했어?"}}]
inputs = tokenizer.apply_chat_template(
    messages, add_generation_prompt=True, return_tensors="pt", return_dict=True
)
output = model.generate(**inputs, max_new_tokens=40)
reply = output[0, inputs["input_ids"].shape[1] : -1]  # the last token ends the turn
print(tokenizer.decode(reply))
```
Do not decode with `skip_special_tokens=True`: KoGPT2 lists ㅠㅠ, ^^ and every emoji as special.
{start}
## How it was made
| | |
|---|---|
| corpus | `{corpus_hash}` (sources: {sources}) |
| labels | `{labels}` |
| seed | {seed} |
| steps | {steps} ({tokens:,} tokens) |

## Losses on the validation split
Nats per token, with perplexity; "`<sys>`" are the replies, each with the token that ends it.

| after step | all tokens | all `<sys>` | last `<sys>` |
|---|---|---|---|
{losses}
"""
_START = "It was trained with `--labels shift`: put `<s>` in front of every prompt.\n"


def model_card(
    *,
    lineage: Lineage,
    base_licence: str | None,
    sources: str,
    corpus_hash: str,
    labels: Labels,
    seed: int,
    progress: Progress,
) -> str:
    """Return the card of the present weights as Markdown with the hub's front matter.

    `base_licence` is what the base model's own config says. KoGPT2's is known by its name. Only a
    name of the hub becomes `base_model`: the hub refuses a card with a local path there.
    """
    kogpt2 = "kogpt2" in lineage.base.lower() or "cc-by-nc-sa" in (base_licence or "").lower()
    front_matter = f"base_model: {lineage.base}\n" if lineage.on_hub else ""
    if kogpt2:
        front_matter += "license: cc-by-nc-sa-4.0\n"
    losses = [
        f"| {one.step:,} | "
        + " | ".join(
            f"{loss:.4f} ({perplexity(loss):,.1f})"
            for loss in (one.losses.all, one.losses.sys, one.losses.last_sys)
        )
        + " |"
        for one in progress.evaluations
    ]
    return _CARD.format(
        front_matter=front_matter,
        base=_base(lineage),
        chain=_chain(lineage),
        licence=_KOGPT2 if kogpt2 else _UNKNOWN_LICENCE,
        aihub=_AIHUB,
        start=_START if labels == "shift" else "",
        corpus_hash=corpus_hash,
        sources=sources,
        labels=labels,
        seed=seed,
        steps=f"{progress.step:,}",
        tokens=progress.tokens,
        losses="\n".join(losses) or "| not evaluated yet | | | |",
    )


def _base(lineage: Lineage) -> str:
    if lineage.base == TINY:
        return "none, made from scratch"
    return f"`{lineage.base}`" + ("" if lineage.on_hub else " (a local folder)")


def _chain(lineage: Lineage) -> str:
    """Tell the runs before this one."""
    earlier = lineage.runs[:-1]
    if not earlier:
        return ""
    lines = [
        f"- `{one.run}`: {one.steps:,} steps with `{one.labels}` on corpus "
        f"`{one.corpus_sha256[:12]}` ({one.sources})"
        for one in earlier
    ]
    return "\n\nThese runs trained it before, in this order:\n\n" + "\n".join(lines)
