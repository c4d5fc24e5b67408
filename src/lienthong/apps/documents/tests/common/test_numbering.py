"""Numbers of documents on a real PostgreSQL, many takers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import numbering
from lienthong.apps.documents.common.numbering import Series
from lienthong.apps.documents.models import NumberSeries
from lienthong.apps.documents.problems import NotationInvalid, NumberDateBackwards

ON = date(2026, 3, 2)


def organization(code: str = "000.00.00.G90") -> directory.Organization:
    return directory.register(name="Bộ Thử nghiệm", codes={directory.Scheme.QCVN102: code})


def take(organization_id: int, on: date = ON, series: Series = Series.ARRIVAL) -> int:
    with accounts.scope(organization_id), transaction.atomic():
        return numbering.take(organization_id, series, on)


@pytest.mark.django_db(transaction=True)
def test_a_thousand_parallel_registrations_leave_no_gap_and_no_double() -> None:
    """DX-23."""
    own = organization().pk

    def register(_: int) -> int:
        try:
            return take(own)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=16) as pool:
        numbers = list(pool.map(register, range(1000)))

    assert sorted(numbers) == list(range(1, 1001))


@pytest.mark.django_db(transaction=True)
def test_parallel_registrations_that_fail_leave_no_gap() -> None:
    """A transaction that rolls back gives its number back."""
    own = organization().pk

    def register(turn: int) -> int | None:
        try:
            with accounts.scope(own), transaction.atomic():
                number = numbering.take(own, Series.ARRIVAL, ON)
                if turn % 3 == 0:
                    transaction.set_rollback(True)
                    return None
                return number
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as pool:
        numbers = [number for number in pool.map(register, range(120)) if number is not None]

    assert sorted(numbers) == list(range(1, 81))


@pytest.mark.django_db
def test_numbers_begin_again_on_the_first_of_january() -> None:
    """DX-70."""
    own = organization().pk
    before = [take(own, date(2026, 12, 31)) for _ in range(3)]

    after = [take(own, date(2027, 1, 1)) for _ in range(2)]

    assert (before, after) == ([1, 2, 3], [1, 2])


@pytest.mark.django_db
def test_a_number_is_never_given_for_an_earlier_day() -> None:
    """DX-72: and the refused try uses no number."""
    own = organization().pk
    take(own, date(2026, 3, 5))

    with pytest.raises(NumberDateBackwards):
        take(own, date(2026, 3, 4))

    assert take(own, date(2026, 3, 5)) == 2


@pytest.mark.django_db
def test_series_and_organizations_count_apart() -> None:
    one, other = organization().pk, organization("000.00.00.G91").pk

    numbers = [
        take(one),
        take(other),
        take(one, series=Series.OUTGOING),
        take(one),
    ]

    assert numbers == [1, 1, 1, 2]


@pytest.mark.django_db
def test_one_organization_does_not_see_the_series_of_another() -> None:
    one, other = organization().pk, organization("000.00.00.G91").pk
    take(one)

    with accounts.scope(other):
        seen = NumberSeries.objects.count()

    assert seen == 0


def test_a_notation_names_type_and_agency_or_agency_and_unit() -> None:
    """D30 Annex I part I.II.3."""
    decision = numbering.notation(type_abbreviation="QĐ", agency="BTN", unit="CNTT")
    letter = numbering.notation(type_abbreviation="", agency="BTN", unit="CNTT")

    assert (decision, letter) == ("QĐ-BTN", "BTN-CNTT")


@pytest.mark.parametrize("agency", ["", "B TN", "B_TN", "B" * 31])
def test_a_notation_outside_decree_30_is_refused(agency: str) -> None:
    """F-07."""
    with pytest.raises(NotationInvalid):
        numbering.notation(type_abbreviation="QĐ" if agency else "", agency=agency, unit="")


@pytest.mark.parametrize(
    ("name", "short_name", "expected"),
    [
        ("Bộ Thử nghiệm", "BTN", "BTN"),
        ("Bộ Thử nghiệm", "Bộ TN", "BTN"),
        ("Ủy ban nhân dân tỉnh Đồng Xanh", "", "UBNDTĐX"),
        ("Cục Công nghệ thông tin", "CNTT", "CNTT"),
    ],
)
def test_an_abbreviation_is_the_short_name_or_the_first_letters(
    name: str, short_name: str, expected: str
) -> None:
    assert numbering.abbreviation(name, short_name) == expected
