"""Lists of any length are paged without counting them to the end."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import paging
from lienthong.apps.documents.models import NumberSeries
from lienthong.apps.documents.tests.conftest import Desk


def test_no_more_rows_are_counted_than_anybody_pages_to(
    ministry: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED_MAX", 6)
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    with accounts.scope(ministry.organization.pk):
        NumberSeries.objects.bulk_create(
            NumberSeries(organization=ministry.organization, series="outgoing", year=year)
            for year in range(2000, 2009)
        )
        rows = NumberSeries.objects.order_by("year")

        last = paging.page_of(RequestFactory().get("/", {"trang": "99"}), rows)

        assert (last.number, last.paginator.count) == (3, 6)
        assert [row.year for row in last] == [2004, 2005]
        assert last.paginator.has_more  # type: ignore[attr-defined]
        assert not paging.page_of(
            RequestFactory().get("/"), rows.filter(year__lt=2005)
        ).paginator.has_more  # type: ignore[attr-defined]
