"""The findings of the form checks on the pages of an outgoing document."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common.sheets import PAGE_WIDTH_PX
from lienthong.apps.documents.outgoing import form_findings, queries
from lienthong.web import answers


@require_safe
def outgoing_form(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What departs from Decree 30: the list, and the pages with their marks.

    Asked for by the detail page it is the list alone.
    """
    document = queries.outgoing(accounts.actor_of(request), pk)
    found = form_findings.findings(document)
    context = {
        "document": document,
        "findings": found,
        "pages": sorted({one.page for one in found if one.place is not None}),
        "version": document.pdf_sha256[:12],
    }
    is_part = "HX-Request" in request.headers
    page = "form_findings" if is_part else "form_page"
    return render(request, f"documents/outgoing/{page}.html", context)


@require_safe
def outgoing_form_mark(request: HttpRequest, pk: UUID, page: int) -> HttpResponse:
    """One page as a picture with the findings marked; the first page is 1."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    return answers.page_image(form_findings.marked_png(document, page, PAGE_WIDTH_PX))
