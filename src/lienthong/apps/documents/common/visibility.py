"""Which documents each person sees."""

from __future__ import annotations

from django.db.models import Q

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Power, Role
from lienthong.apps.documents.models import (
    Document,
    IncomingDocument,
    OpinionRequest,
    OutgoingDocument,
    Support,
)
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState

accounts.delegable(Power.VIEW, "documents.view")


@accounts.rule("documents.view")
def may_view(actor: Actor, document: Document) -> bool:
    """Whether the document is among the rows this person sees."""
    if isinstance(document, OutgoingDocument):
        return OutgoingDocument.objects.filter(outgoing_seen_by(actor), pk=document.pk).exists()
    return IncomingDocument.objects.filter(incoming_seen_by(actor), pk=document.pk).exists()


def outgoing_seen_by(actor: Actor) -> Q:
    """The outgoing documents this actor sees, as a filter.

    Those one drafts, reviews (content or form) or signs; leaders and their assistants all that left
    the drafter's desk; unit heads those their unit drafts; clerks, archivists and auditors all that
    are signed, clerks also those whose form waits for approval.
    """
    own = (
        Q(drafter_id=actor.seat_id)
        | Q(reviewer_id=actor.seat_id) & ~Q(state=OutgoingState.DRAFT)
        | Q(form_reviewer_id=actor.seat_id) & ~Q(state=OutgoingState.DRAFT)
        | Q(signatory_id=actor.seat_id) & ~Q(state=OutgoingState.DRAFT)
    )
    if actor.roles & {Role.LEADER, Role.ASSISTANT}:
        own |= ~Q(state=OutgoingState.DRAFT)
    if Role.UNIT_HEAD in actor.roles:
        own |= Q(drafter__unit_id=unit_of(actor), drafter__unit_id__isnull=False)
    if Role.CLERK in actor.roles:
        own |= Q(state=OutgoingState.IN_FORM_REVIEW)
    if Role.UNIT_HEAD in actor.roles:
        own |= Q(state=OutgoingState.IN_FORM_REVIEW, drafter__role=Role.CLERK)
    if actor.roles & {Role.CLERK, Role.ARCHIVIST, Role.AUDITOR}:
        own |= Q(state__in=[OutgoingState.SIGNED, OutgoingState.SEALED, OutgoingState.DISPATCHED])
    return Q(organization_id=actor.organization_id) & own


def incoming_seen_by(actor: Actor) -> Q:
    """The incoming documents this actor sees, as a filter.

    Clerks all; leaders with their assistants, archivists and auditors all that are registered;
    unit heads those that wait for a direction, unless it is another's, and those of their unit;
    everybody those they lead, support, or were asked about.
    """
    registered = ~Q(state__in=[IncomingState.ARRIVED, IncomingState.REFUSED])
    seat = actor.seat_id
    own = Q(lead_id=seat) | Q(submitted_to_id=seat) & registered
    own |= Q(pk__in=Support.objects.filter(seat_id=seat).values("document_id"))
    own |= Q(pk__in=OpinionRequest.objects.filter(asked_id=seat).values("document_id"))
    if Role.CLERK in actor.roles:
        own |= Q(pk__isnull=False)
    if actor.roles & {Role.LEADER, Role.ASSISTANT, Role.ARCHIVIST, Role.AUDITOR}:
        own |= registered
    if Role.UNIT_HEAD in actor.roles:
        own |= Q(state=IncomingState.REGISTERED, submitted_to=None)
        own |= Q(lead__unit_id=unit_of(actor), lead__unit_id__isnull=False)
    return Q(organization_id=actor.organization_id) & own


def unit_of(actor: Actor) -> int | None:
    """The unit of the actor's seat."""
    held = accounts.seats(actor.organization_id).filter(pk=actor.seat_id)
    return held.values_list("unit_id", flat=True).first()
