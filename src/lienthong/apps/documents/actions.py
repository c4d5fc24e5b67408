"""The desk's writes, gathered. One function is one transaction; `actor` is who does it.

Every function checks the policy first (`accounts.forbidden`), then the state
(`documents.move_not_allowed`), records the act in the journal and returns the document as it is
now. The `document` given may be stale: the row is read again under a lock.

Outgoing documents go through drafting, issuing, answers; incoming ones through arriving,
registering, directing, handling; beside those: asking, replies, forwarding, recalling.
"""

from __future__ import annotations

from lienthong.apps.documents.copies.making import ask_copy, make_copy
from lienthong.apps.documents.incoming.arriving import take_arrival
from lienthong.apps.documents.incoming.asking import (
    ask_extension,
    ask_opinion,
    decide_extension,
    give_opinion,
)
from lienthong.apps.documents.incoming.directing import assign, hand_over, take_back
from lienthong.apps.documents.incoming.forwarding import forward
from lienthong.apps.documents.incoming.handling import (
    file_away,
    finish,
    note_progress,
    reopen,
    start_work,
)
from lienthong.apps.documents.incoming.paper import register_paper
from lienthong.apps.documents.incoming.recalling import agree_recall, decline_recall
from lienthong.apps.documents.incoming.registering import accept, refuse, submit
from lienthong.apps.documents.incoming.replies import link_reply
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
    "agree_recall",
    "approve",
    "approve_form",
    "ask_copy",
    "ask_extension",
    "ask_opinion",
    "ask_seal",
    "ask_signature",
    "assign",
    "comment",
    "decide_extension",
    "decline_recall",
    "dispatch",
    "draft_from_form",
    "draft_from_pdf",
    "file_away",
    "finish",
    "forward",
    "give_opinion",
    "hand_over",
    "link_reply",
    "make_copy",
    "note_progress",
    "recall",
    "refuse",
    "register_paper",
    "reopen",
    "restore",
    "return_draft",
    "seal",
    "sign",
    "sign_many",
    "start_work",
    "submit",
    "submit_for_review",
    "take_arrival",
    "take_back",
    "take_receipt",
    "take_refusal",
    "take_status",
    "update_draft",
]
