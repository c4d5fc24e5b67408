"""What wiring and higher contexts may use of the document desk."""

from lienthong.apps.documents.actions import (
    accept,
    approve,
    approve_form,
    assign,
    dispatch,
    draft_from_form,
    draft_from_pdf,
    finish,
    recall,
    refuse,
    return_draft,
    seal,
    sign,
    sign_many,
    start_work,
    submit_for_review,
    take_arrival,
    take_receipt,
    take_refusal,
    take_status,
    update_draft,
)
from lienthong.apps.documents.common.history import Event, timeline
from lienthong.apps.documents.desk.queries import Desk, available_actions, desk
from lienthong.apps.documents.incoming.queries import incoming, incoming_visible_to
from lienthong.apps.documents.models import Dossier, IncomingDocument, OutgoingDocument
from lienthong.apps.documents.outgoing.queries import outgoing, outgoing_visible_to
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.search.handlers import take_recorded

__all__ = [
    "Desk",
    "Dossier",
    "Event",
    "IncomingDocument",
    "IncomingState",
    "LegalValue",
    "OutgoingDocument",
    "OutgoingState",
    "accept",
    "approve",
    "approve_form",
    "assign",
    "available_actions",
    "desk",
    "dispatch",
    "draft_from_form",
    "draft_from_pdf",
    "finish",
    "incoming",
    "incoming_visible_to",
    "outgoing",
    "outgoing_visible_to",
    "recall",
    "refuse",
    "return_draft",
    "seal",
    "sign",
    "sign_many",
    "start_work",
    "submit_for_review",
    "take_arrival",
    "take_receipt",
    "take_recorded",
    "take_refusal",
    "take_status",
    "timeline",
    "update_draft",
]
