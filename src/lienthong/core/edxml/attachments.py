"""The payload of attachments: from wire text to file and back. Source: §6."""

from __future__ import annotations

import base64
import binascii
import hashlib
import importlib
import io
import stat
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from lienthong.core.edxml import sniff
from lienthong.core.edxml.model import extension
from lienthong.core.edxml.problems import AttachmentRefused
from lienthong.core.edxml.xml import Limits

ZIP_TYPE = "application/zip"
ZIP_MAGIC = b"PK\x03\x04"
ZIP_BASED = frozenset({"zip", "docx", "xlsx", "pptx", "odt", "ods", "jar", "apk"})
RAW_ON_WIRE = frozenset({"pdf", "doc", "docx"})
_REPLACEMENT = b"\xef\xbf\xbd"
_NAMESPACE = uuid.UUID("6d38d7f2-3279-5224-98c4-5e3a17cb10bb")
_ENTRY_DATE = (1980, 1, 1, 0, 0, 0)


def _codec() -> tuple[Callable[..., bytes], Callable[..., bytes]]:
    """pybase64 is several times faster; the standard library does the same work."""
    try:
        fast = importlib.import_module("pybase64")
    except ImportError:
        return base64.b64decode, base64.b64encode
    return fast.b64decode, fast.b64encode


_b64decode, _b64encode = _codec()


@dataclass(frozen=True, slots=True)
class Payload:
    """A file taken off the wire. `mismatch` and `extra_entries` are for V-41 and V-42."""

    data: bytes
    container: bool
    mismatch: bool
    extra_entries: int = 0


def unpack(text: str, name: str, content_type: str | None, limits: Limits) -> Payload:
    """Return the file inside the wire text (§6.2).

    content_type: as in `Attachment/ContentType`; None when the element is missing.
    Raises AttachmentRefused with rule V-04, V-40 or V-42.
    """
    wire = decode_base64(text)
    if len(wire) > limits.attachment_bytes:
        raise AttachmentRefused("V-04", f"lớn hơn {limits.attachment_bytes} byte")
    declared = content_type is None or content_type == ZIP_TYPE
    if not wire.startswith(ZIP_MAGIC):
        return Payload(wire, container=False, mismatch=declared)
    own = extension(name)
    if own in ZIP_BASED and not _wraps(wire, own):
        # A .zip travels as it is under application/zip; other formats must not.
        return Payload(wire, container=False, mismatch=declared and own != "zip")
    data, extra = _open_container(wire, limits)
    return Payload(data, container=True, mismatch=not declared, extra_entries=extra)


def pack(name: str, data: bytes) -> tuple[str, str]:
    """Return wire text and wire content type of a file (§6.3).

    A file that a reader of §6.2 would mistake for a container is wrapped as well.
    """
    own = extension(name)
    mistaken = data.startswith(ZIP_MAGIC) and (own not in ZIP_BASED or _wraps(data, own))
    if own in RAW_ON_WIRE and not mistaken:
        return encode_base64(data), f"application/{own}"
    if own == "zip" and data.startswith(ZIP_MAGIC) and not mistaken:
        return encode_base64(data), ZIP_TYPE
    return encode_base64(_wrap(own, data)), ZIP_TYPE


def decode_base64(text: str) -> bytes:
    """Strict base64 with white space allowed. Raises AttachmentRefused, rule V-40."""
    try:
        packed = text.encode("ascii").translate(None, b" \t\r\n")
        if len(packed) % 4 or -1 < packed.find(b"=") < len(packed) - 2:
            raise binascii.Error("padding")  # the decoders do not agree on these
        data: bytes = _b64decode(packed, validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise AttachmentRefused("V-40", "không phải base64 hợp lệ") from error
    if not data:
        raise AttachmentRefused("V-40", "nội dung rỗng")
    return data


def encode_base64(data: bytes) -> str:
    return _b64encode(data).decode("ascii")


def is_corrupt(data: bytes) -> bool:
    """More than 0.1 % of a binary file is U+FFFD: it went through a text decoder (§6.2(7))."""
    if sniff.kind_of(data) in sniff.TEXT_KINDS:
        return False
    return data.count(_REPLACEMENT) * len(_REPLACEMENT) * 1000 > len(data)


def _entries(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    return [entry for entry in archive.infolist() if not entry.is_dir()]


def _wraps(wire: bytes, own: str) -> bool:
    """Exactly one entry, with the extension of the attachment's own name."""
    try:
        with zipfile.ZipFile(io.BytesIO(wire)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return False
    return len(entries) == 1 and extension(entries[0].filename) == own


def _open_container(wire: bytes, limits: Limits) -> tuple[bytes, int]:
    try:
        with zipfile.ZipFile(io.BytesIO(wire)) as archive:
            entries = _entries(archive)
            if not entries:
                raise AttachmentRefused("V-42", "tệp nén không có mục nào")
            for entry in entries:
                _check_entry(entry)
            first = entries[0]
            _check_size(first, len(wire), limits)
            return archive.read(first), len(archive.infolist()) - 1
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
        raise AttachmentRefused("V-42", "tệp nén hỏng") from error
    except (NotImplementedError, RuntimeError) as error:
        raise AttachmentRefused("V-42", "tệp nén dùng cách nén lạ hoặc có mật khẩu") from error


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = name.split("/")
    if entry.flag_bits & 0x1:
        raise AttachmentRefused("V-42", "mục trong tệp nén có mật khẩu")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise AttachmentRefused("V-42", "mục trong tệp nén dùng cách nén lạ")
    if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise AttachmentRefused("V-42", "tên mục trong tệp nén không an toàn")
    if name[1:2] == ":":
        raise AttachmentRefused("V-42", "tên mục trong tệp nén có tên ổ đĩa")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise AttachmentRefused("V-42", "mục trong tệp nén là liên kết")


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
    digest = hashlib.sha256(data).hexdigest()
    suffix = own if own.isascii() and own.isalnum() else "bin"
    entry = zipfile.ZipInfo(f"{uuid.uuid5(_NAMESPACE, digest)}.{suffix}", _ENTRY_DATE)
    entry.compress_type = method
    entry.external_attr = 0o600 << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(entry, data, compresslevel=6)
    return out.getvalue()
