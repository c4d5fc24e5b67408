"""Letting another act from one's seat for some days, and ending it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db import transaction

from lienthong.apps.accounts import rules
from lienthong.apps.accounts.models import Delegation, Seat
from lienthong.apps.accounts.rules import DelegationKind, Power, Role


@transaction.atomic
def delegate(
    *,
    giver: Seat,
    holder: Seat,
    kind: DelegationKind,
    powers: Iterable[Power],
    valid_from: date,
    valid_to: date,
    basis: str,
    entered_by: Seat,
) -> Delegation:
    """Let `holder` act from the seat of `giver` on these days. Raises DelegationRefused.

    Whoever only stands in holds no seat of the giver, so nothing is delegated twice (D30 Art. 13).
    """
    wanted = frozenset(powers)
    rules.check_delegation(
        giver_role=Role(giver.role),
        is_same_organization=giver.organization_id == holder.organization_id,
        is_same_person=giver.person_id == holder.person_id,
        valid_from=valid_from,
        valid_to=valid_to,
        powers=wanted,
    )
    return Delegation.objects.create(
        organization_id=giver.organization_id,
        kind=kind,
        giver=giver,
        holder=holder,
        powers=sorted(wanted | {Power.VIEW}),
        basis=basis,
        valid_from=valid_from,
        valid_to=valid_to,
        entered_by=entered_by,
    )


def revoke(delegation: Delegation, on: date) -> None:
    """End a delegation from that day on; the first one stays when it was revoked already."""
    Delegation.objects.filter(pk=delegation.pk, revoked_on=None).update(revoked_on=on)
