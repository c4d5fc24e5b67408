"""DER: a small strict reader over a buffer, for what is read often (OCSP requests, CRLs, names).

It copies nothing until asked. Only definite, shortest lengths and one-byte tags are accepted.
"""

from __future__ import annotations

from datetime import UTC, datetime

from lienthong.core.signing.der import NotDER


def header(data: bytes, at: int, limit: int) -> tuple[int, int, int]:
    """The value that starts at `at`: its tag, where its content starts and where it ends.

    limit: where the value around it ends. Raises NotDER.
    """
    if at + 2 > limit:
        raise NotDER("value cut off")
    tag, size = data[at], data[at + 1]
    if tag & 0x1F == 0x1F:
        raise NotDER("long tag")
    start = at + 2
    if size >= 0x80:
        count = size & 0x7F
        if not 0 < count <= 4 or start + count > limit:
            raise NotDER("length not definite and short")
        size = int.from_bytes(data[start : start + count], "big")
        if size < 0x80 or size >> (8 * (count - 1)) == 0:
            raise NotDER("length not shortest")
        start += count
    if start + size > limit:
        raise NotDER("value cut off")
    return tag, start, start + size


def is_padded(content: bytes) -> bool:
    """Whether the content of an INTEGER is empty or longer than it needs to be."""
    if len(content) < 2:
        return not content
    return content[0] in {0, 0xFF} and content[0] >> 7 == content[1] >> 7


class Reader:
    """Walks over the values between two places of `data`, in order."""

    __slots__ = ("at", "data", "limit")

    def __init__(self, data: bytes, at: int = 0, limit: int | None = None) -> None:
        self.data, self.at = data, at
        self.limit = len(data) if limit is None else limit

    def __bool__(self) -> bool:
        return self.at < self.limit

    @property
    def tag(self) -> int:
        """The tag of the next value; -1 at the end."""
        return self.data[self.at] if self.at < self.limit else -1

    def enter(self, tag: int) -> Reader:
        """A reader of the content of the next value, which must have `tag`. Raises NotDER."""
        found, start, end = header(self.data, self.at, self.limit)
        if found != tag:
            raise NotDER(f"tag {found:#04x} instead of {tag:#04x}")
        self.at = end
        return Reader(self.data, start, end)

    def content(self, tag: int) -> bytes:
        """The content of the next value, which must have `tag`."""
        inner = self.enter(tag)
        return inner.rest()

    def whole(self) -> bytes:
        """The next value with its tag and length, whatever it is."""
        start = self.at
        _, _, self.at = header(self.data, start, self.limit)
        return self.data[start : self.at]

    def skip(self, tag: int) -> bool:
        """Pass over the next value if it has `tag`; tell whether it had."""
        if self.tag != tag:
            return False
        self.whole()
        return True

    def rest(self) -> bytes:
        """Everything that is left, as bytes."""
        return self.data[self.at : self.limit]

    def integer(self) -> int:
        """The next value, an INTEGER in its shortest form."""
        content = self.content(0x02)
        if is_padded(content):
            raise NotDER("integer not shortest")
        return int.from_bytes(content, "big", signed=True)

    def end(self) -> None:
        """Raise NotDER unless everything was read."""
        if self.at != self.limit:
            raise NotDER("bytes after the value")


def moment(tag: int, content: bytes) -> datetime:
    """A UTCTime (0x17) or GeneralizedTime (0x18) of DER: with seconds, in UTC. Raises NotDER."""
    size = {0x17: 13, 0x18: 15}.get(tag)
    if size != len(content) or content[-1:] != b"Z" or not content[:-1].isdigit():
        raise NotDER("time not of DER")
    text = content[:-1].decode("ascii")
    if tag == 0x17:
        text = ("19" if text >= "5" else "20") + text
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise NotDER("no such time") from error
