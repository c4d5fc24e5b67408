"""docs/reference/trust-rules.md names files and tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "lienthong"
TABLE = (ROOT / "docs" / "reference" / "trust-rules.md").read_text(encoding="utf-8")
ROWS = [line for line in TABLE.splitlines() if line.startswith("| ") and "`test_" in line]


@pytest.fixture(scope="module")
def known_tests() -> frozenset[str]:
    """The names of all test functions."""
    files = [*SOURCE.rglob("test_*.py"), *(ROOT / "tests").rglob("test_*.py")]
    texts = (file.read_text(encoding="utf-8") for file in files)
    return frozenset(
        name for text in texts for name in re.findall(r"^(?:async )?def (test_\w+)", text, re.M)
    )


def test_every_rule_names_tests_that_are_there(known_tests: frozenset[str]) -> None:
    named = {name for row in ROWS for name in re.findall(r"`(test_\w+)`", row)}

    assert len(ROWS) > 50
    assert sorted(named - known_tests) == []


def test_every_rule_names_code_that_is_there() -> None:
    named = {path for row in ROWS for path in re.findall(r"`((?:core|apps)/[\w/]+\.py)`", row)}

    assert [path for path in sorted(named) if not (SOURCE / path).is_file()] == []
