"""What a manifest holds, and how one is read that may be damaged or of another version."""

from collections.abc import Iterator
from typing import Any

import orjson

from corpus import __version__
from corpus.options import OPTIONS
from corpus.records import SPLITS, CorpusError
from corpus.remote import Folder

# What is read of a manifest, as an example: a type stands for any value of it, and
# `{str: ...}` for a mapping with any keys.
_COUNTS = {str: int}
_SHAPE: dict[str, Any] = {
    "broken": _COUNTS,
    "corpus_hash": str,
    "dialogues": {"read": int, "rejected": int, "written": int},
    "file_bytes": _COUNTS,
    "files": {str: str},
    "manifest_sha256": str,
    "names": _COUNTS,
    "other_speaker": _COUNTS,
    "options": {one.name: [str] if one.takes_several else type(one.default) for one in OPTIONS},
    "other_tags": {"names": int, "sum": int},
    "people": _COUNTS,
    "quirks": _COUNTS,
    "raw": [{"bytes": int, "n_files": int, "path": str, "sha256": str}],
    "reasons": _COUNTS,
    "report": {
        "surnames": _COUNTS,
        "speakers": _COUNTS,
        "tokens": {str: _COUNTS},
        "topics": {str: _COUNTS},
        "turns": {str: _COUNTS},
        "uncapped_tokens": _COUNTS,
        "utterances": {"cut": int, "in_rows": int, "left_out": _COUNTS},
    },
    "rows": dict.fromkeys(SPLITS, int),
    "rules": _COUNTS,
    "shards": [
        {
            "bytes": int,
            "content_sha256": str,
            "path": str,
            "rows": int,
            "sha256": str,
            "split": str,
            "tokens": int,
        }
    ],
    "sources": {
        str: {"read": int, "rejected": _COUNTS, "rows": int, "tokens": int, "written": int}
    },
    "tags": _COUNTS,
    "tokenizer": {"name": str, "sha256": str},
    "tokens": dict.fromkeys(SPLITS, int),
    "turns_joined": _COUNTS,
    "unk_respellable": int,
    "unk_tokens": int,
    "utterances": {"dropped": _COUNTS, "kept": int, "read": int},
    "versions": {"corpus": str},
}

IS_A_FOLDER = "is a folder and no manifest: take it away."


def read_whole(path: Folder) -> dict[str, Any]:
    """Return the manifest that stands at `path`.

    Raises:
        FileNotFoundError: there is none.
        CorpusError: it is damaged, or of a version of this project that wrote another kind.
    """
    try:
        manifest = orjson.loads(path.read_bytes())
        why = misfit(manifest)
    except orjson.JSONDecodeError as error:
        manifest, why = {}, f"it is no JSON: {error}"
    except IsADirectoryError:
        raise CorpusError(f"{path} {IS_A_FOLDER}") from None
    if not why:
        return dict(manifest)
    written_by = manifest.get("corpus_version") if isinstance(manifest, dict) else None
    if isinstance(written_by, str) and written_by != __version__:
        raise CorpusError(
            f"{path} was written by version {written_by} of this project, and this is "
            f"{__version__}: `build` with --fresh builds the corpus again."
        )
    raise CorpusError(f"{path} is damaged ({why}): `build` with --fresh builds the corpus again.")


def misfit(manifest: Any) -> str | None:  # noqa: ANN401 - any JSON
    """Return the first place where a manifest is not one, in words; None if it is one."""
    return next(_misfits(manifest, _SHAPE, ""), None)


def _misfits(value: Any, shape: Any, name: str) -> Iterator[str]:  # noqa: ANN401 - any JSON
    """Yield where `value` is not what `shape` shows."""
    kind: Any = shape if isinstance(shape, type) else type(shape)
    if type(value) is not kind:
        yield f"{name or 'it'} is not {kind.__name__}"
    elif isinstance(shape, list):
        for place, one in enumerate(value):
            yield from _misfits(one, shape[0], f"{name}[{place}]")
    elif isinstance(shape, dict):
        of_all = shape.get(str)
        for key in value if of_all else shape:
            inner = f"{name}.{key}" if name else key
            if key in value:
                yield from _misfits(value[key], of_all or shape[key], inner)
            else:
                yield f"{inner} is missing"
