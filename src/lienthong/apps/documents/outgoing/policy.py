"""Who may do what with an outgoing document: the rules that `accounts.can` asks.

The rule of an act says who, the tables in `rules` say when: both must agree.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Power, Role
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.rules.outgoing import OUTGOING, OutgoingMove, OutgoingState

if TYPE_CHECKING:
    from collections.abc import Mapping

DRAFTERS = frozenset({Role.OFFICER, Role.CLERK, Role.UNIT_HEAD, Role.LEADER, Role.ASSISTANT})
REVIEWERS = frozenset({Role.UNIT_HEAD, Role.LEADER})
SIGNATORIES = frozenset({Role.LEADER, Role.UNIT_HEAD})

# Which rule answers for which move.
ACT_OF_OUTGOING: Mapping[OutgoingMove, str] = {
    OutgoingMove.EDIT: "documents.draft",
    OutgoingMove.SUBMIT: "documents.draft",
    OutgoingMove.APPROVE: "documents.review",
    OutgoingMove.APPROVE_FORM: "documents.review_form",
    OutgoingMove.RETURN: "documents.return",
    OutgoingMove.SIGN: "documents.sign",
    OutgoingMove.SEAL: "documents.seal",
    OutgoingMove.DISPATCH: "documents.dispatch",
    OutgoingMove.RECALL: "documents.recall",
}

# What somebody who stands in for another may do from their seat: never sign (TM-D-S).
accounts.delegable(Power.REVIEW, "documents.review", "documents.return")


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


@accounts.rule("documents.review_form")
def may_review_form(actor: Actor, document: OutgoingDocument) -> bool:
    """A clerk, or a unit head for what a clerk drafted; never who drafted or approved the content.

    D30 Art. 12: two different people answer for content and form.
    """
    roles = {Role.CLERK, Role.UNIT_HEAD} if document.drafter.role == Role.CLERK else {Role.CLERK}
    involved = {document.drafter.person_id, document.reviewer.person_id}
    return bool(actor.roles & roles) and actor.person_id not in involved


@accounts.rule("documents.return")
def may_return(actor: Actor, document: OutgoingDocument) -> bool:
    """Whoever has the draft on the table: the two reviewers, then the signatory."""
    if document.state == OutgoingState.IN_REVIEW:
        return may_review(actor, document)
    if document.state == OutgoingState.IN_FORM_REVIEW:
        return may_review_form(actor, document)
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


@accounts.rule("documents.recall")
def may_recall(actor: Actor, document: OutgoingDocument) -> bool:
    """The clerk asks back what the axis has taken (DX-36)."""
    return Role.CLERK in actor.roles and document.hub_packet_id is not None


def available_actions(actor: Actor, document: OutgoingDocument) -> list[str]:
    """What this actor may do to this document now: who (policy) and when (state) both agree."""
    return [
        move.value
        for state, move in OUTGOING
        if state == document.state
        and move in ACT_OF_OUTGOING
        and accounts.can(actor, ACT_OF_OUTGOING[move], document)
    ]
