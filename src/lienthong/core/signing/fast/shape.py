"""Reading DER of which the shape is known: each step says what must come next (SG 11.2)."""

from __future__ import annotations

from lienthong.core.signing.plain.ask import Ask

INTEGER, OCTETS, OID, UTC_TIME = 0x02, 0x04, 0x06, 0x17
SEQUENCE, SET = 0x30, 0x31
VERSION = CONTENT = CERTIFICATES = ATTRIBUTES = 0xA0


def expect(data: bytes, at: int, limit: int, tag: int) -> tuple[int, int]:
    """Where the content of the value at `at` begins and ends. Raises Ask unless it has `tag`.

    Lengths are definite and shortest, and at most 16 MB.
    """
    if at + 2 > limit or data[at] != tag:
        raise Ask(f"no value with tag {tag:02x}")
    size = data[at + 1]
    start = at + 2
    if size >= 0x80:
        count = size & 0x7F
        if not 1 <= count <= 3 or start + count > limit:
            raise Ask("a length that is not plain")
        size = int.from_bytes(data[start : start + count], "big")
        if size < 0x80 or size >> 8 * (count - 1) == 0:
            raise Ask("a length that is not shortest")
        start += count
    end = start + size
    if end > limit:
        raise Ask("a value that is cut off")
    return start, end


def skip(data: bytes, at: int, limit: int, tag: int) -> int:
    """Where the value at `at` ends, which must have `tag`. Raises Ask."""
    return expect(data, at, limit, tag)[1]
