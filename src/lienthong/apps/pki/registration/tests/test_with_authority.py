"""From the request to the key in use and its end, over the authority's real services."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import api as pki
from lienthong.apps.pki import queries as keys
from lienthong.apps.pki.authority import mandates
from lienthong.apps.pki.authority.models import IssuedCertificate
from lienthong.apps.pki.contract import RequestKind
from lienthong.apps.pki.models import Certificate, CertificateRequest, Key
from lienthong.apps.pki.registration import (
    asking,
    bulk,
    client,
    deciding,
    emergency,
    jobs,
    rules,
    sending,
    tables,
    taking_over,
)
from lienthong.apps.pki.registration.asking import Wish
from lienthong.apps.pki.registration.rules import Ground, RequestState
from lienthong.core import signing
from lienthong.core.signing.authority import Subject, make_certificate_request, make_ec_key

from .authority import Authority, certify_later
from .conftest import PAPER, PIN, Ministry, Office, seated

NEW_PIN = "246802"


def verified(ministry: Ministry) -> CertificateRequest:
    request = asking.enter(ministry.officer, Wish(RequestKind.NEW), [PAPER])
    request = asking.make_key_for(ministry.officer, request, NEW_PIN)
    request = asking.submit(ministry.officer, request)
    return deciding.verify(ministry.registrar, request)


def delivered(ministry: Ministry) -> CertificateRequest:
    return sending.send(deciding.approve(ministry.registrar, verified(ministry), PIN))


def in_use(ministry: Ministry) -> Certificate:
    """The officer's certificate, taken over."""
    request = taking_over.accept(ministry.officer, delivered(ministry), NEW_PIN)
    assert request.issued is not None
    return request.issued


def revoked(ministry: Ministry, certificate: Certificate) -> CertificateRequest:
    wish = Wish(RequestKind.REVOKE, certificate_id=certificate.pk, ground=Ground.MOVED, reason="Đi")
    request = asking.submit(ministry.officer, asking.enter(ministry.officer, wish))
    request = deciding.verify(ministry.registrar, request)
    return sending.send(deciding.approve(ministry.registrar, request, PIN))


def test_a_request_becomes_a_key_that_its_holder_signs_with(
    authority: Authority, ministry: Ministry
) -> None:
    """SG 4.3: requested, checked, approved, issued, delivered, accepted with a signed slip."""
    request = delivered(ministry)
    assert request.state == RequestState.DELIVERED
    with pytest.raises(pki.KeyMissing):
        pki.person_signer(ministry.officer.person_id, NEW_PIN)

    accepted = taking_over.accept(ministry.officer, request, NEW_PIN)

    signer = pki.person_signer(ministry.officer.person_id, NEW_PIN)
    assert accepted.state == RequestState.ACCEPTED
    assert accepted.issued is not None
    assert signing.common_name(signer.certificate) == "Trần Chuyên bo"
    slip = signing.read_jws(accepted.slip)
    assert slip.payload["certificate"] == accepted.issued.sha256
    assert slip.certificate == signer.certificate
    row = IssuedCertificate.objects.get(sha256=accepted.issued.sha256)
    assert row.mandate == authority.mandate
    acts = list(accepted.steps.values_list("act", flat=True))
    assert acts == ["entered", "submit", "verify", "approve", "issue", "deliver", "accept"]


def test_a_wrong_pin_takes_nothing_over(authority: Authority, ministry: Ministry) -> None:
    request = delivered(ministry)

    with pytest.raises(signing.KeyPasswordWrong):
        taking_over.accept(ministry.officer, request, "000001")

    assert CertificateRequest.objects.get(pk=request.pk).state == RequestState.DELIVERED
    assert not Key.objects.filter(person_id=ministry.officer.person_id).exists()


def test_nobody_else_takes_it_over(authority: Authority, ministry: Ministry) -> None:
    with pytest.raises(accounts.Forbidden):
        taking_over.accept(ministry.colleague, delivered(ministry), NEW_PIN)


def test_a_revoked_certificate_signs_nothing_more(authority: Authority, ministry: Ministry) -> None:
    """SG-S-03, R63: at once on this node, with the reason in words."""
    certificate = in_use(ministry)

    done = revoked(ministry, certificate)

    assert done.state == RequestState.DONE
    with pytest.raises(pki.CertificateNotUsable) as refused:
        pki.person_signer(ministry.officer.person_id, NEW_PIN)
    assert "thu hồi" in refused.value.sentence
    assert IssuedCertificate.objects.get(sha256=certificate.sha256).status == "revoked"


def test_a_hold_is_released_by_a_second_request(authority: Authority, ministry: Ministry) -> None:
    """SG-R-04: during the hold nothing is signed, afterwards it is."""
    certificate = in_use(ministry)
    held = emergency.report_loss(
        ministry.officer, certificate.pk, ground=Ground.LOST, reason="Quên ở nhà"
    )
    held = deciding.verify(ministry.registrar, held)
    held = sending.send(deciding.approve(ministry.registrar, held, PIN))
    assert held.state == RequestState.DONE
    with pytest.raises(pki.CertificateNotUsable):
        pki.person_signer(ministry.officer.person_id, NEW_PIN)

    wish = Wish(RequestKind.RELEASE, certificate_id=certificate.pk, reason="Tìm thấy")
    release = asking.submit(ministry.officer, asking.enter(ministry.officer, wish))
    release = deciding.verify(ministry.registrar, release)
    sending.send(deciding.approve(ministry.registrar, release, PIN))

    certificate.refresh_from_db()
    assert certificate.held_at is None
    assert IssuedCertificate.objects.get(sha256=certificate.sha256).status == "active"


def test_a_renewed_key_takes_the_place_of_the_old_one_which_stays_known(
    authority: Authority, ministry: Ministry
) -> None:
    old = in_use(ministry)
    wish = Wish(RequestKind.RENEW, certificate_id=old.pk)
    request = asking.enter(ministry.officer, wish)
    request = asking.make_key_for(ministry.officer, request, "975310")
    request = deciding.verify(ministry.registrar, asking.submit(ministry.officer, request))
    request = sending.send(deciding.approve(ministry.registrar, request, PIN))

    renewed = taking_over.accept(ministry.officer, request, "975310")

    old.refresh_from_db()
    assert old.superseded_at is not None
    assert old.revoked_at is None
    key = Key.objects.get(person_id=ministry.officer.person_id, is_current=True)
    assert key.certificate == renewed.issued
    pki.person_signer(ministry.officer.person_id, "975310")


def test_an_authority_that_is_down_leaves_the_request_approved_and_is_asked_again(
    authority: Authority, ministry: Ministry, settings: Settings
) -> None:
    approved = deciding.approve(ministry.registrar, verified(ministry), PIN)
    settings.PKI_URL = "http://127.0.0.1:9"
    with pytest.raises(rules.AuthorityUnreachable):
        sending.send(approved)
    jobs.send_requests()
    assert CertificateRequest.objects.get(pk=approved.pk).state == RequestState.APPROVED

    settings.PKI_URL = authority.url
    jobs.send_requests()

    assert CertificateRequest.objects.get(pk=approved.pk).state == RequestState.DELIVERED


def test_the_same_request_sent_twice_issues_one_certificate(
    authority: Authority, ministry: Ministry
) -> None:
    approved = deciding.approve(ministry.registrar, verified(ministry), PIN)

    first, again = client.send(approved.token), client.send(approved.token)

    assert isinstance(first, client.Issued)
    assert isinstance(again, client.Issued)
    assert first.certificate == again.certificate


def test_without_a_mandate_nothing_is_approved(authority: Authority, ministry: Ministry) -> None:
    """SG-D-03: an ended mandate stops new requests at once."""
    officer = accounts.actor_of_seat(accounts.Seat.objects.get(person__username="cb1").pk)
    request = verified(ministry)
    mandates.end(officer, authority.mandate, reason="Hết nhiệm vụ", at=timezone.now())

    with pytest.raises(rules.MandateMissing):
        deciding.approve(ministry.registrar, request, PIN)

    assert CertificateRequest.objects.get(pk=request.pk).state == RequestState.VERIFIED


def test_a_registrar_whom_the_mandate_does_not_name_is_refused_with_the_reason(
    authority: Authority, ministry: Ministry
) -> None:
    """SG-D-01, R65: the request goes back to the registrars, nothing is issued."""
    third = seated(ministry.organization, "dk3.bo", "Ngô Thị Ba", Role.REGISTRAR)
    certify_later(authority, third, ministry.organization.pk)
    request = deciding.approve(third, verified(ministry), PIN)

    refused = sending.send(request)

    assert refused.state == RequestState.VERIFIED
    assert refused.refusal is not None
    assert "uỷ quyền" in refused.refusal["reason"] or "ủy quyền" in refused.refusal["reason"]
    assert not Certificate.objects.filter(person_id=ministry.officer.person_id).exists()


def test_a_revoked_registrar_approves_nothing(authority: Authority, ministry: Ministry) -> None:
    request = verified(ministry)
    key = keys.certificates().get(key__person_id=ministry.registrar.person_id, key__is_current=True)
    pki.revoke(authority.folder, key, at=timezone.now())

    with pytest.raises(pki.CertificateNotUsable):
        deciding.approve(ministry.registrar, request, PIN)


def test_a_csr_in_another_name_is_refused(authority: Authority, ministry: Ministry) -> None:
    request = asking.enter(ministry.officer, Wish(RequestKind.NEW), [PAPER])
    stranger = make_certificate_request(make_ec_key(), Subject("Người Khác"))

    with pytest.raises(signing.problems.CertificateRequestRefused):
        asking.take_csr(ministry.officer, request, stranger)


def test_a_table_is_approved_as_one_act_and_a_bad_row_stops_nobody(
    authority: Authority, ministry: Ministry, bureau: Office
) -> None:
    """SG-D-04."""
    certificate = in_use(ministry)
    rows = [
        "kind,username,certificate,ground,reason,csr",
        f"revoke,cv.bo,{certificate.serial},moved,Nghỉ hưu,",
        "revoke,khong.co,AB12,moved,,",
        "new,cv2.bo,,,,khong-phai-base64!",
    ]

    table = tables.take(ministry.registrar, "thang-11.csv", "\n".join(rows).encode())
    with pytest.raises(rules.TableBusy):
        bulk.approve_table(ministry.second, table, PIN)
    outbox.run_pending()
    table = bulk.approve_table(ministry.second, table, PIN)
    outbox.run_pending()
    jobs.send_requests()

    table.refresh_from_db()
    assert [failure["line"] for failure in table.failures] == [3, 4]
    assert (table.entered_count, table.approved_count) == (3, 1)
    assert not table.is_busy
    certificate.refresh_from_db()
    assert certificate.revoked_at is not None
    act = signing.read_jws(table.approval).payload
    assert act["table"] == table.sha256
    assert act["size"] == 1


def test_a_row_that_changed_after_the_signature_is_left_out(
    authority: Authority, ministry: Ministry
) -> None:
    certificate = in_use(ministry)
    rows = f"kind,username,certificate,ground\nrevoke,cv.bo,{certificate.serial},moved"
    table = tables.take(ministry.registrar, "bang.csv", rows.encode())
    tables.enter(table.pk)
    table = bulk.approve_table(ministry.second, table, PIN)
    CertificateRequest.objects.filter(table=table).update(reason="Lý do khác")

    bulk.carry_out(table.pk)

    table.refresh_from_db()
    assert table.approval_failures is not None
    assert "thay đổi" in table.approval_failures[0]["text"]
    assert CertificateRequest.objects.get(table=table).state == RequestState.SUBMITTED


def test_a_row_goes_on_after_a_stop_without_a_second_signature(
    authority: Authority, ministry: Ministry
) -> None:
    certificate = in_use(ministry)
    rows = f"kind,username,certificate,ground\nrevoke,cv.bo,{certificate.serial},moved"
    table = tables.take(ministry.registrar, "bang.csv", rows.encode())
    tables.enter(table.pk)
    tables.enter(table.pk)
    table = bulk.approve_table(ministry.second, table, PIN)
    bulk.carry_out(table.pk)
    bulk.carry_out(table.pk)

    request = CertificateRequest.objects.get(table=table)
    assert request.state == RequestState.APPROVED
    assert [step.act for step in request.steps.all()].count("approve") == 1
