"""Pages of incoming documents. Each one finds, reads what was typed, acts, answers."""

from __future__ import annotations

from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import history, sheets
from lienthong.apps.documents.common.paging import page_of
from lienthong.apps.documents.common.sheets import PAGE_WIDTH_PX, SHEETS_MAX
from lienthong.apps.documents.copies import making
from lienthong.apps.documents.copies import offers as copy_offers
from lienthong.apps.documents.dossiers.queries import dossiers_holding
from lienthong.apps.documents.incoming import forms, handling, offers, queries
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.verification import cards
from lienthong.apps.journal import api as journal
from lienthong.web import answers


@require_safe
def incoming_list(request: HttpRequest) -> HttpResponse:
    actor = accounts.actor_of(request)
    narrowing = forms.IncomingFilter(request.GET)
    documents = narrowing.narrow(queries.incoming_visible_to(actor))
    page = page_of(request, documents)
    context = {"page": page, "filter": narrowing, "now": timezone.now()}
    return render(request, "documents/incoming/list.html", context)


@require_safe
def incoming_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.incoming(actor, pk)
    journal.note_reading(actor, document.journal_subject)
    return show_incoming(request, actor, document)


def show_incoming(
    request: HttpRequest,
    actor: accounts.Actor,
    document: IncomingDocument,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    context = {
        "document": document,
        "verification": cards.verification(document.report),
        "panels": offers.panels(actor, document, form),
        "copy_panel": copy_offers.copy_panel(actor, document, form),
        "copies": making.copies_of(document),
        "dossiers": dossiers_holding(actor, document),
        "timeline": history.timeline(document),
        "duplicates": queries.duplicates_of(document),
        "attachments": document.attachments.all(),
        "supporting": document.supporting.select_related("person"),
        "sheets": range(min(sheets.page_count(document), SHEETS_MAX)),
        "version": document.pdf_sha256[:12],
    }
    return answers.form_page(
        request, "documents/incoming/detail.html", context, is_bound=form is not None
    )


@require_POST
def incoming_accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = handling.accept(actor, queries.incoming(actor, pk))
    number = document.arrival_number
    messages.success(request, _("Đã tiếp nhận, số đến %(number)s.") % {"number": number})
    return redirect("documents:incoming_detail", pk)


@require_POST
def incoming_refuse(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.incoming(actor, pk)
    form = forms.RefuseForm(request.POST)
    if not form.is_valid():
        return show_incoming(request, actor, document, form)
    handling.refuse(actor, document, form.cleaned_data["reason"], form.cleaned_data["text"])
    messages.success(request, _("Đã từ chối; cơ quan gửi được báo lý do."))
    return redirect("documents:incoming_detail", pk)


@require_POST
def incoming_assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.incoming(actor, pk)
    form = forms.AssignForm(actor, request.POST, document=document)
    if not form.is_valid():
        return show_incoming(request, actor, document, form)
    handling.assign(
        actor,
        document,
        lead_seat_id=form.cleaned_data["lead"],
        supporting_seat_ids=form.cleaned_data["supporting"],
        directive=form.cleaned_data["directive"],
        due_on=form.cleaned_data["due_on"],
    )
    messages.success(request, _("Đã phân công xử lý."))
    return redirect("documents:incoming_detail", pk)


@require_POST
def incoming_start(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    handling.start_work(actor, queries.incoming(actor, pk))
    messages.success(request, _("Văn bản đang được xử lý; cơ quan gửi đã được báo."))
    return redirect("documents:incoming_detail", pk)


@require_POST
def incoming_finish(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.incoming(actor, pk)
    form = forms.FinishForm(actor, request.POST, document=document)
    if not form.is_valid():
        return show_incoming(request, actor, document, form)
    handling.finish(
        actor,
        document,
        form.cleaned_data["note"],
        dossier_id=form.cleaned_data["dossier"],
        dossier_title=form.cleaned_data["dossier_title"],
    )
    messages.success(request, _("Đã hoàn thành và lưu vào hồ sơ."))
    return redirect("documents:incoming_detail", pk)


@require_safe
def incoming_page(request: HttpRequest, pk: UUID, page: int) -> HttpResponse:
    """One page of the main PDF as an image; the first page is 1."""
    document = queries.incoming(accounts.actor_of(request), pk)
    return answers.page_image(sheets.page_png(document, page, PAGE_WIDTH_PX))


@require_safe
def incoming_file(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    """A file of the packet: a PDF is shown, anything else is downloaded."""
    actor = accounts.actor_of(request)
    document = queries.incoming(actor, pk)
    name, content_type, data = queries.attachment(document, position)
    journal.note_reading(actor, document.journal_subject, name)
    return answers.BY_TYPE.get(content_type, answers.download)(data, name)


@require_safe
def incoming_report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was checked when the document came, as a file to keep (DX-67)."""
    document = queries.incoming(accounts.actor_of(request), pk)
    return answers.json_file(document.report, f"kiem-tra-{document.reference}.json")
