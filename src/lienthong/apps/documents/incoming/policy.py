"""Who may do what with an incoming document: the rules that `accounts.can` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Power, Role
from lienthong.apps.documents.common.visibility import may_view, unit_of
from lienthong.apps.documents.incoming import holding
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.incoming import INCOMING, IncomingMove

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKERS = frozenset({Role.OFFICER, Role.UNIT_HEAD})
DIRECTORS = frozenset({Role.LEADER, Role.UNIT_HEAD})
ADVISERS = WORKERS | DIRECTORS
ACT_OF_INCOMING: Mapping[IncomingMove, str] = {
    IncomingMove.ACCEPT: "documents.accept",
    IncomingMove.REFUSE: "documents.refuse",
    IncomingMove.SUBMIT: "documents.submit_incoming",
    IncomingMove.ASSIGN: "documents.assign",
    IncomingMove.FILE: "documents.file_away",
    IncomingMove.TAKE_BACK: "documents.take_back",
    IncomingMove.START: "documents.work",
    IncomingMove.NOTE: "documents.note_progress",
    IncomingMove.ASK_OPINION: "documents.ask_opinion",
    IncomingMove.GIVE_OPINION: "documents.give_opinion",
    IncomingMove.ASK_EXTENSION: "documents.ask_extension",
    IncomingMove.DECIDE_EXTENSION: "documents.decide_extension",
    IncomingMove.ANSWER_BY: "documents.work",
    IncomingMove.FORWARD: "documents.forward",
    IncomingMove.HAND_OVER: "documents.hand_over",
    IncomingMove.FINISH: "documents.work",
    IncomingMove.REOPEN: "documents.reopen",
    IncomingMove.AGREE_RECALL: "documents.answer_recall",
    IncomingMove.DECLINE_RECALL: "documents.answer_recall",
}

# What somebody who stands in for another may do from their seat.
accounts.delegable(
    Power.DIRECT,
    "documents.assign",
    "documents.file_away",
    "documents.take_back",
    "documents.decide_extension",
    "documents.hand_over",
    "documents.reopen",
)
accounts.delegable(
    Power.WORK,
    "documents.work",
    "documents.note_progress",
    "documents.ask_opinion",
    "documents.give_opinion",
    "documents.ask_extension",
)


@accounts.rule("documents.register_paper")
def may_register_paper(actor: Actor, _document: None) -> bool:
    """The clerk scans and registers what comes on paper (D30 Art. 22)."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.accept")
def may_accept(actor: Actor, _document: IncomingDocument) -> bool:
    """The clerk registers (DX-23, DX-30)."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.refuse")
def may_refuse(actor: Actor, _document: IncomingDocument) -> bool:
    """The clerk refuses, and says why (DX-21)."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.submit_incoming")
def may_submit(actor: Actor, _document: IncomingDocument) -> bool:
    """The clerk puts it before who decides (DX-25)."""
    return Role.CLERK in actor.roles


@accounts.rule("documents.assign")
def may_assign(actor: Actor, document: IncomingDocument) -> bool:
    """Leaders and unit heads direct what they see (DX-25, DX-26)."""
    return bool(actor.roles & DIRECTORS) and may_view(actor, document)


@accounts.rule("documents.file_away")
def may_file_away(actor: Actor, document: IncomingDocument) -> bool:
    """Who would direct it may decide that there is nothing to do."""
    return may_assign(actor, document)


@accounts.rule("documents.take_back")
def may_take_back(actor: Actor, document: IncomingDocument) -> bool:
    """Whoever gave the direction that stands."""
    return holding.director_of(document) == actor.seat_id


@accounts.rule("documents.work")
def may_work(actor: Actor, document: IncomingDocument) -> bool:
    """The lead works on it."""
    return document.lead_id == actor.seat_id


@accounts.rule("documents.note_progress")
def may_note_progress(actor: Actor, document: IncomingDocument) -> bool:
    """The lead, and those who support."""
    return may_work(actor, document) or document.supports.filter(seat_id=actor.seat_id).exists()


@accounts.rule("documents.ask_opinion")
def may_ask_opinion(actor: Actor, document: IncomingDocument) -> bool:
    """The lead asks."""
    return may_work(actor, document)


@accounts.rule("documents.give_opinion")
def may_give_opinion(actor: Actor, document: IncomingDocument) -> bool:
    """Whoever was asked and has not answered."""
    return holding.open_question(document, actor.seat_id) is not None


@accounts.rule("documents.ask_extension")
def may_ask_extension(actor: Actor, document: IncomingDocument) -> bool:
    """The lead, of a deadline that there is, once at a time."""
    has_deadline = document.due_at is not None
    return has_deadline and may_work(actor, document) and not holding.open_extension(document)


@accounts.rule("documents.decide_extension")
def may_decide_extension(actor: Actor, document: IncomingDocument) -> bool:
    """Whoever gave the direction that stands, or a leader; never who asked."""
    asked = holding.open_extension(document)
    if asked is None or asked.by_id == actor.seat_id:
        return False
    return Role.LEADER in actor.roles or holding.director_of(document) == actor.seat_id


@accounts.rule("documents.forward")
def may_forward(actor: Actor, document: IncomingDocument) -> bool:
    """Clerks and leaders hand down what the agency registered."""
    return bool(actor.roles & {Role.CLERK, Role.LEADER}) and may_view(actor, document)


@accounts.rule("documents.hand_over")
def may_hand_over(actor: Actor, document: IncomingDocument) -> bool:
    """A leader, or the head of the unit that has the work."""
    if Role.LEADER in actor.roles:
        return True
    unit_id = document.lead.unit_id if document.lead else None
    return Role.UNIT_HEAD in actor.roles and unit_id is not None and unit_id == unit_of(actor)


@accounts.rule("documents.reopen")
def may_reopen(actor: Actor, document: IncomingDocument) -> bool:
    """A leader, or the head of the unit that did the work."""
    return may_hand_over(actor, document)


@accounts.rule("documents.answer_recall")
def may_answer_recall(actor: Actor, document: IncomingDocument) -> bool:
    """The clerk, while a recall waits for an answer (DX-36)."""
    is_waiting = document.recall_asked_at is not None and document.recall_answered_at is None
    return is_waiting and Role.CLERK in actor.roles


def available_actions(actor: Actor, document: IncomingDocument) -> list[str]:
    """What this actor may do to this document now: who (policy) and when (state) both agree."""
    return [
        move.value
        for state, move in INCOMING
        if state == document.state and accounts.can(actor, ACT_OF_INCOMING[move], document)
    ]


def acts_on_many(actor: Actor) -> frozenset[str]:
    """Which acts on many documents the list offers this person."""
    found: set[str] = set()
    if Role.CLERK in actor.roles:
        found |= {"accept", "submit"}
    if actor.roles & DIRECTORS:
        found.add("direct")
    return frozenset(found)
