import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # fake_engine, models

from models import BUILTIN, save_model

# The core installs without the extra [chat], and its tests run without it.
NEED_TORCH = ["test_model.py", "test_sampling.py", "test_reply.py", "test_engine.py"]
NEED_TORCH += ["test_terminal.py", "test_feedback.py", "test_folder.py", "test_gpu.py"]
NEED_SERVER = ["test_guard.py", "test_server.py", "test_page.py", "test_web.py"]
collect_ignore_glob = [
    *([] if find_spec("hangulpy") else ["test_keyboard.py"]),
    *([] if find_spec("starlette") and find_spec("uvicorn") else NEED_SERVER),
    *([] if find_spec("torch") else NEED_TORCH),
]


@pytest.fixture(scope="session")
def tokens_of(kogpt2_tokenizer):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(kogpt2_tokenizer))
    return lambda text: tokenizer.encode(text, add_special_tokens=False).tokens


@pytest.fixture(scope="session")
def encoder():
    from corpus.tokens.encoder import Encoder

    return Encoder(BUILTIN.read_bytes())


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The folder of a random model."""
    folder = tmp_path_factory.mktemp("chat") / "runs" / "tiny" / "best"
    save_model(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_in_transformers(tiny):
    """The same model as transformers computes it."""
    from transformers import GPT2LMHeadModel

    return GPT2LMHeadModel.from_pretrained(tiny).eval()


@pytest.fixture(scope="session")
def engine(tiny):
    """The same model as an engine."""
    from corpus.chat.engine import open_engine

    engine = open_engine(tiny, threads=1)
    yield engine
    engine.close()
