"""A file is what its name says, or it is a problem."""

from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import Settings

from lienthong.apps.files import api


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@given(st.binary(max_size=2000))
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_put_is_got(data: bytes) -> None:
    stored = api.put(data)

    assert stored == api.Stored(hashlib.sha256(data).hexdigest(), len(data))
    assert api.get(stored.sha256) == data
    assert api.open_path(stored.sha256).read_bytes() == data


def test_the_same_bytes_are_one_file(data_dir: Path) -> None:
    assert api.put(b"once") == api.put(b"once")
    assert len([path for path in data_dir.rglob("*") if path.is_file()]) == 1


def test_a_file_that_a_crash_left_short_is_written_again() -> None:
    stored = api.put(b"the whole document")
    api.open_path(stored.sha256).write_bytes(b"the wh")

    api.put(b"the whole document")

    assert api.get(stored.sha256) == b"the whole document"


def test_changed_bytes_are_found_out() -> None:
    stored = api.put(b"agreed")
    api.open_path(stored.sha256).write_bytes(b"agreen")

    with pytest.raises(api.FileDamaged):
        api.get(stored.sha256)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 63, "G" * 64, "0" * 64])
def test_a_name_that_is_not_kept_here_is_a_problem(name: str) -> None:
    with pytest.raises(api.FileUnknown):
        api.get(name)


def test_a_full_disk_is_a_problem_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, data_dir: Path
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    api.put(b"another")  # makes the directories, whose syncs are not what fails here
    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(api.StorageFull):
        api.put(b"too much")
    assert len([path for path in data_dir.rglob("*") if path.is_file()]) == 1
