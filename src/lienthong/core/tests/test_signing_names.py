"""The package gives its names at their first use, and gives all of them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lienthong.core import signing


def test_every_name_has_one_home_and_is_given() -> None:
    names = [name for names in signing.HOMES.values() for name in names]

    assert sorted(names) == sorted(signing.__all__)
    assert all(getattr(signing, name) is not None for name in names)
    assert set(names) <= set(dir(signing))


def test_a_name_that_does_not_exist_is_told() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = signing.no_such_name


def test_validating_a_path_loads_no_pdf_reader() -> None:
    program = (
        "import sys, lienthong.core.signing.path, lienthong.core.signing.reference_path\n"
        "sys.exit(any(name in sys.modules for name in ('pikepdf', 'PIL', 'pyhanko', 'lxml')))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
