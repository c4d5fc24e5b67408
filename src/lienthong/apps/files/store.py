"""Files named by the SHA-256 of their bytes: `DATA_DIR/files/ab/cdef…`.

A file appears under its name only after its bytes are on the disk, and the directory entry is
synced before `put` returns: a row that names a file never outlives a crash without it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from django.conf import settings

from lienthong.core.errors import Problem

_NAME = re.compile(r"[0-9a-f]{64}")


class StorageFull(Problem):
    """The disk, or the quota of the node, has no room for the file."""

    code = "files.storage_full"
    status = 507
    text = "Kho lưu trữ của hệ thống đã đầy. Tệp chưa được lưu; vui lòng báo quản trị hệ thống."


class FileUnknown(Problem):
    """No file with this hash is kept here."""

    code = "files.unknown"
    status = 404
    text = "Không tìm thấy tệp trong kho lưu trữ."


class FileDamaged(Problem):
    """The bytes on the disk are not those that were stored."""

    code = "files.damaged"
    status = 500
    text = "Tệp trong kho lưu trữ đã bị hỏng. Vui lòng báo quản trị hệ thống."


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is durable: its SHA-256 in lower-case hex, its size in bytes."""

    sha256: str
    size: int


def put(data: bytes) -> Stored:
    """Keep `data` and return once it is durable. The same bytes again cost nothing more.

    Raises StorageFull.
    """
    stored = Stored(hashlib.sha256(data).hexdigest(), len(data))
    target = _path(stored.sha256)
    if target.is_file() and target.stat().st_size == stored.size:
        return stored
    with _full_is_a_problem():
        _write(target, data)
    return stored


def partial(name: UUID) -> Path:
    """Return where to collect the bytes of a file that comes in pieces, for `take`.

    name: of the one who collects. What is there already is what an earlier try has left.
    """
    folder = Path(settings.DATA_DIR) / "files" / "partial"
    with _full_is_a_problem():
        _make_directory(folder)
    return folder / name.hex


def take(path: Path, sha256: str) -> Stored:
    """Keep the file `path` under its name and return once it is durable; `path` is then gone.

    Raises FileDamaged when its bytes do not have this SHA-256, and StorageFull.
    """
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
        size = file.tell()
        os.fsync(file.fileno())
    if found != sha256:
        raise FileDamaged(sha256=sha256)
    target = _path(sha256)
    with _full_is_a_problem():
        _make_directory(target.parent)
        path.rename(target)
        _sync_directory(target.parent)
    return Stored(sha256, size)


def get(sha256: str) -> bytes:
    """Return the bytes of a file, checked against its name. Raises FileUnknown, FileDamaged."""
    data = open_path(sha256).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise FileDamaged(sha256=sha256)
    return data


def check(sha256: str) -> None:
    """Read a file through against its name. Raises FileUnknown, FileDamaged."""
    with open_path(sha256).open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise FileDamaged(sha256=sha256)


def open_path(sha256: str) -> Path:
    """Return where a file is, to stream it. Raises FileUnknown. The bytes are not checked."""
    if _NAME.fullmatch(sha256) is None:
        raise FileUnknown(sha256=sha256[:64])
    path = _path(sha256)
    if not path.is_file():
        raise FileUnknown(sha256=sha256)
    return path


def _path(sha256: str) -> Path:
    return Path(settings.DATA_DIR) / "files" / sha256[:2] / sha256[2:]


def _write(target: Path, data: bytes) -> None:
    _make_directory(target.parent)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)


def _make_directory(directory: Path) -> None:
    """Make a directory and sync each new name into its parent."""
    missing = []
    current = directory
    while not current.is_dir():
        missing.append(current)
        current = current.parent
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
        _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _full_is_a_problem() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise StorageFull from error
        raise
