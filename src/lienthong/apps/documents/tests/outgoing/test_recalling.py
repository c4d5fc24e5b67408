"""A document is asked back: by its clerk, from those who have it, once, and with an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.models import OutgoingDocument, OutgoingRecipient, RecallRequest
from lienthong.apps.documents.problems import FieldMissing, RecallNotPossible
from lienthong.apps.documents.rules.delivery import Delivery
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.outgoing.test_issuing import drafted, sealed
from lienthong.apps.documents.tests.test_pages import as_, text_of
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.journal import api as journal
from lienthong.core import edxml

pytestmark = pytest.mark.usefixtures("keys")


@pytest.fixture(autouse=True)
def in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


@pytest.fixture
def taken(ministry: Desk, province: Desk, keys: None) -> OutgoingDocument:
    """A document that the axis took and the province accepted."""
    document = actions.dispatch(ministry.clerk, sealed(ministry, drafted(ministry, province)))
    actions.take_receipt(
        access_point.PacketReceipted(
            organization_id=ministry.organization.pk,
            outbound_id=document.outbound_id or 0,
            correlation=document.journal_subject,
            hub_packet_id="0197aaaa-0000-7000-8000-000000000001",
        )
    )
    document.recipients.update(delivery=Delivery.ACCEPTED)
    return OutgoingDocument.objects.get(pk=document.pk)


def recalled(ministry: Desk, province: Desk, document: OutgoingDocument) -> RecallRequest:
    return actions.recall(ministry.clerk, document, [province.organization.pk], " Gửi nhầm ")


def row() -> OutgoingRecipient:
    return OutgoingRecipient.objects.get()


def test_a_recall_goes_to_those_who_have_the_document(
    ministry: Desk, province: Desk, taken: OutgoingDocument
) -> None:
    """DX-36: announced on the system, with a reason and a day to answer; asked once."""
    request = recalled(ministry, province, taken)
    with pytest.raises(RecallNotPossible):
        recalled(ministry, province, taken)

    packet = edxml.decode(access_point.outbound_bytes(request.outbound_id or 0))
    assert isinstance(packet, edxml.DocumentPacket)
    assert packet.business.kind is edxml.BusinessKind.RECALL
    assert (packet.target_id, packet.business.reason) == (taken.document_id, "Gửi nhầm")
    assert [one.code for one in packet.receivers] == ["H90"]
    assert packet.attachments == ()
    assert (row().delivery, row().delivery_before) == (Delivery.RECALL_PENDING, Delivery.ACCEPTED)
    assert request.answer_by == deadlines.answer_by(request.asked_at) > timezone.now()
    assert journal.history(taken.journal_subject)[-1].act == "documents.recalled"
    assert RecallRequest.objects.count() == 1


def test_a_recall_names_recipients_of_the_document_and_is_the_clerks(
    ministry: Desk, province: Desk, taken: OutgoingDocument
) -> None:
    for nobody in ([], [-1]):
        with pytest.raises(FieldMissing):
            actions.recall(ministry.clerk, taken, nobody, "Gửi nhầm")
    with pytest.raises(accounts.Forbidden):
        actions.recall(ministry.officer, taken, [province.organization.pk], "Gửi nhầm")

    assert row().delivery == Delivery.ACCEPTED


def test_a_recall_that_the_axis_refuses_leaves_the_delivery_as_it_was(
    ministry: Desk, province: Desk, taken: OutgoingDocument
) -> None:
    request = recalled(ministry, province, taken)
    event = access_point.PacketRefused(
        organization_id=ministry.organization.pk,
        outbound_id=request.outbound_id or 0,
        correlation=f"{taken.journal_subject}:recall:{request.pk}",
        code="hub.packet_refused",
        text="V-33",
    )

    actions.take_refusal(event)
    actions.take_refusal(event)

    assert (row().delivery, row().delivery_before) == (Delivery.ACCEPTED, "")
    assert OutgoingDocument.objects.get().state == "dispatched"
    acts = [entry.act for entry in journal.history(taken.journal_subject)]
    assert acts.count("documents.recall_refused") == 1


def test_the_page_offers_the_recall_and_shows_it(
    ministry: Desk, province: Desk, taken: OutgoingDocument
) -> None:
    clerk, page = as_(ministry.clerk), f"/van-ban/di/{taken.pk}"
    answer: dict[str, Any] = {"recipients": [province.organization.pk], "reason": "Gửi nhầm"}

    offered = text_of(clerk.get(page))
    lacking = clerk.post(f"{page}/thu-hoi", {"reason": ""})
    done = clerk.post(f"{page}/thu-hoi", answer)
    shown = text_of(clerk.get(page))

    assert "Gửi yêu cầu thu hồi" in offered
    assert (lacking.status_code, done.status_code) == (422, 302)
    assert "Chờ thu hồi" in shown
    assert "hạn trả lời" in shown
