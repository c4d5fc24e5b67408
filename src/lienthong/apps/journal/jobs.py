"""What the worker does for the journal, on a schedule."""

from __future__ import annotations

from lienthong.apps.journal import anchoring, reading
from lienthong.apps.outbox import api as outbox


@outbox.job("journal.anchor", schedule="* * * * *")
def anchor() -> None:
    """Let new entries enter the node's journal log."""
    anchoring.anchor()


@outbox.job("journal.bind_readings", schedule="* * * * *")
def bind_readings() -> None:
    """Bind what people opened into the chains of their organizations."""
    reading.bind()
