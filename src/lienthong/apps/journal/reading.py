"""Who opened what: one row for each look, bound into the chain once a minute (TM-A-08).

An entry of the chain would lock the head of the organization for every page that somebody opens. A
reading locks nothing; the entry "journal.readings" that follows within two minutes holds the digest
of all readings since the one before, so that a row changed or taken out later is found.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts.api import Actor, everywhere, scope
from lienthong.apps.journal import rules
from lienthong.apps.journal.actions import record
from lienthong.apps.journal.models import Entry, Head, Reading

BOUND = "journal.readings"
# Rows may become visible a little out of order; those of the last minute wait for the next round.
SETTLED_AFTER = timedelta(minutes=1)
BATCH = 5000
PART_MAX = 100


def note_reading(actor: Actor, subject: str, part: str = "") -> None:
    """Write down that somebody opened a subject, such as "incoming:<uuid>", or a part of it."""
    Reading.objects.create(
        organization_id=actor.organization_id,
        at=timezone.now(),
        subject=subject,
        part=part[:PART_MAX],
        person_id=actor.person_id,
        actor_name=actor.name,
        actor_position=actor.position,
        seat_id=actor.seat_id,
        stands_in_for=actor.stands_in_for,
    )


def bind() -> int:
    """Bind the settled readings of every organization into its chain; returns how many."""
    settled = timezone.now() - SETTLED_AFTER
    with everywhere():
        waiting = list(
            Head.objects.filter(organization__isnull=False).values_list(
                "organization_id", flat=True
            )
        )
    return sum(_bind(organization_id, settled) for organization_id in waiting)


def _bind(organization_id: int, settled: datetime) -> int:
    stream = rules.stream_of(organization_id)
    with scope(organization_id), transaction.atomic():
        head = Head.objects.select_for_update().filter(stream=stream).first()
        last = head.readings_bound if head else 0
        found = list(
            Reading.objects.filter(
                organization_id=organization_id, pk__gt=last, at__lt=settled
            ).order_by("pk")[:BATCH]
        )
        if not found:
            return 0
        facts = {
            "first": found[0].pk,
            "last": found[-1].pk,
            "count": len(found),
            "digest": rules.digest({"readings": [_row(each) for each in found]}),
        }
        record(
            organization_id=organization_id,
            act=BOUND,
            subject=f"readings:{organization_id}",
            facts=facts,
        )
        Head.objects.filter(stream=stream).update(readings_bound=found[-1].pk)
    return len(found)


def check_readings(organization_id: int) -> int:
    """Return how many readings are bound. Raises ReadingsChanged where one differs."""
    checked = 0
    bound = Entry.objects.filter(stream=rules.stream_of(organization_id), act=BOUND)
    for entry in bound.order_by("sequence"):
        found = Reading.objects.filter(
            organization_id=organization_id,
            pk__gte=entry.facts["first"],
            pk__lte=entry.facts["last"],
        ).order_by("pk")
        rows = [_row(each) for each in found]
        if rules.digest({"readings": rows}) != entry.facts["digest"]:
            raise rules.ReadingsChanged(sequence=entry.sequence)
        checked += len(rows)
    return checked


def _row(reading: Reading) -> list[str | int]:
    return [
        reading.pk,
        rules.moment(reading.at),
        reading.subject,
        reading.part,
        reading.person_id,
        reading.actor_name,
        reading.actor_position,
        reading.seat_id,
        reading.stands_in_for,
    ]
