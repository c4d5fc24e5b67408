"""What the tests that cross contexts share: two agencies, and a hub between them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from lienthong.apps.documents.tests.conftest import Desk, KeyCabinet
from lienthong.apps.exchange.tests.node import hub_of_node
from lienthong.apps.exchange.tests.server import RunningHub

from .support import offices


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory of keys, trust and files for all these tests: a key is made once."""
    return tmp_path_factory.mktemp("offices")


@pytest.fixture(scope="session")
def cabinet(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> KeyCabinet:
    """The authorities of the tests, and the keys that they have issued."""
    before, django_settings.DATA_DIR = django_settings.DATA_DIR, data_dir
    authorities = offices.make_authorities(tmp_path_factory.mktemp("authorities"))
    django_settings.DATA_DIR = before
    return KeyCabinet(authorities, {})


@pytest.fixture
def node(cabinet: KeyCabinet, data_dir: Path, settings: Settings, transactional_db: None) -> None:
    """This process as a node of the country, with an empty queue and no hub to be found."""
    settings.DATA_DIR = data_dir
    settings.HUB_URL = "http://127.0.0.1:9"
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    offices.forget_jobs()


@pytest.fixture
def ministry(node: None, cabinet: KeyCabinet) -> Desk:
    return offices.open_ministry(cabinet)


@pytest.fixture
def province(node: None, cabinet: KeyCabinet) -> Desk:
    return offices.open_province(cabinet)


@pytest.fixture
def road(cabinet: KeyCabinet, ministry: Desk, province: Desk) -> None:
    """Both agencies are known to the axis, which need not be up."""
    offices.connect_to_axis(cabinet.authorities, ministry, province)


@pytest.fixture
def hub(road: None, tmp_path: Path) -> Iterator[RunningHub]:
    """The axis: a real server on a port of its own, over the same database."""
    with hub_of_node(tmp_path / "hub") as running:
        yield running
