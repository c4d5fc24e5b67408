"""PDF values, in the narrow form that every reader reads alike.

A dictionary with a key twice, a comment, a name with `#`, a null, an unbalanced string: all of it
is legal somewhere and read differently elsewhere, so it is left to the reference path. Atoms stay
the bytes they were written with; two values are equal here only when they were written alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from lienthong.core.signing.fast.ask import Ask

DEPTH_MAX = 16
TOKENS_MAX = 4000
SIZE_MAX_BYTES = 1100 * 1024


class Ref(NamedTuple):
    """An indirect reference."""

    number: int
    generation: int


Value: TypeAlias = "bytes | Ref | tuple[Value, ...] | dict[bytes, Value]"
Dictionary: TypeAlias = dict[bytes, Value]

_SPACES = b"\t\n\f\r "
_SPACE = rb"[\t\n\f\r ]"
_BREAK = rb"(?=[\t\n\f\r \[\]<>/()])"
# A token with the space after it. No token begins with a space, so a search never goes back.
_TOKEN = re.compile(
    rb"(?:/[A-Za-z0-9_.+-]{1,127}" + _BREAK
    + rb"|\d{1,10}" + _SPACE + rb"+\d{1,5}" + _SPACE + rb"+R" + _BREAK
    + rb"|[+-]?\d{1,15}(?:\.\d{1,15})?" + _BREAK
    + rb"|\([^()\\\r]*(?:\\[^\r\n][^()\\\r]*)*\)"
    + rb"|<<|>>|\[|\]|<[0-9A-Fa-f]*>"
    + rb"|(?:true|false)" + _BREAK + rb")" + _SPACE + rb"*"
)  # fmt: skip
_OPEN = {b"<<": b">>", b"[": b"]"}
_CLOSE = frozenset(_OPEN.values())
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def dictionary_at(data: bytes, at: int, before: bytes, limit: int) -> tuple[Dictionary, int]:
    """The dictionary that begins at `at` and is followed by the word `before`.

    Returns it and where that word stands. Raises Ask unless all between is this one dictionary.
    """
    stop = data.find(before, at, min(limit, at + SIZE_MAX_BYTES))
    if stop < 0:
        raise Ask("an object without end")
    text = data[at:stop].lstrip(_SPACES)
    tokens = _TOKEN.findall(text)
    if not 2 <= len(tokens) <= TOKENS_MAX or b"".join(tokens) != text:
        raise Ask("a value is not written plainly")
    value = _value(tokens)
    if not isinstance(value, dict):
        raise Ask("an object is not a dictionary")
    return value, stop


def _value(tokens: list[bytes]) -> Value:
    """The one value that all the tokens make. Raises Ask."""
    outer: list[list[Value]] = []
    closers: list[bytes] = []
    here: list[Value] = []
    for padded in tokens:
        token = padded.rstrip(_SPACES)
        if token in _OPEN:
            outer.append(here)
            closers.append(_OPEN[token])
            here = []
            if len(outer) > DEPTH_MAX:
                raise Ask("values are nested deeply")
        elif token in _CLOSE:
            if not closers or closers.pop() != token:
                raise Ask("brackets do not match")
            value = tuple(here) if token == b"]" else _dictionary(here)
            here = outer.pop()
            here.append(value)
        elif token[-1:] == b"R" and token[:1].isdigit():
            number, generation, _ = token.split()
            here.append(Ref(int(number), int(generation)))
        else:
            here.append(token)
    if closers or len(here) != 1:
        raise Ask("brackets do not match")
    return here[0]


def _dictionary(members: list[Value]) -> Dictionary:
    keys = members[0::2]
    if len(members) % 2:
        raise Ask("a dictionary with an odd number of parts")
    found: Dictionary = {}
    for key, value in zip(keys, members[1::2], strict=True):
        if not isinstance(key, bytes) or key[:1] != b"/" or key in found:
            raise Ask("a dictionary with a doubtful key")
        found[key] = value
    return found


def object_at(data: bytes, ref: Ref, offset: int, limit: int) -> Dictionary:
    """The dictionary that is object `ref` at `offset`. Raises Ask."""
    head = b"%d %d obj" % ref
    if not data.startswith(head, offset) or data[offset - 1 : offset] not in {b"\n", b"\r", b" "}:
        raise Ask("an object is not where the table says")
    value, stop = dictionary_at(data, offset + len(head), b"endobj", limit)
    if data[stop + 6 : stop + 7] not in {b"\n", b"\r", b" "}:
        raise Ask("an object does not end plainly")
    return value


def plain_text(value: Value | None) -> str:
    """A literal string of plain ASCII, unescaped. Raises Ask for anything else."""
    if not isinstance(value, bytes) or value[:1] != b"(":
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


def whole_number(value: Value | None) -> int:
    """A plain whole number, not negative. Raises Ask."""
    if not isinstance(value, bytes) or not value.isdigit():
        raise Ask("a number is not whole")
    return int(value)


def reference(value: Value | None) -> Ref:
    """An indirect reference. Raises Ask."""
    if not isinstance(value, Ref):
        raise Ask("a value is not a reference")
    return value
