"""The office, fresh for each test."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from .office import Office, make_office


@pytest.fixture
def office(tmp_path: Path, settings: Settings, db: None) -> Office:
    settings.DATA_DIR = tmp_path / "node"
    return make_office(tmp_path / "pki")
