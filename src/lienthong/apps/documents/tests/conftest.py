"""A ministry and a province with the people of a desk, on one node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Model
from django.utils import timezone
from pytest_django import Settings

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import api as pki


@dataclass(frozen=True)
class Desk:
    """An organization and one actor for each place in it."""

    organization: directory.Organization
    clerk: Actor
    officer: Actor
    colleague: Actor
    unit_head: Actor
    other_unit_head: Actor
    leader: Actor
    deputy: Actor
    archivist: Actor
    administrator: Actor

    @property
    def actors(self) -> dict[str, Actor]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Actor)}


def seat(
    organization: directory.Organization,
    username: str,
    name: str,
    role: Role,
    *,
    unit: directory.Unit | None = None,
    position: str = "",
    competence: str = "",
) -> Actor:
    person = accounts.Person.objects.create(username=username, full_name=name)
    held = Seat.objects.create(
        person=person,
        organization=organization,
        unit=unit,
        role=role,
        position=position,
        competence=competence,
        valid_from=date(2026, 1, 1),
    )
    return accounts.actor_in(held)


def make_desk(*, name: str, short_name: str, code: str, code102: str, place: str, key: str) -> Desk:
    organization = directory.register(
        name=name,
        short_name=short_name,
        codes={directory.Scheme.QD20: code, directory.Scheme.QCVN102: code102},
        place=place,
    )
    unit = directory.add_unit(organization=organization, name="Cục Công nghệ", code="CCN")
    other = directory.add_unit(organization=organization, name="Vụ Pháp chế", code="PC")
    title = "Bộ trưởng" if key == "btn" else "Chủ tịch"
    return Desk(
        organization=organization,
        clerk=seat(organization, f"vt.{key}", f"Lê Văn Thư {key}", Role.CLERK),
        officer=seat(organization, f"cv.{key}", f"Trần Chuyên Viên {key}", Role.OFFICER, unit=unit),
        colleague=seat(organization, f"cv2.{key}", f"Võ Phối Hợp {key}", Role.OFFICER, unit=other),
        unit_head=seat(
            organization, f"tp.{key}", f"Phạm Trưởng Phòng {key}", Role.UNIT_HEAD, unit=unit
        ),
        other_unit_head=seat(
            organization, f"vtr.{key}", f"Đỗ Vụ Trưởng {key}", Role.UNIT_HEAD, unit=other
        ),
        leader=seat(
            organization, f"ld.{key}", f"Nguyễn Lãnh Đạo {key}", Role.LEADER, position=title
        ),
        deputy=seat(
            organization,
            f"ld2.{key}",
            f"Hoàng Phó {key}",
            Role.LEADER,
            position=f"Phó {title}",
            competence=f"KT. {title.upper()}",
        ),
        archivist=seat(organization, f"lt.{key}", f"Bùi Lưu Trữ {key}", Role.ARCHIVIST),
        administrator=seat(organization, f"qt.{key}", f"Ngô Quản Trị {key}", Role.ADMINISTRATOR),
    )


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def ministry(db: None) -> Desk:
    return make_desk(
        name="Bộ Thử nghiệm",
        short_name="BTN",
        code="G90",
        code102="000.00.00.G90",
        place="Hà Nội",
        key="btn",
    )


@pytest.fixture
def province(db: None) -> Desk:
    return make_desk(
        name="Ủy ban nhân dân tỉnh Đồng Xanh",
        short_name="UBND",
        code="H90",
        code102="000.00.00.H90",
        place="Đồng Xanh",
        key="dx",
    )


PIN = "khoa-thu-nghiem-2026"


@pytest.fixture(scope="session")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A national test PKI, made once; this node pins its trust."""
    office = tmp_path_factory.mktemp("authorities")
    pki.make_national_pki(office, at=timezone.now())
    pki.install_trust(office / "trust")
    return office


@dataclass(frozen=True)
class KeyCabinet:
    """Issues keys, each once in a session: the files stay when a test's rows are rolled back."""

    authorities: Path
    issued: dict[tuple[str, ...], tuple[dict[str, Any], dict[str, Any]]]

    def person(self, actor: Actor, pin: str, at: datetime | None = None) -> None:
        at = at or timezone.now()
        holder = {"person_id": actor.person_id, "organization_id": actor.organization_id}

        def issue() -> pki.Certificate:
            return pki.issue_person(
                self.authorities,
                person_id=actor.person_id,
                organization_id=actor.organization_id,
                position=actor.position,
                pin=pin,
                at=at,
            )

        self._take(("person", actor.name, pin, f"{at:%Y-%m-%d}"), holder, issue)

    def agency(self, desk: Desk, pin: str) -> None:
        holder = {"organization_id": desk.organization.pk}

        def issue() -> pki.Certificate:
            return pki.issue_agency(self.authorities, **holder, pin=pin, at=timezone.now())

        self._take(("agency", desk.organization.name, pin), holder, issue)

    def service(self, desk: Desk) -> None:
        holder = {"organization_id": desk.organization.pk}

        def issue() -> pki.Certificate:
            return pki.issue_service(self.authorities, **holder, at=timezone.now())

        self._take(("service", desk.organization.name), holder, issue)

    def _take(
        self, name: tuple[str, ...], holder: dict[str, int], issue: Callable[[], pki.Certificate]
    ) -> None:
        if name not in self.issued:
            certificate = issue()
            self.issued[name] = (
                columns(certificate, pki.Certificate),
                columns(certificate.key, pki.Key),
            )
            return
        row, key = self.issued[name]
        whose = "person_id" if "person_id" in holder else "organization_id"
        held = pki.Key.objects.filter(kind=key["kind"]).filter(**{whose: holder[whose]})
        held.update(is_current=False)
        pki.Key.objects.create(
            **key, **holder, certificate=pki.Certificate.objects.create(**row, **holder)
        )


def columns(row: Model, model: type[Model]) -> dict[str, Any]:
    """What a row says, without its own id and whom it belongs to."""
    return {
        field.attname: getattr(row, field.attname)
        for field in model._meta.concrete_fields
        if field.attname not in {"id", "organization_id", "person_id", "certificate_id"}
        and not field.has_db_default()
    }


@pytest.fixture(scope="session")
def cabinet(authorities: Path) -> KeyCabinet:
    return KeyCabinet(authorities, {})


@pytest.fixture
def keys(cabinet: KeyCabinet, ministry: Desk, province: Desk) -> KeyCabinet:
    """Both agencies sign packets; the ministry has a seal and its deputy signs."""
    cabinet.person(ministry.deputy, PIN)
    cabinet.agency(ministry, PIN)
    cabinet.service(ministry)
    cabinet.service(province)
    return cabinet
