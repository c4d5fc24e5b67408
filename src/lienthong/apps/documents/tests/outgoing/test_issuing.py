"""From a draft to a queued packet, with real keys, and what happens when it may not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.documents import actions
from lienthong.apps.documents.common import deadlines, history, sheets, typeset
from lienthong.apps.documents.models import NumberSeries, OutgoingDocument
from lienthong.apps.documents.problems import (
    FieldMissing,
    NumberDateBackwards,
    RecipientUnavailable,
    ReviewerIsDrafter,
    SeatUnsuitable,
    SecrecyMarked,
    SignatureNotConfirmed,
)
from lienthong.apps.documents.rules import MoveNotAllowed
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.common.test_typeset import blank, page_text
from lienthong.apps.documents.tests.conftest import PIN, Desk, KeyCabinet
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import edxml, signing

BODY = "Thực hiện kế hoạch năm 2026, Bộ đề nghị Quý cơ quan phối hợp.\nTrân trọng cảm ơn"


@pytest.fixture(autouse=True)
def in_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


def header(ministry: Desk, province: Desk, **other: Any) -> dict[str, Any]:
    return {
        "type_code": 18,
        "subject": "phối hợp triển khai liên thông văn bản",
        "urgency": 0,
        "recipients": [province.organization.pk],
        "signatory_seat_id": ministry.deputy.seat_id,
        "reviewer_seat_id": ministry.unit_head.seat_id,
        **other,
    }


def drafted(ministry: Desk, province: Desk, **other: Any) -> OutgoingDocument:
    return actions.draft_from_form(
        ministry.officer, form={"body": BODY}, **header(ministry, province, **other)
    )


def awaiting(ministry: Desk, document: OutgoingDocument) -> OutgoingDocument:
    actions.submit_for_review(ministry.officer, document)
    actions.approve(ministry.unit_head, document, "Đồng ý")
    return actions.approve_form(ministry.clerk, document)


def sealed(ministry: Desk, document: OutgoingDocument) -> OutgoingDocument:
    actions.sign(ministry.deputy, awaiting(ministry, document), PIN)
    return actions.seal(ministry.clerk, document, PIN)


@pytest.mark.usefixtures("keys")
def test_a_document_is_drafted_reviewed_signed_sealed_and_queued(
    ministry: Desk, province: Desk
) -> None:
    """DX-08, DX-50, DX-53: number, date and both signatures, in that order, each once."""
    document = drafted(ministry, province, urgency=1)
    draft = page_text(files.get(document.draft_sha256))
    awaiting(ministry, document)
    signed = actions.sign(ministry.deputy, document, PIN)
    closed = actions.seal(ministry.clerk, document, PIN)
    sent = actions.dispatch(ministry.clerk, document)

    today = timezone.localdate()
    assert "01/BTN-CCN" not in draft
    assert signed.reference == "01/BTN-CCN"
    assert signed.document_id == f"G90,{today:%Y/%m/%d},01/BTN-CCN"
    final = files.get(closed.sealed_sha256)
    text = page_text(final)
    assert "Số: 01/BTN-CCN" in text
    assert signed.issued_words in text
    assert "Hoàng Phó btn" in text
    report = signing.check_official(
        signing.verify_pdf(final, trust=pki.trust(), at=timezone.now() + timedelta(seconds=2)),
        agency_codes={"G90", "000.00.00.G90"},
        signer_name="Hoàng Phó btn",
    )
    assert report.verdict is signing.Verdict.VALID
    assert final.startswith(files.get(signed.signed_sha256)), "the seal is an increment"
    assert sent.state == OutgoingState.DISPATCHED
    packet = edxml.decode(access_point.outbound_bytes(sent.outbound_id or 0))
    assert isinstance(packet, edxml.DocumentPacket)
    assert packet.document_id == signed.document_id
    assert packet.urgency is edxml.Urgency.URGENT
    assert packet.attachments[0].data == final
    assert [receiver.code for receiver in packet.receivers] == ["H90"]
    acts = [entry.act for entry in journal.history(document.journal_subject)]
    assert acts == [
        f"documents.{act}"
        for act in (
            "drafted",
            "submitted",
            "approved",
            "form_approved",
            "signed",
            "sealed",
            "dispatched",
        )
    ]
    assert [event.kind for event in history.timeline(sent)] == acts


@pytest.mark.usefixtures("keys")
def test_the_widgets_stand_where_decree_30_wants_them(ministry: Desk, province: Desk) -> None:
    """DX-55, DX-56 in the signed file itself."""
    document = sealed(ministry, drafted(ministry, province))

    with pikepdf.open(io.BytesIO(sheets.pdf(document))) as pdf:
        places = {
            str(field["/T"]): [float(edge) for edge in field["/Rect"]]
            for field in pdf.Root.AcroForm.Fields
        }

    person, agency = places[signing.PERSON_FIELD], places[signing.AGENCY_FIELD]
    assert (agency[2] - person[0]) / (person[2] - person[0]) == pytest.approx(1 / 3, abs=0.02)
    assert agency[0] < person[0]


@pytest.mark.usefixtures("keys")
def test_a_wrong_pin_uses_no_number_and_changes_no_file(ministry: Desk, province: Desk) -> None:
    """DX-52."""
    document = awaiting(ministry, drafted(ministry, province))

    with pytest.raises(signing.KeyPasswordWrong):
        actions.sign(ministry.deputy, document, "sai-ma-pin")

    after = OutgoingDocument.objects.get(pk=document.pk)
    assert (after.state, after.number, after.signed_sha256) == ("awaiting_signature", None, "")
    assert after.pdf_sha256 == document.draft_sha256
    assert not NumberSeries.objects.exists()
    assert actions.sign(ministry.deputy, document, PIN).number == 1


def test_a_certificate_that_is_not_valid_uses_no_number(
    ministry: Desk, province: Desk, cabinet: KeyCabinet
) -> None:
    """SG-S-03: the key opens, but its certificate begins tomorrow."""
    cabinet.person(ministry.deputy, PIN, timezone.now() + timedelta(days=2))
    document = awaiting(ministry, drafted(ministry, province))

    with pytest.raises(pki.CertificateNotUsable):
        actions.sign(ministry.deputy, document, PIN)

    assert OutgoingDocument.objects.get(pk=document.pk).number is None
    assert not NumberSeries.objects.filter(last__gt=0).exists()


@pytest.mark.usefixtures("keys")
def test_numbers_follow_each_other_and_dates_never_go_back(ministry: Desk, province: Desk) -> None:
    """DX-70, DX-72."""
    one, two, three = (awaiting(ministry, drafted(ministry, province)) for _ in range(3))

    first = actions.sign(ministry.deputy, one, PIN)
    second = actions.sign(ministry.deputy, two, PIN)
    with pytest.raises(NumberDateBackwards):
        actions.sign(ministry.deputy, three, PIN, at=timezone.now() - timedelta(days=1, hours=1))

    assert (first.number, second.number) == (1, 2)


def test_nobody_but_the_named_signatory_signs(
    ministry: Desk, province: Desk, keys: KeyCabinet
) -> None:
    document = awaiting(ministry, drafted(ministry, province))
    keys.person(ministry.leader, PIN)

    for name, actor in ministry.actors.items():
        if name != "deputy":
            with pytest.raises(accounts.Forbidden):
                actions.sign(actor, document, PIN)

    assert OutgoingDocument.objects.get(pk=document.pk).state == "awaiting_signature"


@pytest.mark.usefixtures("keys")
def test_the_seal_is_refused_on_a_file_whose_signature_is_broken(
    ministry: Desk, province: Desk
) -> None:
    """DX-51: one byte of the signed file changed on the disk of another."""
    document = actions.sign(ministry.deputy, awaiting(ministry, drafted(ministry, province)), PIN)
    signed = bytearray(files.get(document.signed_sha256))
    signed[len(signed) // 3] ^= 1
    broken = files.put(bytes(signed)).sha256
    OutgoingDocument.objects.filter(pk=document.pk).update(signed_sha256=broken)

    with pytest.raises(SignatureNotConfirmed):
        actions.seal(ministry.clerk, document, PIN)

    assert OutgoingDocument.objects.get(pk=document.pk).state == "signed"


def test_the_seal_is_refused_on_a_signature_of_another_person(
    ministry: Desk, province: Desk, keys: KeyCabinet
) -> None:
    """DX-66."""
    keys.person(ministry.leader, PIN)
    document = awaiting(
        ministry, drafted(ministry, province, signatory_seat_id=ministry.leader.seat_id)
    )
    actions.sign(ministry.leader, document, PIN)
    OutgoingDocument.objects.filter(pk=document.pk).update(signatory=ministry.deputy.seat_id)

    with pytest.raises(SignatureNotConfirmed):
        actions.seal(ministry.clerk, document, PIN)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(("size", "rotation"), [((595, 842), 0), ((842, 595), 90), ((300, 200), 0)])
def test_an_uploaded_pdf_is_signed_and_sealed_too(
    ministry: Desk, province: Desk, size: tuple[int, int], rotation: int
) -> None:
    document = actions.draft_from_pdf(
        ministry.officer,
        pdf=blank(*size, rotation=rotation),
        filename="C:\\Văn bản\\kế hoạch.pdf",
        **header(ministry, province),
    )

    closed = sealed(ministry, document)

    assert document.filename == "kế hoạch.pdf"
    assert closed.page_amount == 2
    assert typeset.page_png(sheets.pdf(closed), 1, 300).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("pdf", "problem"),
    [
        (b"PK\x03\x04 not a pdf", signing.PdfNotPdf),
        (b"%PDF-1.7\nbroken", signing.PdfBroken),
    ],
)
def test_a_file_that_cannot_be_signed_is_refused_at_once(
    ministry: Desk, province: Desk, pdf: bytes, problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        actions.draft_from_pdf(
            ministry.officer, pdf=pdf, filename="x.pdf", **header(ministry, province)
        )

    assert not OutgoingDocument.objects.exists()


def test_an_encrypted_file_is_refused_at_once(ministry: Desk, province: Desk) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(blank(595, 842))) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))

    with pytest.raises(signing.PdfEncrypted):
        actions.draft_from_pdf(
            ministry.officer, pdf=out.getvalue(), filename="x.pdf", **header(ministry, province)
        )


def test_a_returned_draft_says_why_and_is_changed_and_submitted_again(
    ministry: Desk, province: Desk
) -> None:
    document = drafted(ministry, province)
    actions.submit_for_review(ministry.officer, document)
    returned = actions.return_draft(ministry.unit_head, document, "Thiếu căn cứ")
    changed = actions.update_draft(
        ministry.officer, document, subject="trích yếu mới", form={"body": "Nội dung mới"}
    )
    again = actions.submit_for_review(ministry.officer, document)

    assert (returned.state, returned.return_reason) == ("draft", "Thiếu căn cứ")
    assert changed.draft_sha256 != document.draft_sha256
    assert "V/v trích yếu mới" in page_text(files.get(changed.draft_sha256))
    assert (again.state, again.return_reason) == ("in_review", "")


def test_a_deadline_is_kept_until_it_is_taken_away(ministry: Desk, province: Desk) -> None:
    due_on = timezone.localdate() + timedelta(days=7)
    document = drafted(ministry, province, due_on=due_on)

    kept = actions.update_draft(ministry.officer, document, subject="trích yếu mới")
    without = actions.update_draft(ministry.officer, document, due_on=None)

    assert (kept.due_on, without.due_on) == (due_on, None)


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ({"subject": "  "}, FieldMissing),
        ({"recipients": []}, FieldMissing),
        ({"signatory_seat_id": 0}, SeatUnsuitable),
        ({"subject": "Mật: kế hoạch phòng thủ (TỐI MẬT)"}, SecrecyMarked),
    ],
)
def test_a_draft_that_could_not_go_out_is_refused(
    ministry: Desk, province: Desk, other: dict[str, Any], problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        drafted(ministry, province, **other)

    assert not OutgoingDocument.objects.exists()


def test_two_people_answer_for_a_document(ministry: Desk, province: Desk) -> None:
    """D30 Art. 12."""
    with pytest.raises(ReviewerIsDrafter):
        actions.draft_from_form(
            ministry.unit_head, form={"body": BODY}, **header(ministry, province)
        )


@pytest.mark.parametrize("reason", ["locked", "inactive", "self"])
def test_a_recipient_that_cannot_receive_is_refused(
    ministry: Desk, province: Desk, reason: str
) -> None:
    recipient = province.organization
    if reason == "locked":
        directory.lock(recipient)
    elif reason == "inactive":
        recipient.active = False
        recipient.save()
    else:
        recipient = ministry.organization

    with pytest.raises(RecipientUnavailable):
        drafted(ministry, province, recipients=[recipient.pk])


@pytest.mark.usefixtures("keys")
def test_a_recipient_locked_meanwhile_is_refused_before_anything_is_queued(
    ministry: Desk, province: Desk
) -> None:
    """DX-13, V-15."""
    document = sealed(ministry, drafted(ministry, province))
    directory.lock(province.organization)

    with pytest.raises(Exception, match="packet_refused_here"):
        actions.dispatch(ministry.clerk, document)

    assert OutgoingDocument.objects.get(pk=document.pk).state == "sealed"
    assert not access_point.Outbound.objects.exists()


@pytest.mark.usefixtures("keys")
def test_the_axis_refuses_and_the_clerk_sends_again(ministry: Desk, province: Desk) -> None:
    document = actions.dispatch(ministry.clerk, sealed(ministry, drafted(ministry, province)))
    refused = access_point.PacketRefused(
        organization_id=ministry.organization.pk,
        outbound_id=document.outbound_id or 0,
        correlation=document.journal_subject,
        code="hub.recipient_locked",
        text="Đơn vị nhận đang bị khóa.",
    )

    actions.take_refusal(refused)
    actions.take_refusal(refused)
    bounced = OutgoingDocument.objects.get(pk=document.pk)
    again = actions.dispatch(ministry.clerk, bounced)

    assert (bounced.state, bounced.refusal) == (
        "sealed",
        {"code": "hub.recipient_locked", "text": "Đơn vị nhận đang bị khóa."},
    )
    assert again.document_id == document.document_id
    assert again.refusal is None
    acts = [entry.act for entry in journal.history(document.journal_subject)]
    assert acts.count("documents.dispatch_refused") == 1


@pytest.mark.usefixtures("keys")
def test_a_document_is_never_signed_or_sent_twice(ministry: Desk, province: Desk) -> None:
    document = sealed(ministry, drafted(ministry, province))
    actions.dispatch(ministry.clerk, document)

    with pytest.raises(MoveNotAllowed):
        actions.sign(ministry.deputy, document, PIN)
    with pytest.raises(MoveNotAllowed):
        actions.seal(ministry.clerk, document, PIN)
    with pytest.raises(MoveNotAllowed):
        actions.dispatch(ministry.clerk, document)

    assert access_point.Outbound.objects.count() == 1


def test_an_ordinary_document_is_due_by_the_next_working_noon_an_urgent_one_at_once() -> None:
    """DX-09, DX-10: signed on Friday, due on Monday at noon."""
    friday = timezone.make_aware(timezone.datetime(2026, 3, 6, 16, 0))  # type: ignore[attr-defined]

    ordinary = deadlines.send_by(friday, is_urgent=False)
    urgent = deadlines.send_by(friday, is_urgent=True)

    assert f"{timezone.localtime(ordinary):%d/%m %H:%M}" == "09/03 12:00"
    assert urgent - friday == timedelta(minutes=15)
