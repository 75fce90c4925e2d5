"""The manifest and the files that it lists: bytes and hashes."""

import os
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

import orjson

from corpus.output.files import json_bytes
from corpus.output.manifest import corpus_hash
from corpus.output.shape import misfit
from corpus.records import MANIFEST, SPLITS, TOKENIZER, CorpusError
from corpus.verify.findings import Findings


def check_manifest(processed: Path, findings: Findings) -> dict[str, Any] | None:
    """Return the manifest, or None if it is too broken to go on.

    Raises:
        CorpusError: there is none, so no build has finished there.
    """
    path = processed / MANIFEST
    if not path.exists():
        raise CorpusError(f"{processed} holds no finished corpus (no {MANIFEST}).")
    if path.is_dir():
        findings.add("files", MANIFEST, "is a folder")
        return None
    content = path.read_bytes()
    try:
        manifest = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        findings.add("files", MANIFEST, f"is no JSON: {error}")
        return None
    why = misfit(manifest)
    if why:
        findings.add("files", MANIFEST, why)
        return None
    sealed = {name: value for name, value in manifest.items() if name != "manifest_sha256"}
    seal = sha256(json_bytes(sealed)).hexdigest()
    if content != json_bytes(manifest) or seal != manifest["manifest_sha256"]:
        findings.add("files", MANIFEST, "is not as it was written (manifest_sha256)")
    return dict(manifest)


def check_files(processed: Path, manifest: dict[str, Any], findings: Findings) -> set[str]:
    """Check that all files are there, as they were written, and no others; return the changed.

    Of a shard that changed it is told once its rows were looked at.
    """
    files: dict[str, str] = manifest["files"]
    changed = set()
    for name, expected in files.items():
        try:
            with (processed / name).open("rb") as file:
                found = file_digest(file, "sha256").hexdigest()
        except OSError as error:
            findings.add("files", name, error.strerror or str(error))
            continue
        size = (processed / name).stat().st_size
        if found == expected and size != manifest["file_bytes"].get(name):
            findings.add("files", MANIFEST, f"has another size of {name} than its {size:,} bytes")
        if found != expected:
            changed.add(name)
            if not name.endswith(".parquet"):
                findings.add("files", name, "its bytes are not those that were written")
    for name in sorted(_visible(processed) - files.keys() - {MANIFEST}):
        findings.add("files", name, "was not written by a build")
    if corpus_hash(files) != manifest["corpus_hash"]:
        findings.add("files", MANIFEST, "corpus_hash is not that of the files it lists")
    if files.get(TOKENIZER) != manifest["tokenizer"]["sha256"]:
        findings.add("files", TOKENIZER, "is not the tokenizer that the corpus was made with")
    _check_shard_list(processed, manifest, findings)
    return changed


def _visible(processed: Path) -> set[str]:
    """Return the files that anything reads of a corpus.

    Those whose names begin with `.` are left alone, but for Parquet files such as the
    ._00000.parquet of macOS: DuckDB and polars take them for shards.
    """
    names = set()
    for folder, folders, files in os.walk(processed):
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        folders[:] = [name for name in folders if not name.startswith(".")]
        read = [name for name in (*files, *links) if _is_read(name)]
        paths = [Path(folder) / name for name in read]
        names |= {path.relative_to(processed).as_posix() for path in paths}
    return names


def _is_read(name: str) -> bool:
    return not name.startswith(".") or name.endswith(".parquet")


def _check_shard_list(processed: Path, manifest: dict[str, Any], findings: Findings) -> None:
    """Check what the manifest says of the shards as files."""
    shards = manifest["shards"]
    expected = [
        f"{split}/{number:05}.parquet"
        for split in SPLITS
        for number in range(sum(shard["split"] == split for shard in shards))
    ]
    listed = [shard["path"] for shard in shards]
    if listed != expected or set(listed) != {
        name for name in manifest["files"] if name.endswith(".parquet")
    }:
        findings.add("files", MANIFEST, "its shards are not numbered 00000, 00001, ... by split")
    for shard in shards:
        path = processed / shard["path"]
        if path.is_file() and path.stat().st_size != shard["bytes"]:
            findings.add(
                "files",
                shard["path"],
                f"has {path.stat().st_size:,} bytes; {shard['bytes']:,} were written",
            )
        if shard["sha256"] != manifest["files"].get(shard["path"]):
            findings.add("files", MANIFEST, f"has two hashes of {shard['path']}")
