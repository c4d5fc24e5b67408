"""Pages of the statistics: all figures, one figure by month and agency, the documents behind it."""

from __future__ import annotations

import io

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common.forms import PAGE_SIZE
from lienthong.apps.documents.registers import cells, making
from lienthong.apps.documents.registers.definitions import Span
from lienthong.apps.documents.registers.forms import SpanForm
from lienthong.apps.documents.registers.problems import RegisterUnknown
from lienthong.apps.documents.statistics import charts, queries
from lienthong.apps.documents.statistics.definitions import INDICES
from lienthong.web import answers

PARTS = {"dat": True, "chua": False}
_COLUMNS = (
    ("Mã", 8),
    ("Chỉ số", 34),
    ("Mẫu số", 40),
    ("Số lượng", 12),
    ("Tử số", 40),
    ("Đạt", 12),
    ("Tỷ lệ %", 10),
)


def _asked(request: HttpRequest) -> tuple[accounts.Actor, Span, bool, list[int]]:
    """Who asks, the days, whether the agencies below count, and whose rows."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.statistics")
    span = SpanForm(request.GET).span()
    making.check_span(span)
    is_whole = request.GET.get("pham-vi") == "toan-bo"
    agencies = queries.agencies_of(actor) if is_whole else []
    return actor, span, is_whole, [one.pk for one in agencies] or [actor.organization_id]


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Thống kê: every index of the period."""
    actor, span, is_whole, agencies = _asked(request)
    found = queries.figures(agencies, span)
    context = {
        "span": span,
        "days": SpanForm(initial={"since": span.since, "until": span.until}),
        "is_whole": is_whole,
        "may_whole": len(queries.agencies_of(actor)) > 1,
        "rows": [(INDICES[slug], figure) for slug, figure in found.items()],
        "delay": queries.delay(agencies, span),
        "query": request.GET.urlencode(),
    }
    return render(request, "documents/statistics/overview.html", context)


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One index: by month as a chart with its table, by agency, and the documents behind it."""
    actor, span, is_whole, agencies = _asked(request)
    index = INDICES.get(slug)
    if index is None:
        raise RegisterUnknown
    part = request.GET.get("phan", "")
    rows = queries.behind(actor, index, span, is_hit=PARTS.get(part))
    by_agency = queries.by_agency(index, agencies, span) if is_whole else {}
    names = {one.pk: one.name for one in queries.agencies_of(actor)} if is_whole else {}
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("trang"))
    kept = request.GET.copy()
    for name in ("trang", "phan"):
        kept.pop(name, None)
    context = {
        "index": index,
        "span": span,
        "part": part,
        "bars": charts.bars(queries.by_month(index, agencies, span)),
        "chart": {"width": charts.WIDTH, "height": charts.HEIGHT},
        "agencies": [(names.get(pk, ""), figure) for pk, figure in by_agency.items()],
        "page": page,
        "documents": [getattr(row, "document", row) for row in page.object_list],
        "query": kept.urlencode(),
    }
    return render(request, "documents/statistics/detail.html", context)


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """All figures of the period as XLSX, with what each counts."""
    _, span, _, agencies = _asked(request)
    rows = [
        [
            index.code,
            str(index.title),
            str(index.denominator),
            str(figure.base),
            str(index.numerator),
            "" if figure.hits is None else str(figure.hits),
            "" if figure.percent is None else f"{figure.percent:g}",
        ]
        for index, figure in (
            (INDICES[slug], figure) for slug, figure in queries.figures(agencies, span).items()
        )
    ]
    out = io.BytesIO()
    cells.write_xlsx(out, "Thống kê", _COLUMNS, rows)
    return answers.download(out.getvalue(), f"thong-ke-{span.since}-{span.until}.xlsx")
