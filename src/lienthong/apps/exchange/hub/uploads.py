"""Packets that come in pieces: kept on disk by what they are, so that both ends may start again.

An upload is named by its node and by the SHA-256 of the whole packet. A folder holds it:

    size            how many bytes the whole has, as text
    body            the bytes, each chunk at its offset
    000003-<hash>   a mark: chunk 3 is in `body`, on the disk, and has this SHA-256

A chunk is synced before its mark is made, and a mark before the answer is given; what is answered
for survives a crash. Chunks may come in any order and again.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .problems import (
    ChunkWrong,
    DigestMismatch,
    HubBusy,
    HubStorageFull,
    UploadIncomplete,
    UploadNotFound,
)
from .segments import is_full

CHUNK_BYTES = 4 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
OPEN_UPLOADS_MAX = 16
KEPT_S = 7 * 24 * 3600
FREE_BYTES_MIN = 256 * 1024 * 1024
RETRY_AFTER_S = 30

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MARK = re.compile(r"(\d{6})-([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload as it stands. missing: byte ranges [from, to) that have not come yet."""

    sha256: str
    size: int
    missing: tuple[tuple[int, int], ...]
    expires_at: float

    @property
    def is_complete(self) -> bool:
        return not self.missing


class Uploads:
    """The uploads under way of every node. Every method blocks; call them in a thread."""

    def __init__(self, directory: Path, *, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._directory = directory
        self.chunk_bytes = chunk_bytes

    def begin(self, node_id: str, sha256: str, size: int) -> tuple[Upload, bool]:
        """Begin an upload, or find the one that was begun. True when it is new.

        Raises HubBusy for a node with too many, HubStorageFull when the disk has no room for it.
        """
        folder = self._folder(node_id, sha256)
        if folder.is_dir() and self._size(folder) == size:
            return self._state(folder), False
        if folder.is_dir():  # another size was declared before; the digest decides in the end
            shutil.rmtree(folder)
        if len(self._of_node(node_id)) >= OPEN_UPLOADS_MAX:
            raise HubBusy(retry_after=RETRY_AFTER_S)
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(folder.parent).free < size + FREE_BYTES_MIN:
            raise HubStorageFull
        with _room():
            folder.mkdir(mode=0o700, exist_ok=True)
            (folder / "size").write_text(str(size))
            _sync(folder / "size")
            _sync(folder)
        return self._state(folder), True

    def state(self, node_id: str, sha256: str) -> Upload:
        """How far an upload is. Raises UploadNotFound."""
        return self._state(self._known(node_id, sha256))

    def put(self, node_id: str, sha256: str, offset: int, chunk: bytes) -> Upload:
        """Keep a chunk and return once it is durable. Raises UploadNotFound, ChunkWrong."""
        folder = self._known(node_id, sha256)
        size = self._size(folder)
        expected = min(self.chunk_bytes, size - offset)
        if offset % self.chunk_bytes or expected <= 0 or len(chunk) != expected:
            raise ChunkWrong(offset=offset, chunk_bytes=self.chunk_bytes, size=size)
        mark = folder / f"{offset // self.chunk_bytes:06d}-{hashlib.sha256(chunk).hexdigest()}"
        if not mark.exists():
            with self._held(folder), _room():
                self._write(folder, offset, chunk)
                mark.touch(mode=0o600)
                _sync(folder)
        return self._state(folder)

    @contextmanager
    def whole(self, node_id: str, sha256: str) -> Iterator[Path]:
        """The file of a complete upload, its digest checked; held while the block runs.

        Whatever the block leaves of it may be asked for again. Raises UploadNotFound,
        UploadIncomplete (also for chunks that the disk has lost), DigestMismatch, HubBusy.
        """
        folder = self._known(node_id, sha256)
        with self._held(folder):
            if missing := self._state(folder).missing:
                raise UploadIncomplete(offset=missing[0][0])
            self._verify(folder, sha256)
            yield folder / "body"

    def drop(self, node_id: str, sha256: str) -> None:
        """Forget an upload."""
        shutil.rmtree(self._folder(node_id, sha256), ignore_errors=True)

    def sweep(self, now: float) -> int:
        """Remove the uploads nobody has gone on with. Return how many."""
        old = [
            folder
            for folder in self._directory.glob("*/*")
            if now - folder.stat().st_mtime > KEPT_S
        ]
        for folder in old:
            shutil.rmtree(folder, ignore_errors=True)
        return len(old)

    # -- inside ---------------------------------------------------------------------------------

    def _folder(self, node_id: str, sha256: str) -> Path:
        if _SHA256.fullmatch(sha256) is None:
            raise UploadNotFound
        return self._directory / hashlib.sha256(node_id.encode()).hexdigest()[:16] / sha256

    def _known(self, node_id: str, sha256: str) -> Path:
        folder = self._folder(node_id, sha256)
        if not (folder / "size").is_file():
            raise UploadNotFound
        return folder

    def _of_node(self, node_id: str) -> list[Path]:
        return list(self._folder(node_id, "0" * 64).parent.glob("*"))

    @staticmethod
    def _size(folder: Path) -> int:
        text = (folder / "size").read_text()
        return int(text) if text.isdecimal() else -1

    def _state(self, folder: Path) -> Upload:
        size = self._size(folder)
        here = {mark for mark, _ in _marks(folder)} if (folder / "body").is_file() else set()
        missing: list[tuple[int, int]] = []
        for number, start in enumerate(range(0, size, self.chunk_bytes)):
            end = min(start + self.chunk_bytes, size)
            if number in here:
                continue
            if missing and missing[-1][1] == start:
                missing[-1] = (missing[-1][0], end)
            else:
                missing.append((start, end))
        return Upload(folder.name, size, tuple(missing), folder.stat().st_mtime + KEPT_S)

    @contextmanager
    def _held(self, folder: Path) -> Iterator[None]:
        """One at a time changes an upload, of all hub processes. Raises HubBusy."""
        descriptor = os.open(folder / "size", os.O_RDONLY | os.O_CLOEXEC)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise HubBusy(retry_after=1) from error
            yield
        finally:
            os.close(descriptor)

    @staticmethod
    def _write(folder: Path, offset: int, chunk: bytes) -> None:
        descriptor = os.open(folder / "body", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            done = 0
            while done < len(chunk):
                done += os.pwrite(descriptor, chunk[done:], offset + done)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _verify(self, folder: Path, sha256: str) -> None:
        """Hash the whole; when it is wrong, take away the marks of the chunks that are wrong."""
        whole, wrong = hashlib.sha256(), []
        digests = dict(_marks(folder))
        with (folder / "body").open("rb") as body:
            for number in sorted(digests):
                chunk, left = hashlib.sha256(), self.chunk_bytes
                while left and (piece := body.read(min(PIECE_BYTES, left))):
                    left -= len(piece)
                    chunk.update(piece)
                    whole.update(piece)
                if chunk.hexdigest() != digests[number]:
                    wrong.append(number)
        if whole.hexdigest() == sha256:
            return
        for number in wrong:
            (folder / f"{number:06d}-{digests[number]}").unlink()
        if wrong:
            raise UploadIncomplete(offset=wrong[0] * self.chunk_bytes)
        shutil.rmtree(folder, ignore_errors=True)
        raise DigestMismatch


def _marks(folder: Path) -> Iterator[tuple[int, str]]:
    for path in folder.iterdir():
        if match := _MARK.fullmatch(path.name):
            yield int(match[1]), match[2]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if is_full(error):
            raise HubStorageFull from error
        raise


def swept(uploads: Uploads) -> int:
    """Remove what has been left, by the clock of this machine."""
    return uploads.sweep(time.time())
