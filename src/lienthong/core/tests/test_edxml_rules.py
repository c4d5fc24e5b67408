"""Each rule of §11 broken once: the example is accepted, one change makes one rule speak."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import RULES, VIETNAM, Context, DeliveryState
from lienthong.core.tests.edxml_cases import CASES, Case, known, receivers, replacement, update
from lienthong.core.tests.edxml_samples import (
    PLAIN,
    RECALL,
    STATUS,
    compat,
    context,
    of_rule,
    severities,
    strict,
    with_text,
    without,
)


@pytest.mark.parametrize("case", CASES, ids=[f"{one.rule} {one.what}" for one in CASES])
def test_a_broken_rule_speaks_with_the_severity_of_its_profile(case: Case) -> None:
    in_strict, in_compat = strict(case.raw, case.context), compat(case.raw, case.context)

    assert severities(in_strict)[case.rule] == case.strict
    assert severities(in_compat)[case.rule] == case.compat
    assert in_strict.refused or case.strict != "T"
    if case.wire_code is not None:
        assert of_rule(in_strict, case.rule).wire_code == case.wire_code


CLEAN = {
    "V-04": "test_edxml_hostile", "V-06": "test_edxml_hostile", "V-07": "test_edxml_hostile",
    "V-01": "the hub", "V-03": "the hub", "V-05": "below",
}  # fmt: skip


def test_every_rule_of_the_table_is_broken_somewhere() -> None:
    assert {one.rule for one in CASES} | set(CLEAN) == set(RULES)


@pytest.mark.parametrize(
    ("raw", "declared", "good"),
    [(PLAIN, "edoc", True), (PLAIN, "status", False), (STATUS, "status", True),
     (STATUS, "edoc", False)],
)  # fmt: skip
def test_v05_the_declared_kind_agrees_with_the_content(
    raw: bytes, declared: str, good: bool
) -> None:
    found = edxml.read(raw, declared=declared).findings

    assert [one.rule for one in found] == ([] if good else ["V-05"])


@pytest.mark.parametrize(
    ("raw", "known_facts"),
    [
        (RECALL, known()),
        (STATUS, known()),
        (update(receiver="1", inner=receivers(("000.00.00.H99", "0"), ("H99", "1"))), known()),
        (replacement("x", "H99", "000.00.08.H99"), known(document_id="x")),
        (with_text("Paper", "1"), context(paper_types=frozenset({18}))),
        (PLAIN, context(calling_codes=frozenset({"G99"}), transport_from="G99",
                        page_counts={"att-1": 1}, officially_signed=True,
                        scan=lambda _name, _data: "", reference_used=lambda *_key: False,
                        page_texts=("CÔNG VĂN\nQuy chế bảo mật",))),
        (with_text("Timestamp", "2025/03/03 11:05:00"), context()),
        (with_text("StatusCode", "15", STATUS), known(
            states={"H99": DeliveryState.RECALL_PENDING})),
    ],
)  # fmt: skip
def test_a_packet_in_order_has_no_refusal(raw: bytes, known_facts: Context) -> None:
    found = strict(raw, known_facts)

    assert {one.rule for one in found.findings if one.refuses} == set()


def test_a_rule_may_be_left_to_the_caller() -> None:
    used = known()

    assert set(severities(strict(PLAIN, used))) == {"V-19"}
    assert strict(PLAIN, replace(used, leave=frozenset({"V-19"}))).findings == ()


def test_the_reference_page_has_every_rule_with_its_severities() -> None:
    page = Path(__file__).parents[4] / "docs" / "reference" / "edxml.md"
    rows = [line.split(" | ") for line in page.read_text("utf-8").splitlines()]
    told = {row[0].strip("| "): row[2:5] for row in rows if row[0].startswith(("| V-", "| S-"))}

    assert told == {
        row.number: [row.strict.value, row.compat.value, str(row.wire_code or "–")]
        for row in RULES.values()
    }


def test_several_broken_rules_are_all_reported() -> None:
    raw = PLAIN
    for tag in ("Subject", "SteeringType", "DueDate", "SignerInfo", "DocumentType"):
        raw = without(tag, raw)

    assert set(severities(strict(raw))) == {"V-20", "V-21", "V-23", "V-26"}


def test_a_trace_more_than_five_minutes_ahead_is_only_a_warning() -> None:
    late = context(now=datetime(2025, 3, 3, 10, 9, tzinfo=VIETNAM))

    assert severities(strict(PLAIN, late)) == {"V-31": "W"}
