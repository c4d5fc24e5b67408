"""Who may do what with work files, and which of them each person sees."""

from __future__ import annotations

from django.db.models import Q

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.common.visibility import unit_of
from lienthong.apps.documents.models import Dossier, DossierListEntry, HandOver
from lienthong.apps.documents.rules.dossiers import (
    NEXT,
    Access,
    DossierMove,
    DossierState,
    HandOverKind,
    HandOverState,
)

KEEPERS = frozenset({Role.OFFICER, Role.CLERK, Role.UNIT_HEAD, Role.LEADER})
_ARRANGERS = frozenset({Role.CLERK, Role.ARCHIVIST})
_DIRECTORS = frozenset({Role.LEADER, Role.UNIT_HEAD})
ACT_OF: dict[DossierMove, str] = {
    DossierMove.APPROVE: "documents.dossier_approve",
    DossierMove.FILL: "documents.dossier_keep",
    DossierMove.EDIT: "documents.dossier_keep",
    DossierMove.CLOSE: "documents.dossier_keep",
    DossierMove.REOPEN: "documents.dossier_keep",
    DossierMove.KEEP_LONGER: "documents.dossier_keep_longer",
}


def dossiers_seen_by(actor: Actor) -> Q:
    """The files this actor sees, as a filter.

    One's own; leaders all; unit heads those of their unit; archivists what is closed and what the
    archive took; others the closed files of the agency that are not restricted.
    """
    seen = Q(creator_id=actor.seat_id)
    ended = Q(state__in=[DossierState.CLOSED, DossierState.HANDED_OVER])
    if Role.LEADER in actor.roles:
        seen |= Q(pk__isnull=False)
    if Role.UNIT_HEAD in actor.roles:
        seen |= Q(creator__unit_id=unit_of(actor), creator__unit_id__isnull=False)
    if Role.ARCHIVIST in actor.roles:
        seen |= ended
    if actor.roles & KEEPERS:
        seen |= ended & Q(access=Access.NORMAL)
        unit = Q(creator__unit_id=unit_of(actor), creator__unit_id__isnull=False)
        seen |= unit & Q(access=Access.NORMAL)
    return Q(organization_id=actor.organization_id) & seen


@accounts.rule("documents.dossier_open")
def may_open(actor: Actor, _object: None = None) -> bool:
    """Whoever works on documents opens files for the work (DX-75)."""
    return bool(actor.roles & KEEPERS)


@accounts.rule("documents.dossier_keep")
def may_keep(actor: Actor, dossier: Dossier) -> bool:
    """The keeper of the file; the head of the keeper's unit stands in."""
    return dossier.creator_id == actor.seat_id or _heads(actor, dossier)


@accounts.rule("documents.dossier_approve")
def may_approve(actor: Actor, dossier: Dossier) -> bool:
    """A leader, or the head of the keeper's unit; nobody approves a file of their own (DX-75)."""
    if dossier.creator_id == actor.seat_id:
        return False
    return Role.LEADER in actor.roles or _heads(actor, dossier)


@accounts.rule("documents.dossier_keep_longer")
def may_keep_longer(actor: Actor, _dossier: Dossier) -> bool:
    """The head of the agency consents in writing to a later hand-over (DX-78)."""
    return Role.LEADER in actor.roles


@accounts.rule("documents.dossier_list_propose")
def may_propose(actor: Actor, _object: None = None) -> bool:
    """Units propose the lines of the yearly list."""
    return bool(actor.roles & (KEEPERS | _ARRANGERS))


@accounts.rule("documents.dossier_list_withdraw")
def may_withdraw(actor: Actor, entry: DossierListEntry) -> bool:
    """Who proposed a line, and who arranges the list."""
    return entry.proposed_by_id == actor.seat_id or bool(actor.roles & _ARRANGERS)


@accounts.rule("documents.dossier_list_copy")
def may_copy_list(actor: Actor, _object: None = None) -> bool:
    """Clerk and archivist arrange the list of the next year."""
    return bool(actor.roles & _ARRANGERS)


@accounts.rule("documents.dossier_list_issue")
def may_issue_list(actor: Actor, _object: None = None) -> bool:
    """The head of the agency approves and issues the list (DX-75)."""
    return Role.LEADER in actor.roles


@accounts.rule("documents.dossier_due")
def may_follow_due(actor: Actor, _object: None = None) -> bool:
    """Keepers see what of theirs is due, archivists and leaders all."""
    return bool(actor.roles & (KEEPERS | _ARRANGERS))


@accounts.rule("documents.hand_over_give")
def may_give(actor: Actor, hand_over: HandOver) -> bool:
    """Who made the record signs it for that side."""
    return hand_over.giver_id == actor.seat_id


@accounts.rule("documents.hand_over_take")
def may_take(actor: Actor, hand_over: HandOver) -> bool:
    """The archivist for the archive; the successor for a colleague's files."""
    if hand_over.kind == HandOverKind.ARCHIVE:
        return Role.ARCHIVIST in actor.roles
    return hand_over.taker_id == actor.seat_id


def may_hand_over_for(actor: Actor, keeper_seat_id: int) -> bool:
    """Keepers hand over their own files; leaders and unit heads those of somebody who left."""
    return keeper_seat_id == actor.seat_id or bool(actor.roles & _DIRECTORS)


def hand_overs_seen_by(actor: Actor) -> Q:
    """The records this actor sees: as one side of them; archivists and leaders all."""
    seen = Q(giver_id=actor.seat_id) | Q(keeper_id=actor.seat_id) | Q(taker_id=actor.seat_id)
    if actor.roles & {Role.ARCHIVIST, Role.LEADER}:
        seen |= Q(pk__isnull=False)
    return Q(organization_id=actor.organization_id) & seen


def moves_of(actor: Actor, dossier: Dossier) -> set[DossierMove]:
    """What this actor may do with this file now: who and when both agree."""
    return {
        move
        for state, move in NEXT
        if state == dossier.state and move in ACT_OF and accounts.can(actor, ACT_OF[move], dossier)
    }


def steps_of(actor: Actor, hand_over: HandOver) -> set[str]:
    """ "give", "take", "return": what this actor may do with this record now."""
    if hand_over.state == HandOverState.PREPARED:
        return {"give"} if accounts.can(actor, "documents.hand_over_give", hand_over) else set()
    if hand_over.state == HandOverState.GIVEN:
        may = accounts.can(actor, "documents.hand_over_take", hand_over)
        return {"take", "return"} if may else set()
    return set()


def _heads(actor: Actor, dossier: Dossier) -> bool:
    unit = dossier.creator.unit_id if dossier.creator else None
    return Role.UNIT_HEAD in actor.roles and unit is not None and unit == unit_of(actor)
