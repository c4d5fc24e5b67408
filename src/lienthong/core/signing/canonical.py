"""Canonical JSON (RFC 8785): one value has one spelling, so that a digest of it means something."""

from __future__ import annotations

import math
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

SAFE_INTEGER = 2**53 - 1


def canonical_json(value: Any) -> bytes:
    """Return the canonical UTF-8 bytes of `value`.

    Raises ValueError for what JSON cannot say exactly: NaN, infinities, integers beyond 2^53 - 1,
    lone surrogates, keys that are not strings.
    """
    return _text(value).encode("utf-8")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return _integer(int(value))
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(member) for member in value]) + "]"
    if isinstance(value, Mapping):
        members = [f"{encode_basestring(key)}:{_text(value[key])}" for key in _sorted_keys(value)]
        return "{" + ",".join(members) + "}"
    raise ValueError(f"{type(value).__name__} has no JSON form")


def _sorted_keys(value: Mapping[Any, Any]) -> list[str]:
    """The names in the order of their UTF-16 units, which for ASCII is that of Python."""
    if not all(isinstance(key, str) for key in value):
        raise ValueError("keys must be strings")
    if "".join(value).isascii():
        return sorted(value)
    return sorted(value, key=lambda key: key.encode("utf-16-be"))


def _integer(value: int) -> str:
    """An integer; a larger one only when it is how a double is written."""
    text = str(value)
    if abs(value) > SAFE_INTEGER and (len(text) > 22 or _number(float(value)) != text):
        raise ValueError("integer is not exact in JSON")
    return text


def _number(value: float) -> str:
    """As ECMAScript writes a number (RFC 8785 section 3.2.2.3)."""
    if not math.isfinite(value):
        raise ValueError("NaN and infinities have no JSON form")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    tail = f".{digits[1:]}" if count > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"
