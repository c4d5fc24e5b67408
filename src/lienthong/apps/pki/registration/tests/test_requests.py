"""Who asks, who checks, who approves; what is refused, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Forbidden
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.contract import RequestKind
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import asking, deciding, emergency, policy, queries, rules
from lienthong.apps.pki.registration.asking import Wish
from lienthong.apps.pki.registration.rules import Ground, Move, RequestState

from .conftest import PAPER, PIN, Ministry, Office

pytestmark = pytest.mark.usefixtures("node", "everywhere")


@pytest.fixture
def everywhere(db: None) -> Iterator[None]:
    with accounts.everywhere():
        yield


def asked(office: Office) -> CertificateRequest:
    """A request of the officer, handed in with papers and a key."""
    request = asking.enter(office.officer, Wish(RequestKind.NEW), [PAPER])
    request = asking.make_key_for(office.officer, request, PIN)
    return asking.submit(office.officer, request)


def certified(ministry: Ministry, authorities: Path) -> Certificate:
    """The officer's certificate, issued by the authority directly."""
    return pki.issue_person(
        authorities,
        person_id=ministry.officer.person_id,
        organization_id=ministry.organization.pk,
        position="Chuyên viên",
        pin=PIN,
        at=timezone.now(),
    )


def test_a_request_carries_the_facts_of_the_seat_and_runs_on_the_legal_clock(
    ministry: Ministry,
) -> None:
    """SG 3.2, SG 4.1: three working days, with the text that says so."""
    request = asked(ministry)

    assert request.subject["common_name"] == "Trần Chuyên bo"
    assert request.subject["title"] == "Chuyên viên"
    assert request.subject["organization_code"] == "G90"
    assert request.state == RequestState.SUBMITTED
    assert "68/2024" in request.basis
    assert request.due_at is not None
    assert request.due_at > timezone.now() + timedelta(days=2)


def test_a_new_certificate_needs_papers_and_a_key(ministry: Ministry) -> None:
    request = asking.enter(ministry.officer, Wish(RequestKind.NEW))

    with pytest.raises(rules.EvidenceMissing):
        asking.submit(ministry.officer, request)
    asking.add_evidence(ministry.officer, request, PAPER)
    with pytest.raises(rules.KeyNotMade):
        asking.submit(ministry.officer, request)


def test_a_paper_of_another_kind_is_refused(ministry: Ministry) -> None:
    script = asking.Paper("a.html", "text/html", b"<script>")

    with pytest.raises(rules.EvidenceUnsuitable):
        asking.enter(ministry.officer, Wish(RequestKind.NEW), [script])
    assert not CertificateRequest.objects.exists()


@pytest.mark.parametrize("pin", ["12345", "111111", ""])
def test_a_plain_pin_is_refused(ministry: Ministry, pin: str) -> None:
    request = asking.enter(ministry.officer, Wish(RequestKind.NEW), [PAPER])

    with pytest.raises(rules.PinTooWeak):
        asking.make_key_for(ministry.officer, request, pin)


def test_only_the_holder_makes_the_key(ministry: Ministry) -> None:
    """The PIN is the holder's alone, also when the registrar entered the request."""
    wish = Wish(RequestKind.NEW, seat_id=ministry.officer.seat_id)
    request = asking.enter(ministry.registrar, wish, [PAPER])

    with pytest.raises(Forbidden):
        asking.make_key_for(ministry.registrar, request, PIN)
    assert asking.make_key_for(ministry.officer, request, PIN).csr


def test_a_colleague_neither_sees_nor_moves_it(ministry: Ministry) -> None:
    request = asked(ministry)

    with pytest.raises(rules.RegistrationNotFound):
        queries.request(ministry.colleague, request.pk)
    with pytest.raises(Forbidden):
        asking.withdraw(ministry.colleague, request)
    with pytest.raises(Forbidden):
        deciding.verify(ministry.colleague, request)


def test_the_same_is_asked_for_once(ministry: Ministry) -> None:
    asked(ministry)

    with pytest.raises(rules.RequestOpenAlready):
        asking.enter(ministry.officer, Wish(RequestKind.NEW), [PAPER])


def test_the_registrar_returns_it_with_a_reason_and_it_comes_again(ministry: Ministry) -> None:
    request = asked(ministry)

    returned = deciding.return_request(ministry.registrar, request, "Thiếu quyết định bổ nhiệm")
    assert returned.state == RequestState.RETURNED
    again = asking.submit(ministry.officer, returned)

    assert again.state == RequestState.SUBMITTED
    assert again.return_reason == ""
    acts = list(request.steps.values_list("act", flat=True))
    assert acts == ["entered", "submit", "return", "submit"]


def test_nobody_approves_what_they_entered(ministry: Ministry) -> None:
    """SG 4.3: two persons in each request."""
    wish = Wish(RequestKind.NEW, seat_id=ministry.officer.seat_id)
    request = asking.enter(ministry.registrar, wish, [PAPER])
    asking.make_key_for(ministry.officer, request, PIN)
    asking.submit(ministry.registrar, request)
    request = deciding.verify(ministry.registrar, request)

    with pytest.raises(rules.AboutOneself):
        deciding.approve(ministry.registrar, request, PIN)
    assert Move.APPROVE not in policy.available_moves(ministry.registrar, request)
    assert Move.APPROVE in policy.available_moves(ministry.second, request)


def test_nobody_checks_or_approves_a_request_about_themselves(ministry: Ministry) -> None:
    request = asking.enter(ministry.registrar, Wish(RequestKind.NEW), [PAPER])
    asking.make_key_for(ministry.registrar, request, PIN)
    asking.submit(ministry.registrar, request)

    with pytest.raises(rules.AboutOneself):
        deciding.verify(ministry.registrar, request)


def test_an_agency_without_registrar_is_served_by_the_one_above_after_its_leader_confirms(
    ministry: Ministry, bureau: Office
) -> None:
    """SG 4.2, SG 4.4: delegated registration, and the direct managing agency asks."""
    request = asked(bureau)
    assert request.authority == ministry.organization
    assert list(queries.worklist(ministry.registrar)) == [request]

    with pytest.raises(rules.ManagerNotConfirmed):
        deciding.verify(ministry.registrar, request)
    with pytest.raises(Forbidden):
        deciding.confirm(ministry.leader, request)
    deciding.confirm(bureau.leader, request)

    assert deciding.verify(ministry.registrar, request).state == RequestState.VERIFIED


def test_rows_of_a_request_are_behind_the_wall_for_other_agencies(
    ministry: Ministry, bureau: Office
) -> None:
    """TM-X-11: the subject's agency and the registering one see it, nobody else does."""
    request = asked(bureau)

    with accounts.scope(bureau.organization.pk):
        assert CertificateRequest.objects.filter(pk=request.pk).exists()
    with accounts.scope(ministry.organization.pk):
        assert CertificateRequest.objects.filter(pk=request.pk).exists()
        assert request.evidence.exists()
    with accounts.scope(10**6):
        assert not CertificateRequest.objects.exists()


def test_a_registrar_of_another_branch_cannot_enter_for_the_officer(
    ministry: Ministry, bureau: Office
) -> None:
    wish = Wish(RequestKind.NEW, seat_id=ministry.officer.seat_id)

    with pytest.raises(Forbidden):
        asking.enter(bureau.clerk, wish, [PAPER])


def test_a_reported_loss_holds_the_key_here_at_once(ministry: Ministry, authorities: Path) -> None:
    """SG 4.1, SG-D-06: by the holder alone, to be confirmed within 24 hours."""
    certificate = certified(ministry, authorities)

    request = emergency.report_loss(
        ministry.officer, certificate.pk, ground=Ground.LOST, reason="Mất ví"
    )

    assert request.is_emergency
    assert request.due_at is not None
    assert request.due_at <= timezone.now() + timedelta(hours=24)
    with pytest.raises(pki.CertificateNotUsable) as refused:
        pki.person_signer(ministry.officer.person_id, PIN)
    assert "tạm dừng" in refused.value.sentence
    with pytest.raises(rules.RegistrationMoveNotAllowed):
        asking.withdraw(ministry.officer, request)


def test_a_certificate_with_too_few_days_left_is_not_renewed(
    ministry: Ministry, authorities: Path
) -> None:
    """SG 4.1: at least 60 days of validity must be left."""
    certificate = certified(ministry, authorities)
    Certificate.objects.filter(pk=certificate.pk).update(
        not_after=timezone.now() + timedelta(days=59)
    )

    with pytest.raises(rules.CertificateStateUnfit) as refused:
        asking.enter(ministry.officer, Wish(RequestKind.RENEW, certificate_id=certificate.pk))
    assert "cấp mới" in refused.value.sentence


def test_nobody_asks_about_a_certificate_of_somebody_else(
    ministry: Ministry, authorities: Path
) -> None:
    certificate = certified(ministry, authorities)

    with pytest.raises(rules.CertificateUnknownHere):
        asking.enter(ministry.colleague, Wish(RequestKind.REVOKE, certificate_id=certificate.pk))


def test_a_withdrawn_request_leaves_no_key_behind(ministry: Ministry, node: Path) -> None:
    request = asked(ministry)
    file = node / "keys" / "pending" / f"{request.pk}.pem"
    assert file.exists()

    asking.withdraw(ministry.officer, request)

    assert not file.exists()
