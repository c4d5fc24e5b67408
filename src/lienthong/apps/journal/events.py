"""What the journal tells. `run/wiring.py` names who wants to know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recorded:
    """An act was written down; what it did is committed with it."""

    organization_id: int | None
    entry_id: int
    act: str
    subject: str
