"""What `corpus/training/README.md` shows for models that are no GPT-2: TRL with LoRA."""

import re
import sys

import pyarrow.parquet as pq
import pytest
from corpora import BUILTIN, ROOT

README = ROOT / "corpus/training/README.md"


def lines_of_readme():
    """The Python block that imports TRL."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (block,) = [one for one in blocks if "SFTTrainer" in one]
    return block


@pytest.fixture
def llama(tmp_path):
    """A tiny Llama with a tokenizer and a chat template of its own."""
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(BUILTIN), eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )
    tokenizer.chat_template = (
        "{% for message in messages %}{{ message['role'] }}: {% if message['role'] == 'assistant' "
        "%}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}{% else %}"
        "{{ message['content'] }}\n{% endif %}{% endfor %}"
    )
    tokenizer.save_pretrained(tmp_path / "llama")
    config = LlamaConfig(
        vocab_size=4000, hidden_size=32, intermediate_size=64, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2, max_position_embeddings=512,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(tmp_path / "llama")
    return tmp_path / "llama"


def test_the_ten_lines_for_other_models_train_a_llama(tmp_path, few, llama, monkeypatch):
    pytest.importorskip("peft")
    pytest.importorskip("trl")
    code = lines_of_readme()
    assert len(code.strip().splitlines()) <= 12
    assert "meta-llama/Llama-3.2-1B-Instruct" in code
    code = code.replace("meta-llama/Llama-3.2-1B-Instruct", str(llama))
    code = code.replace('"processed/"', repr(str(few)))
    # A CPU trains it here, one step.
    code = code.replace("bf16=True", "bf16=False, use_cpu=True, max_steps=1, report_to='none'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["example"])
    exec(compile(code, "README", "exec"), {})
    assert (tmp_path / "llama-chat/adapter_model.safetensors").exists()
    assert pq.read_table(few / "train/00000.parquet").num_rows == 10
