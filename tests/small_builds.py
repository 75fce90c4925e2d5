"""Builds of small raw trees: each document is an item, and what is slow to make is made once."""

from functools import lru_cache
from hashlib import sha256
from multiprocessing import get_context

from corpus.building import plan, run, tokenizer, unknown_tokens, workers
from corpus.output import manifest

TALK = [("1", "안녕 뭐해"), ("2", "#@이름#이랑 있어"), ("1", "밥 먹으러 가"), ("2", "맛있게 먹어")]

ENCODER, VERSION = lru_cache(tokenizer.Encoder), lru_cache(manifest.version)
SPELLINGS = lru_cache(unknown_tokens.spellings_for)
CONTEXT = get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [f"corpus.building.{name}" for name in ("run", "item", "commit_files", "reporting")]
)


def make_items_small(patch):
    """Let each document be an item, and let builds share what each makes from the tokenizer."""
    for name in ("ITEM_BYTES", "RANGES", "ZIP_RANGES"):
        patch.setattr(plan, name, 1)
    patch.setattr(tokenizer, "Encoder", ENCODER)
    patch.setattr(manifest, "version", VERSION)
    patch.setattr(unknown_tokens, "spellings_for", lambda lacking: SPELLINGS(tuple(lacking)))


def give_workers_work(patch):
    """Let a build have all the workers that it asks for, however small it is.

    They are forks of a process that has loaded the builder, so that they begin at once.
    """
    patch.setattr(workers, "BYTES_PER_WORKER", 1)
    patch.setattr(workers, "get_context", lambda _: CONTEXT)


def built(raw, processed, **options):
    """Build with the stand-in for a tokenizer, and return the manifest."""
    return run.build(raw, processed, tokenizer="builtin", **options)


def hashes(folder):
    """Return the sha256 of every file below a folder, by its path; the file of a lock may stay."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "locks"
    }
