"""Pages of lists that may have a million rows: nothing is counted beyond what anybody pages to."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

from lienthong.apps.documents.common.forms import PAGE_SIZE

COUNTED_MAX = 10_000  # rows; what is further back is found by filters and by search


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # no generic when it runs
    """Counts up to COUNTED_MAX rows and offers the pages of these."""

    @cached_property
    def counted(self) -> int:
        """How many rows there are, at most one more than COUNTED_MAX."""
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment]
        return rows.order_by().values("pk")[: COUNTED_MAX + 1].count()

    @property
    def has_more(self) -> bool:
        """Whether there are rows that are not counted."""
        return self.counted > COUNTED_MAX

    @cached_property
    def count(self) -> int:
        return min(self.counted, COUNTED_MAX)


def page_of(request: HttpRequest, rows: QuerySet[Any]) -> Page[Any]:
    """The page that the address asks for in `trang`; the nearest one for a wrong number."""
    return BoundedPaginator(rows, PAGE_SIZE).get_page(request.GET.get("trang"))
