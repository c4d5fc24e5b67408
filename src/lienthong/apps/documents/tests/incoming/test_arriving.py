"""A document arrives at the province, is handled there, and its statuses come home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import deadlines, history
from lienthong.apps.documents.incoming import queries
from lienthong.apps.documents.models import (
    Dossier,
    IncomingDocument,
    OutgoingDocument,
    OutgoingRecipient,
    StatusEntry,
    StatusReport,
)
from lienthong.apps.documents.problems import DueInPast, FieldMissing, SeatUnsuitable
from lienthong.apps.documents.rules import LegalValue, MoveNotAllowed
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.tests.conftest import Desk
from lienthong.apps.documents.tests.outgoing.test_issuing import drafted, sealed
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import edxml, signing

pytestmark = pytest.mark.usefixtures("keys")


def carry(outbound: access_point.Outbound, to: Desk) -> int:
    """Do what the axis and the access points do: hand the signed bytes over, and store them."""
    raw = files.get(outbound.packet_sha256)
    return store(raw, bytes(outbound.signature), to, kind=outbound.kind)


def store(raw: bytes, signature: bytes, to: Desk, kind: str = "edoc") -> int:
    now = timezone.now()
    report = signing.verify_detached(raw, signature, trust=pki.trust(), at=now)
    with accounts.scope(to.organization.pk):
        row = access_point.Inbound.objects.create(
            organization=to.organization,
            delivery_id=uuid4(),
            hub_packet_id=uuid4(),
            kind=kind,
            sender_code="",
            recipient_code=to.organization.code,
            packet_sha256=files.put(raw).sha256,
            signature=signature,
            report=report.to_json(),
            received_at=now,
        )
    return row.pk


def outbound_of(desk: Desk, outbound_id: int | None) -> access_point.Outbound:
    with accounts.scope(desk.organization.pk):
        return access_point.outbound(outbound_id or 0)


def sent(ministry: Desk, province: Desk) -> OutgoingDocument:
    with accounts.scope(ministry.organization.pk):
        return actions.dispatch(ministry.clerk, sealed(ministry, drafted(ministry, province)))


def arrived(province: Desk, inbound_id: int) -> IncomingDocument:
    actions.take_arrival(
        access_point.PacketArrived(organization_id=province.organization.pk, inbound_id=inbound_id)
    )
    with accounts.scope(province.organization.pk):
        return IncomingDocument.objects.select_related("organization").get(inbound_id=inbound_id)


@pytest.fixture
def document(ministry: Desk, province: Desk) -> IncomingDocument:
    """A document of the ministry that has just arrived at the province."""
    outgoing = sent(ministry, province)
    outbound = outbound_of(ministry, outgoing.outbound_id)
    return arrived(province, carry(outbound, province))


def packet_with(document: IncomingDocument, **other: Any) -> tuple[bytes, bytes]:
    """The packet of `document` with something else in it, signed again by the ministry."""
    packet = edxml.decode(files.get(document.packet_sha256))
    assert isinstance(packet, edxml.DocumentPacket)
    raw = edxml.encode(replace(packet, **other))
    from lienthong.apps.directory import api as directory  # noqa: PLC0415

    sender = directory.find(packet.sender.code)
    assert sender is not None
    signer = pki.service_signer(sender.pk)
    return raw, signing.sign_detached(raw, signer=signer, at=timezone.now())


def handled(province: Desk, document: IncomingDocument) -> IncomingDocument:
    with accounts.scope(province.organization.pk):
        actions.accept(province.clerk, document)
        actions.assign(
            province.leader,
            document,
            lead_seat_id=province.officer.seat_id,
            supporting_seat_ids=[province.colleague.seat_id],
            directive="Tham mưu trả lời",
            due_on=timezone.localdate() + timedelta(days=7),
        )
        actions.start_work(province.officer, document)
        return actions.finish(
            province.officer, document, "Đã trả lời bằng văn bản", dossier_title="Liên thông 2026"
        )


def test_an_arrival_is_verified_again_and_told_to_the_sender(
    ministry: Desk, province: Desk, document: IncomingDocument
) -> None:
    """DX-06, DX-20, DX-22."""
    with accounts.scope(province.organization.pk):
        reports = list(StatusReport.objects.filter(document=document))
        told = edxml.decode(access_point.outbound_bytes(reports[0].outbound_id or 0))
        acts = [entry.act for entry in journal.history(document.journal_subject)]

    assert document.state == IncomingState.ARRIVED
    assert document.legal_value == LegalValue.EQUIVALENT
    assert document.report["parts"] == {
        "completeness": True,
        "integrity": True,
        "authenticity": True,
    }
    assert document.reference == "01/BTN-CCN"
    assert document.sender_name == ministry.organization.name
    assert document.signer_name == "Hoàng Phó btn"
    assert [report.status for report in reports] == ["01"]
    assert isinstance(told, edxml.StatusPacket)
    assert told.response_for.document_id == document.document_id
    assert told.response_for.code == "G90"
    assert acts == ["documents.arrived"]
    assert signing.DocumentReport.from_json(document.report["document"]).verdict == "VALID"


def test_an_arrival_told_twice_is_one_document(province: Desk, document: IncomingDocument) -> None:
    event = access_point.PacketArrived(
        organization_id=province.organization.pk, inbound_id=document.inbound_id or 0
    )

    actions.take_arrival(event)

    with accounts.scope(province.organization.pk):
        assert IncomingDocument.objects.count() == 1
        assert StatusReport.objects.count() == 1
        assert access_point.Outbound.objects.count() == 1


def test_the_work_is_reported_step_by_step_each_once(
    province: Desk, document: IncomingDocument
) -> None:
    """DX-23, DX-26, DX-28, DX-76."""
    done = handled(province, document)

    with accounts.scope(province.organization.pk):
        statuses = list(
            StatusReport.objects.filter(document=document).values_list("status", flat=True)
        )
        acts = [entry.act for entry in journal.history(document.journal_subject)]
        kinds = [event.kind for event in history.timeline(done)]
    assert statuses == ["01", "03", "04", "05", "06"]
    assert acts == [
        f"documents.{act}" for act in ("arrived", "registered", "assigned", "started", "finished")
    ]
    assert [kind for kind in kinds if kind.startswith("status")] == [
        f"status.{code}" for code in statuses
    ]
    assert done.arrival_number == 1
    assert done.dossier is not None
    assert done.dossier.title == "Liên thông 2026"
    assert done.due_at is not None


def test_statuses_come_home_and_move_the_delivery_forward(
    ministry: Desk, province: Desk, document: IncomingDocument
) -> None:
    """§9.1 over the real packets."""
    handled(province, document)
    with accounts.scope(province.organization.pk):
        ids = list(StatusReport.objects.values_list("outbound_id", flat=True))

    for outbound_id in [ids[0], ids[2], ids[1], *ids[3:], ids[4]]:
        inbound_id = carry(outbound_of(province, outbound_id), ministry)
        event = access_point.StatusArrived(
            organization_id=ministry.organization.pk, inbound_id=inbound_id
        )
        actions.take_status(event)
        actions.take_status(event)

    with accounts.scope(ministry.organization.pk):
        row = OutgoingRecipient.objects.get()
        entries = list(StatusEntry.objects.order_by("id").values_list("status", "moved"))
    assert (row.delivery, row.status) == ("completed", "06")
    assert entries == [
        ("01", True),
        ("04", True),
        ("03", False),
        ("05", True),
        ("06", True),
        ("06", False),
    ]


def test_a_receipt_is_noted_once(ministry: Desk, province: Desk) -> None:
    document = sent(ministry, province)
    event = access_point.PacketReceipted(
        organization_id=ministry.organization.pk,
        outbound_id=document.outbound_id or 0,
        correlation=document.journal_subject,
        hub_packet_id=str(uuid4()),
    )

    actions.take_receipt(event)
    actions.take_receipt(event)

    with accounts.scope(ministry.organization.pk):
        document.refresh_from_db()
        acts = [entry.act for entry in journal.history(document.journal_subject)]
    assert str(document.hub_packet_id) == event.hub_packet_id
    assert acts.count("documents.receipted") == 1


def test_a_refusal_needs_a_reason_and_reaches_the_sender(
    ministry: Desk, province: Desk, document: IncomingDocument
) -> None:
    """DX-21."""
    with accounts.scope(province.organization.pk):
        with pytest.raises(FieldMissing):
            actions.refuse(province.clerk, document, "WRONG_RECEIVER", "  ")
        with pytest.raises(FieldMissing):
            actions.refuse(province.clerk, document, "NO_SUCH_REASON", "Gửi nhầm")
        refused = actions.refuse(province.clerk, document, "WRONG_RECEIVER", "Không thuộc tỉnh")
        report = StatusReport.objects.get(status="02")
        with pytest.raises(MoveNotAllowed):
            actions.accept(province.clerk, document)
    inbound_id = carry(outbound_of(province, report.outbound_id), ministry)
    actions.take_status(
        access_point.StatusArrived(organization_id=ministry.organization.pk, inbound_id=inbound_id)
    )

    with accounts.scope(ministry.organization.pk):
        row = OutgoingRecipient.objects.get()
        entry = row.entries.get()
    assert refused.arrival_number is None
    assert row.delivery == "rejected"
    assert entry.description == "Gửi nhầm nơi nhận: Không thuộc tỉnh"


def test_a_direction_given_again_is_not_reported_again(
    province: Desk, document: IncomingDocument
) -> None:
    """DX-28 "once"."""
    with accounts.scope(province.organization.pk):
        actions.accept(province.clerk, document)
        actions.assign(province.leader, document, province.officer.seat_id)
        again = actions.assign(province.leader, document, province.colleague.seat_id)

        assert again.lead_id == province.colleague.seat_id
        assert StatusReport.objects.filter(status="04").count() == 1


def test_only_people_of_the_agency_are_charged_and_never_for_yesterday(
    ministry: Desk, province: Desk, document: IncomingDocument
) -> None:
    """DX-26."""
    with accounts.scope(province.organization.pk):
        actions.accept(province.clerk, document)

        with pytest.raises(SeatUnsuitable):
            actions.assign(province.leader, document, ministry.officer.seat_id)
        with pytest.raises(SeatUnsuitable):
            actions.assign(province.leader, document, province.archivist.seat_id)
        with pytest.raises(DueInPast):
            actions.assign(
                province.leader,
                document,
                province.officer.seat_id,
                due_on=timezone.localdate() - timedelta(days=1),
            )
        document.refresh_from_db()

    assert document.state == IncomingState.REGISTERED


def test_work_ends_with_a_result_in_a_dossier(province: Desk, document: IncomingDocument) -> None:
    with accounts.scope(province.organization.pk):
        actions.accept(province.clerk, document)
        actions.assign(province.leader, document, province.officer.seat_id)
        actions.start_work(province.officer, document)

        with pytest.raises(FieldMissing):
            actions.finish(province.officer, document, " ", dossier_title="Hồ sơ")
        with pytest.raises(FieldMissing):
            actions.finish(province.officer, document, "Xong")
        with pytest.raises(accounts.Forbidden):
            actions.finish(province.colleague, document, "Xong", dossier_title="Hồ sơ")
        assert not Dossier.objects.exists()
        done = actions.finish(province.officer, document, "Xong", dossier_title="Hồ sơ")

    assert done.dossier is not None
    assert done.dossier.code == f"01/{timezone.localdate().year}"


def test_the_same_document_once_more_is_a_warned_duplicate(
    province: Desk, document: IncomingDocument
) -> None:
    """DX-29, first key: the document identifier."""
    raw, signature = packet_with(document, content="gửi lại")

    again = arrived(province, store(raw, signature, province))

    assert again.duplicate_of_id == document.pk
    with accounts.scope(province.organization.pk):
        assert list(queries.duplicates_of(document)) == [again]


def test_the_same_number_and_notation_is_a_warned_duplicate(
    province: Desk, document: IncomingDocument
) -> None:
    """DX-29, second key: agency, number, notation, year."""
    on = document.issued_on - timedelta(days=1)
    other_id = f"G90,{on:%Y/%m/%d},{document.reference}"
    raw, signature = packet_with(document, document_id=other_id, promulgated_on=on)

    again = arrived(province, store(raw, signature, province))

    expected = document.pk if on.year == document.issued_on.year else None
    assert again.duplicate_of_id == expected


def changed_file(document: IncomingDocument) -> tuple[edxml.Attachment, ...]:
    data = bytearray(files.get(document.pdf_sha256))
    data[len(data) // 3] ^= 1
    return (edxml.Attachment.of("van-ban.pdf", bytes(data)),)


def unsigned_file(_document: IncomingDocument) -> tuple[edxml.Attachment, ...]:
    from lienthong.apps.documents.tests.common.test_typeset import blank  # noqa: PLC0415

    return (edxml.Attachment.of("van-ban.pdf", blank(595, 842)),)


@pytest.mark.parametrize("attachments", [changed_file, unsigned_file])
def test_a_file_that_is_not_official_is_for_information_only(
    province: Desk,
    document: IncomingDocument,
    attachments: Callable[[IncomingDocument], tuple[edxml.Attachment, ...]],
) -> None:
    """DX-06, DX-12: and nothing about it is shown as valid."""
    raw, signature = packet_with(document, attachments=attachments(document))

    doubtful = arrived(province, store(raw, signature, province))

    assert doubtful.legal_value == LegalValue.INFORMATION_ONLY
    assert doubtful.report["parts"]["authenticity"] is False
    assert doubtful.report["document"]["verdict"] != "VALID"


def test_a_document_that_names_another_signer_is_for_information_only(
    province: Desk, document: IncomingDocument
) -> None:
    """DX-66."""
    signer = edxml.Signer(position="Bộ trưởng", full_name="Người Khác")
    raw, signature = packet_with(document, signer=signer)

    doubtful = arrived(province, store(raw, signature, province))

    assert doubtful.legal_value == LegalValue.INFORMATION_ONLY


@pytest.mark.parametrize(
    ("kind", "target", "act"),
    [
        (edxml.BusinessKind.UPDATE, "same", "documents.operation_not_supported"),
        (edxml.BusinessKind.RECALL, "G90,2026/03/02,99/BTN-CCN", "documents.recall_unmatched"),
    ],
)
def test_an_update_and_a_recall_of_nothing_are_kept_in_the_journal(
    province: Desk, document: IncomingDocument, kind: edxml.BusinessKind, target: str, act: str
) -> None:
    about = document.document_id if target == "same" else target
    recall = edxml.Business(kind=kind, reason="Sai", document_id=about)
    raw, signature = packet_with(document, business=recall)
    inbound_id = store(raw, signature, province)
    event = access_point.PacketArrived(
        organization_id=province.organization.pk, inbound_id=inbound_id
    )

    actions.take_arrival(event)
    actions.take_arrival(event)

    with accounts.scope(province.organization.pk):
        entries = journal.history(f"inbound:{inbound_id}")
        assert IncomingDocument.objects.count() == 1
    assert [entry.act for entry in entries] == [act]


def test_a_status_of_an_unknown_document_is_only_noted(
    ministry: Desk, province: Desk, document: IncomingDocument
) -> None:
    with accounts.scope(province.organization.pk):
        report = StatusReport.objects.get()
    with accounts.scope(ministry.organization.pk):
        OutgoingRecipient.objects.all().delete()
    inbound_id = carry(outbound_of(province, report.outbound_id), ministry)

    actions.take_status(
        access_point.StatusArrived(organization_id=ministry.organization.pk, inbound_id=inbound_id)
    )

    with accounts.scope(ministry.organization.pk):
        entries = journal.history(f"inbound:{inbound_id}")
        assert not StatusEntry.objects.exists()
    assert [entry.act for entry in entries] == ["documents.status_unmatched"]


def test_registration_is_due_on_the_next_working_day_or_at_once() -> None:
    """DX-24, DX-25: over a weekend."""
    friday = timezone.make_aware(timezone.datetime(2026, 3, 6, 16, 0))  # type: ignore[attr-defined]

    ordinary = timezone.localtime(deadlines.register_by(friday, is_urgent=False))
    urgent = deadlines.register_by(friday, is_urgent=True)

    assert ordinary.date() == date(2026, 3, 9)
    assert urgent - friday == timedelta(minutes=15)


def test_the_acts_of_one_agency_are_hidden_from_the_other(
    ministry: Desk, province: Desk, document: IncomingDocument
) -> None:
    actor: Actor = ministry.leader
    with accounts.scope(ministry.organization.pk):
        assert not IncomingDocument.objects.filter(pk=document.pk).exists()
        assert not queries.incoming_visible_to(actor).exists()
        assert not journal.history(document.journal_subject)


def test_a_recall_is_put_before_the_clerk_and_agreed_with_status_15(
    ministry: Desk, province: Desk, document: IncomingDocument
) -> None:
    """DX-36, DX-37: the receiver cancels the document and tells the sender that it did."""
    recall = edxml.Business(
        kind=edxml.BusinessKind.RECALL, reason="Sai số liệu", document_id=document.document_id
    )
    raw, signature = packet_with(document, business=recall)
    event = access_point.PacketArrived(
        organization_id=province.organization.pk, inbound_id=store(raw, signature, province)
    )

    actions.take_arrival(event)
    actions.take_arrival(event)
    with accounts.scope(province.organization.pk):
        asked = IncomingDocument.objects.get()
        agreed = actions.agree_recall(province.clerk, asked)
        acts = [entry.act for entry in journal.history(document.journal_subject)]
        told = StatusReport.objects.get(document=agreed, status="15")
        answer = edxml.decode(access_point.outbound_bytes(told.outbound_id or 0))

    assert asked.recall_reason == "Sai số liệu"
    assert agreed.state == IncomingState.RECALLED
    assert acts == ["documents.arrived", "documents.recall_asked", "documents.recall_agreed"]
    assert isinstance(answer, edxml.StatusPacket)
    assert answer.response_for.document_id == document.document_id
