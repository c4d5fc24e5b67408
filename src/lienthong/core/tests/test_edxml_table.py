"""Each rule of §11 is broken once, alone: severity and transport code in both profiles."""

from __future__ import annotations

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import RULES, Profile, Severity
from lienthong.core.tests.edxml_samples import compat, context, strict
from lienthong.core.tests.edxml_table import CONFORMANCE, ROWS, Row


def test_the_table_names_every_rule_once() -> None:
    assert [row.rule for row in ROWS] == list(RULES)


@pytest.mark.parametrize("profile", Profile, ids=str)
@pytest.mark.parametrize("row", ROWS, ids=[row.rule for row in ROWS])
def test_one_breach_makes_one_rule_speak_with_its_code(row: Row, profile: Profile) -> None:
    expected = row.strict if profile is Profile.STRICT else row.compat

    reading = edxml.read(
        row.raw,
        profile=profile,
        context=row.context,
        declared=row.declared,
        limits=row.limits,
    )

    assert {one.rule for one in reading.findings} == {row.rule}
    worst = "T" if reading.refused else str(reading.findings[0].severity)
    assert f"{worst}{reading.wire_code}" == expected
    assert (reading.packet is None) == (expected[0] == Severity.REFUSE)


@pytest.mark.parametrize("name", CONFORMANCE)
def test_the_conformance_set_gets_the_codes_it_should(name: str) -> None:
    raw, in_strict, in_compat = CONFORMANCE[name]

    assert (str(strict(raw).wire_code), str(compat(raw).wire_code)) == (in_strict, in_compat)


def test_two_schemes_of_one_receiver_are_one_for_who_has_a_directory() -> None:
    raw, *_ = CONFORMANCE["two-schemes-one-receiver"]

    assert strict(raw, context()).wire_code == 22
    assert [one.rule for one in compat(raw, context()).findings] == ["V-14"]
