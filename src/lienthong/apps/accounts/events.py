"""What happened at the door. `run/wiring.py` names who wants to know, such as the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person signed in and took a seat."""

    organization_id: int
    seat_id: int
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SeatTaken:
    """A person who had signed in took another seat of theirs."""

    organization_id: int
    seat_id: int
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Somebody gave a wrong password; `person_id` is None when no such account exists."""

    person_id: int | None
    address: str
    at: datetime
