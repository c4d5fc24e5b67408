"""Deadlines come out as specified (public services §5, exchange rules DX-09, DX-24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lienthong.core.workclock import (
    VIETNAM,
    Mode,
    Pause,
    Shift,
    TimeUnit,
    WorkCalendar,
    YearUnknown,
    vietnam,
)

VECTORS = yaml.safe_load(
    files("lienthong.core.tests").joinpath("data/public-services-vectors.yaml").read_text("utf-8")
)
CALENDARS = {
    name: WorkCalendar.from_data(VECTORS["calendars"]["common"] | VECTORS["calendars"][name])
    for name in ("A", "B")
}
OFFICE = vietnam()

moments = st.datetimes(
    datetime(2021, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2039, 12, 1),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(VIETNAM),
)
spans = st.timedeltas(timedelta(), timedelta(days=20))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def by_id(vector: dict[str, Any]) -> str:
    return str(vector["id"])


@pytest.mark.parametrize("name", ["A", "B"])
def test_the_day_of_the_vectors_has_its_length(name: str) -> None:
    minutes = VECTORS["calendars"][name]["minutes_per_day"]

    assert CALENDARS[name].day_length == timedelta(minutes=minutes)


@pytest.mark.parametrize("vector", VECTORS["due"], ids=by_id)
def test_the_vectors_of_deadlines_come_out(vector: dict[str, Any]) -> None:
    found = CALENDARS[vector["calendar"]].deadline(
        at(vector["accepted_at"]),
        vector["amount"],
        TimeUnit(vector["unit"]),
        mode=Mode(vector["mode"]),
        same_day=vector.get("same_day", False),
        deem_next_working_day=vector.get("deem_next_working_day", False),
    )

    assert found == at(vector["due"])


@pytest.mark.parametrize("vector", VECTORS["pause"], ids=by_id)
def test_the_vectors_of_pauses_come_out(vector: dict[str, Any]) -> None:
    office, mode = CALENDARS[vector["calendar"]], Mode(vector["mode"])
    pause = Pause(at(vector["paused_at"]), at(vector["resumed_at"]))

    due = office.deadline(
        at(vector["accepted_at"]), vector["amount"], TimeUnit(vector["unit"]), mode=mode
    )
    remaining = office.working_time(pause.start, due)
    moved = office.after_pauses(due, [pause], mode)

    assert due == at(vector["due_before"])
    assert remaining == timedelta(minutes=vector["remaining_working_minutes"])
    assert moved == at(vector["due_after"])


def test_the_days_off_of_the_vectors_are_those_of_the_country() -> None:
    common = CALENDARS["A"]

    assert all(not OFFICE.is_working_day(on) for on in common.days_off)
    assert all(OFFICE.is_working_day(on) for on in common.make_up_days)


def test_pauses_add_up_and_overlaps_count_once() -> None:
    office, due = CALENDARS["B"], at("2026-03-09T17:00")
    first = Pause(at("2026-03-03T08:00"), at("2026-03-04T08:00"))
    within = Pause(at("2026-03-03T10:00"), at("2026-03-03T15:00"))
    second = Pause(at("2026-03-05T08:00"), at("2026-03-06T08:00"))

    assert office.after_pauses(due, [second, within, first]) == at("2026-03-11T17:00")
    assert office.after_pauses(due, []) == due


def test_short_pauses_round_up_once_and_not_each() -> None:
    office, due = CALENDARS["B"], at("2026-03-09T17:00")
    hours = [Pause(at(f"2026-03-0{day}T09:00"), at(f"2026-03-0{day}T10:00")) for day in (3, 4, 5)]

    assert office.after_pauses(due, hours) == at("2026-03-10T17:00")
    assert office.after_pauses(due, hours, Mode.ROLLING) == at("2026-03-10T11:00")


def test_a_pause_after_the_due_time_cures_nothing() -> None:
    office, due = CALENDARS["B"], at("2026-03-03T17:00")
    late = Pause(at("2026-03-03T17:00"), at("2026-03-20T17:00"))

    assert office.after_pauses(due, [late]) == due


def test_a_signed_document_is_sent_by_noon_of_the_next_working_day() -> None:
    assert OFFICE.next_working_morning_end(at("2026-03-05T16:59")) == at("2026-03-06T12:00")
    assert OFFICE.next_working_morning_end(at("2026-03-06T07:00")) == at("2026-03-09T12:00")
    assert OFFICE.next_working_morning_end(at("2026-04-29T10:00")) == at("2026-05-04T12:00")
    assert OFFICE.next_working_morning_end(at("2026-08-21T10:00")) == at("2026-08-22T12:00")


def test_what_arrives_is_registered_by_the_close_of_the_next_working_day() -> None:
    assert OFFICE.due_days(at("2026-03-06T09:00"), 1) == at("2026-03-09T17:00")


def test_three_working_days_are_twenty_four_hours() -> None:
    assert OFFICE.due(at("2026-03-03T10:00"), 24) == at("2026-03-06T10:00")
    assert OFFICE.due_days(at("2026-03-03T10:00"), 3, Mode.ROLLING) == at("2026-03-06T10:00")


def test_a_due_time_at_the_close_stays_on_its_day() -> None:
    assert OFFICE.due(at("2026-03-03T08:00"), 8) == at("2026-03-03T17:00")
    assert OFFICE.due(at("2026-03-03T11:00"), 1) == at("2026-03-03T12:00")


def test_the_moment_is_read_in_the_zone_of_the_agency() -> None:
    late_in_utc = datetime(2026, 3, 2, 20, tzinfo=UTC)  # already Tuesday, 03:00, in Viet Nam

    found = OFFICE.due_days(late_in_utc, 1)

    assert found == at("2026-03-04T17:00")
    assert found.tzinfo is VIETNAM


def test_a_warning_comes_24_working_hours_before() -> None:
    assert OFFICE.warn_at(at("2026-03-09T17:00")) == at("2026-03-05T08:00")
    assert OFFICE.warn_at(at("2026-03-09T10:00"), 1) == at("2026-03-09T09:00")


def test_the_year_2026_has_its_exchanged_days() -> None:
    assert not OFFICE.is_working_day(date(2026, 1, 2))
    assert OFFICE.is_working_day(date(2026, 1, 10))
    assert not OFFICE.is_working_day(date(2026, 2, 17))
    assert not OFFICE.is_working_day(date(2026, 11, 24))
    make_up = OFFICE.special_day(date(2026, 1, 10))
    assert make_up is not None
    assert make_up.name == "Làm bù cho ngày 02/01/2026"
    assert OFFICE.special_day(date(2026, 3, 3)) is None


def test_every_special_day_names_its_basis() -> None:
    days = [*OFFICE.days_off.values(), *OFFICE.make_up_days.values()]

    assert len(days) > 200
    assert all(day.name and day.basis for day in days)


def test_a_year_without_a_calendar_is_not_guessed() -> None:
    with pytest.raises(YearUnknown) as refusal:
        OFFICE.due_days(at("2040-12-31T09:00"), 5)
    assert refusal.value.facts == {"year": 2041}


def test_an_agency_may_work_other_hours() -> None:
    morning = replace(OFFICE, shifts=(Shift(time(7), time(11)),), weekend=frozenset({6}))

    assert morning.due(at("2026-03-06T10:00"), 2) == at("2026-03-07T08:00")


@pytest.mark.parametrize("amount", [0, -1, 0.0, float("nan"), float("inf"), 10_001, Decimal(-1)])
def test_an_amount_out_of_range_is_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="time limit"):
        OFFICE.due(at("2026-03-03T10:00"), amount)
    for mode in Mode:
        with pytest.raises(ValueError, match="time limit"):
            OFFICE.due_days(at("2026-03-03T10:00"), amount, mode)


@pytest.mark.parametrize("unit", [TimeUnit.DAY, TimeUnit.MONTH])
def test_the_calendar_knows_no_half_days(unit: TimeUnit) -> None:
    with pytest.raises(ValueError, match="no fraction"):
        OFFICE.deadline(at("2026-03-03T10:00"), 1.5, unit)
    with pytest.raises(ValueError, match="time limit"):
        OFFICE.deadline(at("2026-03-03T10:00"), 0, unit)


def test_a_moment_without_zone_is_refused() -> None:
    naive = datetime(2026, 3, 3, 10)  # noqa: DTZ001 - this is the mistake under test

    with pytest.raises(ValueError, match="no time zone"):
        OFFICE.due(naive, 1)


def test_a_calendar_that_cannot_be_is_refused() -> None:
    morning = Shift(time(8), time(12))
    for shifts, weekend in (
        ((), {5, 6}),
        ((morning,), set(range(7))),
        ((morning, morning), {5, 6}),
    ):
        with pytest.raises(ValueError, match="shift"):
            WorkCalendar(shifts=shifts, weekend=frozenset(weekend))
    with pytest.raises(ValueError, match="shift ends"):
        Shift(time(12), time(12))
    with pytest.raises(ValueError, match="pause ends"):
        Pause(at("2026-03-03T10:00"), at("2026-03-03T09:00"))
    day = date(2026, 3, 7)
    special = OFFICE.days_off[date(2026, 1, 1)]
    with pytest.raises(ValueError, match="both"):
        replace(OFFICE, days_off={day: special}, make_up_days={day: special})


@given(moments, spans)
def test_the_time_added_is_the_time_that_passes(start: datetime, working: timedelta) -> None:
    end = OFFICE.add(start, working)

    assert OFFICE.working_time(start, end) == working
    assert OFFICE.working_time(OFFICE.subtract(end, working), end) == working
    assert end >= start


@given(moments, st.integers(1, 500), st.integers(1, 500))
def test_hours_add_up(start: datetime, first: int, second: int) -> None:
    assert OFFICE.due(OFFICE.due(start, first), second) == OFFICE.due(start, first + second)


@given(moments, moments, st.integers(1, 60))
def test_who_starts_later_is_due_no_earlier(one: datetime, two: datetime, days: int) -> None:
    one, two = min(one, two), max(one, two)

    for mode in Mode:
        assert OFFICE.due_days(one, days, mode) <= OFFICE.due_days(two, days, mode)


@given(moments, st.integers(1, 60))
def test_working_days_are_due_at_a_close(start: datetime, days: int) -> None:
    found = OFFICE.due_days(start, days)

    assert found.time() == time(17)
    assert OFFICE.is_working_day(found.date())
    counted = [
        start.date() + timedelta(n) for n in range(1, (found.date() - start.date()).days + 1)
    ]
    assert sum(map(OFFICE.is_working_day, counted)) == days


@given(moments, st.integers(1, 20), spans, spans)
def test_a_pause_never_shortens(start: datetime, days: int, to: timedelta, of: timedelta) -> None:
    due = OFFICE.due_days(start, days)
    pause = Pause(start + to, start + to + of)

    for mode in Mode:
        moved = OFFICE.after_pauses(due, [pause], mode)
        assert moved >= due
        if mode is Mode.ROLLING and pause.start < due:
            stood = OFFICE.working_time(pause.start, pause.end)
            assert OFFICE.working_time(due, moved) == stood
