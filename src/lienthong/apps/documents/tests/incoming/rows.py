"""Incoming documents as rows, without packets: for what does not depend on how they came."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from lienthong.apps.documents.models import Direction, IncomingDocument
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.incoming import IncomingState, Medium
from lienthong.apps.documents.tests.conftest import Desk

NUMBERED = {
    IncomingState.REGISTERED,
    IncomingState.ASSIGNED,
    IncomingState.PROCESSING,
    IncomingState.COMPLETED,
}


def paper_in(
    desk: Desk, state: IncomingState = IncomingState.REGISTERED, **given: Any
) -> IncomingDocument:
    """A document that came on paper, so that no sender is told; led by the officer."""
    now = timezone.now()
    number = IncomingDocument.objects.count() + 1
    is_led = state in NUMBERED - {IncomingState.REGISTERED}
    columns: dict[str, Any] = {
        "organization": desk.organization,
        "state": state,
        "medium": Medium.PAPER,
        "sender_name": "Hợp tác xã Đồng Xanh",
        "number": f"{number:02d}",
        "notation": "HTX-VP",
        "issued_on": date(2026, 3, 2),
        "type_name": "Công văn",
        "subject": "Đề nghị hỗ trợ",
        "legal_value": LegalValue.INFORMATION_ONLY,
        "arrived_at": now,
        "register_by": now + timedelta(days=2),
        "arrival_number": number if state in NUMBERED else None,
        "registered_at": now if state in NUMBERED else None,
        "lead_id": desk.officer.seat_id if is_led else None,
    }
    document = IncomingDocument.objects.create(**columns | given)
    if is_led:
        Direction.objects.create(
            organization=desk.organization,
            document=document,
            by_id=desk.leader.seat_id,
            lead_id=(columns | given)["lead_id"],
            text=document.directive,
            due_at=document.due_at,
            at=now,
        )
    return document
