"""Folders in object stores (`s3://`, `gs://`, `hf://`, ...), through fsspec.

Objects are written whole, fetched whole or read in ranges, by name. Nothing is renamed, locked or
appended to. A request that fails is tried again; if it keeps failing, the run ends, because a
network failure says nothing about the data. The listing of a store tells what lies in raw/. It is
never used to decide whether a build is complete.
"""

import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from corpus.records import CorpusError

PAUSES = (0.1, 0.5, 2.0, 5.0, 15.0)  # seconds before a request is tried again
CONNECTIONS = 16  # objects that are fetched or put at once, where there are many
RANGE_BYTES = 4 << 20  # are fetched at once of an object that is read in ranges
RANGES = 4  # are kept of it in memory

_HERE = re.compile(r"(?:file|local)://(?:/(?=[A-Za-z]:))?")  # with Windows' file:///C:/
_MISSING = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Remote:
    """A folder or an object of a store; as a `Path`, where it can do the same."""

    url: str

    def __truediv__(self, name: str) -> "Remote":
        return Remote(f"{self.url}/{name}")

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.url.rpartition("/")[2]

    def absolute(self) -> "Remote":
        """Return it as it is."""
        return self

    def exists(self) -> bool:
        """Say whether there is such an object, or a folder with something in it."""
        return self._kind() is not None

    def is_dir(self) -> bool:
        """Say whether there is a folder with something in it."""
        return self._kind() == "directory"

    def n_bytes(self) -> int | None:
        """Return the size of an object, None if there is none."""
        info = self._info()
        return int(info["size"]) if info and info["type"] == "file" else None

    def _kind(self) -> str | None:
        info = self._info()
        return str(info["type"]) if info else None

    def _info(self) -> dict[str, Any] | None:
        fs, path = _store(self.url)
        try:
            return dict(_persist(self.url, lambda: fs.info(path)))
        except _MISSING:
            return None

    def read_bytes(self) -> bytes:
        """Return a whole object.

        Raises:
            FileNotFoundError: there is none.
        """
        fs, path = _store(self.url)
        return bytes(_persist(self.url, lambda: fs.cat_file(path)))

    def write_bytes(self, content: bytes) -> None:
        """Put a whole object."""
        fs, path = _store(self.url)
        _persist(self.url, lambda: fs.pipe_file(path, content))

    def put(self, file: Path) -> None:
        """Put a file as a whole object."""
        fs, path = _store(self.url)
        _persist(self.url, lambda: fs.put_file(str(file), path))

    def fetch(self, file: Path) -> None:
        """Write a whole object into a file, which stands under its name whole or not at all.

        Raises:
            FileNotFoundError: there is none.
        """
        fs, path = _store(self.url)
        half = file.with_name(f"{file.name}.half")
        _persist(self.url, lambda: fs.get_file(path, str(half)))
        half.replace(file)

    def unlink(self, *, missing_ok: bool = True) -> None:
        """Remove an object.

        Raises:
            FileNotFoundError: it is not there, and that is asked for.
        """
        if not (missing_ok or self.exists()):
            raise FileNotFoundError(self.url)
        fs, path = _store(self.url)

        def remove() -> None:
            with suppress(*_MISSING):
                fs.rm_file(path)

        _persist(self.url, remove)

    def remove_folder(self) -> None:
        """Remove all that is listed in a folder."""
        fs, path = _store(self.url)
        if self.exists():
            _persist(self.url, lambda: fs.rm(path, recursive=True))

    def files(self) -> dict[str, tuple[int, str]]:
        """Return size and version tag of each object in this folder, by its path."""
        fs, path = _store(self.url)
        found = _persist(self.url, lambda: fs.find(path, detail=True))
        prefix = path.rstrip("/") + "/"
        return {
            name.removeprefix(prefix): (int(info["size"]), _version(info))
            for name, info in sorted(found.items())
            if name.startswith(prefix) and not name.endswith("/")
        }


Folder = Path | Remote


class Ranged:
    """An object of a store that is read in ranges."""

    def __init__(self, place: Remote) -> None:
        """Open the object, which must be there.

        Raises:
            FileNotFoundError: there is none.
        """
        fs, path = _store(place.url)
        self._url = place.url
        self._file = _persist(
            place.url,
            lambda: fs.open(
                path,
                "rb",
                block_size=RANGE_BYTES,
                cache_type="blockcache",
                cache_options={"maxblocks": RANGES},
            ),
        )

    def read_at(self, view: memoryview, offset: int) -> int:
        """Fill `view` from an offset on, and return how many bytes were read."""

        def read() -> int:
            self._file.seek(offset)
            return int(self._file.readinto(view))

        return _persist(self._url, read)

    def close(self) -> None:
        """Close the object."""
        self._file.close()


def folder_of(place: "str | Folder") -> Folder:
    """Return the folder that a user names: a path of this machine, or a URL of a store.

    >>> folder_of("s3://bucket/raw/"), folder_of("raw/")
    (Remote(url='s3://bucket/raw'), PosixPath('raw'))
    >>> folder_of("file:///home/me/raw")  # which links and pipes are told of, as no store does
    PosixPath('/home/me/raw')
    """
    if isinstance(place, Remote):
        return place
    name = os.fspath(place) if isinstance(place, (str, os.PathLike)) else None
    if not isinstance(name, str) or not name or "\0" in name:
        raise CorpusError(f"{place!r} is no path of a folder.")
    if here := _HERE.match(name):
        return Path(name[here.end() :])
    return Remote(name.rstrip("/")) if "://" in name else Path(name)


def local_file(place: Folder) -> Path:
    """Return a file as it is, or a copy of an object that stays as long as this process."""
    if isinstance(place, Path):
        return place
    copy = Path(copies().name, f"{token_hex(8)}-{place.name}")
    place.fetch(copy)
    return copy


@cache
def copies() -> "TemporaryDirectory[str]":
    """Return a temporary folder that is removed when this process ends."""
    return TemporaryDirectory(prefix="corpus-")


@cache
def _store(url: str) -> tuple[Any, str]:
    """Return the file system of fsspec and the path in it.

    Raises:
        CorpusError: fsspec knows no such store, or its package is not installed.
    """
    import fsspec.core  # noqa: PLC0415 - 0.1 s that local builds need not wait for

    try:
        fs, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise CorpusError(f"{url} cannot be reached: {str(error).rstrip('.')}.") from error
    return fs, str(path)


def _persist(url: str, act: Callable[[], _T]) -> _T:
    """Return what `act` returns, trying again where the store fails.

    Raises:
        FileNotFoundError: there is no such object.
        CorpusError: the store refuses, or goes on failing.
    """
    for pause in (*PAUSES, None):
        try:
            return act()
        except _MISSING:
            raise
        except Exception as error:
            if pause is None or isinstance(error, PermissionError):
                reason = str(error).strip().splitlines() or [type(error).__name__]
                raise CorpusError(
                    f"{url} fails ({reason[0].rstrip('.')}); the same command goes on from here."
                ) from error
            time.sleep(pause)
    raise AssertionError


def _version(info: dict[str, Any]) -> str:
    """Return the version tag that a store gives an object (ETag, or what stands for it)."""
    for name in ("ETag", "etag", "md5Hash", "blob_id", "mtime", "LastModified", "created"):
        if info.get(name):
            return str(info[name])
    return ""
