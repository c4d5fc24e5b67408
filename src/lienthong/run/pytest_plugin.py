"""Runs the tests on a real PostgreSQL and in a directory of their own.

Loaded by `-p lienthong.run.pytest_plugin`, before Django reads its settings. The server starts when
the first test asks for the database, so tests of `core` never wait for it. It is the embedded one,
or the one named by LIENTHONG_TEST_DATABASE_URL (a role that may create databases).

Tests connect as a role that is no superuser, so that row security binds them as it binds the pages.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

DIRECTORY = Path(tempfile.mkdtemp(prefix="lienthong-test-"))
os.environ["LIENTHONG_DATA_DIR"] = str(DIRECTORY / "data")
os.environ["LIENTHONG_NODE"] = "test"
os.environ["LIENTHONG_DATABASE_URL"] = f"postgresql://lienthong@/lienthong?host={DIRECTORY}/none"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
(DIRECTORY / "data").mkdir()

_LONG = ("browser", "crash")  # marks of tests that start whole nodes


def pytest_configure(config: pytest.Config) -> None:
    # Registered last, so that these fixtures replace pytest-django's of the same name.
    config.pluginmanager.import_plugin("lienthong.run.pytest_database")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker waits for the other at the end."""
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in _LONG))


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(DIRECTORY, ignore_errors=True)
