"""Writes to the journal: one function, in the transaction of the act (TM-A-01)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from lienthong.apps.accounts.api import Actor, everywhere
from lienthong.apps.journal import rules
from lienthong.apps.journal.events import Recorded
from lienthong.apps.journal.models import Entry, Head
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import api as pki


class OutsideTransactionError(RuntimeError):
    """An entry was to be written outside of the transaction of its act: a defect of the caller."""


def record(
    *,
    organization_id: int | None,
    act: str,
    subject: str,
    actor: Actor | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Entry:
    """Add one entry to the chain of the organization, or of the node when that is None.

    act: what was done, such as "documents.registered". subject: to what, such as "incoming:<uuid>".
    actor: None when the node itself acted. facts: plain values, no secrets.

    Raises OutsideTransactionError unless the caller has a transaction open, so that the act and its
    entry stand or fall together.
    """
    if not connection.in_atomic_block:
        raise OutsideTransactionError(f"{act} {subject}")
    # The chain of the node belongs to no organization, so no organization's scope shows it.
    wall = everywhere() if organization_id is None else contextlib.nullcontext()
    with wall, transaction.atomic():
        head = _locked_head(organization_id)
        entry = Entry(
            stream=head.stream,
            sequence=head.sequence + 1,
            organization_id=organization_id,
            at=timezone.now(),
            act=act,
            subject=subject,
            facts=rules.clean({**(facts or {}), **_instead_of(actor)}),
            previous_hash=head.hash,
            **_who(actor),
        )
        entry.hash = hash_of(entry)
        entry.seal = rules.seal(entry.hash, pki.own_secret(rules.SEAL_SECRET))
        entry.save(force_insert=True)
        head.sequence, head.hash = entry.sequence, entry.hash
        head.save(update_fields=["sequence", "hash"])
    outbox.publish(Recorded(organization_id, entry.pk, act, subject))
    return entry


def _locked_head(organization_id: int | None) -> Head:
    stream = rules.stream_of(organization_id)
    Head.objects.bulk_create(
        [Head(stream=stream, organization_id=organization_id)], ignore_conflicts=True
    )
    return Head.objects.select_for_update().get(stream=stream)


def _who(actor: Actor | None) -> dict[str, Any]:
    if actor is None:
        return {}
    return {
        "person_id": actor.person_id,
        "actor_name": actor.name,
        "actor_roles": sorted(actor.roles),
        "actor_position": actor.position,
        "seat_id": actor.seat_id,
    }


def _instead_of(actor: Actor | None) -> dict[str, Any]:
    """For whom the actor stood in, and by which delegation: it stands with what was done."""
    if actor is None or actor.delegation_id is None:
        return {}
    return {"stands_in_for": actor.stands_in_for, "delegation": actor.delegation_id}


def hash_of(entry: Entry) -> str:
    """The hash of an entry over everything it says and the hash before it."""
    return rules.digest(
        {
            "format": rules.FORMAT,
            "stream": entry.stream,
            "sequence": entry.sequence,
            "at": rules.moment(entry.at),
            "organization": entry.organization_id,
            "actor": {
                "person": entry.person_id,
                "seat": entry.seat_id,
                "name": entry.actor_name,
                "position": entry.actor_position,
                "roles": [str(role) for role in entry.actor_roles],
            },
            "act": entry.act,
            "subject": entry.subject,
            "facts": entry.facts,
            "previous": entry.previous_hash,
        }
    )
