"""Who administers, and who decides with them."""

from __future__ import annotations

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import GIVERS, Actor, Delegation, Role
from lienthong.apps.administration.models import SeatGrant


@accounts.rule("administration.manage")
def may_manage(actor: Actor, _what: object) -> bool:
    """Administrators manage units, people, seats, days."""
    return Role.ADMINISTRATOR in actor.roles


@accounts.rule("administration.grant")
def may_grant(actor: Actor, grant: SeatGrant) -> bool:
    """Another administrator or a leader; not who proposed it, not whom it is for (TM-X-12)."""
    is_another = actor.person_id not in {grant.person_id, grant.proposed_by.person_id}
    return is_another and bool(actor.roles & {Role.ADMINISTRATOR, Role.LEADER})


@accounts.rule("administration.delegate")
def may_delegate(actor: Actor, giver: accounts.Seat | None) -> bool:
    """Whoever holds the seat, or an administrator; without a seat: whether there is any."""
    if Role.ADMINISTRATOR in actor.roles:
        return True
    if giver is None:
        return bool(actor.roles & GIVERS)
    return giver.pk == actor.seat_id


@accounts.rule("administration.revoke")
def may_revoke(actor: Actor, delegation: Delegation) -> bool:
    """The giver, or an administrator."""
    return Role.ADMINISTRATOR in actor.roles or delegation.giver_id == actor.seat_id
