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


def _scaffold() -> None:
    """Until every context exists: run the tests of those that do. Goes with the last one."""
    import sys  # noqa: PLC0415
    import types  # noqa: PLC0415
    import warnings  # noqa: PLC0415

    from lienthong.run import settings  # noqa: PLC0415

    order = (
        "directory outbox files accounts pki journal exchange.hub exchange.access_point documents"
    )
    paths = [argument for argument in sys.argv[1:] if argument.startswith(("src/", "/"))]
    names = order.split()
    reach = [
        index
        for index, name in enumerate(names)
        for path in paths
        if f"apps/{name.replace('.', '/')}" in path
        or ("apps/exchange" in path and name.startswith("exchange"))
    ]
    if paths and not any(
        "tests/test_main" in path or "/web" in path or "/run" in path for path in paths
    ):
        keep = {f"lienthong.apps.{name}" for name in names[: max(reach, default=-1) + 1]}
        settings.INSTALLED_APPS = [
            app for app in settings.INSTALLED_APPS if "lienthong.apps" not in app or app in keep
        ]
        if "lienthong.apps.accounts" not in keep:
            settings.AUTH_USER_MODEL = "auth.User"

    def connect() -> None:
        del sys.modules["lienthong.run.wiring"]
        try:
            import lienthong.run.wiring as real  # noqa: PLC0415

            real.connect()
        except (ImportError, AttributeError, RuntimeError) as error:
            sys.stderr.write(f"NOT WIRED YET: {error}\n")
            warnings.resetwarnings()

    stub = types.ModuleType("lienthong.run.wiring")
    stub.connect = connect  # type: ignore[attr-defined]
    sys.modules["lienthong.run.wiring"] = stub
    import lienthong.run as package  # noqa: PLC0415

    package.wiring = stub  # type: ignore[attr-defined]


_scaffold()


def pytest_configure(config: pytest.Config) -> None:
    # Registered last, so that these fixtures replace pytest-django's of the same name.
    config.pluginmanager.import_plugin("lienthong.run.pytest_database")


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(DIRECTORY, ignore_errors=True)
