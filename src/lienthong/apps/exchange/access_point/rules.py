"""States and decisions of the access point: no rows read or written."""

from __future__ import annotations

import random
from datetime import timedelta
from enum import StrEnum

CLOCK_OFFSET_MAX_S = 30
"""DX-18: a system does not send when its clock is further off than this from the axis."""

SEND_LEASE_S = 90
RETRY_MAX_S = 300
RECEIVE_LANES = 4
LARGE_PACKET_BYTES = 8 * 1024 * 1024
"""A packet above this size goes out in chunks, comes in by ranges, and is never whole in memory."""

_FINAL = frozenset({400, 403, 409, 413, 422})
_REQUEST_PROBLEMS = ("signing.request_", "hub.request_", "hub.node_")


class OutboundState(StrEnum):
    QUEUED = "QUEUED"
    SENDING = "SENDING"
    ACCEPTED = "ACCEPTED"
    REFUSED = "REFUSED"


class InboundState(StrEnum):
    STORED = "STORED"
    ACKED = "ACKED"


class Kind(StrEnum):
    """What travels: the transport value `messagetype` (packet format §1)."""

    EDOC = "edoc"
    STATUS = "status"


def is_final(http_status: int, code: str) -> bool:
    """Whether the axis will say the same again, so that sending again is of no use."""
    return http_status in _FINAL and not code.startswith(_REQUEST_PROBLEMS)


def retry_after(attempts: int) -> timedelta:
    """How long to wait before the next try: twice as long each time, with jitter (TM-X-52)."""
    seconds = min(2.0 ** min(attempts, 10), RETRY_MAX_S)
    return timedelta(seconds=seconds * (0.5 + random.random()))  # noqa: S311  jitter, not a secret
