"""What happened to a request. `run/wiring.py` names who wants to know, such as the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class RequestActed:
    """Something was done to a request; `seat_id` is None when the node or the authority did it."""

    organization_id: int
    request_id: UUID
    act: str
    seat_id: int | None
    detail: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CertificateEnds:
    """A certificate in use ends in that many days; told once for each step (SG 4.1)."""

    organization_id: int
    person_id: int | None
    certificate_sha256: str
    holder: str
    days: int
    at: datetime
