"""Questions and answers while work is on: opinions of colleagues, a later deadline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.incoming import policy, telling
from lienthong.apps.documents.incoming.acting import (
    LONG_TEXT_MAX,
    TEXT_MAX,
    locked,
    record,
    suitable,
)
from lienthong.apps.documents.incoming.holding import open_extension, open_question
from lienthong.apps.documents.models import ExtensionRequest, IncomingDocument, OpinionRequest
from lienthong.apps.documents.problems import AskedAlready, DueInPast, ExtensionNotLater
from lienthong.apps.documents.rules.follow_up import Stage
from lienthong.apps.documents.rules.incoming import IncomingMove, IncomingState, after_incoming


@transaction.atomic
def ask_opinion(
    actor: Actor,
    document: IncomingDocument,
    seat_ids: Sequence[int],
    question: str,
    due_on: date | None = None,
) -> IncomingDocument:
    """Ask colleagues, also of other units, for their opinion; each then sees the document.

    Raises SeatUnsuitable, DueInPast, and AskedAlready while one of them owes an answer.
    """
    document = locked(document)
    accounts.check(actor, "documents.ask_opinion", document)
    after_incoming(IncomingState(document.state), IncomingMove.ASK_OPINION)
    question = bounded(question, "nội dung xin ý kiến", LONG_TEXT_MAX)
    if due_on is not None and due_on < timezone.localdate():
        raise DueInPast(due_on=f"{due_on:%d/%m/%Y}")
    others = [seat_id for seat_id in seat_ids if seat_id != actor.seat_id]
    seats = suitable(document.organization_id, others, policy.ADVISERS, "người cho ý kiến")
    waiting = document.opinions.filter(asked__in=seats, answered_at=None).select_related(
        "asked__person"
    )
    for one in waiting:
        raise AskedAlready(who=one.asked.person.full_name)
    OpinionRequest.objects.bulk_create(
        OpinionRequest(
            organization_id=document.organization_id,
            document=document,
            by_id=actor.seat_id,
            asked=seat,
            question=question,
            due_on=due_on,
            at=timezone.now(),
        )
        for seat in seats
    )
    names = ", ".join(seat.person.full_name for seat in seats)
    record(actor, document, "documents.opinion_asked", {"of": names, "question": question})
    telling.opinion_asked(document, seats, actor.name)
    return document


@transaction.atomic
def give_opinion(actor: Actor, document: IncomingDocument, answer: str) -> IncomingDocument:
    """Answer the question that was put to this person."""
    document = locked(document)
    accounts.check(actor, "documents.give_opinion", document)
    after_incoming(IncomingState(document.state), IncomingMove.GIVE_OPINION)
    found = open_question(document, actor.seat_id)
    if found is None:
        raise accounts.Forbidden(action="documents.give_opinion")
    found.answer = bounded(answer, "ý kiến", LONG_TEXT_MAX)
    found.answered_at = timezone.now()
    found.save(update_fields=["answer", "answered_at"])
    record(actor, document, "documents.opinion_given", {"answer": found.answer})
    telling.opinion_given(document, found)
    return document


@transaction.atomic
def ask_extension(
    actor: Actor, document: IncomingDocument, wanted_on: date, reason: str
) -> IncomingDocument:
    """Ask who directed for a later deadline. Raises ExtensionNotLater, AskedAlready."""
    document = locked(document)
    accounts.check(actor, "documents.ask_extension", document)
    after_incoming(IncomingState(document.state), IncomingMove.ASK_EXTENSION)
    due_at = document.due_at
    if due_at is None or wanted_on <= max(timezone.localdate(due_at), timezone.localdate()):
        shown = f"{timezone.localdate(due_at):%d/%m/%Y}" if due_at else "(chưa đặt)"
        raise ExtensionNotLater(due_on=shown)
    if open_extension(document) is not None:
        raise AskedAlready(who="lãnh đạo")
    asked = ExtensionRequest.objects.create(
        organization_id=document.organization_id,
        document=document,
        by_id=actor.seat_id,
        reason=bounded(reason, "lý do gia hạn", TEXT_MAX),
        due_before=due_at,
        wanted_on=wanted_on,
        at=timezone.now(),
    )
    facts = {"until": wanted_on.isoformat(), "reason": asked.reason}
    record(actor, document, "documents.extension_asked", facts)
    telling.extension_asked(document, actor.name, wanted_on)
    return document


@transaction.atomic
def decide_extension(
    actor: Actor, document: IncomingDocument, is_granted: bool, decision: str = ""
) -> IncomingDocument:
    """Grant or deny the extension that is asked for; a denial says why."""
    document = locked(document)
    accounts.check(actor, "documents.decide_extension", document)
    after_incoming(IncomingState(document.state), IncomingMove.DECIDE_EXTENSION)
    asked = open_extension(document)
    if asked is None:
        raise accounts.Forbidden(action="documents.decide_extension")
    asked.decision = bounded(decision, "lý do không gia hạn", TEXT_MAX, required=not is_granted)
    asked.is_granted = is_granted
    asked.decided_by_id = actor.seat_id
    asked.decided_at = timezone.now()
    asked.save(update_fields=["decision", "is_granted", "decided_by", "decided_at"])
    if is_granted:
        document.due_at = deadlines.settle_by(asked.wanted_on)
        document.reminded = Stage.QUIET
        document.save(update_fields=["due_at", "reminded"])
    facts = {
        "granted": is_granted,
        "until": asked.wanted_on.isoformat(),
        "decision": asked.decision or ("Đồng ý" if is_granted else "Không đồng ý"),
    }
    record(actor, document, "documents.extension_decided", facts)
    telling.extension_decided(document, asked)
    return document
