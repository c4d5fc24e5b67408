"""One person stops a key at once; a second one confirms, or it is said aloud (SG 4.1, SG-D-06)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts.api import Actor, Forbidden
from lienthong.apps.notices.api import Notice
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.authority import queries as register
from lienthong.apps.pki.authority.models import IssuedCertificate, ReceivedRequest
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import emergency, jobs, queries, rules, sending
from lienthong.apps.pki.registration.rules import Ground, RequestState
from lienthong.core.signing import KeyPasswordWrong

from .authority import Authority, certify
from .conftest import PIN, Ministry, Office
from .test_pages import as_


@pytest.fixture
def certificate(authority: Authority, ministry: Ministry) -> Certificate:
    """The officer's certificate, known to the authority that answers."""
    return certify(authority.folder, ministry.officer, ministry.organization.pk)


def held(ministry: Ministry, certificate: Certificate) -> CertificateRequest:
    """Held by the first registrar alone, and handed to the authority."""
    request = emergency.hold_at_once(
        ministry.registrar, certificate, ground=Ground.LOST, reason="Gọi điện báo", pin=PIN
    )
    return sending.send(request)


def told(actor: Actor) -> list[str]:
    return [one.kind for one in Notice.objects.filter(person_id=actor.person_id)]


def overdue(request: CertificateRequest, hours: int = 25) -> None:
    past = timezone.now() - timedelta(hours=hours - 24)
    CertificateRequest.objects.filter(pk=request.pk).update(due_at=past, second_by_at=past)


def test_one_registrar_alone_holds_a_certificate_here_and_at_the_authority(
    ministry: Ministry, certificate: Certificate
) -> None:
    request = held(ministry, certificate)

    assert request.state == RequestState.DONE
    assert request.awaits_second
    assert IssuedCertificate.objects.get(sha256=certificate.sha256).status == "on_hold"
    assert register.open_holds().get().certificate.sha256 == certificate.sha256  # type: ignore[union-attr]
    with pytest.raises(pki.CertificateNotUsable):
        pki.person_signer(ministry.officer.person_id, PIN)
    assert told(ministry.second) == ["pki.held_at_once"]
    assert told(ministry.registrar) == []


def test_a_second_registrar_confirms_by_an_own_signature(
    ministry: Ministry, certificate: Certificate
) -> None:
    request = held(ministry, certificate)

    confirmed = emergency.send_confirmation(emergency.confirm(ministry.second, request, PIN))

    assert confirmed.second_by_id == ministry.second.seat_id
    assert confirmed.confirmation_sent_at is not None
    assert not confirmed.awaits_second
    assert not register.open_holds().exists()
    first = ReceivedRequest.objects.get(pk=request.pk)
    assert first.confirmed_as == "Hồ Thị Hai"
    with pytest.raises(rules.HoldNotOpen):
        emergency.confirm(ministry.second, request, PIN)


def test_the_first_person_is_not_the_second(
    ministry: Ministry, bureau: Office, certificate: Certificate
) -> None:
    request = held(ministry, certificate)

    with pytest.raises(rules.AboutOneself):
        emergency.confirm(ministry.registrar, request, PIN)
    with pytest.raises(Forbidden):
        emergency.confirm(ministry.leader, request, PIN)
    assert queries.worklist(ministry.registrar).get().awaits_second


def test_what_nobody_confirms_in_a_day_is_escalated_once_a_day_and_stays_held(
    ministry: Ministry, certificate: Certificate
) -> None:
    request = held(ministry, certificate)
    jobs.watch_holds()
    assert told(ministry.leader) == []
    overdue(request)
    ReceivedRequest.objects.update(confirm_before=timezone.now() - timedelta(hours=1))

    jobs.watch_holds()
    jobs.watch_holds()

    assert told(ministry.leader) == ["pki.hold_overdue"]
    assert [step.act for step in request.steps.all()].count("hold_overdue") == 1
    certificate.refresh_from_db()
    assert certificate.is_held
    assert Notice.objects.filter(kind="pki.unconfirmed_hold").count() == 2  # both officers
    assert queries.late(timezone.now()).get() == request


def test_without_the_authority_the_key_is_held_here_and_the_next_approval_confirms(
    ministry: Ministry, certificate: Certificate, settings: Settings
) -> None:
    settings.PKI_URL = ""

    request = held(ministry, certificate)

    assert request.state == RequestState.SUBMITTED
    certificate.refresh_from_db()
    assert certificate.is_held


def test_a_wrong_pin_holds_nothing(ministry: Ministry, certificate: Certificate) -> None:
    with pytest.raises(KeyPasswordWrong):
        emergency.hold_at_once(
            ministry.registrar, certificate, ground=Ground.LOST, reason="x", pin="000000"
        )

    certificate.refresh_from_db()
    assert not certificate.is_held
    assert not CertificateRequest.objects.exists()


def test_from_the_page_of_certificates_to_the_second_persons_signature(
    ministry: Ministry, certificate: Certificate
) -> None:
    first, second = as_(ministry.registrar), as_(ministry.second)
    address = f"/chung-thu/dang-ky/tam-dung/{certificate.pk}"
    assert address in first.get("/chung-thu/dang-ky/chung-thu/").content.decode()
    assert as_(ministry.officer).get(address).status_code == 403

    answer = first.post(address, {"ground": "lost", "reason": "Báo mất", "pin": PIN})
    page = second.get(answer["Location"]).content.decode()
    confirmed = second.post(f"{answer['Location']}/nguoi-thu-hai", {"pin": PIN})

    assert "chờ người thứ hai xác nhận" in page
    assert "nguoi-thu-hai" not in first.get(answer["Location"]).content.decode()
    assert confirmed.status_code == 302
    assert not CertificateRequest.objects.get().awaits_second
