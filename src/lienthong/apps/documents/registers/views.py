"""Pages of the registers."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common.forms import PAGE_SIZE
from lienthong.apps.documents.incoming import queries as incoming
from lienthong.apps.documents.models import Export
from lienthong.apps.documents.registers import entering, forms, making, slips
from lienthong.apps.documents.registers.definitions import REGISTERS
from lienthong.apps.documents.registers.problems import RegisterUnknown
from lienthong.apps.documents.rules.registers import ExportFormat, ExportState
from lienthong.apps.files import api as files
from lienthong.web import answers

EXPORTS_SHOWN = 5


@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, name: str) -> HttpResponse:
    """A register on screen: all columns, page by page; a POST writes a line where that is done."""
    actor = accounts.actor_of(request)
    found = making.register_of(actor, name)
    make = forms.FORMS.get(name)
    line = make(request.POST or None) if make else None
    if line is not None and line.is_valid():
        entering.enter(actor, line.line())
        messages.success(request, _("Đã vào sổ."))
        return redirect("documents:register", name)
    narrowing = forms.SpanForm(request.GET)
    span = narrowing.span()
    making.check_span(span)
    page = Paginator(found.rows(actor, span), PAGE_SIZE).get_page(request.GET.get("trang"))
    context = {
        "register": found,
        "registers": REGISTERS.values(),
        "rows": making.texts(found, page.object_list),
        "page": page,
        "span": span,
        "days": forms.SpanForm(initial={"since": span.since, "until": span.until}),
        "line": line if accounts.can(actor, "documents.registers_enter") else None,
        "formats": ExportFormat,
        "exports": Export.objects.filter(
            organization_id=actor.organization_id, seat_id=actor.seat_id, register=name
        )[:EXPORTS_SHOWN],
    }
    is_bound = line is not None and line.is_bound
    return answers.form_page(
        request, "documents/registers/register.html", context, is_bound=is_bound
    )


@require_POST
def export(request: HttpRequest, name: str) -> HttpResponse:
    """The register as a file: now when it is short, else by a job."""
    actor = accounts.actor_of(request)
    found = making.register_of(actor, name)
    form = request.POST.get("format", "")
    if form not in ExportFormat.values:
        raise RegisterUnknown
    span = forms.SpanForm(request.POST).span()
    made = making.given(actor, found, span, ExportFormat(form))
    if isinstance(made, Export):
        return redirect("documents:register_export", made.pk)
    return answers.download(made, f"so-{name}-{span.since}-{span.until}.{form}")


@require_safe
def export_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a long export is; its file once it is there."""
    found = making.export_of(accounts.actor_of(request), pk)
    title = REGISTERS[found.register].title
    is_going = found.state in {ExportState.WAITING, ExportState.RUNNING}
    context = {"export": found, "title": title, "is_going": is_going}
    return render(request, "documents/registers/export.html", context)


@require_safe
def export_file(request: HttpRequest, pk: int) -> HttpResponse:
    found = making.export_of(accounts.actor_of(request), pk)
    if not found.sha256:
        raise RegisterUnknown
    name = f"so-{found.register}-{found.since}-{found.until}.{found.format}"
    return answers.download(files.get(found.sha256), name)


@require_safe
def handling_slip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Phiếu giải quyết văn bản đến."""
    document = incoming.incoming(accounts.actor_of(request), pk)
    return answers.inline_pdf(slips.handling_slip(document), "phieu-giai-quyet.pdf")


@require_safe
def arrival_stamp(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Dấu "ĐẾN" to print."""
    document = incoming.incoming(accounts.actor_of(request), pk)
    return answers.inline_pdf(slips.arrival_stamp(document), "dau-den.pdf")


@require_safe
def registers(request: HttpRequest) -> HttpResponse:
    """The registers begin with that of incoming documents."""
    accounts.check(accounts.actor_of(request), "documents.registers")
    return redirect("documents:register", "den")
