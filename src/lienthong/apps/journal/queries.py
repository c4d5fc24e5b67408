"""Reads of the journal. Row security shows an organization its own chain only."""

from __future__ import annotations

from lienthong.apps.journal import rules
from lienthong.apps.journal.models import Entry, Head


def history(subject: str) -> list[Entry]:
    """What happened to one subject, first things first."""
    return list(Entry.objects.filter(subject=subject).order_by("at", "sequence"))


def entries(stream: str, after: int) -> list[Entry]:
    """The next entries of a chain after that sequence number."""
    return list(Entry.objects.filter(stream=stream, sequence__gt=after).order_by("sequence")[:1000])


def head(organization_id: int | None) -> Head | None:
    """Where the chain ends, or None when nothing was recorded yet."""
    return Head.objects.filter(stream=rules.stream_of(organization_id)).first()
