"""Writes of notices: tell, mark as read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.notices import queries
from lienthong.apps.notices.models import Notice
from lienthong.apps.notices.rules import Kind


@transaction.atomic
def tell(
    kind: Kind,
    seats: Iterable[Seat],
    *,
    key: str,
    link: str,
    facts: Mapping[str, str | int] | None = None,
) -> None:
    """Put a notice into the box of everybody in `seats`, in the caller's transaction.

    key: what it is about, such as a request's id; the same kind and key again tells nobody twice.
    link: path of the page to look at.
    """
    people: dict[int, set[int]] = defaultdict(set)
    for seat in seats:
        people[seat.organization_id].add(seat.person_id)
    for organization_id, persons in people.items():
        with accounts.scope(organization_id):
            Notice.objects.bulk_create(
                [
                    Notice(
                        organization_id=organization_id,
                        person_id=person_id,
                        kind=kind.code,
                        key=key,
                        facts=dict(facts or {}),
                        link=link,
                    )
                    for person_id in sorted(persons)
                ],
                ignore_conflicts=True,
            )


def read(actor: Actor, pk: int) -> Notice:
    """Mark one notice as read. Raises NoticeNotFound."""
    found = queries.notice(actor, pk)
    if found.read_at is None:
        found.read_at = timezone.now()
        found.save(update_fields=["read_at"])
    return found


def read_all(actor: Actor) -> int:
    """Mark everything in this person's box as read; returns how many were not."""
    return queries.box(actor).filter(read_at=None).update(read_at=timezone.now())
