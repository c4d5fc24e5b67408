"""Recall of what was sent to us: asked by the sender, carried out or declined (DX-36–DX-41)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.incoming import telling
from lienthong.apps.documents.incoming.acting import TEXT_MAX, done, locked, record
from lienthong.apps.documents.incoming.forwarding import copies_below
from lienthong.apps.documents.incoming.reporting import report_status
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.incoming import (
    RECALLABLE,
    IncomingMove,
    IncomingState,
    after_incoming,
)
from lienthong.core import edxml


def take_recall(
    organization_id: int,
    inbound_id: int,
    packet: edxml.DocumentPacket,
    *,
    sender_codes: Collection[str],
    at: datetime,
) -> bool:
    """Put a recall before the clerk; whether it names a document that this sender sent us.

    Runs in the caller's transaction and scope. The same packet again changes nothing.
    """
    document = (
        IncomingDocument.objects.select_for_update(of=("self",))
        .select_related("organization")
        .filter(
            organization_id=organization_id,
            document_id=packet.target_id,
            sender_code__in=list(sender_codes),
            state__in=RECALLABLE,
            inbound_id__isnull=False,
        )
        .order_by("-arrived_at")
        .first()
    )
    if document is None:
        return False
    if document.recall_inbound_id == inbound_id:
        return True
    document.recall_inbound_id = inbound_id
    document.recall_asked_at = at
    document.recall_answered_at = None
    document.recall_reason = packet.business.reason[:TEXT_MAX]
    document.save(
        update_fields=[
            "recall_inbound_id",
            "recall_asked_at",
            "recall_answered_at",
            "recall_reason",
        ]
    )
    record(None, document, "documents.recall_asked", {"reason": document.recall_reason})
    telling.recall_asked(document)
    return True


@transaction.atomic
def agree_recall(actor: Actor, document: IncomingDocument) -> IncomingDocument:
    """Cancel the document here and in what was handed down, and tell the sender (status 15).

    Its content is no longer shown; digests, journal and the record of the recall stay (DX-37).
    """
    document = locked(document)
    accounts.check(actor, "documents.answer_recall", document)
    document.state = after_incoming(IncomingState(document.state), IncomingMove.AGREE_RECALL)
    _cancel(actor, document)
    return document


@transaction.atomic
def decline_recall(actor: Actor, document: IncomingDocument, reason: str) -> IncomingDocument:
    """Keep the document and say why (status 16); the leaders here hear of it (DX-41)."""
    document = locked(document)
    accounts.check(actor, "documents.answer_recall", document)
    after_incoming(IncomingState(document.state), IncomingMove.DECLINE_RECALL)
    reason = bounded(reason, "lý do từ chối thu hồi", TEXT_MAX)
    document.recall_answered_at = timezone.now()
    document.save(update_fields=["recall_answered_at"])
    record(actor, document, "documents.recall_declined", {"reason": reason})
    report_status(document, edxml.StatusCode.DECLINED, description=reason, actor=actor)
    telling.recall_declined(document, reason)
    return document


def _cancel(actor: Actor | None, document: IncomingDocument) -> None:
    document.state = IncomingState.RECALLED
    document.recall_answered_at = timezone.now()
    document.save(update_fields=["state", "recall_answered_at"])
    done(actor, document, "documents.recall_agreed", {"pdf_sha256": document.pdf_sha256})
    telling.recalled(document)
    for copy in copies_below(document):  # DX-40
        if copy.state in RECALLABLE:
            copy.recall_asked_at = document.recall_asked_at
            copy.recall_reason = document.recall_reason
            copy.save(update_fields=["recall_asked_at", "recall_reason"])
            _cancel(None, copy)
