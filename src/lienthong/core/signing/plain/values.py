"""PDF values, in the narrow form that every reader reads alike.

A dictionary with a key twice, a comment, a name with `#`, a null, an unbalanced string: all of it
is legal somewhere and read differently elsewhere, so it is left to the reference path. Atoms stay
the bytes they were written with; two values are equal here only when they were written alike.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lienthong.core.signing.plain.ask import Ask

DEPTH_MAX = 3
PAIRS_MAX = 200
SIZE_MAX_BYTES = 1100 * 1024


class Ref(NamedTuple):
    """An indirect reference."""

    number: int
    generation: int


Dictionary = dict[bytes, bytes]

SPACES = b"\t\n\f\r "
_SPACE = rb"[\t\n\f\r ]"
_BREAK = rb"(?=[\t\n\f\r \[\]<>/()])"
_NAME = rb"/[A-Za-z0-9_.+-]{1,127}+" + _BREAK
HEX_MAX = 512
_FRACTION = rb"(?:\.\d{1,15}+)?+"
_GENERATION = _SPACE + rb"++\d{1,5}+" + _SPACE + rb"++R"
# Each alternative begins with one character or a set of them, by which most are ruled out at once;
# a reference begins like a number.
_ATOM = b"|".join(
    (
        _NAME,
        rb"[0-9]\d{0,9}+(?:" + _GENERATION + rb"|\d{0,5}+" + _FRACTION + rb")" + _BREAK,
        rb"[+-]\d{1,15}+" + _FRACTION + _BREAK,
        rb"\([^()\\\r]*+(?:\\[^\r\n][^()\\\r]*+)*+\)",
        rb"<[0-9A-Fa-f]{0,%d}+>" % HEX_MAX,
        rb"true" + _BREAK,
        rb"false" + _BREAK,
    )
)


def pattern_of_values(depth: int, more: bytes = b"") -> bytes:
    """Values with arrays and dictionaries in them, nested at most `depth` deep.

    more: another alternative for a value without parts, beside those that are known here.
    """
    atom = _ATOM + (b"|" + more if more else b"")
    if depth == 0:
        return rb"(?:" + atom + rb")"
    inner, skip = pattern_of_values(depth - 1, more), _SPACE + rb"*+"
    array = rb"\[" + skip + rb"(?:" + inner + skip + rb")*+\]"
    entries = rb"(?:" + _NAME + skip + inner + skip + rb")*+"
    return rb"(?:" + atom + rb"|<<" + skip + entries + rb">>|" + array + rb")"


@cache
def _pair() -> re.Pattern[bytes]:
    """A key with its value and the space after both.

    None begins with a space, and nothing that has been read is given back, so that no text costs
    more than a few looks at each of its bytes. Made at its first use: it is a large pattern.
    """
    return re.compile(
        rb"((" + _NAME + rb")" + _SPACE + rb"*+(" + pattern_of_values(DEPTH_MAX) + rb")" + _SPACE
        + rb"*+)"
    )  # fmt: skip


_MEMBER = re.compile(rb"(?:" + _ATOM + rb")")
REFERENCE = re.compile(rb"(\d{1,10})" + _SPACE + rb"+(\d{1,5})" + _SPACE + rb"+R")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def dictionary_at(data: bytes, at: int, before: bytes, limit: int) -> tuple[Dictionary, int]:
    """The dictionary that begins at `at` and is followed by the word `before`.

    Returns it and where that word stands. Raises Ask unless all between is this one dictionary.
    """
    stop = data.find(before, at, min(limit, at + SIZE_MAX_BYTES))
    if stop < 0:
        raise Ask("an object without end")
    return dictionary_of(data[at:stop]), stop


def dictionary_of(text: bytes) -> Dictionary:
    """The dictionary that `text` is: key → value, as they are written. Raises Ask."""
    text = text.strip(SPACES)
    if text[:2] != b"<<" or text[-2:] != b">>":
        raise Ask("a value is not a dictionary")
    inside = text[2:].lstrip(SPACES)
    pairs = _pair().findall(inside)
    if not pairs:
        wholes, found = (), {}
    else:
        wholes, keys, values = zip(*pairs, strict=True)
        found = dict(zip(keys, values, strict=True))
    if len(pairs) > PAIRS_MAX or len(found) != len(pairs):
        raise Ask("a dictionary has very many keys, or one twice")
    if b"".join(wholes) != inside[:-2]:
        raise Ask("a dictionary is not written plainly")
    return found


def array_of(value: bytes | None) -> list[bytes]:
    """The members of an array of plain values. Raises Ask."""
    if value is None or value[:1] != b"[":
        raise Ask("a value is not an array")
    members = _MEMBER.findall(value, 1)
    if b"".join(members).translate(None, SPACES) != value[1:-1].translate(None, SPACES):
        raise Ask("an array is not plain")
    return members


def plain_text(value: bytes | None) -> str:
    """A literal string of plain ASCII, unescaped. Raises Ask for anything else."""
    if value is None or value[:1] != b"(":
        raise Ask("a text is not a literal string")
    inside = value[1:-1]
    if b"\\" in inside:
        inside = _ESCAPE.sub(_unescaped, inside)
    text = inside.decode("latin-1")
    if not text.isascii() or not text.isprintable():
        raise Ask("a text is not plain ASCII")
    return text


def _unescaped(found: re.Match[bytes]) -> bytes:
    code = found.group(1)
    if code[0] in b"01234567":
        return bytes((int(code, 8) & 0xFF,))
    return _ESCAPED.get(code, code)


def whole_number(value: bytes | None) -> int:
    """A plain whole number, not negative. Raises Ask."""
    if value is None or not value.isdigit():
        raise Ask("a number is not whole")
    return int(value)


def reference(value: bytes | None) -> Ref:
    """An indirect reference. Raises Ask."""
    if value is not None and value[-4:] == b" 0 R" and value[:-4].isdigit():
        return Ref(int(value[:-4]), 0)
    found = REFERENCE.fullmatch(value or b"")
    if found is None:
        raise Ask("a value is not a reference")
    return Ref(int(found.group(1)), int(found.group(2)))
