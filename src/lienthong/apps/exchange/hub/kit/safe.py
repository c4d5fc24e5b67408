"""What a deployed kit is given: a packet that it cannot misread (DX-99).

A system read as `compat` may send what another client would open wrongly: a container with several
entries, a type that is not the content's, no namespace. Such a packet is written anew, with the
same attachments, as every known reader takes it (packet format §6.3). The bytes that were received
stay at the native door and in the evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lienthong.core import edxml

MISREAD = frozenset({"V-08", "V-38", "V-41", "V-42"})
"""Findings after which two readers may see different attachments."""


def for_client(raw: bytes, warnings: Iterable[Mapping[str, Any]]) -> bytes:
    """The packet as it is, or written anew when it was taken in with a warning of MISREAD."""
    if MISREAD.isdisjoint(each["rule"] for each in warnings):
        return raw
    return edxml.encode(edxml.decode(raw, profile=edxml.Profile.COMPAT))
