"""Alarms: each incident once, told to the journal, open until a person closes it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lienthong.apps.evidence.models import Incident
from lienthong.apps.evidence.rules import IncidentFound
from lienthong.apps.outbox import api as outbox

PROOF_MAX_CHARACTERS = 100_000


@transaction.atomic
def raise_incident(
    origin: str,
    kind: str,
    text: str,
    *,
    entry: int | None = None,
    proof: str = "",
    reporter: str = "",
) -> Incident:
    """Note an incident, or that an open one is seen again. entry: number of the first bad entry.

    proof: what shows it, such as a signed checkpoint. reporter: who found it, "" for this node.
    """
    now = timezone.now()
    incident, is_new = Incident.objects.get_or_create(
        origin=origin,
        kind=kind,
        entry=entry,
        reporter=reporter,
        closed_at=None,
        defaults={
            "text": text,
            "proof": proof[:PROOF_MAX_CHARACTERS],
            "found_at": now,
            "seen_at": now,
        },
    )
    if is_new:
        outbox.publish(IncidentFound(incident.pk, origin, kind, text, now))
    else:
        incident.seen_at = now
        incident.save(update_fields=["seen_at"])
    return incident


def open_count() -> int:
    """How many incidents wait for a person."""
    return Incident.objects.filter(closed_at=None).count()
