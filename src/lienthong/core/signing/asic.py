"""ASiC-E with CAdES (EN 319 162-1): named parts, a manifest of their digests, one signature on it.

The container is written byte by byte in one shape: a ZIP of stored entries without dates, extra
fields, comments or gaps. It is read by writing it again: a file of which a single byte differs from
what its parts give is refused. So there is nothing to decompress, no name that two programs read
differently, and no place for bytes that nobody signed.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lienthong.core.signing.problems import ContainerInvalid

MEDIA_TYPE = b"application/vnd.etsi.asic-e+zip"
SIZE_MAX_BYTES = 300 * 1024 * 1024
PARTS_MAX = 1000

MIMETYPE = "mimetype"
MANIFEST = "META-INF/ASiCManifest.xml"
SIGNATURE = "META-INF/signature.p7s"
START = b"PK\x03\x04"
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)*(/[a-z0-9][a-z0-9_-]*(\.[a-z0-9]+)*){0,2}")
_NAME_MAX = 120
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE = 0x0021  # 1 January 1980, the first day a ZIP can say

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" '
    'xmlns:ds="http://www.w3.org/2000/09/xmldsig#">\n'
    f'<asic:SigReference URI="{SIGNATURE}" MimeType="application/pkcs7-signature"/>\n'
)
_TAIL = "</asic:ASiCManifest>\n"
_SHA256_URI = "http://www.w3.org/2001/04/xmlenc#sha256"
_REFERENCE = re.compile(
    r'<asic:DataObjectReference URI="([^"]*)" MimeType="([^"]*)">'
    r'<ds:DigestMethod Algorithm="([^"]*)"/><ds:DigestValue>([^<]*)</ds:DigestValue>'
    r"</asic:DataObjectReference>"
)
_MEDIA_TYPES = {
    "cer": "application/pkix-cert",
    "crl": "application/pkix-crl",
    "json": "application/json",
    "ors": "application/ocsp-response",
    "p7s": "application/pkcs7-signature",
    "pdf": "application/pdf",
    "tst": "application/vnd.etsi.timestamp-token",
    "edxml": "application/xml",
}


@dataclass(frozen=True, slots=True)
class Container:
    """The parts by name, in the order of the file, the manifest that names them, its signature."""

    parts: Mapping[str, bytes]
    manifest: bytes
    signature: bytes


def write(parts: Mapping[str, bytes], *, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the container. sign: makes the detached CAdES signature over the manifest.

    The names are lower-case paths of at most three steps. Raises ValueError for another name.
    """
    if any(not _is_name(name) for name in parts):
        raise ValueError("a part has a name that the container does not carry")
    text = manifest(parts)
    return _zip({MIMETYPE: MEDIA_TYPE, **parts, MANIFEST: text, SIGNATURE: sign(text)})


def manifest(parts: Mapping[str, bytes]) -> bytes:
    """The ASiCManifest of these parts: a line for each, in their order."""
    references = ((name, hashlib.sha256(content).digest()) for name, content in parts.items())
    return _manifest(references)


def is_container(data: bytes) -> bool:
    """Whether the file begins as an ASiC-E container does."""
    return data[:4] == START and data[30:].startswith(MIMETYPE.encode() + MEDIA_TYPE)


def read(data: bytes) -> Container:
    """Take a container apart; the signature is not checked here. Raises ContainerInvalid.

    Every part is named by the manifest with its digest, and nothing else is inside.
    """
    if len(data) > SIZE_MAX_BYTES:
        raise ContainerInvalid(detail="tệp quá lớn")
    entries = _unzip(data)
    names = list(entries)
    if names[:1] != [MIMETYPE] or entries[MIMETYPE] != MEDIA_TYPE:
        raise ContainerInvalid(detail="không phải tệp ASiC-E")
    if names[-2:] != [MANIFEST, SIGNATURE]:
        raise ContainerInvalid(detail="thiếu bảng kê hoặc chữ ký của bảng kê")
    parts = {name: entries[name] for name in names[1:-2]}
    for name in parts:
        if not _is_name(name):
            raise ContainerInvalid(detail=f"tên thành phần {name[:60]!r} không được phép")
    _check_manifest(entries[MANIFEST], parts)
    return Container(parts, entries[MANIFEST], entries[SIGNATURE])


def _is_name(name: str) -> bool:
    return len(name) <= _NAME_MAX and _NAME.fullmatch(name) is not None and name != MIMETYPE


def _manifest(references: Iterator[tuple[str, bytes]]) -> bytes:
    lines = [
        f'<asic:DataObjectReference URI="{html.escape(name)}" MimeType="{_media_type(name)}">'
        f'<ds:DigestMethod Algorithm="{_SHA256_URI}"/>'
        f"<ds:DigestValue>{base64.b64encode(digest).decode()}</ds:DigestValue>"
        "</asic:DataObjectReference>\n"
        for name, digest in references
    ]
    return "".join((_HEAD, *lines, _TAIL)).encode()


def _media_type(name: str) -> str:
    return _MEDIA_TYPES.get(name.rpartition(".")[2], "application/octet-stream")


def _check_manifest(found: bytes, parts: Mapping[str, bytes]) -> None:
    """The manifest must be the one that these parts give; say first what differs."""
    listed = {one[1]: one[4] for one in _REFERENCE.finditer(found.decode("utf-8", "replace"))}
    for name, content in parts.items():
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        if name not in listed:
            raise ContainerInvalid(detail=f"thành phần {name} không có trong bảng kê")
        if listed[name] != digest:
            raise ContainerInvalid(detail=f"thành phần {name} khác với bảng kê")
    for name in listed:
        if name not in parts:
            raise ContainerInvalid(detail=f"thiếu thành phần {name[:60]} có trong bảng kê")
    if found != manifest(parts):
        raise ContainerInvalid(detail="bảng kê không ở dạng chuẩn")


def _zip(entries: Mapping[str, bytes]) -> bytes:
    out, directory = bytearray(), bytearray()
    for name, content in entries.items():
        directory += _central(name, content, len(out))
        out += _local(name, content) + content
    end = _END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), len(out), 0)
    return bytes(out + directory + end)


def _local(name: str, content: bytes) -> bytes:
    raw, size = name.encode("ascii"), len(content)
    crc = zlib.crc32(content)
    return _LOCAL.pack(START, 10, 0, 0, 0, _DATE, crc, size, size, len(raw), 0) + raw


def _central(name: str, content: bytes, offset: int) -> bytes:
    raw, size = name.encode("ascii"), len(content)
    head = (b"PK\x01\x02", 10, 10, 0, 0, 0, _DATE, zlib.crc32(content), size, size)
    return _CENTRAL.pack(*head, len(raw), 0, 0, 0, 0, 0, offset) + raw


def _unzip(data: bytes) -> dict[str, bytes]:
    """The entries in order. The rest of the file must be the directory that they give."""
    entries: dict[str, bytes] = {}
    place = 0
    directory = bytearray()
    while data[place : place + 4] == START and place + _LOCAL.size <= len(data):
        if len(entries) >= PARTS_MAX:
            raise ContainerInvalid(detail="quá nhiều thành phần")
        head = _LOCAL.unpack_from(data, place)
        size, name_size = head[8], head[9]
        start = place + _LOCAL.size + name_size
        raw, content = data[place + _LOCAL.size : start], data[start : start + size]
        if not raw.isascii() or len(content) != size:
            raise ContainerInvalid(detail="tệp bị cụt hoặc có tên lạ")
        name = raw.decode("ascii")
        if name in entries:
            raise ContainerInvalid(detail=f"thành phần {name[:60]!r} lặp lại")
        if data[place:start] != _local(name, content):
            raise ContainerInvalid(detail=f"thành phần {name[:60]!r} không ở dạng lưu chuẩn")
        directory += _central(name, content, place)
        entries[name] = content
        place = start + size
    end = _END.pack(b"PK\x05\x06", 0, 0, len(entries), len(entries), len(directory), place, 0)
    if not entries or data[place:] != directory + end:
        raise ContainerInvalid(detail="mục lục ZIP không khớp với nội dung")
    return entries
