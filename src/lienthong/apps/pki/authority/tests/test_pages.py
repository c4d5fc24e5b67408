"""Pages of the certificate officer, asked for as a browser would."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from time import time

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.directory import api as directory_api
from lienthong.apps.pki.authority import publishing, recognition
from lienthong.apps.pki.authority.models import (
    IssuedCertificate,
    Mandate,
    ServiceProposal,
    StatusProposal,
    TrustListIssue,
)
from lienthong.apps.pki.authority.rules import (
    MandateState,
    ServiceAct,
    ServiceStateWrong,
    Status,
)
from lienthong.apps.pki.authority.tests import office as offices
from lienthong.apps.pki.authority.tests.office import Office

pytestmark = pytest.mark.django_db
PAGES = (
    "", "chung-thu/", "chung-thu/?q=pham+thi&status=active", "uy-quyen/", "uy-quyen/moi",
    "danh-sach-tin-cay/", "yeu-cau/", "yeu-cau/?show=late", "so-lieu/", "nhat-ky-khoa/",
)  # fmt: skip


@pytest.fixture
def office(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose clock is the real one, for pages look at it."""
    settings.DATA_DIR = tmp_path / "node"
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    start = timezone.now().replace(microsecond=0) - timedelta(hours=3)
    monkeypatch.setattr(offices, "START", start)
    made = offices.make_office(tmp_path / "pki")
    made.at = start + timedelta(hours=1)
    publishing.publish(made.folder, at=made.at)
    return made


def browser(office: Office, number: int) -> Client:
    """The browser of one of the two officers."""
    return signed_in(office.officers[number].person_id, office.officers[number].seat_id)


def signed_in(person_id: int, seat_id: int) -> Client:
    client = Client()
    client.force_login(accounts.Person.objects.get(pk=person_id))
    session = client.session
    session.update({"seat": seat_id, "seen_at": int(time()), "signed_in_at": int(time())})
    session.save()
    return client


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_for_officers_only(office: Office, page: str) -> None:
    office.issue()
    ministry = directory_api.find("G09")
    assert ministry is not None
    clerk = accounts.Person.objects.create(username="clerk", full_name="Văn thư")
    seat = accounts.Seat.objects.create(
        person=clerk, organization=ministry, role=Role.CLERK, position="Văn thư",
        valid_from=offices.START.date(),
    )  # fmt: skip
    stranger = signed_in(clerk.pk, seat.pk)

    assert browser(office, 0).get(f"/cap-chung-thu/{page}").status_code == 200
    assert stranger.get(f"/cap-chung-thu/{page}").status_code == 403


def test_a_certificate_is_found_without_marks_and_shown(office: Office) -> None:
    row = office.issue()
    client = browser(office, 0)

    found = client.get("/cap-chung-thu/chung-thu/?q=pham thi thu").content.decode()
    shown = client.get(f"/cap-chung-thu/chung-thu/{row.sha256}").content.decode()
    file = client.get(f"/cap-chung-thu/chung-thu/{row.sha256}/tep")

    assert row.subject in found
    assert row.serial in shown
    assert file.content[:2] == b"\x30\x82"


def test_one_officer_proposes_and_another_revokes(office: Office) -> None:
    row = office.issue()
    said = {
        "act": "revoke",
        "reason": "affiliation_changed",
        "why": "Nghỉ hưu",
        "hold_meanwhile": "on",
    }
    browser(office, 0).post(f"/cap-chung-thu/chung-thu/{row.sha256}", said)
    proposal = StatusProposal.objects.get()
    row.refresh_from_db()
    assert row.status == Status.ON_HOLD

    own = browser(office, 0).post(f"/cap-chung-thu/de-nghi/{proposal.pk}", {"accept": "yes"})
    other = browser(office, 1).post(f"/cap-chung-thu/de-nghi/{proposal.pk}", {"accept": "yes"})

    row.refresh_from_db()
    assert own.status_code == 409
    assert other.status_code == 302
    assert row.status == Status.REVOKED
    assert (
        proposal.why
        in browser(office, 1).get(f"/cap-chung-thu/chung-thu/{row.sha256}").content.decode()
    )


def test_a_proposal_without_grounds_is_shown_again(office: Office) -> None:
    row = office.issue()

    answer = browser(office, 0).post(
        f"/cap-chung-thu/chung-thu/{row.sha256}", {"act": "revoke", "reason": "unspecified"}
    )

    assert answer.status_code == 422
    assert "Hãy nhập." in answer.content.decode()
    assert not StatusProposal.objects.exists()


def test_a_mandate_is_proposed_on_a_form(office: Office) -> None:
    registrar = IssuedCertificate.objects.get(holder="CB:VN-G09-6")
    said = {
        "agency_code": "G09", "root_code": "", "officers": registrar.sha256, "subjects": ["person"],
        "kinds": ["new"], "per_day": "5", "lifetime_days": "365",
        "valid_to": (timezone.localdate() + timedelta(days=30)).isoformat(),
    }  # fmt: skip

    answer = browser(office, 0).post("/cap-chung-thu/uy-quyen/moi", said)
    wrong = browser(office, 0).post("/cap-chung-thu/uy-quyen/moi", {**said, "officers": "00"})

    made = Mandate.objects.get(state=MandateState.PROPOSED)
    assert answer.status_code == 302
    assert wrong.status_code == 422
    assert made.per_day == 5
    page = browser(office, 1).get(f"/cap-chung-thu/uy-quyen/{made.pk}").content.decode()
    assert "Ký phê duyệt" in page
    without_key = browser(office, 1).post(
        f"/cap-chung-thu/uy-quyen/{made.pk}/phe-duyet", {"pin": "123456"}
    )
    assert without_key.status_code == 409
    browser(office, 1).post(f"/cap-chung-thu/uy-quyen/{made.pk}/tu-choi")
    made.refresh_from_db()
    assert made.state == MandateState.REJECTED


def test_a_mandate_is_ended_on_its_page(office: Office) -> None:
    browser(office, 0).post(
        f"/cap-chung-thu/uy-quyen/{office.mandate.pk}/cham-dut", {"reason": "Hết nhu cầu"}
    )

    office.mandate.refresh_from_db()
    assert office.mandate.state == MandateState.ENDED


def test_a_hold_is_confirmed_from_the_overview(office: Office) -> None:
    row = office.issue()
    office.send(office.about(row, "hold", entered_by="G09-6"))
    held = row.requests.get(kind="hold")
    assert "Xác nhận" in browser(office, 0).get("/cap-chung-thu/").content.decode()

    browser(office, 0).post(f"/cap-chung-thu/yeu-cau/{held.pk}/xac-nhan")

    held.refresh_from_db()
    assert held.confirmed_at is not None


def test_the_trust_list_grows_only_when_something_changed(office: Office) -> None:
    again = publishing.publish(office.folder, at=office.at + timedelta(hours=1))

    found = publishing.current(office.folder, at=office.at + timedelta(hours=1))
    assert not again
    assert found is not None
    assert found.sequence == 1


def test_one_officer_proposes_and_another_publishes_the_next_list(office: Office) -> None:
    one = next(
        each
        for each in recognition.listed(office.folder, at=timezone.now())
        if each.service.kind == "TSA"
    )
    page = f"/cap-chung-thu/danh-sach-tin-cay/{one.service.sha256}/TSA"
    first, second = browser(office, 0), browser(office, 1)

    first.post(page, {"act": "suspend", "why": "Kiểm tra đồng hồ"})
    proposal = ServiceProposal.objects.get()
    decide = f"/cap-chung-thu/danh-sach-tin-cay/de-nghi/{proposal.pk}"
    alone = first.post(decide, {"accept": "yes"})
    done = second.post(decide, {"accept": "yes"})

    found = publishing.current(office.folder, at=timezone.now())
    assert (alone.status_code, done.status_code) == (409, 302)
    assert found is not None
    assert found.sequence == 2
    gone = [each for each in found.services if not each.granted_at(timezone.now())]
    assert [each.sha256 for each in gone] == [one.service.sha256]
    assert gone[0].granted_at(office.at)
    assert "Không được công nhận" in first.get(page).content.decode()
    listed = first.get("/cap-chung-thu/danh-sach-tin-cay/").content.decode()
    assert "Số 2" in listed
    file = first.get("/cap-chung-thu/danh-sach-tin-cay/ban/2").content
    assert file == publishing.published(office.folder)


def test_a_suspended_service_is_recognized_again_and_a_withdrawn_one_never(office: Office) -> None:
    def service() -> recognition.Listed:
        listed = recognition.listed(office.folder, at=timezone.now())
        return next(each for each in listed if each.service.kind == "TSA")

    def carry_out(act: ServiceAct, seconds: int) -> None:
        at = office.at + timedelta(seconds=seconds)
        proposal = recognition.propose(
            office.officers[0], office.folder, kind="TSA",
            certificate_sha256=service().service.sha256, act=act, why="Thử", at=at,
        )  # fmt: skip
        recognition.decide(
            office.officers[1], proposal, accept=True, at=at, directory=office.folder
        )

    carry_out(ServiceAct.SUSPEND, 1)
    assert service().acts == (ServiceAct.RESTORE, ServiceAct.WITHDRAW)
    carry_out(ServiceAct.RESTORE, 2)
    assert service().granted
    carry_out(ServiceAct.WITHDRAW, 3)

    assert service().acts == ()
    assert [one.granted for one in service().history] == [False, True, False, True]
    with pytest.raises(ServiceStateWrong):
        carry_out(ServiceAct.RESTORE, 4)


def test_a_proposal_about_a_service_is_dropped_without_a_new_list(office: Office) -> None:
    one = next(recognition.listed(office.folder, at=timezone.now()))
    proposal = recognition.propose(
        office.officers[0], office.folder, kind=one.service.kind,
        certificate_sha256=one.service.sha256, act=ServiceAct.WITHDRAW, why="Nhầm",
        at=timezone.now(),
    )  # fmt: skip

    browser(office, 0).post(
        f"/cap-chung-thu/danh-sach-tin-cay/de-nghi/{proposal.pk}", {"accept": "no"}
    )

    proposal.refresh_from_db()
    assert proposal.accepted is False
    assert TrustListIssue.objects.count() == 1
