"""A certificate from the request to its end, on the desk: what it signed stays valid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents import actions as desk
from lienthong.apps.documents import jobs
from lienthong.apps.documents.models import IncomingDocument, NumberSeries, OutgoingDocument
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.conftest import PIN, Desk, KeyCabinet
from lienthong.apps.documents.tests.conftest import seat as take_seat
from lienthong.apps.documents.tests.incoming.test_arriving import arrived, carry, outbound_of
from lienthong.apps.documents.tests.incoming.test_arriving_revoked import (
    believe,
    looked_after,
    verdict_of,
)
from lienthong.apps.documents.tests.outgoing.test_issuing import drafted, sealed
from lienthong.apps.documents.verification import keeping
from lienthong.apps.files import api as files
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.contract import RequestKind
from lienthong.apps.pki.models import CertificateRequest
from lienthong.apps.pki.registration import asking, deciding, sending, taking_over
from lienthong.apps.pki.registration.asking import Wish
from lienthong.apps.pki.registration.rules import Ground
from lienthong.apps.pki.registration.tests.authority import give_mandate, serving
from lienthong.apps.pki.registration.tests.conftest import PAPER
from lienthong.apps.pki.registration.tests.conftest import PIN as REGISTRAR_PIN
from lienthong.core import signing
from lienthong.core.signing import asic, evidence_file
from lienthong.core.signing.trust import Trust

from .support import offices

NEW_PIN = "246802"


@pytest.fixture
def registrar(ministry: Desk) -> Actor:
    return take_seat(
        ministry.organization, "dk.btn", "Phạm Đăng Ký", Role.REGISTRAR, position="Cán bộ đăng ký"
    )


@pytest.fixture
def authority(
    road: None, cabinet: KeyCabinet, ministry: Desk, registrar: Actor, settings: Settings
) -> Iterator[Path]:
    """The authority's services run: registration, status, time-stamps."""
    pki.keep_authority(cabinet.authorities)
    with accounts.everywhere():
        give_mandate(cabinet.authorities, ministry.organization, registrar)
    with serving(cabinet.authorities, ministry.organization.code) as url:
        settings.PKI_URL = url
        yield cabinet.authorities


def approved(registrar: Actor, request: CertificateRequest) -> CertificateRequest:
    """Checked, approved and answered by the authority."""
    request = deciding.verify(registrar, request)
    return sending.send(deciding.approve(registrar, request, REGISTRAR_PIN))


def certify(holder: Actor, registrar: Actor) -> pki.Certificate:
    """The holder asks, the registrar approves, the holder takes the certificate over."""
    request = asking.enter(holder, Wish(RequestKind.NEW), [PAPER])
    request = asking.submit(holder, asking.make_key_for(holder, request, NEW_PIN))
    request = taking_over.accept(holder, approved(registrar, request), NEW_PIN)
    assert request.issued is not None
    return request.issued


def revoke(holder: Actor, registrar: Actor, certificate: pki.Certificate, folder: Path) -> None:
    """The holder asks for it, the registrar approves; this node learns the new list."""
    wish = Wish(RequestKind.REVOKE, certificate_id=certificate.pk, ground=Ground.MOVED)
    approved(registrar, asking.submit(holder, asking.enter(holder, wish)))
    pki.take_bundle(Trust.from_directory(folder / "trust").bundle())


def awaiting(ministry: Desk, province: Desk, subject: str) -> OutgoingDocument:
    """A letter that waits for the unit head's signature."""
    draft = desk.draft_from_form(
        ministry.officer,
        form={"body": "Đề nghị Quý cơ quan phối hợp."},
        type_code=18,
        subject=subject,
        urgency=0,
        recipients=[province.organization.pk],
        signatory_seat_id=ministry.unit_head.seat_id,
        reviewer_seat_id=ministry.leader.seat_id,
    )
    desk.submit_for_review(ministry.officer, draft)
    desk.approve(ministry.leader, draft, "Đồng ý")
    return desk.approve_form(ministry.clerk, draft)


def judged(ministry: Desk, document: OutgoingDocument) -> signing.DocumentReport:
    """What the page finds now about the newest file."""
    return signing.check_official(
        signing.verify_pdf(
            files.get(document.pdf_sha256),
            trust=pki.trust(),
            at=timezone.now() + timedelta(seconds=1),
        ),
        agency_codes={ministry.organization.code},
        signer_name=ministry.unit_head.name,
    )


def test_what_a_revoked_certificate_signed_stays_valid_and_it_signs_nothing_more(
    authority: Path, ministry: Desk, province: Desk, registrar: Actor
) -> None:
    """SG-S-03, A7: the time-stamp proves that the signature is older than the revocation."""
    with offices.at(ministry):
        certificate = certify(ministry.unit_head, registrar)
        first = awaiting(ministry, province, "Văn bản thứ nhất")
        desk.sign(ministry.unit_head, first, NEW_PIN)
        first = desk.seal(ministry.clerk, first, PIN)
        assert first.stamped_at is not None
        second = awaiting(ministry, province, "Văn bản thứ hai")

        revoke(ministry.unit_head, registrar, certificate, authority)

        report = judged(ministry, first)
        assert report.verdict is signing.Verdict.VALID, report.findings
        numbers = list(NumberSeries.objects.values_list("last", flat=True))
        with pytest.raises(pki.CertificateNotUsable) as refused:
            desk.sign(ministry.unit_head, second, NEW_PIN)
        assert "thu hồi" in refused.value.sentence
        second.refresh_from_db()
        assert second.state == OutgoingState.AWAITING_SIGNATURE
        assert list(NumberSeries.objects.values_list("last", flat=True)) == numbers


def test_without_the_time_stamp_authority_a_letter_is_signed_and_stamped_before_it_goes(
    authority: Path, ministry: Desk, province: Desk, registrar: Actor, settings: Settings
) -> None:
    """B-B is kept and marked; the job completes it once the authority answers."""
    with offices.at(ministry):
        certify(ministry.unit_head, registrar)
        letter = awaiting(ministry, province, "Khi không có dấu thời gian")
        answers, settings.PKI_URL = settings.PKI_URL, "http://127.0.0.1:9"
        desk.sign(ministry.unit_head, letter, NEW_PIN)
        letter = desk.seal(ministry.clerk, letter, PIN)
        jobs.add_timestamps()
        assert OutgoingDocument.objects.get(pk=letter.pk).stamped_at is None
        page = offices.as_(ministry.clerk).get(f"/van-ban/di/{letter.pk}").content.decode()
        assert "Chưa có dấu thời gian" in page

        settings.PKI_URL = answers
        jobs.add_timestamps()

        letter.refresh_from_db()
        assert letter.stamped_at is not None
        assert judged(ministry, letter).verdict is signing.Verdict.VALID
        assert desk.dispatch(ministry.clerk, letter).state == OutgoingState.DISPATCHED


def test_a_letter_that_went_without_a_time_stamp_gets_its_proof_beside_it(
    authority: Path, hub: object, ministry: Desk, province: Desk, settings: Settings
) -> None:
    """SG-E-01: B-B goes out, visibly; what was sent stays, the time-stamp comes beside it."""
    with offices.at(ministry):
        answers, settings.PKI_URL = settings.PKI_URL, "http://127.0.0.1:9"
        letter = desk.dispatch(ministry.clerk, sealed(ministry, drafted(ministry, province)))
        clerk, address = offices.as_(ministry.clerk), f"/van-ban/di/{letter.pk}"
        assert "Chưa có dấu thời gian, sẽ bổ sung" in clerk.get(address).content.decode()
        jobs.add_timestamps()
        assert OutgoingDocument.objects.get(pk=letter.pk).stamped_at is None
    settings.PKI_URL = answers
    jobs.add_timestamps()
    offices.carry()
    jobs.add_timestamps()

    with offices.at(ministry):
        kept = OutgoingDocument.objects.get(pk=letter.pk)
        assert kept.sealed_sha256 == letter.sealed_sha256
        assert kept.stamped_at is not None
        page = clerk.get(address).content.decode()
        assert "sẽ bổ sung" not in page
        assert "bổ sung sau khi gửi" in page
        proof = b"".join(clerk.get(f"{address}/chung-cu"))
        assert proof == files.get(kept.evidence_sha256)
        found = evidence_file.check(
            proof, trust=pki.trust(), at=timezone.now() + timedelta(seconds=1)
        )
        assert found.verdict is signing.Verdict.VALID, found.checks
        assert not found.missing
        assert found.seal is not None
        assert found.seal.timestamps
        assert asic.read(proof).parts[evidence_file.DOCUMENT] == files.get(letter.sealed_sha256)
        assert "receipts/1.json" in asic.read(proof).parts
        assert not keeping.sent_without_timestamp().exists()


def test_a_certificate_revoked_a_moment_ago_signs_nothing_though_this_node_has_not_heard(
    authority: Path, ministry: Desk, province: Desk, registrar: Actor
) -> None:
    """SG-S-05: the authority is asked for the status of now; the list of yesterday says "good"."""
    with offices.at(ministry):
        certificate = certify(ministry.unit_head, registrar)
        pki.check_usable(certificate, at=timezone.now())
        letter = awaiting(ministry, province, "Sau khi thu hồi")
        wish = Wish(RequestKind.REVOKE, certificate_id=certificate.pk, ground=Ground.MOVED)
        asked = asking.submit(ministry.unit_head, asking.enter(ministry.unit_head, wish))
        approved(registrar, asked)
        pki.Certificate.objects.filter(pk=certificate.pk).update(revoked_at=None)

        with pytest.raises(pki.CertificateNotUsable) as refused:
            desk.sign(ministry.unit_head, letter, NEW_PIN)

        assert "đã bị thu hồi hoặc tạm dừng từ" in refused.value.sentence
        letter.refresh_from_db()
        assert (letter.state, letter.number) == (OutgoingState.AWAITING_SIGNATURE, None)


def test_what_arrives_is_kept_with_all_that_proves_it(
    authority: Path, hub: object, ministry: Desk, province: Desk
) -> None:
    """SG-E-02 to SG-E-06: one file, sealed, that verifies offline; the received bytes stay."""
    with offices.at(ministry):
        letter = sealed(ministry, drafted(ministry, province))
        desk.dispatch(ministry.clerk, letter)
    offices.carry()
    with offices.at(province):
        arrived = IncomingDocument.objects.get()
        before = arrived.pdf_sha256

        assert keeping.keep_evidence(arrived.pk)

        arrived.refresh_from_db()
        assert arrived.pdf_sha256 == before
        found = evidence_file.check(
            files.get(arrived.evidence_sha256),
            trust=pki.trust(),
            at=timezone.now() + timedelta(seconds=1),
        )
        assert found.verdict is signing.Verdict.VALID, found.checks
        assert not keeping.keep_evidence(arrived.pk), "once is enough"


def test_what_arrives_while_the_status_services_are_stopped_is_decided_when_they_run_again(
    road: None, cabinet: KeyCabinet, ministry: Desk, province: Desk, settings: Settings
) -> None:
    """SG-V-10: no OCSP, no list: never valid, asked again, valid by what the services then say."""
    folder, code = cabinet.authorities, ministry.organization.code
    with offices.at(ministry):  # without services, so the file itself carries no evidence
        letter = desk.dispatch(ministry.clerk, sealed(ministry, drafted(ministry, province)))
        outbound = outbound_of(ministry, letter.outbound_id)
    pki.keep_authority(folder)
    with serving(folder, code) as url:
        settings.PKI_URL = url
    whole = Trust.from_directory(Path(settings.DATA_DIR) / "trust")
    believe(Path(settings.DATA_DIR) / "trust", replace(whole, crls=(), ocsps=()))

    try:
        with offices.at(province):
            stopped = arrived(province, carry(outbound, province))
        still = looked_after(stopped)
        with serving(folder, code, port=urlsplit(url).port or 0):
            decided = looked_after(stopped)
    finally:
        believe(Path(settings.DATA_DIR) / "trust", whole)

    assert [verdict_of(one) for one in (stopped, still, decided)] == ["UNKNOWN", "UNKNOWN", "VALID"]
    assert still.evidence_at is None
    assert decided.evidence_at is not None
