"""The payload of attachments: from the wire to the file and back. Source: §6."""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib
import io
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Protocol

from lienthong.core.edxml.archive import ARCHIVE_ERRORS, only_file, open_archive
from lienthong.core.edxml.contents import Contents, examine
from lienthong.core.edxml.model import extension
from lienthong.core.edxml.problems import AttachmentRefused
from lienthong.core.edxml.xml import Limits

ZIP_TYPE = "application/zip"
ZIP_MAGIC = b"PK\x03\x04"
ZIP_BASED = frozenset({"zip", "docx", "xlsx", "pptx", "odt", "ods", "jar", "apk"})
RAW_ON_WIRE = frozenset({"pdf", "doc", "docx"})
_NAMESPACE = uuid.UUID("6d38d7f2-3279-5224-98c4-5e3a17cb10bb")
_ENTRY_DATE = (1980, 1, 1, 0, 0, 0)
WHITE = b" \t\r\n"


def _codec() -> tuple[Callable[..., bytes], Callable[..., bytes]]:
    """pybase64 is several times faster; the standard library does the same work."""
    try:
        fast = importlib.import_module("pybase64")
    except ImportError:
        return base64.b64decode, base64.b64encode
    return fast.b64decode, fast.b64encode


_b64decode, _b64encode = _codec()


class Bytes(Protocol):
    """Bytes that need not be in memory."""

    def starts(self, prefix: bytes) -> bool: ...
    def open(self) -> IO[bytes]: ...


class Wire(Bytes, Protocol):
    """An attachment as it travels, base64 taken off; it may be the file or a ZIP around it."""

    @property
    def size(self) -> int: ...
    def check(self, limits: Limits) -> None:
        """Raise AttachmentRefused, V-04 or V-40, when the wire is not to be looked at."""

    def as_file(self) -> Contents:
        """What the wire is when it is the file itself."""

    def unpacked(self, member: IO[bytes]) -> Contents:
        """What a member of the wire's archive is."""


@dataclass(frozen=True, slots=True)
class InMemory:
    """A wire of a size that memory holds."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def check(self, limits: Limits) -> None:
        if len(self.data) > limits.attachment_bytes:
            raise AttachmentRefused("V-04", f"lớn hơn {limits.attachment_bytes} byte")

    def starts(self, prefix: bytes) -> bool:
        return self.data.startswith(prefix)

    def open(self) -> IO[bytes]:
        return io.BytesIO(self.data)

    def as_file(self) -> Contents:
        return examine(self.data)

    def unpacked(self, member: IO[bytes]) -> Contents:
        return examine(member.read())


@dataclass(frozen=True, slots=True)
class Payload:
    """A file taken off the wire. `mismatch` and `extra_entries` are for V-41 and V-42."""

    contents: Contents
    container: bool
    mismatch: bool
    extra_entries: int = 0


def unpack(wire: Wire, name: str, content_type: str | None, limits: Limits) -> Payload:
    """Return the file that a wire carries (§6.2).

    content_type: as in `Attachment/ContentType`; None when the element is missing.
    Raises AttachmentRefused with rule V-04, V-40 or V-42.
    """
    wire.check(limits)
    declared = content_type is None or content_type == ZIP_TYPE
    if not wire.starts(ZIP_MAGIC):
        return Payload(wire.as_file(), container=False, mismatch=declared)
    own = extension(name)
    if own in ZIP_BASED and not _wraps(wire, own):
        # A .zip travels as it is under application/zip; other formats must not.
        return Payload(wire.as_file(), container=False, mismatch=declared and own != "zip")
    contents, extra = _open_container(wire, limits)
    return Payload(contents, container=True, mismatch=not declared, extra_entries=extra)


def pack(name: str, data: bytes) -> tuple[bytes, str]:
    """Return wire text and wire content type of a file (§6.3).

    A file that a reader of §6.2 would mistake for a container is wrapped as well.
    """
    wire_type = raw_type(name, InMemory(data))
    if wire_type is not None:
        return encode_base64(data), wire_type
    return encode_base64(_wrap(extension(name), data)), ZIP_TYPE


def raw_type(name: str, file: Bytes) -> str | None:
    """The wire content type of a file that travels as it is; None when it has to be wrapped."""
    own = extension(name)
    zipped = file.starts(ZIP_MAGIC)
    if zipped and (own not in ZIP_BASED or _wraps(file, own)):
        return None  # a reader of §6.2 would mistake it for a container
    if own in RAW_ON_WIRE:
        return f"application/{own}"
    return ZIP_TYPE if own == "zip" and zipped else None


def decode(source: bytes, start: int = 0, end: int | None = None) -> bytes:
    """Strict base64 with white space allowed, from a part of `source`.

    Raises AttachmentRefused, rule V-40.
    """
    end = len(source) if end is None else end
    try:
        data = strict(source, start, end)
    except binascii.Error:
        packed = source[start:end].translate(None, WHITE)
        try:
            data = strict(packed, 0, len(packed))
        except binascii.Error as error:
            raise AttachmentRefused("V-40", "không phải base64 hợp lệ") from error
    if not data:
        raise AttachmentRefused("V-40", "nội dung rỗng")
    return data


def strict(source: bytes, start: int, end: int, *, padded: bool = True) -> bytes:
    """Base64 without white space. padded: whether this is the end, where "=" may stand.

    Raises binascii.Error.
    """
    # The decoders do not agree on a length that is no multiple of four and on "=" inside.
    last = max(start, end - 2) if padded else end
    if (end - start) % 4 or source.find(b"=", start, last) >= 0:
        raise binascii.Error("padding")
    return _b64decode(memoryview(source)[start:end], validate=True)


def decode_base64(text: str) -> bytes:
    """As `decode`, for a text."""
    try:
        return decode(text.encode("ascii"))
    except UnicodeEncodeError as error:
        raise AttachmentRefused("V-40", "không phải base64 hợp lệ") from error


def encode_base64(data: bytes) -> bytes:
    return _b64encode(data)


def _wraps(packed: Bytes, own: str) -> bool:
    """Exactly one entry, with the extension of the attachment's own name."""
    try:
        with packed.open() as file, open_archive(file) as archive:
            entries = archive.infolist()
    except ARCHIVE_ERRORS:
        return False
    return len(entries) == 1 and extension(entries[0].filename) == own


def _open_container(wire: Wire, limits: Limits) -> tuple[Contents, int]:
    try:
        with wire.open() as file, open_archive(file) as archive:
            entry, extra = only_file(archive, file)
            _check_size(entry, wire.size, limits)
            with archive.open(entry) as member:
                return wire.unpacked(member), extra
    except (NotImplementedError, RuntimeError) as error:
        raise AttachmentRefused("V-42", "tệp nén dùng cách nén lạ hoặc có mật khẩu") from error
    except ARCHIVE_ERRORS as error:
        raise AttachmentRefused("V-42", "tệp nén hỏng") from error


def _check_size(entry: zipfile.ZipInfo, wire_size: int, limits: Limits) -> None:
    """zipfile reads no more than `file_size` bytes, so a header that lies cannot get past this."""
    if entry.file_size > limits.attachment_bytes:
        raise AttachmentRefused("V-42", f"giải nén lớn hơn {limits.attachment_bytes} byte")
    packed = max(1, min(entry.compress_size, wire_size))
    if entry.file_size > limits.ratio * packed:
        raise AttachmentRefused("V-42", f"tỷ lệ nén trên {limits.ratio} lần")


def _wrap(own: str, data: bytes) -> bytes:
    """A one-entry archive. The same file gives the same bytes, so a repeated send is the same."""
    packed = _archive(own, data, zipfile.ZIP_DEFLATED)
    # Stored when deflate would look like a bomb to the reader (ratio over 100).
    return packed if len(data) <= 50 * len(packed) else _archive(own, data, zipfile.ZIP_STORED)


def _archive(own: str, data: bytes, method: int) -> bytes:
    entry = entry_for(own, hashlib.sha256(data).hexdigest(), method)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(entry, data, compresslevel=6)
    return out.getvalue()


def entry_for(own: str, digest: str, method: int) -> zipfile.ZipInfo:
    """The entry of a container: a name without the person's words, the same for the same file."""
    suffix = own if own.isascii() and own.isalnum() else "bin"
    entry = zipfile.ZipInfo(f"{uuid.uuid5(_NAMESPACE, digest)}.{suffix}", _ENTRY_DATE)
    entry.compress_type = method
    entry.external_attr = 0o600 << 16
    return entry
