"""Delegations of an agency, entered by the giver or an administrator."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Delegation, Seat
from lienthong.apps.administration.rules import PersonUnknown
from lienthong.apps.journal import api as journal


def delegations(actor: Actor) -> QuerySet[Delegation]:
    """Those this person may see: administrators all, others what they gave or hold."""
    found = Delegation.objects.filter(organization_id=actor.organization_id).select_related(
        "giver__person", "holder__person"
    )
    if accounts.can(actor, "administration.manage"):
        return found
    return found.filter(giver_id=actor.seat_id) | found.filter(holder_id=actor.seat_id)


@transaction.atomic
def delegate(actor: Actor, *, giver: Seat, holder: Seat, **terms: Any) -> Delegation:
    """Enter a delegation. Raises Forbidden, DelegationRefused."""
    accounts.check(actor, "administration.delegate", giver)
    made = accounts.delegate(
        giver=giver, holder=holder, entered_by=Seat.objects.get(pk=actor.seat_id), **terms
    )
    facts = {
        "to": holder.person.full_name,
        "kind": made.kind,
        "powers": made.powers,
        "from": made.valid_from,
        "until": made.valid_to,
        "basis": made.basis,
    }
    _note(actor, "delegated", made, facts)
    return made


@transaction.atomic
def revoke(actor: Actor, pk: int) -> None:
    """End a delegation from today on. Raises Forbidden, PersonUnknown."""
    found = delegations(actor).filter(pk=pk).first()
    if found is None:
        raise PersonUnknown
    accounts.check(actor, "administration.revoke", found)
    today: date = timezone.localdate()
    accounts.revoke(found, today)
    _note(actor, "delegation_revoked", found, {"from": today})


def _note(actor: Actor, act: str, made: Delegation, facts: dict[str, Any]) -> None:
    journal.record(
        organization_id=actor.organization_id,
        act=f"administration.{act}",
        subject=f"seat:{made.giver_id}",
        actor=actor,
        facts=facts,
    )
