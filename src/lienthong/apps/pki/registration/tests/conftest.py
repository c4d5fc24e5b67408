"""A ministry with a registrar, and an agency below it, on one node with a test PKI."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.registration.asking import Paper

if TYPE_CHECKING:
    from .authority import Authority

PIN = "135790"
PAPER = Paper("Quyết định bổ nhiệm.pdf", "application/pdf", b"%PDF-1.7 quyet dinh bo nhiem")


@dataclass(frozen=True)
class Office:
    """An agency and the people of its desk who matter here."""

    organization: directory.Organization
    officer: Actor
    colleague: Actor
    clerk: Actor
    leader: Actor


@dataclass(frozen=True)
class Ministry(Office):
    """An agency with registrars."""

    registrar: Actor
    second: Actor


def seated(
    organization: directory.Organization, username: str, name: str, role: Role, position: str = ""
) -> Actor:
    """A person new to the node, in one seat."""
    person = accounts.Person.objects.create(username=username, full_name=name)
    return accounts.actor_in(
        Seat.objects.create(
            person=person,
            organization=organization,
            role=role,
            position=position,
            valid_from=date(2026, 1, 1),
        )
    )


def _people(home: directory.Organization, key: str) -> dict[str, Actor]:
    return {
        "officer": seated(home, f"cv.{key}", f"Trần Chuyên {key}", Role.OFFICER, "Chuyên viên"),
        "colleague": seated(home, f"cv2.{key}", f"Võ Đồng {key}", Role.OFFICER, "Chuyên viên"),
        "clerk": seated(home, f"vt.{key}", f"Lê Văn Thư {key}", Role.CLERK, "Văn thư"),
        "leader": seated(home, f"ld.{key}", f"Nguyễn Lãnh {key}", Role.LEADER, "Thủ trưởng"),
    }


@pytest.fixture
def ministry(db: None) -> Ministry:
    home = directory.register(
        name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G90"}, place="Hà Nội"
    )
    return Ministry(
        home,
        **_people(home, "bo"),
        registrar=seated(home, "dk.bo", "Phạm Đăng Ký", Role.REGISTRAR, "Cán bộ đăng ký"),
        second=seated(home, "dk2.bo", "Hồ Thị Hai", Role.REGISTRAR, "Cán bộ đăng ký"),
    )


@pytest.fixture
def bureau(ministry: Ministry) -> Office:
    """An agency below the ministry, without a registrar of its own."""
    home = directory.register(
        name="Cục Thử nghiệm",
        codes={directory.Scheme.QD20: "G90.01"},
        parent=ministry.organization,
        place="Hà Nội",
    )
    return Office(home, **_people(home, "cuc"))


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A national test PKI with small keys, made once."""
    from lienthong.core.signing.authority import make_ec_key  # noqa: PLC0415  a fixture's own

    office = tmp_path_factory.mktemp("authorities")
    pki.make_national_pki(office, at=timezone.now(), root_key=make_ec_key, sub_key=make_ec_key)
    return office


@pytest.fixture
def node(settings: Settings, tmp_path: Path, authorities: Path) -> Path:
    """This process as a node that trusts the test PKI."""
    settings.DATA_DIR = tmp_path
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    pki.install_trust(authorities / "trust")
    return tmp_path


@pytest.fixture
def everywhere(transactional_db: None) -> Iterator[None]:
    with accounts.everywhere():
        yield


@pytest.fixture
def authority(
    everywhere: None, node: Path, ministry: Ministry, settings: Settings, tmp_path: Path
) -> Iterator[Authority]:
    from lienthong.apps.pki.registration.tests.authority import (  # noqa: PLC0415  it knows us
        Authority,
        give_mandate,
        serving,
    )
    from lienthong.core.signing.authority import make_ec_key  # noqa: PLC0415  a fixture's own

    folder = tmp_path / "pki"
    pki.make_national_pki(folder, at=timezone.now(), root_key=make_ec_key, sub_key=make_ec_key)
    pki.make_log_key(folder)
    pki.install_trust(folder / "trust")
    pki.keep_authority(folder)
    pki.issue_node(folder, at=timezone.now())
    mandate = give_mandate(folder, ministry.organization, ministry.registrar, ministry.second)
    with serving(folder, "G90", "G90.01") as url:
        settings.PKI_URL = url
        yield Authority(folder, mandate, url)
