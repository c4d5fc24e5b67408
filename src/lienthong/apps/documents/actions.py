"""The desk's writes, gathered. One function is one transaction; `actor` is who does it.

Every function checks the policy first (`accounts.forbidden`), then the state
(`documents.move_not_allowed`), records the act in the journal and returns the document as it is
now. The `document` given may be stale: the row is read again under a lock.

Outgoing documents go through drafting, issuing, answers; incoming ones through arriving, handling.
"""

from __future__ import annotations

from lienthong.apps.documents.copies.making import ask_copy, make_copy
from lienthong.apps.documents.incoming.arriving import take_arrival
from lienthong.apps.documents.incoming.handling import accept, assign, finish, refuse, start_work
from lienthong.apps.documents.outgoing.answers import take_receipt, take_refusal, take_status
from lienthong.apps.documents.outgoing.drafting import (
    draft_from_form,
    draft_from_pdf,
    restore,
    update_draft,
)
from lienthong.apps.documents.outgoing.issuing import (
    ask_seal,
    ask_signature,
    dispatch,
    seal,
    sign,
)
from lienthong.apps.documents.outgoing.recalling import recall
from lienthong.apps.documents.outgoing.reviewing import (
    approve,
    approve_form,
    return_draft,
    submit_for_review,
)
from lienthong.apps.documents.outgoing.signing_many import sign_many
from lienthong.apps.documents.outgoing.versions import comment

__all__ = [
    "accept",
    "approve",
    "approve_form",
    "ask_copy",
    "ask_seal",
    "ask_signature",
    "assign",
    "comment",
    "dispatch",
    "draft_from_form",
    "draft_from_pdf",
    "finish",
    "make_copy",
    "recall",
    "refuse",
    "restore",
    "return_draft",
    "seal",
    "sign",
    "sign_many",
    "start_work",
    "submit_for_review",
    "take_arrival",
    "take_receipt",
    "take_refusal",
    "take_status",
    "update_draft",
]
