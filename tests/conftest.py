import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # a busy machine fails no test
settings.load_profile("untimed")
sys.path.insert(0, str(Path(__file__).parent))  # raw_trees


@pytest.fixture(scope="session")
def kogpt2_tokenizer():
    """The real tokenizer, which is not ours to ship."""
    path = os.environ.get("KOGPT2_TOKENIZER")
    if not path:
        pytest.skip("KOGPT2_TOKENIZER does not name the tokenizer.json of skt/kogpt2-base-v2")
    return Path(path)
