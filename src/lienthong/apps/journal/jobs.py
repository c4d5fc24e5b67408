"""What the worker does for the journal, on a schedule."""

from __future__ import annotations

from lienthong.apps.journal import anchoring
from lienthong.apps.outbox import api as outbox


@outbox.job("journal.anchor", schedule="* * * * *")
def anchor() -> None:
    """Let new entries enter the node's journal log."""
    anchoring.anchor()
