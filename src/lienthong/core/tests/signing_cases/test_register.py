"""Every case of SG 8 has a test: the numbers in the marks are compared with the list."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import lienthong
from lienthong.core.tests.signing_cases.rules import ALL

SOURCE = Path(lienthong.__file__).parent


def marked_tests() -> Iterator[tuple[str, str]]:
    """Each case number with the test that holds it, from the sources of all tests."""
    for file in sorted(SOURCE.rglob("tests/**/test_*.py")):
        text = file.read_text()
        if "@rule(" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "rule":
                    for number in mark.args:
                        yield ast.literal_eval(number), f"{file.name}::{node.name}"


def test_every_case_has_a_test_of_its_own() -> None:
    found = {number for number, _ in marked_tests()}

    assert found - ALL.keys() == set()
    assert sorted(ALL.keys() - found) == []
    assert len(ALL) == 75
