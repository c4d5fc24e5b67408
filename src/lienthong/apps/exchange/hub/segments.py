"""Append-only files that keep the packets' bytes.

A segment is a run of records: a header of 48 bytes (magic, length, SHA-256), then the body. A
record counts only when a row of the database names it, and the row is written after `fdatasync`;
bytes that a crash left behind the last named record are never read. One writer has a segment: it
holds a lock on the file, so a second hub process opens the next one.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import struct
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from .problems import ContentDamaged, HubStorageFull

MAGIC = b"LTS1"
HEADER = struct.Struct(">4sI8x32s")
SEGMENT_MAX_BYTES = 256 * 1024 * 1024
OWN_FILE = 0
"""Segment number of a body that is a file of its own."""

_NAME = re.compile(r"^(\d{8})\.seg$")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


ReadArchived = Callable[[int, int, int], bytes]
"""Read a segment (number, position, length) that is in the archive alone."""


class SyncFailed(Exception):  # noqa: N818  named for the fact, like a Problem
    """fsync reported an error. What is on disk is unknown: the process stops, not acknowledges."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a body is."""

    segment: int
    position: int


def is_full(error: OSError) -> bool:
    """Whether the error says that there is no room left."""
    return error.errno in _FULL


class Segments:
    """The writer of one process, and the reader of everything."""

    def __init__(
        self,
        directory: Path,
        *,
        max_bytes: int = SEGMENT_MAX_BYTES,
        archived: ReadArchived | None = None,
    ) -> None:
        self._archived = archived
        self._directory = directory
        self._own_files = directory / "large"
        self._max_bytes = max_bytes
        self._file = -1
        self._number = 0
        self._end = 0
        self._written = 0
        self._own_files.mkdir(parents=True, exist_ok=True, mode=0o700)

    def close(self) -> None:
        """Give the segment back."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def append(self, bodies: Sequence[tuple[bytes, bytes]]) -> list[Place]:
        """Write (body, SHA-256) pairs and return their places. Durable only after `sync`.

        Raises HubStorageFull when the disk has no room; the segment ends where it ended before.
        """
        places: list[Place] = []
        try:
            if self._file < 0 or self._end >= self._max_bytes:
                self._open_next()
            end = self._end
            for body, digest in bodies:
                places.append(Place(self._number, end + HEADER.size))
                end = self._write(end, HEADER.pack(MAGIC, len(body), digest), body)
        except OSError as error:
            self.undo()
            if is_full(error):
                raise HubStorageFull from error
            raise
        self._written = end
        return places

    def sync(self) -> None:
        """Make everything appended durable. Raises SyncFailed; the caller stops the process."""
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise SyncFailed(str(error)) from error
        self._end = self._written

    def undo(self) -> None:
        """Forget what was appended since the last `sync`."""
        if self._file >= 0:
            os.ftruncate(self._file, self._end)
        self._written = self._end

    def read(self, place: Place, packet_id: uuid.UUID, size: int, sha256: str) -> bytes:
        """Return a body. Raises ContentDamaged when the bytes are not those taken in.

        Of a segment that is in the archive alone: ArchiveAway, ArchiveMissing.
        """
        body = self.piece(place, packet_id, 0, size)
        if hashlib.sha256(body).hexdigest() != sha256:
            raise ContentDamaged(packet_id=str(packet_id))
        return body

    def piece(self, place: Place, packet_id: uuid.UUID, start: int, length: int) -> bytes:
        """`length` bytes of a body from `start` on; fewer when it ends before. Raises as `read`."""
        path, position = self.locate(place, packet_id)
        try:
            with path.open("rb", buffering=0) as file:
                return os.pread(file.fileno(), length, position + start)
        except FileNotFoundError as error:
            if self._archived is None or place.segment == OWN_FILE:
                raise ContentDamaged(packet_id=str(packet_id)) from error
        except OSError as error:
            raise ContentDamaged(packet_id=str(packet_id)) from error
        return self._archived(place.segment, position + start, length)

    def closed(self) -> list[int]:
        """The segments here that nobody appends to any more: not the newest, and no writer's."""
        return [number for number in self._numbers()[:-1] if self._is_free(number)]

    def _is_free(self, number: int) -> bool:
        if number == self._number and self._file >= 0:
            return False
        descriptor = os.open(self.path(number), os.O_RDWR | os.O_CLOEXEC)
        try:
            return _lock(descriptor)
        finally:
            os.close(descriptor)

    def locate(self, place: Place, packet_id: uuid.UUID) -> tuple[Path, int]:
        """The file that holds a body, and where in it the body begins."""
        if place.segment == OWN_FILE:
            return self.own_file(packet_id), 0
        return self.path(place.segment), place.position

    def own_file(self, packet_id: uuid.UUID) -> Path:
        """The file of a large body."""
        return self._own_files / packet_id.hex[-2:] / packet_id.hex

    def keep_own_file(self, temporary: Path, packet_id: uuid.UUID) -> Place:
        """Make a streamed large body durable under its packet's name.

        Raises HubStorageFull, or SyncFailed when its bytes may be lost.
        """
        target = self.own_file(packet_id)
        try:
            target.parent.mkdir(exist_ok=True, mode=0o700)
            with temporary.open("rb+") as file:
                _sync(file.fileno())
            temporary.rename(target)
        except OSError as error:
            if is_full(error):
                raise HubStorageFull from error
            raise
        for directory in (target.parent, self._own_files):
            _sync_directory(directory)
        return Place(OWN_FILE, 0)

    def drop_own_file(self, packet_id: uuid.UUID) -> None:
        """Remove a large body whose packet was not taken in."""
        self.own_file(packet_id).unlink(missing_ok=True)

    def temporary(self) -> Path:
        """A new name for a large body that is being received."""
        return self._own_files / f"receiving-{os.getpid()}-{uuid.uuid4().hex}"

    def sweep(self) -> int:
        """Remove what a crash left of bodies being received. Call before the door opens.

        Those of another hub process that runs on the same files stay.
        """
        left = [path for path in self._own_files.glob("*-*") if not _is_received(path)]
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return len(left)

    def records(self, number: int) -> Iterator[tuple[Place, int, str, bool]]:
        """Walk a segment: place, size, digest, and whether the bytes still have that digest."""
        with self.path(number).open("rb") as file:
            position = 0
            while len(head := file.read(HEADER.size)) == HEADER.size:
                magic, size, digest = HEADER.unpack(head)
                if magic != MAGIC:
                    return
                body = file.read(size)
                good = len(body) == size and hashlib.sha256(body).digest() == digest
                yield Place(number, position + HEADER.size), size, digest.hex(), good
                position += HEADER.size + size

    def path(self, number: int) -> Path:
        """The file of a segment."""
        return self._directory / f"{number:08d}.seg"

    def _numbers(self) -> list[int]:
        names = (_NAME.match(path.name) for path in self._directory.iterdir())
        return sorted(int(match[1]) for match in names if match)

    def _open_next(self) -> None:
        """Take the newest segment that has room and no other writer, else begin a new one."""
        numbers = self._numbers()
        flags = os.O_RDWR | os.O_CLOEXEC
        newest = numbers[-1] if numbers else 0
        if newest and self.path(newest).stat().st_size < self._max_bytes and newest != self._number:
            descriptor = os.open(self.path(newest), flags)
            if _lock(descriptor) and _ends_with_a_record(descriptor):
                self._take(descriptor, newest)
                return
            os.close(descriptor)
        while True:
            newest += 1
            try:
                descriptor = os.open(self.path(newest), flags | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            if _lock(descriptor):
                break
            os.close(descriptor)
        _sync_directory(self._directory)
        self._take(descriptor, newest)

    def _take(self, descriptor: int, number: int) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = descriptor
        self._number = number
        self._end = self._written = os.fstat(descriptor).st_size

    def _write(self, position: int, head: bytes, body: bytes) -> int:
        total = len(head) + len(body)
        done = os.pwritev(self._file, [head, body], position)
        while done < total:  # a write may be cut short, for one thing when the disk fills up
            rest = (head + body)[done:]
            done += os.pwrite(self._file, rest, position + done)
        return position + total


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_received(temporary: Path) -> bool:
    """Whether a process other than this one is still writing the body."""
    pid = temporary.name.split("-")[1]
    return pid.isdecimal() and int(pid) != os.getpid() and Path(f"/proc/{pid}").exists()


def _ends_with_a_record(descriptor: int) -> bool:
    """Whether the records fill the file. Nothing is appended after one that a crash tore."""
    position = 0
    size = os.fstat(descriptor).st_size
    while position < size:
        head = os.pread(descriptor, HEADER.size, position)
        if len(head) < HEADER.size or not head.startswith(MAGIC):
            return False
        position += HEADER.size + int(HEADER.unpack(head)[1])
    return position == size


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        raise SyncFailed(str(error)) from error
