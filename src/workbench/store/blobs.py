"""Content by its hash, in files: BLAKE3, a file there whole or not at all. Knows no database.

    objects/ab/cdef…         the content; the name is its hash, 2 and 30 digits
    metadata/ab/cdef….json   {"mime_type": …, "size": …}

Several processes may share the folder and any may be killed at any moment. Metadata is written
first, so an object never lacks it, and without its object it is nobody's and will be replaced.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from blake3 import blake3

from workbench.errors import NotFoundError, RequestError, StoreError
from workbench.store.owners import owner_alive, owner_name
from workbench.store.values import check_hash, utc_now

HASH_BYTES = 16  # of BLAKE3's 32, as the services that exchange these hashes have it
_WRITING = "writing~"  # writing~host~pid~start~random: who writes a file that is not whole yet


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """What is known of a blob without reading it."""

    hash: str
    size_bytes: int
    mime_type: str
    path: Path


@dataclass(frozen=True, slots=True)
class Blobs:
    """The blobs of a folder, which is made when the first one is put.

    A hash is 32 small hexadecimal digits; anything else raises `RequestError` before a path is
    made of it.
    """

    root: Path

    def put(self, content: bytes, mime_type: str) -> str:
        """Keep content and return its hash; when that is returned, a power failure cannot undo it.

        Content that is there keeps the MIME type it came with first; a damaged file is written
        anew. Raises `StoreError` when it cannot be written, say because the disk is full.
        """
        name = hash_of(content)
        path, about = self._object(name), self._metadata(name)
        try:
            there = _holds(path, content) and _described(about) is not None
            described = json.dumps({"mime_type": mime_type, "size": len(content)}).encode()
            for file, holds in ((about, described), (path, content)):
                if not there:
                    _write(file, holds)
                # Also what is there: who wrote it may have been killed before this.
                for folder in file.parents[:3]:
                    _settle(folder)
        except OSError as error:
            raise StoreError(
                f"cannot store {len(content)} bytes in {self.root}: {_reason(error)}; "
                "make room or set its permissions, and try again"
            ) from error
        return name

    def get(self, name: str) -> bytes:
        """The content of that hash, checked against it.

        Raises `NotFoundError`, and `StoreError` when the file is damaged or cannot be read.
        """
        path = self._object(name)
        try:
            content = path.read_bytes()
        except OSError as error:
            raise _unreadable(name, path, error) from error
        found = hash_of(content)
        if found != name:
            raise StoreError(
                f"blob {name} is damaged: the {len(content)} bytes in {path} have the hash {found}; "
                "store the content again, or restore the file"
            )
        return content

    def about(self, name: str) -> BlobInfo:
        """Size, MIME type and path of a blob. Raises `NotFoundError`, or `StoreError` when damaged."""
        path, about = self._object(name), self._metadata(name)
        try:
            path.stat()
        except OSError as error:
            raise _unreadable(name, path, error) from error
        described = _described(about)
        if described is None:
            raise StoreError(f"{about} is missing or damaged; store the content of {name} again")
        mime_type, size = described
        return BlobInfo(name, size, mime_type, path)

    def __contains__(self, name: object) -> bool:
        try:
            return self._object(check_hash(name)).is_file()
        except RequestError:
            return False

    def sweep_temporaries(self, now: datetime | None = None) -> int:
        """Remove files that died with their writers, and return how many; for a service's start.

        Those of a live process stay; on another host that is one that wrote within 60 s.
        """
        now = now or utc_now()
        removed = 0
        for path in self.root.glob(f"*/*/{_WRITING}*"):
            owner = path.name.removeprefix(_WRITING).rpartition("~")[0].replace("~", "/")
            try:
                written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if not owner_alive(owner, written_at, now):
                    path.unlink()
                    removed += 1
            except FileNotFoundError:  # whole by now, or swept by another process
                continue
        return removed

    def _object(self, name: str) -> Path:
        check_hash(name)
        return self.root / "objects" / name[:2] / name[2:]

    def _metadata(self, name: str) -> Path:
        check_hash(name)
        return self.root / "metadata" / name[:2] / f"{name[2:]}.json"


def hash_of(content: bytes) -> str:
    """The name of a content: BLAKE3, cut to 16 bytes, as 32 hexadecimal digits."""
    name: str = blake3(content).hexdigest(length=HASH_BYTES)
    return name


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except OSError:  # absent, or unreadable and to be replaced
        return False


def _described(about: Path) -> tuple[str, int] | None:
    """MIME type and size in bytes; None where the file is missing or damaged."""
    try:
        described = json.loads(about.read_bytes())
        return str(described["mime_type"]), int(described["size"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None


def _write(path: Path, content: bytes) -> None:
    """Write a file so that whoever looks finds it whole, and a failure leaves nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = owner_name().replace("/", "~")
    temporary = path.with_name(f"{_WRITING}{writer}~{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _settle(folder: Path) -> None:
    """Have the disk keep a folder's names."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows does so by itself
        return
    opened = os.open(folder, os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _unreadable(name: str, path: Path, error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError):
        return NotFoundError(f"no blob {name} is in {path.parents[2]}")
    return StoreError(f"blob {name} cannot be read: {path}: {_reason(error)}")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
