"""A draft on its way to the signatory: submitted, approved in content and in form, or returned."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing.drafting import REASON_MAX, locked, record
from lienthong.apps.documents.rules.outgoing import OutgoingMove, OutgoingState, after_outgoing


@transaction.atomic
def submit_for_review(actor: Actor, document: OutgoingDocument) -> OutgoingDocument:
    """Hand one's draft to its reviewer."""
    document = locked(document)
    accounts.check(actor, "documents.draft", document)
    document.state = after_outgoing(OutgoingState(document.state), OutgoingMove.SUBMIT)
    document.submitted_at = timezone.now()
    document.return_reason = ""
    document.save(update_fields=["state", "submitted_at", "return_reason"])
    record(actor, document, "documents.submitted", {"draft_sha256": document.draft_sha256})
    return document


@transaction.atomic
def approve(actor: Actor, document: OutgoingDocument, comment: str = "") -> OutgoingDocument:
    """Answer for the content; the draft goes on to whoever answers for its form (D30 Art. 12)."""
    document = locked(document)
    accounts.check(actor, "documents.review", document)
    document.state = after_outgoing(OutgoingState(document.state), OutgoingMove.APPROVE)
    document.approved_at = timezone.now()
    document.save(update_fields=["state", "approved_at"])
    _record_approval(actor, document, "documents.approved", comment)
    return document


@transaction.atomic
def approve_form(actor: Actor, document: OutgoingDocument, comment: str = "") -> OutgoingDocument:
    """Answer for form and presentation; the draft goes on to the signatory (D30 Art. 12)."""
    document = locked(document)
    accounts.check(actor, "documents.review_form", document)
    document.state = after_outgoing(OutgoingState(document.state), OutgoingMove.APPROVE_FORM)
    document.form_reviewer_id = actor.seat_id
    document.form_approved_at = timezone.now()
    document.save(update_fields=["state", "form_reviewer", "form_approved_at"])
    _record_approval(actor, document, "documents.form_approved", comment)
    return document


@transaction.atomic
def return_draft(actor: Actor, document: OutgoingDocument, reason: str) -> OutgoingDocument:
    """Give the draft back to its drafter, and say why."""
    document = locked(document)
    accounts.check(actor, "documents.return", document)
    document.state = after_outgoing(OutgoingState(document.state), OutgoingMove.RETURN)
    document.return_reason = bounded(reason, "lý do trả lại", REASON_MAX)
    document.approved_at = document.form_reviewer = document.form_approved_at = None
    document.save(
        update_fields=[
            "state",
            "return_reason",
            "approved_at",
            "form_reviewer",
            "form_approved_at",
        ]
    )
    record(actor, document, "documents.returned", {"reason": document.return_reason})
    return document


def _record_approval(actor: Actor, document: OutgoingDocument, act: str, comment: str) -> None:
    """An approval is of one file: the journal keeps which (D30 Annex VI)."""
    facts = {
        "comment": bounded(comment, "ý kiến", REASON_MAX, required=False),
        "draft_sha256": document.draft_sha256,
    }
    record(actor, document, act, facts)
