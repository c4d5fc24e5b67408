"""States, names and small decisions of the axis: no rows read or written."""

from __future__ import annotations

import os
import threading
import time
import uuid
from enum import StrEnum

LARGE_BODY_BYTES = 4 * 1024 * 1024
"""A body above this size is a file of its own instead of a stretch of a segment."""

LOG_NAME = "exchange"


class Kind(StrEnum):
    """What travels: the transport value `messagetype` (edXML packets §1)."""

    EDOC = "edoc"
    STATUS = "status"


class Door(StrEnum):
    """By which door a participant comes: signed requests, or the client kit with its secret."""

    NATIVE = "native"
    KIT = "kit"


class ProposalKind(StrEnum):
    """What a system may ask about agencies of its own branch (DX-97)."""

    REGISTER = "register"
    DELETE = "delete"


class ProposalState(StrEnum):
    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REFUSED = "REFUSED"


class DeliveryState(StrEnum):
    """Where a delivery is.

    DELIVERED only after the recipient's acknowledgement: signed at the native door, under the
    shared secret at the kit's. FAILED: the recipient's kit could not take it; DEAD: handed out as
    often as its schedule allows and never acknowledged; the operator queues both again (DX-92).
    WITHDRAWN: recalled before the recipient had fetched it (packet format §9.1).
    """

    QUEUED = "QUEUED"
    FETCHED = "FETCHED"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    DEAD = "DEAD"
    WITHDRAWN = "WITHDRAWN"


WAITING = (DeliveryState.QUEUED, DeliveryState.FETCHED)
UNDELIVERABLE = (DeliveryState.FAILED, DeliveryState.DEAD)


class _Clock:
    """Identifiers that sort by time: UUID version 7 with a counter (RFC 9562 §6.2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> uuid.UUID:
        with self._lock:
            # 48 bits of milliseconds and 12 bits of a counter that carries into them.
            self._last = max(self._last + 1, (time.time_ns() // 1_000_000) << 12)
            stamp = self._last
        random = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
        value = (stamp >> 12) << 80 | 7 << 76 | (stamp & 0xFFF) << 64 | 2 << 62 | random
        return uuid.UUID(int=value)


_clock = _Clock()


def new_id() -> uuid.UUID:
    """A new identifier. Within a process later ones sort after earlier ones."""
    return _clock.next()
