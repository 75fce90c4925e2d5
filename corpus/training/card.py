"""The model card (README.md) that lies in `last/` and `best/`."""

from corpus.training.evaluate import perplexity
from corpus.training.labels import Labels
from corpus.training.progress import Progress

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

Fine-tuned with `train.py` on two-party Korean chat. Base model: {base}.

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
    base: str,
    base_licence: str | None,
    sources: str,
    corpus_hash: str,
    labels: Labels,
    seed: int,
    progress: Progress,
) -> str:
    """Return the card of the present weights as Markdown with the hub's front matter.

    `base_licence` is what the base model's own config says. KoGPT2's is known by its name.
    """
    kogpt2 = "kogpt2" in base.lower() or "cc-by-nc-sa" in (base_licence or "").lower()
    front_matter = ""
    if "/" in base and not base.startswith(("/", ".")):
        front_matter += f"base_model: {base}\n"
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
        base="none, made from scratch" if base == "tiny" else f"`{base}`",
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
