"""DER: a small writer for what we sign, and a strict shape check for what we read.

CMS that we make is written with these functions, byte by byte, so that a signature costs the key
operation and little else (SG 11.2).
"""

from __future__ import annotations

from datetime import UTC, datetime

DEPTH_MAX = 32

INTEGER, OCTETS, NULL, OID = 0x02, 0x04, b"\x05\x00", 0x06
SEQUENCE, SET = 0x30, 0x31


class NotDER(ValueError):  # noqa: N818
    """The bytes are not one strict DER value."""


def tlv(tag: int, content: bytes) -> bytes:
    """One value: tag, shortest length, content."""
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """SET OF: the members in the order DER asks for."""
    return tlv(SET, b"".join(sorted(parts)))


def octets(content: bytes) -> bytes:
    return tlv(OCTETS, content)


def integer(value: int) -> bytes:
    size = value.bit_length() // 8 + 1
    return tlv(INTEGER, value.to_bytes(size, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        content += bytes(reversed(groups))
    return tlv(OID, bytes(content))


def time(at: datetime) -> bytes:
    """UTCTime to 2049, GeneralizedTime after (RFC 5652 11.3)."""
    at = at.astimezone(UTC)
    if at.year < 2050:
        return tlv(0x17, at.strftime("%y%m%d%H%M%SZ").encode())
    return tlv(0x18, at.strftime("%Y%m%d%H%M%SZ").encode())


def generalized_time(at: datetime, *, fraction: bool = False) -> bytes:
    """GeneralizedTime in UTC; with `fraction` to the millisecond, zeros at the end left out."""
    text = at.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    if fraction and at.microsecond >= 1000:
        text += f".{at.microsecond // 1000:03d}".rstrip("0")
    return tlv(0x18, text.encode() + b"Z")


def check_strict(data: bytes, *, trailing_zeros: bool = False) -> int:
    """Return the length of the one DER value that `data` holds.

    Definite, shortest lengths, depth at most 32, nothing after the value but zero bytes when
    `trailing_zeros` (space reserved in a PDF). Raises NotDER (SG 7.2 block 1, R16).
    """
    end = _walk(data, 0, len(data), 0)
    rest = data[end:]
    if rest and not (trailing_zeros and not rest.strip(b"\x00")):
        raise NotDER("bytes after the value")
    return end


def members(content: bytes) -> list[tuple[int, bytes, bytes]]:
    """The values inside a constructed value: (tag, content, whole encoding) of each.

    Lengths are definite and shortest, tags of one byte. Raises NotDER.
    """
    found = []
    start = 0
    while start < len(content):
        tag, at, end = _head(content, start, len(content))
        found.append((tag, content[at:end], content[start:end]))
        start = end
    return found


def _head(data: bytes, at: int, limit: int) -> tuple[int, int, int]:
    """Read tag and length at `at`: the tag, where the content starts and where it ends."""
    if at + 2 > limit:
        raise NotDER("value cut off")
    tag, size = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise NotDER("long tag")
    at += 2
    if size >= 0x80:
        count = size & 0x7F
        if count == 0:
            raise NotDER("indefinite length")
        if count > 4 or at + count > limit or data[at] == 0:
            raise NotDER("length not shortest")
        size = int.from_bytes(data[at : at + count], "big")
        if size < 0x80:
            raise NotDER("length not shortest")
        at += count
    if at + size > limit:
        raise NotDER("value cut off")
    return tag, at, at + size


def _walk(data: bytes, at: int, limit: int, depth: int) -> int:
    """Check one value starting at `at`; return where it ends."""
    if depth > DEPTH_MAX:
        raise NotDER("too deep")
    tag, at, end = _head(data, at, limit)
    if tag & 0x20:
        while at < end:
            at = _walk(data, at, end, depth + 1)
    return end
