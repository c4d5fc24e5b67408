"""Who may do what on the desk: the rules that `accounts.can` asks, and the rows each person sees.

The rule of an act says who, the tables in `rules` say when: both must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument, Support
from lienthong.apps.documents.rules import (
    INCOMING,
    OUTGOING,
    IncomingMove,
    IncomingState,
    OutgoingMove,
    OutgoingState,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

Document = OutgoingDocument | IncomingDocument

DRAFTERS = frozenset({Role.OFFICER, Role.CLERK, Role.UNIT_HEAD, Role.LEADER})
REVIEWERS = frozenset({Role.UNIT_HEAD, Role.LEADER})
SIGNATORIES = frozenset({Role.LEADER, Role.UNIT_HEAD})
WORKERS = frozenset({Role.OFFICER, Role.UNIT_HEAD})
_DIRECTORS = frozenset({Role.LEADER, Role.UNIT_HEAD})

# Which rule answers for which move.
ACT_OF_OUTGOING: Mapping[OutgoingMove, str] = {
    OutgoingMove.EDIT: "documents.draft",
    OutgoingMove.SUBMIT: "documents.draft",
    OutgoingMove.APPROVE: "documents.review",
    OutgoingMove.RETURN: "documents.return",
    OutgoingMove.SIGN: "documents.sign",
    OutgoingMove.SEAL: "documents.seal",
    OutgoingMove.DISPATCH: "documents.dispatch",
}
ACT_OF_INCOMING: Mapping[IncomingMove, str] = {
    IncomingMove.ACCEPT: "documents.accept",
    IncomingMove.REFUSE: "documents.refuse",
    IncomingMove.ASSIGN: "documents.assign",
    IncomingMove.START: "documents.work",
    IncomingMove.FINISH: "documents.work",
}


@accounts.rule("documents.draft")
def may_draft(actor: Actor, document: OutgoingDocument | None) -> bool:
    """Begin a draft (no document yet), or change one's own."""
    if document is None:
        return bool(actor.roles & DRAFTERS)
    return document.drafter_id == actor.seat_id


@accounts.rule("documents.review")
def may_review(actor: Actor, document: OutgoingDocument) -> bool:
    """The named reviewer, from that seat."""
    return document.reviewer_id == actor.seat_id and bool(actor.roles & REVIEWERS)


@accounts.rule("documents.return")
def may_return(actor: Actor, document: OutgoingDocument) -> bool:
    """Whoever has the draft on the table: the reviewer, then the signatory."""
    if document.state == OutgoingState.IN_REVIEW:
        return may_review(actor, document)
    return may_sign(actor, document)


@accounts.rule("documents.sign")
def may_sign(actor: Actor, document: OutgoingDocument) -> bool:
    """The named signatory and nobody else (DX-05, DX-50)."""
    return document.signatory_id == actor.seat_id and bool(actor.roles & SIGNATORIES)


@accounts.rule("documents.seal")
def may_seal(actor: Actor, _document: OutgoingDocument) -> bool:
    """The clerk keeps and uses the organization's key (DX-51)."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.dispatch")
def may_dispatch(actor: Actor, _document: OutgoingDocument) -> bool:
    """The clerk sends."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.copy")
def may_copy(actor: Actor, document: Document) -> bool:
    """The clerk copies what the organization issued or registered (DX-51)."""
    if isinstance(document, IncomingDocument):
        is_ready = document.state not in {IncomingState.ARRIVED, IncomingState.REFUSED}
    else:
        is_ready = document.state in {OutgoingState.SEALED, OutgoingState.DISPATCHED}
    return is_ready and Role.CLERK in actor.roles and may_view(actor, document)


@accounts.rule("documents.accept")
def may_accept(actor: Actor, _document: IncomingDocument) -> bool:
    """The clerk registers (DX-23, DX-30)."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.refuse")
def may_refuse(actor: Actor, _document: IncomingDocument) -> bool:
    """The clerk refuses, and says why (DX-21)."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.assign")
def may_assign(actor: Actor, document: IncomingDocument) -> bool:
    """Leaders and unit heads direct what they see (DX-25, DX-26)."""
    return bool(actor.roles & _DIRECTORS) and may_view(actor, document)


@accounts.rule("documents.work")
def may_work(actor: Actor, document: IncomingDocument) -> bool:
    """The lead works on it."""
    return document.lead_id == actor.seat_id


@accounts.rule("documents.view")
def may_view(actor: Actor, document: Document) -> bool:
    """Whether the document is among the rows this person sees."""
    if isinstance(document, OutgoingDocument):
        return OutgoingDocument.objects.filter(outgoing_seen_by(actor), pk=document.pk).exists()
    return IncomingDocument.objects.filter(incoming_seen_by(actor), pk=document.pk).exists()


def outgoing_seen_by(actor: Actor) -> Q:
    """The outgoing documents this actor sees, as a filter.

    Those one drafts, reviews or signs; leaders all that left the drafter's desk; unit heads those
    their unit drafts; clerks and archivists all that are signed.
    """
    own = (
        Q(drafter_id=actor.seat_id)
        | Q(reviewer_id=actor.seat_id) & ~Q(state=OutgoingState.DRAFT)
        | Q(signatory_id=actor.seat_id) & ~Q(state=OutgoingState.DRAFT)
    )
    if Role.LEADER in actor.roles:
        own |= ~Q(state=OutgoingState.DRAFT)
    if Role.UNIT_HEAD in actor.roles:
        own |= Q(drafter__unit_id=unit_of(actor), drafter__unit_id__isnull=False)
    if actor.roles & {Role.CLERK, Role.ARCHIVIST}:
        own |= Q(state__in=[OutgoingState.SIGNED, OutgoingState.SEALED, OutgoingState.DISPATCHED])
    return Q(organization_id=actor.organization_id) & own


def incoming_seen_by(actor: Actor) -> Q:
    """The incoming documents this actor sees, as a filter.

    Clerks all; leaders and archivists all that are registered; unit heads those that wait for a
    direction or went to their unit; officers those they lead or support.
    """
    registered = ~Q(state__in=[IncomingState.ARRIVED, IncomingState.REFUSED])
    own = Q(lead_id=actor.seat_id) | Q(
        pk__in=Support.objects.filter(seat_id=actor.seat_id).values("document_id")
    )
    if Role.CLERK in actor.roles:
        own |= Q(pk__isnull=False)
    if actor.roles & {Role.LEADER, Role.ARCHIVIST}:
        own |= registered
    if Role.UNIT_HEAD in actor.roles:
        own |= Q(state=IncomingState.REGISTERED)
        own |= Q(lead__unit_id=unit_of(actor), lead__unit_id__isnull=False)
    return Q(organization_id=actor.organization_id) & own


def unit_of(actor: Actor) -> int | None:
    """The unit of the actor's seat."""
    held = accounts.seats(actor.organization_id).filter(pk=actor.seat_id)
    return held.values_list("unit_id", flat=True).first()


def available_actions(actor: Actor, document: Document) -> list[str]:
    """What this actor may do to this document now: who (policy) and when (state) both agree."""
    acts: list[tuple[str, str]]
    if isinstance(document, OutgoingDocument):
        acts = [
            (move.value, ACT_OF_OUTGOING[move])
            for state, move in OUTGOING
            if state == document.state and move in ACT_OF_OUTGOING
        ]
    else:
        acts = [
            (move.value, ACT_OF_INCOMING[move])
            for state, move in INCOMING
            if state == document.state
        ]
    return [name for name, act in acts if accounts.can(actor, act, document)]
