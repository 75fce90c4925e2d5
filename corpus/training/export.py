"""A model folder that plain `from_pretrained` loads: weights, tokenizer, chat template, card."""

# mypy: allow-untyped-calls
# (torch and transformers leave some of what is called here without annotations)

import json
import shutil
from pathlib import Path

from transformers import GenerationConfig, GPT2LMHeadModel

from corpus.training.vocabulary import Vocabulary

# Renders exactly the corpus's `conversation`. What {% generation %} encloses is what `all-sys`
# labels: the text of each reply and the <usr> that ends it, without which a model never stops.
CHAT_TEMPLATE = """\
{%- for message in messages -%}
{%- if message['role'] == 'user' -%}
{%- if loop.first -%}{{- '<usr>' -}}{%- endif -%}
{{- message['content'] -}}
{%- else -%}
{{- '<sys>' -}}
{%- generation -%}
{{- message['content'] -}}
{%- if not loop.last -%}{{- '<usr>' -}}{%- endif -%}
{%- endgeneration -%}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<sys>' -}}{%- endif -%}
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
    shutil.copyfile(tokenizer_file, folder / "tokenizer.json")
    config = _TOKENIZER_CONFIG | {"model_max_length": model.config.n_positions}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    (folder / "README.md").write_text(card, encoding="utf-8")
