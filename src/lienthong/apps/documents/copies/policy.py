"""Who may make electronic copies."""

from __future__ import annotations

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.common.visibility import may_view
from lienthong.apps.documents.models import Document, IncomingDocument
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState

COPY = "documents.copy"


@accounts.rule(COPY)
def may_copy(actor: Actor, document: Document) -> bool:
    """The clerk copies what the organization issued or registered (DX-51)."""
    if isinstance(document, IncomingDocument):
        is_ready = document.state not in {IncomingState.ARRIVED, IncomingState.REFUSED}
    else:
        is_ready = document.state in {OutgoingState.SEALED, OutgoingState.DISPATCHED}
    return is_ready and Role.CLERK in actor.roles and may_view(actor, document)
