import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # fake_engine

# The core installs without the extra [chat], and its tests run without it.
collect_ignore_glob = [] if find_spec("hangulpy") else ["test_keyboard.py"]


@pytest.fixture(scope="session")
def tokens_of(kogpt2_tokenizer):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(kogpt2_tokenizer))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).tokens
