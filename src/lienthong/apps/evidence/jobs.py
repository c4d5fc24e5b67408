"""What the worker does for evidence, on a schedule. Every job may be run again at once."""

from __future__ import annotations

from lienthong.apps.evidence import stamping, submission, watching
from lienthong.apps.outbox import api as outbox


@outbox.job("evidence.submit", schedule="* * * * *")
def submit() -> None:
    """Bring the newest checkpoints to the witnesses."""
    submission.submit_all()


@outbox.job("evidence.watch", schedule="*/2 * * * *")
def watch() -> None:
    """Read the logs of others, and our own rows."""
    watching.watch_all()


@outbox.job("evidence.stamp", schedule="*/5 * * * *")
def stamp() -> None:
    """Get the time-stamps that are due, and those that could not be had before."""
    stamping.stamp_due()
