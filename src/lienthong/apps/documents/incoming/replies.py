"""The reply: which of our documents answers which that came, and what its dispatch does (DX-39)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.incoming.acting import locked, record
from lienthong.apps.documents.incoming.handling import begin, close
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument, Reply
from lienthong.apps.documents.outgoing.queries import outgoing_visible_to
from lienthong.apps.documents.problems import ReplyUnsuitable
from lienthong.apps.documents.rules.incoming import IncomingMove, IncomingState, after_incoming


@transaction.atomic
def link_reply(
    actor: Actor, document: IncomingDocument, outgoing_id: UUID, *, closes: bool = True
) -> IncomingDocument:
    """Say that a document of ours answers this one; work has begun then at the latest.

    closes: the dispatch of the reply finishes the work. Raises ReplyUnsuitable.
    """
    document = locked(document)
    accounts.check(actor, "documents.work", document)
    after_incoming(IncomingState(document.state), IncomingMove.ANSWER_BY)
    reply = outgoing_visible_to(actor).filter(pk=outgoing_id).first()
    if reply is None:
        raise ReplyUnsuitable
    Reply.objects.update_or_create(
        organization_id=document.organization_id,
        incoming=document,
        outgoing=reply,
        defaults={"closes": closes, "by_id": actor.seat_id, "at": timezone.now()},
    )
    facts = {"reply": reply.reference, "outgoing": str(reply.pk), "closes": closes}
    record(actor, document, "documents.reply_linked", facts)
    if document.state == IncomingState.ASSIGNED:
        begin(actor, document)
    if reply.dispatched_at is not None:
        _take_up(document, reply, closes=closes)
    return document


@transaction.atomic
def reply_dispatched(outgoing: OutgoingDocument) -> None:
    """Finish, or advance, what a document that has just been dispatched answers."""
    for link in outgoing.answers.select_related("incoming").order_by("id"):
        document = locked(link.incoming)
        if document.state in {IncomingState.ASSIGNED, IncomingState.PROCESSING}:
            _take_up(document, outgoing, closes=link.closes)


def _take_up(document: IncomingDocument, reply: OutgoingDocument, *, closes: bool) -> None:
    record(None, document, "documents.reply_dispatched", {"reply": reply.reference})
    if document.state == IncomingState.ASSIGNED:
        begin(None, document)
    if closes:
        document.state = after_incoming(IncomingState(document.state), IncomingMove.FINISH)
        document.result_note = f"Đã trả lời bằng văn bản số {reply.reference}"
        if reply.issued_on:
            document.result_note += f" {reply.issued_words}"
        close(None, document, {"note": document.result_note})
