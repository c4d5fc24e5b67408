"""A node fetches the trust list from the services as they run, and believes it or keeps its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pytest_django import Settings

from lienthong.apps.pki import ceremony, listing, outside, trusted
from lienthong.apps.pki.authority import publishing, recognition
from lienthong.apps.pki.authority.models import TrustListIssue
from lienthong.apps.pki.authority.rules import ServiceAct
from lienthong.apps.pki.authority.tests import office as offices
from lienthong.apps.pki.authority.tests.office import Office
from lienthong.apps.pki.models import TrustListCheck
from lienthong.apps.pki.operator_key import make_operator_key
from lienthong.apps.pki.rules import ClockBehind
from lienthong.apps.pki.usable import check_clock
from lienthong.core.signing import Trust
from lienthong.core.signing.path import Trouble, check_path
from lienthong.core.signing.trust_list import TrustList, read_trust_list, write_trust_list

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@dataclass
class Library:
    """A web server with one list on its shelf, or with bad manners."""

    url: str
    shelf: bytes = b""
    length: int | None = None
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def library() -> Iterator[Library]:
    found = Library("")

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(200 if found.shelf else 404)
            self.send_header("Content-Length", str(found.length or len(found.shelf)))
            self.end_headers()
            self.wfile.write(found.shelf)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield found
        server.shutdown()
        thread.join()


@pytest.fixture
def office(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, library: Library
) -> Office:
    """An authority that published its first list; DATA_DIR is that of an agency's node."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
    monkeypatch.setattr(offices, "START", start)
    settings.DATA_DIR = tmp_path / "authority"
    made = offices.make_office(tmp_path / "pki")
    made.at = start + timedelta(hours=1)
    publishing.publish(made.folder, at=made.at)
    settings.DATA_DIR, settings.PKI_URL = tmp_path / "agency", library.url
    trusted.install_trust(made.folder / "trust")
    library.shelf = (made.folder / "trust-list.xml").read_bytes()
    return made


def withdraw(office: Office, name: str, at: datetime) -> bytes:
    """Two officers withdraw an authority; the list that they publish."""
    found = next(
        one
        for one in recognition.listed(office.folder, at=at)
        if one.service.name == ceremony.NAMES[name] and one.service.kind == "CA/PKC"
    )
    proposal = recognition.propose(
        office.officers[0],
        office.folder,
        kind=found.service.kind,
        certificate_sha256=found.service.sha256,
        act=ServiceAct.WITHDRAW,
        why="Kiểm tra",
        at=at,
    )
    recognition.decide(office.officers[1], proposal, accept=True, at=at, directory=office.folder)
    return (office.folder / "trust-list.xml").read_bytes()


def signed_anew(office: Office, data: bytes, at: datetime, **changes: object) -> bytes:
    """The list with other content, well signed by the operator."""
    operator = ceremony.operator(office.folder, at=at)
    found = read_trust_list(data, pinned=[operator.certificate], at=at)
    return write_trust_list(replace(found, **changes), signer=operator)  # type: ignore[arg-type]


def in_use(at: datetime) -> TrustList:
    found = listing.in_use(at=at)
    assert found is not None
    return found


def refreshed(at: datetime) -> TrustListCheck:
    found = listing.refresh(at=at)
    assert found is not None
    return found


def test_a_node_uses_the_published_list(office: Office, library: Library) -> None:
    found = refreshed(office.at)

    assert (found.code, found.sequence) == ("", 1)
    assert library.asked == ["/trust-list.xml"]
    assert len(trusted.trust().services) == len(in_use(office.at).services) > 10


def test_a_withdrawal_counts_at_the_node_after_one_fetch(office: Office, library: Library) -> None:
    """SG-X-02: new signatures at once; what was proved to be made before stays as it was."""
    refreshed(office.at)
    at = office.at + timedelta(minutes=30)
    certificate = office.registrar.certificate
    assert check_path(certificate, trust=trusted.trust(), at=at).trouble is None

    library.shelf = withdraw(office, ceremony.PEOPLE, at)
    refreshed(at + timedelta(minutes=10))

    after = check_path(certificate, trust=trusted.trust(), at=at + timedelta(minutes=10))
    earlier = check_path(certificate, trust=trusted.trust(), at=office.at)
    assert after.trouble is Trouble.NO_PATH
    assert earlier.trouble is None


def test_a_new_bundle_of_the_axis_leaves_list_and_operator_alone(office: Office) -> None:
    refreshed(office.at)
    before = trusted.trust()
    ceremony.refresh_crls(office.folder, at=office.at, force=True)

    changed = trusted.take_bundle(Trust.from_directory(office.folder / "trust").bundle())

    after = trusted.trust()
    assert changed
    assert (after.services, after.trust_list) == (before.services, before.trust_list)
    assert after.operators == before.operators


def test_a_forged_list_is_refused_and_the_last_good_one_stays(
    office: Office, library: Library
) -> None:
    refreshed(office.at)
    good, at = trusted.trust().trust_list, office.at + DAY
    library.shelf = good.replace(b"Svcstatus/granted", b"Svcstatus/withdrawn", 1)

    found = refreshed(at)

    assert found.code == "signing.trust_list_forged"
    assert (found.sequence, trusted.trust().trust_list) == (1, good)


def test_a_list_by_another_operator_is_refused(
    office: Office, library: Library, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger"
    key = make_operator_key(stranger, start=office.at - DAY)
    found = read_trust_list(
        library.shelf, pinned=[ceremony.operator(office.folder, at=office.at).certificate],
        at=office.at,
    )  # fmt: skip
    library.shelf = write_trust_list(
        replace(found, sequence=9, signers=(key.certificate,)),
        signer=key,
    )

    assert refreshed(office.at).code == "signing.trust_list_unpinned"
    assert trusted.trust().trust_list == b""


def test_a_list_is_never_rolled_back(office: Office, library: Library) -> None:
    first, at = library.shelf, office.at + timedelta(minutes=30)
    library.shelf = withdraw(office, ceremony.PUBLIC, at)
    refreshed(at)
    library.shelf = first

    found = refreshed(at)

    assert (found.code, found.sequence) == ("signing.trust_list_old", 2)


def test_an_expired_list_makes_nothing_valid_and_is_told(
    office: Office, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    library.shelf = signed_anew(
        office, library.shelf, office.at, sequence=2, next_update=office.at + DAY
    )
    refreshed(office.at)
    late = office.at + DAY + timedelta(minutes=1)

    refreshed(late)

    found = check_path(office.registrar.certificate, trust=trusted.trust(), at=late)
    assert found.trouble is Trouble.NO_PATH
    assert "đã hết hiệu lực" in caplog.text


def test_a_list_that_ends_within_two_weeks_is_an_alarm(
    office: Office, library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    library.shelf = signed_anew(
        office, library.shelf, office.at, sequence=2, next_update=office.at + 13 * DAY
    )

    refreshed(office.at)

    assert "sắp hết hiệu lực" in caplog.text


def test_a_list_of_more_than_twenty_megabytes_is_left_unread(
    office: Office, library: Library
) -> None:
    library.shelf = b"x" * (outside.LIST_SIZE_MAX_BYTES + 1)

    found = refreshed(office.at)

    assert found.code == "pki.trust_list_unreachable"
    assert trusted.trust().trust_list == b""


def test_an_unreachable_list_is_noted_once_and_the_last_good_one_stays(
    office: Office, settings: Settings
) -> None:
    refreshed(office.at)
    settings.PKI_URL = "http://127.0.0.1:9"

    first, second = refreshed(office.at + DAY), refreshed(office.at + 2 * DAY)

    assert first.code == "pki.trust_list_unreachable"
    assert (second.pk, second.first_at, second.last_at) == (
        first.pk,
        office.at + DAY,
        office.at + 2 * DAY,
    )
    assert TrustListCheck.objects.count() == 2
    assert in_use(office.at + 2 * DAY).sequence == 1


def test_a_connection_that_breaks_off_brings_no_list(office: Office, library: Library) -> None:
    library.length = len(library.shelf) + 100

    assert refreshed(office.at).code == "pki.trust_list_unreachable"


def test_a_clock_that_went_back_takes_no_list_and_signs_nothing(
    office: Office, library: Library
) -> None:
    refreshed(office.at)
    before = office.at - timedelta(minutes=30)

    found = refreshed(before)

    assert found.code == "signing.trust_list_broken"
    with pytest.raises(ClockBehind):
        check_clock(before)
    check_clock(office.at)


def test_every_published_list_is_kept(office: Office) -> None:
    last = withdraw(office, ceremony.PUBLIC, office.at + timedelta(minutes=30))

    issues = list(TrustListIssue.objects.order_by("sequence"))

    assert [one.sequence for one in issues] == [1, 2]
    assert bytes(issues[1].xml) == last
    assert issues[1].granted == issues[0].granted - 1
