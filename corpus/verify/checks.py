"""All checks of a corpus, in their order."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from corpus.output.work import check_workers
from corpus.records import TOKENIZER, CorpusError
from corpus.remote import Folder
from corpus.tokens.encoder import Encoder
from corpus.verify.counts import check_counts
from corpus.verify.files import check_files, check_manifest
from corpus.verify.findings import Findings
from corpus.verify.ledger import count_ledger
from corpus.verify.near import check_near
from corpus.verify.raw import check_raw
from corpus.verify.shards import Shards


def verify(processed: Path, *, raw: Folder | None = None, workers: int = 1) -> Findings:
    """Recompute everything that a corpus says of itself, and return what is wrong.

    Args:
        processed: the folder of a finished build.
        raw: the folder it was built from; all of it is built again, aside, and compared.
        workers: processes that do so at most.

    Raises:
        CorpusError: no build has finished in `processed`, there is nothing to read in `raw`, or
            `workers` is no number of processes.
    """
    check_workers(workers)
    findings = Findings()
    manifest = check_manifest(processed, findings)
    if manifest is None:
        return findings
    changed = check_files(processed, manifest, findings)
    encoder = _encoder(processed, manifest, findings)
    shards = Shards(processed, manifest, encoder, findings, with_raw=raw is not None)
    shards.read(changed)
    if manifest["options"]["dedup"] == "near":
        check_near(processed, manifest, findings)
    ledger = count_ledger(processed, manifest, findings)
    check_counts(manifest, shards, ledger, findings, with_unk=encoder is not None)
    if raw is not None:
        check_raw(raw, processed, manifest, shards, encoder, findings, workers=workers)
    return findings


def _encoder(processed: Path, manifest: dict[str, Any], findings: Findings) -> Encoder | None:
    """Return the encoder, or None if the tokenizer is not that of the manifest."""
    try:
        content = (processed / TOKENIZER).read_bytes()
        if sha256(content).hexdigest() == manifest["tokenizer"]["sha256"]:
            return Encoder(content)
    except OSError:
        pass  # told with the files
    except (CorpusError, KeyError, TypeError, ValueError) as error:
        findings.add("tokens", TOKENIZER, f"cannot be loaded: {error}")
    return None
