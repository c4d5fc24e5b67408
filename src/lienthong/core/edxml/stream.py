"""Lifting payloads out of a packet that stays on disk, and putting files into one.

One pass over the file: markup is collected, each payload is decoded as it streams by, looked at,
and written beside the packet where that is needed (asked for, or it may be a container). What
`lift` finds in memory is found here, with one difference: a long text that is no base64 is refused
as such, also where character references would make it base64.
"""

from __future__ import annotations

import binascii
import hashlib
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from lienthong.core.edxml import attachments
from lienthong.core.edxml.attachments import WHITE, ZIP_MAGIC, ZIP_TYPE
from lienthong.core.edxml.contents import Contents, Examiner
from lienthong.core.edxml.lift import ELEMENT, LIFTED_MIN_BYTES, Lifted, Pieces, assemble
from lienthong.core.edxml.model import extension
from lienthong.core.edxml.problems import AttachmentRefused, XMLRefused
from lienthong.core.edxml.room import Room
from lienthong.core.edxml.xml import MIB, Limits, check_start

CHUNK_BYTES = MIB
MARKUP_MAX_BYTES = 8 * MIB
_BASE64_CHUNK_BYTES = 3 * 256 * 1024  # a multiple of three, so pieces join without padding


class Source:
    """A packet file that is read from its start to its end, once."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self.size = 0
        self._file = file
        self._digest = hashlib.sha256()

    def read(self) -> bytes:
        """The next chunk, b"" at the end."""
        chunk = self._file.read(CHUNK_BYTES)
        self._digest.update(chunk)
        self.size += len(chunk)
        return chunk

    def sha256(self) -> str:
        """Of the whole file: what was not read yet is read now."""
        while self.read():
            pass
        return self._digest.hexdigest()


class OnDisk:
    """A wire that was decoded as it streamed by; on disk only where that was needed."""

    def __init__(self, limits: Limits, room: Room, *, keeps: bool) -> None:
        self._limits = limits
        self._room = room
        self._keeps = keeps
        self._examiner = Examiner()
        self._held = b""
        self._path: Path | None = None
        self._file: IO[bytes] | None = None
        self._refused: AttachmentRefused | None = None

    @property
    def whole(self) -> bool:
        """Whether the text was base64 to its end."""
        return self._refused is None

    @property
    def size(self) -> int:
        return self._examiner.size

    def update(self, text: bytes, *, final: bool = False) -> None:
        """Take the next part of the base64 text. A text that is none is remembered, not raised."""
        if self._refused is not None:
            return
        letters = self._held + text.translate(None, WHITE)
        # The last four letters may have padding, so they wait for the end.
        ready = len(letters) if final else max(0, (len(letters) - 1) // 4 * 4)
        self._held = letters[ready:]
        try:
            self._take(attachments.strict(letters, 0, ready, padded=final))
        except binascii.Error:
            self._refused = AttachmentRefused("V-40", "không phải base64 hợp lệ")

    def _take(self, data: bytes) -> None:
        self._examiner.update(data)
        if self.size > self._limits.attachment_bytes:
            limit = self._limits.attachment_bytes
            self._refused = AttachmentRefused("V-04", f"lớn hơn {limit} byte")
        if self._path is None and (self._keeps or self.starts(ZIP_MAGIC)):
            self._path = self._room.new()
            self._file = self._path.open("wb")
        if self._file is not None:
            self._file.write(data)

    def finish(self) -> None:
        self.update(b"", final=True)
        if self._file is not None:
            self._file.close()

    def check(self, limits: Limits) -> None:
        if self._refused is not None:
            raise self._refused

    def starts(self, prefix: bytes) -> bool:
        return self._examiner.head.startswith(prefix)

    def open(self) -> IO[bytes]:
        if self._path is None:
            raise AssertionError("what starts as an archive is on disk")
        return self._path.open("rb")

    def as_file(self) -> Contents:
        return self._examiner.finish(self.open, self._path)

    def unpacked(self, member: IO[bytes]) -> Contents:
        path = self._room.new()
        examiner = Examiner()
        with path.open("wb") as out:
            while chunk := member.read(CHUNK_BYTES):
                examiner.update(chunk)
                out.write(chunk)
        return examiner.finish(lambda: path.open("rb"), path)


def lift_file(source: Source, limits: Limits, room: Room, *, keeps: bool) -> Lifted:
    """As `lift.lift`, for a file.

    keeps: whether each payload is to be on disk. Raises XMLRefused: V-04 when the packet or its
    markup is too large, V-06 and V-07 for markup that is both too large and wrong.
    """
    if source.path.stat().st_size > limits.packet_bytes:
        raise XMLRefused("V-04", f"lớn hơn {limits.packet_bytes} byte")
    splitter = _Splitter(source, limits, lambda: OnDisk(limits, room, keeps=keeps))
    splitter.run()
    lifted = assemble(splitter.markup, splitter.wires, splitter.texts)
    if lifted is None:
        raise XMLRefused("V-07", "dùng ký tự riêng U+E000–U+E00F")
    return lifted


class _Splitter:
    """Tells markup from payloads in one pass; `markup` has one piece more than there are wires."""

    def __init__(self, source: Source, limits: Limits, new_wire: Callable[[], OnDisk]) -> None:
        self.markup: list[bytes] = []
        self.wires: list[OnDisk] = []
        self.texts: list[Pieces] = []
        self._source = source
        self._limits = limits
        self._new_wire = new_wire
        self._buffer = bytearray()
        self._start = 0
        """Where in the file the buffer begins."""
        self._markup_bytes = 0

    def run(self) -> None:
        at = 0
        while (at := self._find(ELEMENT, at)) >= 0:
            start = self._find(b">", at) + 1
            end = self._find(b"<", start, most=LIFTED_MIN_BYTES) if start else 0
            if not start:
                break
            if end >= 0:  # a short text, or none
                at = end
                continue
            self._cut(start)
            self._payload()
            at = 0
        while self._more():
            pass
        self._cut(len(self._buffer))

    def _find(self, what: bytes, at: int, *, most: int | None = None) -> int:
        """Where `what` stands in the buffer from `at` on; more is read until it is found.

        most: look at so many bytes only. -1 when it is not there.
        """
        looked = at
        while True:
            end = len(self._buffer) if most is None else min(len(self._buffer), at + most)
            found = self._buffer.find(what, looked, end)
            if found >= 0 or (most is not None and end == at + most):
                return found
            looked = max(at, end - len(what) + 1)
            if not self._more():
                return -1 if most is None else end

    def _more(self) -> bool:
        chunk = self._source.read()
        self._buffer += chunk
        if self._markup_bytes + len(self._buffer) > MARKUP_MAX_BYTES:
            check_start(b"".join([*self.markup, bytes(self._buffer)]), self._limits)
            raise XMLRefused("V-04", f"phần mô tả lớn hơn {MARKUP_MAX_BYTES} byte")
        return bool(chunk)

    def _cut(self, end: int) -> None:
        """What is before `end` is a piece of markup."""
        self.markup.append(bytes(self._buffer[:end]))
        self._markup_bytes += end
        del self._buffer[:end]
        self._start += end

    def _payload(self) -> None:
        """The buffer begins with a payload: give it to a wire, up to the next `<`."""
        wire = self._new_wire()
        start = self._start
        while (end := self._buffer.find(b"<")) < 0:
            self._start += len(self._buffer)
            wire.update(bytes(self._buffer))
            self._buffer = bytearray(self._source.read())
            if not self._buffer:
                break
        if end > 0:
            wire.update(bytes(self._buffer[:end]))
            self._start += end
            del self._buffer[:end]
        wire.finish()
        self.wires.append(wire)
        self.texts.append(_stretch(self._source.path, start, self._start))


def _stretch(path: Path, start: int, end: int) -> Pieces:
    def pieces() -> Iterator[bytes]:
        with path.open("rb") as file:
            file.seek(start)
            left = end - start
            while left and (chunk := file.read(min(CHUNK_BYTES, left))):
                left -= len(chunk)
                yield chunk

    return pieces


def pack_file(name: str, path: Path, room: Room) -> tuple[Path, str]:
    """The file whose bytes go on the wire for the file `path`, and the wire content type (§6.3)."""
    own = extension(name)
    wire_type = attachments.raw_type(name, _Plain(path))
    if wire_type is not None:
        return path, wire_type
    packed = room.new()
    _archive(own, path, packed, zipfile.ZIP_DEFLATED)
    if path.stat().st_size > 50 * packed.stat().st_size:
        # Stored when deflate would look like a bomb to the reader (ratio over 100).
        _archive(own, path, packed, zipfile.ZIP_STORED)
    return packed, ZIP_TYPE


def base64_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_BASE64_CHUNK_BYTES):
            yield attachments.encode_base64(chunk)


class _Plain:
    """A file that is to be packed, as far as `raw_type` looks at it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def starts(self, prefix: bytes) -> bool:
        with self.open() as file:
            return file.read(len(prefix)) == prefix

    def open(self) -> IO[bytes]:
        return self._path.open("rb")


def _archive(own: str, path: Path, target: Path, method: int) -> None:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        entry = attachments.entry_for(own, digest, method)
        entry.file_size = path.stat().st_size
        file.seek(0)
        with zipfile.ZipFile(target, "w") as archive, archive.open(entry, "w") as out:
            while chunk := file.read(CHUNK_BYTES):
                out.write(chunk)
