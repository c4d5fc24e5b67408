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
    """A person who had signed in took another seat: their own, or one they stand in for.

    holder_id: the seat of whoever stands in.
    """

    organization_id: int
    seat_id: int
    address: str
    at: datetime
    holder_id: int | None = None


@dataclass(frozen=True, slots=True)
class SignInFailed:
    """Somebody gave a wrong password; `person_id` is None when no such account exists."""

    person_id: int | None
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NewDevice:
    """A person who has other devices signed in from one that was not known."""

    organization_id: int
    person_id: int
    device: str
    address: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProofChanged:
    """A person changed how they prove themself; `act` says how, such as "passkey_added"."""

    organization_id: int
    seat_id: int
    act: str
    detail: str
    at: datetime
