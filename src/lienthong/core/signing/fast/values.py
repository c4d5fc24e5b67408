"""PDF values, in the narrow form that every reader reads alike.

A dictionary with a key twice, a comment, a name with `#`, a null, an unbalanced string: all of it is
legal somewhere and read differently elsewhere, so all of it is left to the reference path. Atoms
stay the bytes they were written with; two values are equal here only when they were written alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from lienthong.core.signing.fast.ask import Ask

DEPTH_MAX = 16
TOKENS_MAX = 4000
STRING_MAX_BYTES = 64 * 1024
HEX_MAX_BYTES = 1024 * 1024 + 2


class Ref(NamedTuple):
    """An indirect reference."""

    number: int
    generation: int


Value: TypeAlias = "bytes | Ref | tuple[Value, ...] | dict[bytes, Value]"
Dictionary: TypeAlias = dict[bytes, Value]

SPACE = rb"[\t\n\f\r ]"
_BREAK = rb"(?=[\t\n\f\r \[\]<>/()])"
_TOKEN = re.compile(
    SPACE + rb"*(?:"
    rb"(/[A-Za-z0-9_.+-]{1,127}" + _BREAK + rb")"
    rb"|(\d{1,10})" + SPACE + rb"+(\d{1,5})" + SPACE + rb"+R" + _BREAK + rb"|([+-]?\d{1,15}(?:\.\d{1,15})?" + _BREAK + rb")"
    rb"|(\([^()\\\r]*(?:\\[^\r\n][^()\\\r]*)*\))"
    rb"|(<<)|(>>)|(\[)|(\])|(<)"
    rb"|((?:true|false)" + _BREAK + rb"))"
)  # fmt: skip
_REF, _OPEN, _CLOSE, _OPEN_ARRAY, _CLOSE_ARRAY, _HEX = 3, 6, 7, 8, 9, 10
_END = re.compile(SPACE + rb"*endobj(?=[\t\n\f\r ])")
_ESCAPE = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
_ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def value_at(data: bytes, at: int, end: int) -> tuple[Value, int]:
    """Read one value that starts at or after `at`; return it and where it ends. Raises Ask."""
    open_lists: list[list[Value]] = []
    open_kinds: list[int] = []
    for _ in range(TOKENS_MAX):
        found = _TOKEN.match(data, at, end)
        if found is None:
            raise Ask("a value is not written plainly")
        kind, at = found.lastindex or 0, found.end()
        value: Value
        if kind in (_OPEN, _OPEN_ARRAY):
            if len(open_lists) >= DEPTH_MAX:
                raise Ask("values are nested deeply")
            open_lists.append([])
            open_kinds.append(kind)
            continue
        if kind in (_CLOSE, _CLOSE_ARRAY):
            if not open_kinds or open_kinds.pop() != kind - 1:
                raise Ask("brackets do not match")
            members = open_lists.pop()
            value = tuple(members) if kind == _CLOSE_ARRAY else _dictionary(members)
        elif kind == _HEX:
            value, at = _hexadecimal(data, at, end)
        elif kind == _REF:
            value = Ref(int(found.group(2)), int(found.group(3)))
        else:
            value = found.group(kind)
            if len(value) > STRING_MAX_BYTES:
                raise Ask("a long string")
        if not open_lists:
            return value, at
        open_lists[-1].append(value)
    raise Ask("a value has very many parts")


def _hexadecimal(data: bytes, at: int, end: int) -> tuple[bytes, int]:
    """The string whose `<` was just read, with its brackets; its digits are not looked at yet."""
    stop = data.find(b">", at, min(end, at + HEX_MAX_BYTES))
    if stop < 0:
        raise Ask("a hexadecimal string without end")
    return data[at - 1 : stop + 1], stop + 1


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


def object_at(data: bytes, ref: Ref, offset: int, end: int) -> tuple[Dictionary, int]:
    """The dictionary that is object `ref` at `offset`; it and where `endobj` ends. Raises Ask."""
    head = b"%d %d obj" % ref
    if not data.startswith(head, offset) or data[offset - 1 : offset] not in {b"\n", b"\r", b" "}:
        raise Ask("an object is not where the table says")
    value, at = value_at(data, offset + len(head), end)
    stop = _END.match(data, at, end)
    if stop is None or not isinstance(value, dict):
        raise Ask("an object is not a plain dictionary")
    return value, stop.end()


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
