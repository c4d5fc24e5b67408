"""Clocks of a work file: until when it is kept, and when it goes to the archive (DX-78, DX-79).

The figures are dated data (retention.toml) with the text of law behind each.
"""

from __future__ import annotations

import tomllib
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from lienthong.apps.documents.dossiers.problems import KeptTooLong, RetentionUnknown
from lienthong.apps.documents.rules.dossiers import DossierKind


@dataclass(frozen=True, slots=True)
class Dated:
    """A row of the data: in force from `valid_from`, before `valid_to` when that is given."""

    valid_from: date
    basis: str
    valid_to: date | None

    def is_valid_on(self, on: date) -> bool:
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@dataclass(frozen=True, slots=True)
class Period(Dated):
    """A period of keeping. years: None for good."""

    label: str
    years: int | None


@dataclass(frozen=True, slots=True)
class HandOverClock(Dated):
    """Months from the end of a file of that kind to its hand-over."""

    kind: DossierKind
    months: int


@dataclass(frozen=True, slots=True)
class Duties(Dated):
    """Which files must be handed over, how long they may be kept back, when to remind."""

    years_min: int
    keep_longer_years_max: int
    remind_days: int


Row = TypeVar("Row", bound=Dated)


@cache
def _data() -> dict[str, Any]:
    text = files("lienthong.apps.documents.dossiers").joinpath("retention.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _periods() -> tuple[Period, ...]:
    return tuple(
        Period(row["valid_from"], row["basis"], row.get("valid_to"), row["label"], row.get("years"))
        for row in _data()["periods"]
    )


@cache
def _clocks() -> tuple[HandOverClock, ...]:
    return tuple(
        HandOverClock(
            row["valid_from"],
            row["basis"],
            row.get("valid_to"),
            DossierKind(row["kind"]),
            row["months"],
        )
        for row in _data()["hand_over"]
    )


@cache
def _duties() -> tuple[Duties, ...]:
    return tuple(
        Duties(
            row["valid_from"],
            row["basis"],
            row.get("valid_to"),
            row["years_min"],
            row["keep_longer_years_max"],
            row["remind_days"],
        )
        for row in _data()["duties"]
    )


def periods(on: date) -> tuple[Period, ...]:
    """The periods that may be written on a file on that day, the longest first."""
    return tuple(_in_force(_periods(), on))


def period(label: str, on: date) -> Period:
    """The period of that name. Raises RetentionUnknown."""
    found = next((one for one in periods(on) if one.label == label), None)
    if found is None:
        raise RetentionUnknown(retention=label)
    return found


def duties(on: date) -> Duties:
    """What holds on that day."""
    return next(_in_force(_duties(), on))


def ends_on(kept: Period, ended_on: date) -> date | None:
    """The last day of keeping: the end of the year, `years` after that of the end; None: never.

    Counted from the year in which the file ended, as periods of whole years are.
    """
    return None if kept.years is None else date(ended_on.year + kept.years, 12, 31)


def must_be_handed_over(kept: Period, on: date) -> bool:
    """Files kept for good or for at least five years go to the archive (DX-78)."""
    return kept.years is None or kept.years >= duties(on).years_min


def hand_over_by(kind: DossierKind, kept: Period, ended_on: date) -> date | None:
    """The last day to hand the file over; None for a file that stays with its unit (DX-78).

    ended_on: when the work ended; for construction, when its final settlement was made.
    """
    if not must_be_handed_over(kept, ended_on):
        return None
    clock = next(one for one in _in_force(_clocks(), ended_on) if one.kind is kind)
    return _months_after(ended_on, clock.months)


def check_keep_longer(due_on: date, until: date) -> None:
    """Raise KeptTooLong unless `until` is after the due day and within two years of it (DX-78)."""
    latest = _months_after(due_on, 12 * duties(due_on).keep_longer_years_max)
    if not due_on < until <= latest:
        raise KeptTooLong(due_on=f"{due_on:%d/%m/%Y}", latest=f"{latest:%d/%m/%Y}")


def remind_from(due_on: date) -> date:
    """The day from which the keeper is reminded (DX-79)."""
    return due_on - timedelta(days=duties(due_on).remind_days)


def _in_force(rows: Iterable[Row], on: date) -> Iterator[Row]:
    return (row for row in rows if row.is_valid_on(on))


def _months_after(on: date, months: int) -> date:
    """The same day that many months later; a short month clips."""
    years, month = divmod(on.month - 1 + months, 12)
    year, month = on.year + years, month + 1
    return date(year, month, min(on.day, monthrange(year, month)[1]))
