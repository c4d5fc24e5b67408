"""Rates asked for are scaled to the machine that measures (SG 11.3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lienthong.run.bench.report import with_targets
from lienthong.run.bench.target import REFERENCE, SIGN, VERIFY, Speeds, Target


@pytest.mark.parametrize("name", [*SIGN, *VERIFY])
def test_on_the_reference_machine_the_numbers_are_those_of_the_specification(name: str) -> None:
    asked = {**SIGN, **VERIFY}[name]

    assert asked.on(REFERENCE) == pytest.approx(asked.per_second)


@pytest.mark.parametrize("name", [*SIGN, *VERIFY])
def test_a_machine_of_half_the_speed_is_asked_for_half(name: str) -> None:
    asked = {**SIGN, **VERIFY}[name]
    half = Speeds(*(getattr(REFERENCE, one) / 2 for one in Speeds.__slots__))

    assert asked.on(half) == pytest.approx(asked.per_second / 2)


def test_only_the_work_of_a_case_scales_it() -> None:
    slow_hash = replace(REFERENCE, sha256_bytes=REFERENCE.sha256_bytes / 10)

    assert Target(600, signs=1).on(slow_hash) == pytest.approx(600)
    assert Target(120, hashed_bytes=5_000_000).on(slow_hash) == pytest.approx(12)


def test_a_case_says_whether_it_meets_what_is_asked_of_it_here() -> None:
    half = Speeds(*(getattr(REFERENCE, one) / 2 for one in Speeds.__slots__))
    measured = [
        {"case": "a", "per_core_second": 50.0},
        {"case": "b", "per_core_second": 49.9},
        {"case": "c", "per_core_second": 1.0},
    ]

    told = with_targets(measured, dict.fromkeys("ab", Target(100, verifies=1)), half)

    assert [one.get("met") for one in told] == [True, False, None]
    assert [one.get("scaled_target") for one in told] == [50.0, 50.0, None]
    assert [one["per_core_second"] for one in told] == [50.0, 49.9, 1.0]
