"""Who may do what with an incoming document: the rules that `accounts.can` asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Power, Role
from lienthong.apps.documents.common.visibility import may_view
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.incoming import INCOMING, IncomingMove

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKERS = frozenset({Role.OFFICER, Role.UNIT_HEAD})
_DIRECTORS = frozenset({Role.LEADER, Role.UNIT_HEAD})
ACT_OF_INCOMING: Mapping[IncomingMove, str] = {
    IncomingMove.ACCEPT: "documents.accept",
    IncomingMove.REFUSE: "documents.refuse",
    IncomingMove.ASSIGN: "documents.assign",
    IncomingMove.START: "documents.work",
    IncomingMove.FINISH: "documents.work",
}

# What somebody who stands in for another may do from their seat.
accounts.delegable(Power.DIRECT, "documents.assign")
accounts.delegable(Power.WORK, "documents.work")


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


def available_actions(actor: Actor, document: IncomingDocument) -> list[str]:
    """What this actor may do to this document now: who (policy) and when (state) both agree."""
    return [
        move.value
        for state, move in INCOMING
        if state == document.state and accounts.can(actor, ACT_OF_INCOMING[move], document)
    ]
