"""Letters of the ministry to the province, as far on their way as a test needs them."""

from __future__ import annotations

from typing import Any

from lienthong.apps.documents import actions
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.tests.conftest import PIN, Desk

from .offices import at

LETTER = {
    "body": "Bộ đề nghị Quý Ủy ban góp ý dự thảo Quy chế.\nTrân trọng cảm ơn./.",
    "places": ["Như trên"],
}


def approved(ministry: Desk, province: Desk, **other: Any) -> OutgoingDocument:
    """A letter that waits for the deputy minister's signature."""
    wanted: dict[str, Any] = {
        "type_code": 18,
        "subject": "Góp ý dự thảo Quy chế trao đổi văn bản điện tử",
        "urgency": 1,
        "recipients": [province.organization.pk],
        "form": LETTER,
        "signatory_seat_id": ministry.deputy.seat_id,
        "reviewer_seat_id": ministry.unit_head.seat_id,
    }
    with at(ministry):
        letter = actions.draft_from_form(ministry.officer, **(wanted | other))
        actions.submit_for_review(ministry.officer, letter)
        actions.approve(ministry.unit_head, letter, "Đồng ý")
        return actions.approve_form(ministry.clerk, letter)


def sealed(ministry: Desk, province: Desk, **other: Any) -> OutgoingDocument:
    """A letter with number, date and both signatures, which the clerk may send."""
    letter = approved(ministry, province, **other)
    with at(ministry):
        actions.sign(ministry.deputy, letter, PIN)
        return actions.seal(ministry.clerk, letter, PIN)


def dispatched(ministry: Desk, province: Desk, **other: Any) -> OutgoingDocument:
    """A letter that waits in the access point for the axis."""
    letter = sealed(ministry, province, **other)
    with at(ministry):
        return actions.dispatch(ministry.clerk, letter)
