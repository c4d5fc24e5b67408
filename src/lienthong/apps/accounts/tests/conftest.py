from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pytest_django import Settings

from lienthong.apps.accounts.models import Person, Seat
from lienthong.apps.accounts.rules import Role
from lienthong.apps.directory import api as directory

PASSWORD = "mật khẩu dài của văn thư"


@pytest.fixture(autouse=True)
def _static_directory(settings: Settings) -> None:
    """WhiteNoise warns when nothing was collected yet, and warnings are errors here."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)


@pytest.fixture
def ministry(db: None) -> directory.Organization:
    return directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QD20: "G99"})


@pytest.fixture
def province(db: None) -> directory.Organization:
    return directory.register(name="Tỉnh Thử nghiệm", codes={directory.Scheme.QD20: "H99"})


@pytest.fixture
def person(db: None) -> Person:
    return Person.objects.create_person(
        username="vanthu", password=PASSWORD, full_name="Nguyễn Thị Văn Thư"
    )


@pytest.fixture
def seat(person: Person, ministry: directory.Organization) -> Seat:
    return Seat.objects.create(
        person=person, organization=ministry, role=Role.CLERK, valid_from=date(2020, 1, 1)
    )
