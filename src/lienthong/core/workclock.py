"""Deadlines in working time, on a calendar that is data (public services §5, exchange rules J).

`WorkCalendar` answers when something is due; `vietnam()` is the calendar of Vietnamese state
agencies. Nothing here reads a clock: the caller says what time it is.
"""

from __future__ import annotations

import calendar
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo

from lienthong.core.errors import Problem

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NOON = time(12)
SAME_DAY_CUTOFF = time(15)  # DL-5
WARNING_HOURS = 24  # DL-10
_AMOUNT_MAX = 10_000
_ONE_DAY = timedelta(days=1)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Amount = int | float | Decimal


class YearUnknown(Problem):
    """The calendar does not say which days of this year are off."""

    code = "workclock.year_unknown"
    status = 422
    text = "Chưa có lịch nghỉ của năm {year} nên không tính được thời hạn."


class Mode(StrEnum):
    """How a working day is counted."""

    END_OF_DAY = "end_of_day"  # the first day is not counted; due at the close of the last (DL-1)
    ROLLING = "rolling"  # a day is that many minutes of work from the moment of start (DL-2)


class TimeUnit(StrEnum):
    WORKING_DAY = "working_day"
    HOUR = "hour"  # of work
    DAY = "day"  # of the calendar
    MONTH = "month"  # of the calendar


@dataclass(frozen=True, slots=True, order=True)
class Shift:
    """One stretch of work in a day, in local time; it ends on the day it starts."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise ValueError(f"a shift ends after it starts, not {self.start} to {self.end}")


@dataclass(frozen=True, slots=True, order=True)
class SpecialDay:
    """A day that differs from its weekday, with the text that says so."""

    on: date
    name: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """From `start` to `end` the clock stood still, for a reason the law allows (DL-14)."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("a pause ends after it starts")


@dataclass(frozen=True)
class WorkCalendar:
    """When an agency works: shifts of a working day, weekend, days off and make-up days.

    Every datetime given must be aware; it is read in `zone`, and answers are in `zone`. A naive
    one raises ValueError. A year outside `years` raises YearUnknown.
    """

    shifts: tuple[Shift, ...]
    weekend: frozenset[int] = frozenset({5, 6})
    days_off: Mapping[date, SpecialDay] = field(default_factory=dict)
    make_up_days: Mapping[date, SpecialDay] = field(default_factory=dict)
    zone: ZoneInfo = VIETNAM
    years: range | None = None
    announced_through: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "days_off", MappingProxyType(dict(self.days_off)))
        object.__setattr__(self, "make_up_days", MappingProxyType(dict(self.make_up_days)))
        if not self.shifts or not self.weekend < set(range(7)):
            raise ValueError("a calendar needs a shift and a day of the week to work on")
        for before, after in zip(self.shifts, self.shifts[1:], strict=False):
            if before.end > after.start:
                raise ValueError(f"shifts overlap or are out of order at {after.start}")
        if both := self.days_off.keys() & self.make_up_days.keys():
            raise ValueError(f"{min(both)} is both a day off and a make-up day")

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """Make a calendar from plain data, as an agency's settings hold it.

        Keys: shifts [["08:00", "12:00"], …], weekend ["saturday", …], holidays and make_up_days
        (["2026-01-01", …] or [{"on", "name", "basis"}, …]).
        """
        return cls(
            shifts=tuple(Shift(*map(time.fromisoformat, pair)) for pair in data["shifts"]),
            weekend=frozenset(map(_WEEKDAYS.index, data.get("weekend", _WEEKDAYS[5:]))),
            days_off=_special_days(data.get("holidays", ())),
            make_up_days=_special_days(data.get("make_up_days", ())),
        )

    @property
    def day_length(self) -> timedelta:
        """Working time of one working day."""
        today = date.min
        return sum(
            (
                datetime.combine(today, shift.end) - datetime.combine(today, shift.start)
                for shift in self.shifts
            ),
            timedelta(),
        )

    # Days

    def is_working_day(self, on: date) -> bool:
        if self.years is not None and on.year not in self.years:
            raise YearUnknown(year=on.year)
        if on in self.make_up_days:
            return True
        return on.weekday() not in self.weekend and on not in self.days_off

    def special_day(self, on: date) -> SpecialDay | None:
        """Why the day differs from its weekday, to tell the person who asks."""
        return self.make_up_days.get(on) or self.days_off.get(on)

    def working_day_after(self, on: date, days: int = 1) -> date:
        """Return the `days`-th working day after `on`, `on` itself not counted."""
        while days:
            on += _ONE_DAY
            days -= self.is_working_day(on)
        return on

    def opening(self, on: date) -> datetime:
        """The start of work on `on`, whether or not it is a working day."""
        return datetime.combine(on, self.shifts[0].start, self.zone)

    def close(self, on: date) -> datetime:
        """The end of work on `on`, whether or not it is a working day."""
        return datetime.combine(on, self.shifts[-1].end, self.zone)

    # Working time

    def add(self, start: datetime, working: timedelta) -> datetime:
        """Return the first moment at which `working` time has passed since `start`."""
        start, left = self._local(start), _not_negative(working)
        if not left:
            return start
        for opens, closes in self._stretches(start.date()):
            begin = max(opens, start)
            if closes - begin >= left:
                return begin + left
            left -= max(closes - begin, timedelta())
        raise OverflowError("the calendar ends before the time has passed")

    def subtract(self, end: datetime, working: timedelta) -> datetime:
        """Return the last moment from which `working` time passes until `end`."""
        end, left = self._local(end), _not_negative(working)
        if not left:
            return end
        for opens, closes in self._stretches(end.date(), back=True):
            begin = min(closes, end)
            if begin - opens >= left:
                return begin - left
            left -= max(begin - opens, timedelta())
        raise OverflowError("the calendar begins after the time has passed")

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """Return the working time between two moments; none when `end` is not after `start`."""
        start, end = self._local(start), self._local(end)
        passed = timedelta()
        if start < end:
            for opens, closes in self._stretches(start.date()):
                if opens >= end:
                    break
                passed += max(min(closes, end) - max(opens, start), timedelta())
        return passed

    # Deadlines

    def due(self, start: datetime, hours: Amount) -> datetime:
        """Return the moment when `hours` of working time have passed since `start`.

        start: aware datetime. hours: working hours, above 0. A day counts `day_length`, eight hours
        in `vietnam()`, so "3 working days" is 24 there.

        Raises ValueError when `start` is naive or `hours` is out of range.
        Source: public holidays as in Bộ luật Lao động 2019, Điều 112; DL-4.
        """
        return self.add(start, _times(hours, timedelta(hours=1)))

    def due_days(self, start: datetime, days: Amount, mode: Mode = Mode.END_OF_DAY) -> datetime:
        """Return when `days` working days, above 0, end (DL-1 to DL-3).

        A fraction is working time of the following working day. A start on a day off counts the
        next working day as the first one (DL-7). `due_days(arrived_at, 1)` is the latest moment to
        register what arrived (DX-24).
        """
        if mode is Mode.ROLLING:
            return self.add(start, _times(days, self.day_length))
        _times(days, _ONE_DAY)
        whole, fraction = divmod(Decimal(str(days)), 1)
        last = self.working_day_after(self._local(start).date(), int(whole))
        if not fraction:
            return self.close(last)
        following = self.opening(self.working_day_after(last))
        return self.add(following, _times(fraction, self.day_length))

    def due_calendar_days(self, start: datetime, days: int) -> datetime:
        """Return when `days` calendar days end; a day off moves it to a working day (DL-4)."""
        _times(days, _ONE_DAY)
        return self._close_on_or_after(self._local(start).date() + timedelta(days=days))

    def due_months(self, start: datetime, months: int) -> datetime:
        """Return when `months` months end; a short month clips, a day off moves it (DL-4)."""
        _times(months, _ONE_DAY)
        begin = self._local(start).date()
        years, month = divmod(begin.month - 1 + months, 12)
        year, month = begin.year + years, month + 1
        last = calendar.monthrange(year, month)[1]
        return self._close_on_or_after(date(year, month, min(begin.day, last)))

    def due_same_day(self, start: datetime, cutoff: time = SAME_DAY_CUTOFF) -> datetime:
        """Return the close of the day, or of the next working day after the cut-off (DL-5)."""
        start = self._local(start)
        if self.is_working_day(start.date()) and start.time() <= cutoff:
            return self.close(start.date())
        return self.close(self.working_day_after(start.date()))

    def next_working_morning_end(self, start: datetime) -> datetime:
        """Return noon of the next working day: a signed document is sent by then (DX-09)."""
        following = self.working_day_after(self._local(start).date())
        return datetime.combine(following, NOON, self.zone)

    def deadline(
        self,
        accepted_at: datetime,
        amount: Amount,
        unit: TimeUnit,
        *,
        mode: Mode = Mode.END_OF_DAY,
        same_day: bool = False,
        cutoff: time = SAME_DAY_CUTOFF,
        deem_next_working_day: bool = False,
    ) -> datetime:
        """Return when a case accepted at `accepted_at` is due (public services §5.2).

        amount: above 0; whole for days and months; not looked at when `same_day`.
        deem_next_working_day: acceptance on a day off counts as made when the next working day
        opens, which is then itself not counted (DL-7).
        """
        accepted_at = self._local(accepted_at)
        if deem_next_working_day and not self.is_working_day(accepted_at.date()):
            accepted_at = self.opening(self.working_day_after(accepted_at.date()))
        if same_day:
            return self.due_same_day(accepted_at, cutoff)
        if unit is TimeUnit.WORKING_DAY:
            return self.due_days(accepted_at, amount, mode)
        if unit is TimeUnit.HOUR:
            return self.due(accepted_at, amount)
        if amount != int(amount):
            raise ValueError(f"no fraction of a {unit.value} has a meaning: {amount}")
        if unit is TimeUnit.DAY:
            return self.due_calendar_days(accepted_at, int(amount))
        return self.due_months(accepted_at, int(amount))

    def after_pauses(
        self, due_at: datetime, pauses: Iterable[Pause], mode: Mode = Mode.END_OF_DAY
    ) -> datetime:
        """Return the due time moved by the working time of the pauses (DL-14 to DL-16).

        Pauses add up, overlapping ones count once. What was overdue when a pause began stays so.
        """
        moved = shown = self._local(due_at)
        for pause in _merged(pauses):
            if shown <= pause.start:
                break
            stood = self.working_time(pause.start, pause.end)
            if stood:
                moved = self.add(moved, stood)
                shown = self.close(moved.date()) if mode is Mode.END_OF_DAY else moved
        return shown

    def warn_at(self, due_at: datetime, hours: Amount = WARNING_HOURS) -> datetime:
        """Return the moment from which a due time is shown as near (DL-10)."""
        return self.subtract(due_at, _times(hours, timedelta(hours=1)))

    def _close_on_or_after(self, on: date) -> datetime:
        return self.close(on if self.is_working_day(on) else self.working_day_after(on))

    def _local(self, moment: datetime) -> datetime:
        if moment.utcoffset() is None:
            raise ValueError(f"{moment} has no time zone")
        return moment.astimezone(self.zone)

    def _stretches(self, on: date, *, back: bool = False) -> Iterator[tuple[datetime, datetime]]:
        """Stretches of work from the day `on` onwards, or backwards with `back`."""
        while True:
            if self.is_working_day(on):
                for shift in reversed(self.shifts) if back else self.shifts:
                    yield (
                        datetime.combine(on, shift.start, self.zone),
                        datetime.combine(on, shift.end, self.zone),
                    )
            on = on - _ONE_DAY if back else on + _ONE_DAY


def _times(amount: Amount, unit: timedelta) -> timedelta:
    """`amount` units to the second above. Raises ValueError for what cannot be a time limit."""
    exact = Decimal(str(amount))
    if not exact.is_finite() or not 0 < exact <= _AMOUNT_MAX:
        raise ValueError(f"a time limit is above 0 and at most {_AMOUNT_MAX}, not {amount}")
    return timedelta(seconds=math.ceil(exact * Decimal(unit.total_seconds())))


def _not_negative(working: timedelta) -> timedelta:
    if not timedelta() <= working <= timedelta(days=_AMOUNT_MAX):
        raise ValueError(f"no working time is {working}")
    return working


def _merged(pauses: Iterable[Pause]) -> list[Pause]:
    merged: list[Pause] = []
    for pause in sorted(pauses, key=lambda pause: pause.start):
        if merged and pause.start <= merged[-1].end:
            merged[-1] = Pause(merged[-1].start, max(merged[-1].end, pause.end))
        else:
            merged.append(pause)
    return merged


def _special_days(entries: Iterable[str | Mapping[str, str]]) -> dict[date, SpecialDay]:
    days = {}
    for entry in entries:
        facts = {"on": entry} if isinstance(entry, str) else dict(entry)
        on = date.fromisoformat(facts.pop("on"))
        days[on] = SpecialDay(on, **facts)
    return days


@cache
def vietnam() -> WorkCalendar:
    """Return the calendar of Vietnamese state agencies: eight hours, Monday to Friday.

    Statutory days come from the `holidays` package; hours, exchanged days and legal bases from
    data/working_time.toml. For an agency with other hours use `dataclasses.replace`.

    The first call takes about a second: a server makes it before it takes requests.
    """
    # The package loads the calendars of all countries, a second that only deadlines should cost.
    import holidays  # noqa: PLC0415

    text = files("lienthong.core.data").joinpath("working_time.toml").read_text("utf-8")
    data = tomllib.loads(text)
    years = range(data["first_year"], data["last_year"] + 1)
    statutory = holidays.country_holidays("VN", years=years, language="vi")
    days_off = {on: SpecialDay(on, name, _basis(on, data)) for on, name in statutory.items()}
    make_up_days = {
        on: SpecialDay(on, "Ngày làm bù") for on in statutory.weekend_workdays if on.year in years
    }
    for swap in data["swap"]:
        off, work, basis = swap["off"], swap["work"], swap["basis"]
        days_off[off] = SpecialDay(off, f"Nghỉ, làm bù ngày {work:%d/%m/%Y}", basis)
        make_up_days[work] = SpecialDay(work, f"Làm bù cho ngày {off:%d/%m/%Y}", basis)
    return WorkCalendar(
        shifts=tuple(Shift(*map(time.fromisoformat, pair)) for pair in data["shifts"]),
        weekend=frozenset(map(_WEEKDAYS.index, data["weekend"])),
        days_off=days_off,
        make_up_days=make_up_days,
        years=years,
        announced_through=data["announced_through"],
    )


def _basis(on: date, data: Mapping[str, Any]) -> str:
    for annual in data["annual"]:
        if (on.month, on.day) == (annual["month"], annual["day"]) and on.year >= annual["from"]:
            return str(annual["basis"])
    return str(next(each["basis"] for each in data["statute"] if on.year >= each["from"]))
