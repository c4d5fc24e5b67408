"""The road of a document from a draft at a ministry to "completed" at a province, and back.

Read this first. Everything is real: PostgreSQL, certificates, PDF signatures, and a hub that
answers over HTTP. See docs/main-path.md.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lienthong.apps.documents import actions
from lienthong.apps.documents.models import IncomingDocument, StatusEntry
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.delivery import Delivery
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.conftest import PIN, Desk
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.exchange.hub import api as axis
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing.verify_file import verify_bytes

from .support.offices import at, carry, proved

LETTER = {
    "body": "Bộ đề nghị Quý Ủy ban góp ý dự thảo Quy chế.\nTrân trọng cảm ơn./.",
    "places": ["Như trên"],
}


@pytest.mark.usefixtures("hub")
def test_a_document_travels_from_a_ministry_to_a_province_and_its_status_returns(
    ministry: Desk, province: Desk
) -> None:
    # An officer of the ministry drafts, the unit head approves the content, the clerk the form.
    with at(ministry):
        letter = actions.draft_from_form(
            ministry.officer,
            type_code=18,
            subject="Góp ý dự thảo Quy chế trao đổi văn bản điện tử",
            urgency=1,
            recipients=[province.organization.pk],
            form=LETTER,
            due_on=timezone.localdate() + timedelta(days=10),
            signatory_seat_id=ministry.deputy.seat_id,
            reviewer_seat_id=ministry.unit_head.seat_id,
        )
        actions.submit_for_review(ministry.officer, letter)
        actions.approve(ministry.unit_head, letter, "Đồng ý trình ký")
        actions.approve_form(ministry.clerk, letter)

        # The deputy minister signs: number and date come with the signature. The clerk seals it
        # and sends it.
        letter = actions.sign(ministry.deputy, letter, PIN)
        assert letter.reference == "01/BTN-CCN"
        letter = actions.seal(ministry.clerk, letter, PIN)
        letter = actions.dispatch(ministry.clerk, letter)
        assert letter.state == OutgoingState.DISPATCHED

    # What was sent proves itself to anybody: both signatures on the PDF, offline.
    sealed = files.get(letter.sealed_sha256)
    verdict = verify_bytes(sealed, trust=pki.trust(), at=timezone.now())
    assert verdict.ok, verdict.text()
    assert verdict.kind == "pdf"

    # The packet crosses the axis; the province stores it, acknowledges it, and says it is there.
    assert carry() == (2, 2)  # the document one way, status 01 the other

    # At the province the clerk finds it verified, with the very bytes that were sealed.
    with at(province):
        arrival = IncomingDocument.objects.get()
        report = signing.DocumentReport.from_json(arrival.report["document"])
        assert report.verdict is signing.Verdict.VALID
        assert [one.field for one in report.signatures] == ["NguoiKy", "CoQuan"]
        assert arrival.report["packet"]["indication"] == signing.Indication.PASSED
        assert arrival.legal_value == LegalValue.EQUIVALENT
        assert arrival.pdf_sha256 == letter.sealed_sha256
        assert arrival.document_id == letter.document_id

        # The clerk registers it, the leader assigns it, an officer works and finishes.
        arrival = actions.accept(province.clerk, arrival)
        assert arrival.arrival_number == 1
        actions.assign(
            province.leader,
            arrival,
            lead_seat_id=province.officer.seat_id,
            supporting_seat_ids=[province.colleague.seat_id],
            directive="Dự thảo ý kiến của Ủy ban nhân dân tỉnh",
        )
        actions.start_work(province.officer, arrival)
        arrival = actions.finish(
            province.officer, arrival, "Đã góp ý bằng văn bản", dossier_title="Góp ý Quy chế"
        )
        assert arrival.state == IncomingState.COMPLETED

    # Each step goes back by the same road, in its order.
    assert carry() == (4, 4)

    # The ministry has read it all: arrived, accepted, assigned, being processed, completed.
    with at(ministry):
        letter.refresh_from_db()
        told = StatusEntry.objects.filter(recipient__document=letter).order_by("id")
        assert [entry.status for entry in told] == ["01", "03", "04", "05", "06"]
        assert all(entry.moved and not entry.warning for entry in told)
        assert letter.recipients.get().delivery == Delivery.COMPLETED

        # And it holds the axis's receipt: signed, in the log, for exactly this packet.
        sent = access_point.outbound(letter.outbound_id or 0)
        assert sent.hub_packet_id == letter.hub_packet_id
        assert [entry.act for entry in journal.history(letter.journal_subject)] == [
            f"documents.{act}"
            for act in (
                "drafted",
                "submitted",
                "approved",
                "form_approved",
                "signed",
                "sealed",
                "dispatched",
                "receipted",
                *["status_received"] * 5,
            )
        ]
        receipts = [proved(sent)]
    with at(province):
        receipts += [proved(one) for one in access_point.Outbound.objects.order_by("id")]

    assert [(one.kind, one.ok) for one in receipts] == [("receipt", True)] * 6

    # The axis has kept six packets, each proved in its log, and has nothing left to deliver.
    assert sorted(axis.Packet.objects.values_list("leaf_index", flat=True)) == list(range(6))
    assert set(axis.Delivery.objects.values_list("state", flat=True)) == {"DELIVERED"}
