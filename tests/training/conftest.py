import os
import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # corpora

from corpora import ROOT, chats, write_corpus

os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")  # as train.py does, before the first product

# The core installs without torch, and its tests run without it.
collect_ignore_glob = [] if find_spec("torch") else ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The models are so small that threads only wait for one another."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def few(tmp_path_factory):
    """A corpus of 20 + 5 dialogues: one step an epoch."""
    return write_corpus(tmp_path_factory.mktemp("few") / "processed", chats(20), chats(5, seed=1))


@pytest.fixture(scope="session")
def processed(tmp_path_factory):
    """A corpus of 120 + 30 invented dialogues of two sources."""
    folder = tmp_path_factory.mktemp("corpus") / "processed"
    return write_corpus(folder, chats(120), chats(30, seed=1), sources=("topic", "summary"))


@pytest.fixture(scope="session")
def program():
    """train.py as a module."""
    spec = spec_from_file_location("train", ROOT / "train.py")
    module = sys.modules["train"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def train(program):
    """Run train.py in this process: `train(processed, "--epochs", 1)` returns the exit status.

    The samples that a run leaves are short: to write them takes longer than the training.
    """
    from corpus.training import samples

    def run(*arguments):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(samples, "MAX_NEW_TOKENS", 6)
            return program.main([*map(str, arguments), "--threads", "1"])

    return run


@pytest.fixture(scope="session")
def material(processed):
    """The corpus under all-sys."""
    from corpus.training.material import read_material
    from corpus.training.shards import open_corpus

    return read_material(open_corpus(processed), "all-sys", [])


@pytest.fixture
def model(material):
    """A tiny model for the corpus, without dropout."""
    from corpus.training.base import load_base

    return load_base(
        "tiny", material.vocabulary, material.corpus.tokenizer_file, dropout=0.0, seed=0
    )
