import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))  # raw_trees

from effort import tries

# A busy machine fails no test.
settings.register_profile("untimed", deadline=None, max_examples=tries(100))
settings.load_profile("untimed")

# Most tests write many small files, which takes a disk several times as long as memory.
MEMORY = Path("/dev/shm")
if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2 << 30:
    tempfile.tempdir = os.environ.setdefault("TMPDIR", str(MEMORY))


@pytest.fixture
def small_items(monkeypatch):
    """Each document is an item, and the builds of this process share what is slow to make."""
    from small_builds import make_items_small

    make_items_small(monkeypatch)


@pytest.fixture
def busy_workers(monkeypatch):
    """A build has all the workers that it asks for, however small it is."""
    from small_builds import give_workers_work

    give_workers_work(monkeypatch)


@pytest.fixture(scope="session")
def kogpt2_tokenizer():
    """The real tokenizer, which is not ours to ship."""
    path = os.environ.get("KOGPT2_TOKENIZER")
    if not path:
        pytest.skip("KOGPT2_TOKENIZER does not name the tokenizer.json of skt/kogpt2-base-v2")
    return Path(path)
