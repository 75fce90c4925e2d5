"""A model folder that plain `from_pretrained` loads: weights, tokenizer, chat template, card."""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import json
from pathlib import Path

from transformers import GenerationConfig, GPT2LMHeadModel

from corpus.records import COMPATIBILITY_JAMO
from corpus.training.shards import Corpus
from corpus.training.strategies import Labels
from corpus.training.vocabulary import Vocabulary

# Renders the corpus's `conversation`, and `</s>` after a dialogue that ends with a reply. What
# {% generation %} encloses is what `all-sys` labels: the text of each reply and the token that ends
# it (the next <usr>, or </s>), without which a model never learns to stop.
# It refuses what no dialogue of the corpus is: other roles (a system prompt would become the bot's
# own words), roles that do not alternate, content that is no string, and content that holds a
# control token (a user could speak for the bot: the tokenizer makes one token of the text `<sys>`).
CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- if message['role'] not in ('user', 'assistant') -%}
{{- raise_exception("The roles are user and assistant, not " ~ message['role'] ~ ".") -}}
{%- endif -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
{{- raise_exception("The roles must alternate, beginning with user.") -}}
{%- endif -%}
{%- if message['content'] is not string -%}
{{- raise_exception("The content of a message must be a string.") -}}
{%- endif -%}
{%- for token in ('<s>', '</s>', '<usr>', '<sys>', '<pad>', '<unk>', '<mask>', '<unused') -%}
{%- if token in message['content'] -%}
{{- raise_exception("A message must not contain the control token " ~ token ~ ".") -}}
{%- endif -%}
{%- endfor -%}
{%- if message['role'] == 'user' -%}
{%- if loop.first -%}{{- '<usr>' -}}{%- endif -%}
{{- message['content'] -}}
{%- else -%}
{{- '<sys>' -}}
{%- generation -%}
{{- message['content'] -}}
{%- if not loop.last -%}{{- '<usr>' -}}{%- elif not add_generation_prompt -%}{{- '</s>' -}}
{%- endif -%}
{%- endgeneration -%}
{%- endif -%}
{%- if loop.last and add_generation_prompt -%}
{%- if message['role'] != 'user' -%}
{{- raise_exception("A reply can only be asked for after a message of the user.") -}}
{%- endif -%}
{{- '<sys>' -}}
{%- endif -%}
{%- endfor -%}
"""

# Without the class AutoTokenizer takes GPT-2's own, which splits Hangul into bytes: wrong ids and
# no error (transformers 5.23), or one token too many (4.57).
_TOKENIZER_CONFIG = {
    "tokenizer_class": "PreTrainedTokenizerFast",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "pad_token": "<pad>",
    "mask_token": "<mask>",
    "additional_special_tokens": ["<usr>", "<sys>"],
    "clean_up_tokenization_spaces": False,
    "model_input_names": ["input_ids", "attention_mask"],
}


def write_model(
    folder: Path, model: GPT2LMHeadModel, vocabulary: Vocabulary, tokenizer_file: Path, card: str
) -> None:
    """Write all files into an empty folder; replies generated from it end at a turn's end."""
    model.generation_config = GenerationConfig(
        bos_token_id=vocabulary.bos,
        eos_token_id=[vocabulary.eos, vocabulary.usr],
        pad_token_id=vocabulary.pad,
    )
    model.save_pretrained(folder)
    _write_tokenizer(folder / "tokenizer.json", tokenizer_file)
    config = _TOKENIZER_CONFIG | {"model_max_length": model.config.n_positions}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    (folder / "README.md").write_text(card, encoding="utf-8")


def write_chat(folder: Path, corpus: Corpus, labels: Labels) -> None:
    """Write `chat.json`: what a program that talks to the model must do with text.

    `corpus chat` cuts and normalises messages as the training data was cut and normalised.
    """
    chat = {
        "labels": labels,
        "max_tokens": corpus.max_tokens,
        "rules": corpus.rules,
        "respell": corpus.respell,
        "corpus_sha256": corpus.corpus_hash,
        "version": corpus.corpus_version,
    }
    (folder / "chat.json").write_text(json.dumps(chat, indent=1) + "\n")


def _write_tokenizer(path: Path, tokenizer_file: Path) -> None:
    """Copy the corpus's tokenizer; only its decoder changes, so that ㅋㅋ comes back as ㅋㅋ.

    The tokenizer's NFKC turns the ㅋ that people type (U+314B) into U+110F, which is meant for
    decomposed syllables. The decoder turns such letters back; no id changes.
    """
    content = json.loads(tokenizer_file.read_bytes())
    back = [
        {"type": "Replace", "pattern": {"String": conjoining}, "content": typed}
        for conjoining, typed in COMPATIBILITY_JAMO.items()
    ]
    before = content.get("decoder")
    decoders = [*([] if before is None else [before]), *back]
    content["decoder"] = {"type": "Sequence", "decoders": decoders}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
