"""What `lienthong bench desk` fills a desk with, and how it reads what people saw."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from lienthong.run.bench.desk import rows
from lienthong.run.bench.desk.command import Wish, figures

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def _desks() -> list[rows.Desk]:
    return [
        rows.Desk(number, f"G{number}", [number * 10], [number * 10 + 1], [number * 10 + 2], [7])
        for number in (1, 2)
    ]


def _plan(documents: int, arrivals: int = 3) -> rows.Plan:
    return rows.Plan(documents, arrivals, "0" * 64, NOW)


def test_the_newest_documents_of_the_first_agency_wait_for_registration() -> None:
    made = list(rows.incoming(_plan(400), _desks(), Random(1)))

    assert len(made) == 200
    assert [row["organization_id"] for row in made if "arrival_number" not in row] == [1, 1, 1]
    assert [row for row in made[-3:] if "state" in row] == []


def test_numbers_of_a_series_follow_each_other_in_time() -> None:
    desks = _desks()

    made = [row for row in rows.outgoing(_plan(2000), desks, Random(1)) if "number" in row]

    first = [(row["issued_on"].year, row["number"]) for row in made if row["organization_id"] == 1]
    assert first == sorted(first)
    assert len(set(first)) == len(first)
    last = {row["year"]: row["last"] for row in rows.series(desks[:1], NOW.date())}
    assert last == dict(first)  # of each year the number that came last


def test_a_row_has_every_column_of_its_table_but_the_automatic_key() -> None:
    from lienthong.apps.documents.api import IncomingDocument  # noqa: PLC0415

    names, values = rows.table(IncomingDocument, rows.incoming(_plan(20), _desks(), Random(1)))

    fields = {one.column: one for one in IncomingDocument._meta.concrete_fields}
    assert set(names) == set(fields)
    for row in values:
        empty = [name for name, value in zip(names, row, strict=True) if value is None]
        assert [name for name in empty if not fields[name].null] == []


def test_the_figures_tell_the_slow_answers_of_each_kind() -> None:
    seen: list[tuple[str, float]] = [("list", 0.01 * number) for number in range(1, 101)]
    found: dict[str, Any] = {"seen": seen, "refused": [], "alone": [0.05, 0.07], "took_s": 10.0}
    wish = Wish(documents=1000, users=20, seconds=10, pause=2.0)

    told = figures(wish, found, seeded_s=1, cpu=[2, 1])

    assert told["p95_ms"]["list"] == 950.5
    assert told["p95_ms"]["dispatch"] is None
    assert told["requests_per_second"] == 10
    assert told["list_alone_ms"]["p50"] == 60


def test_a_span_of_years_ends_now() -> None:
    made = list(rows.incoming(_plan(100, arrivals=0), _desks(), Random(2)))

    assert NOW - made[-1]["arrived_at"] < timedelta(days=40)
    assert NOW - made[0]["arrived_at"] == timedelta(days=365 * rows.YEARS)
