import os
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # stand_ins
sys.path.insert(0, str(Path(__file__).parents[1] / "training"))  # corpora

os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")  # as the verb does, before the first product

# The core installs without the extra [eval], and its tests run without it.
needed = ("torch", "transformers", "sacrebleu")
collect_ignore_glob = [] if all(map(find_spec, needed)) else ["test_*.py"]


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """The models are so small that threads only wait for one another."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def processed(tmp_path_factory):
    """A corpus of 60 + 40 invented dialogues."""
    from corpora import chats, write_corpus

    folder = tmp_path_factory.mktemp("corpus") / "processed"
    return write_corpus(folder, chats(60), chats(40, seed=1))


@pytest.fixture(scope="session")
def gpt2(tmp_path_factory):
    """A run with a random GPT-2."""
    from stand_ins import save_gpt2

    folder = tmp_path_factory.mktemp("runs") / "random"
    save_gpt2(folder)
    return folder


@pytest.fixture(scope="module")
def short_replies():
    """Replies of the verb have 12 tokens at most: a random model hardly ever ends one itself."""
    from corpus.chat import reply

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reply, "Draw", partial(reply.Draw, max_new_tokens=12))
        yield


@pytest.fixture(scope="session")
def material(processed):
    from corpus.evaluation.material import open_material

    return open_material(processed)


@pytest.fixture(scope="session")
def prompts(material):
    from corpus.evaluation.prompts import validation_prompts

    return validation_prompts(material.dialogues("validation"), 20)


@pytest.fixture(scope="session")
def reader(material):
    from corpus.chat.engine import reader_of
    from corpus.tokens.encoder import Encoder

    return reader_of(Encoder(material.tokenizer), material.trained)
