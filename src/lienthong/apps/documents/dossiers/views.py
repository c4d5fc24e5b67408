"""Pages of work files: the list, one file, its documents, its export."""

from __future__ import annotations

from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common.forms import PAGE_SIZE
from lienthong.apps.documents.dossiers import (
    contents,
    export,
    forms,
    history,
    keeping,
    offers,
    policy,
    queries,
)
from lienthong.apps.documents.models import Document, Dossier, IncomingDocument, OutgoingDocument
from lienthong.apps.documents.problems import DocumentNotFound
from lienthong.apps.documents.rules.dossiers import DossierMove, DossierState
from lienthong.web import answers


@require_safe
def dossier_list(request: HttpRequest) -> HttpResponse:
    """Hồ sơ công việc: the files this person sees."""
    actor = accounts.actor_of(request)
    narrowing = forms.DossierFilter(request.GET)
    dossiers = narrowing.narrow(queries.dossiers_visible_to(actor))
    page = Paginator(dossiers, PAGE_SIZE).get_page(request.GET.get("trang"))
    due = queries.due(actor)
    context = {
        "page": page,
        "filter": narrowing,
        "may_open": accounts.can(actor, "documents.dossier_open"),
        "due_count": len(due.late) + len(due.soon),
        "late_count": len(due.late),
        "today": timezone.localdate(),
    }
    return render(request, "documents/dossiers/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def dossier_open(request: HttpRequest) -> HttpResponse:
    """Mở hồ sơ: from a line of the yearly list, or outside it."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.dossier_open")
    year = timezone.localdate().year
    entries = queries.issued_entries(actor, year)
    chosen = request.POST.get("entry", "")
    if request.method == "POST" and chosen.isdecimal() and len(chosen) < 12:
        entry = entries.filter(pk=int(chosen)).first()
        if entry is not None:
            dossier = keeping.open_from_list(actor, entry)
            messages.success(request, _("Đã mở hồ sơ theo danh mục."))
            return redirect("documents:dossier_detail", dossier.pk)
    form = forms.DossierForm(request.POST or None)
    if form.is_valid():
        dossier = keeping.open_outside(actor, form.wanted())
        messages.success(request, _("Đã lập hồ sơ; chờ người phụ trách duyệt mở."))
        return redirect("documents:dossier_detail", dossier.pk)
    context = {"form": form, "entries": entries.filter(dossiers=None), "year": year}
    return answers.form_page(
        request, "documents/dossiers/open.html", context, is_bound=form.is_bound
    )


@require_safe
def dossier_detail(request: HttpRequest, pk: int) -> HttpResponse:
    actor = accounts.actor_of(request)
    return show(request, actor, queries.dossier(actor, pk))


def show(
    request: HttpRequest,
    actor: accounts.Actor,
    dossier: Dossier,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    """The page of one file."""
    held = list(queries.items(dossier))
    may_fill = DossierMove.FILL in policy.moves_of(actor, dossier)
    words = request.GET.get("q", "")[:200]
    hidden = queries.hidden_from(actor, dossier)
    is_open = dossier.state in {DossierState.OPEN, DossierState.PROPOSED}
    context = {
        "dossier": dossier,
        "items": [(item, contents.document_of(item), item.pk in hidden) for item in held],
        "pages": sum(contents.document_of(item).page_amount for item in held),
        "removed": [(item, contents.document_of(item)) for item in queries.removed(dossier)],
        "panels": offers.panels(actor, dossier, form),
        "objections": contents.objections_to(dossier) if is_open else [],
        "may_fill": may_fill,
        "words": words,
        "found": queries.candidates(actor, dossier, words) if may_fill else [],
        "timeline": history.timeline(dossier),
        "hand_overs": dossier.hand_overs.select_related("hand_over").order_by("-pk"),
        "today": timezone.localdate(),
        "may_export": not hidden,
    }
    return answers.form_page(
        request, "documents/dossiers/detail.html", context, is_bound=form is not None
    )


@require_http_methods(["GET", "HEAD", "POST"])
def dossier_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is written about a file."""
    actor = accounts.actor_of(request)
    dossier = queries.dossier(actor, pk)
    accounts.check(actor, "documents.dossier_keep", dossier)
    form = forms.DossierForm(request.POST or None, dossier=dossier)
    if form.is_valid():
        keeping.edit(actor, dossier, form.wanted())
        messages.success(request, _("Đã lưu thông tin hồ sơ."))
        return redirect("documents:dossier_detail", pk)
    context = {"form": form, "dossier": dossier}
    return answers.form_page(
        request, "documents/dossiers/open.html", context, is_bound=form.is_bound
    )


@require_POST
def dossier_approve(request: HttpRequest, pk: int) -> HttpResponse:
    actor = accounts.actor_of(request)
    keeping.approve(actor, queries.dossier(actor, pk))
    messages.success(request, _("Đã duyệt mở hồ sơ."))
    return redirect("documents:dossier_detail", pk)


@require_POST
def dossier_close(request: HttpRequest, pk: int) -> HttpResponse:
    actor = accounts.actor_of(request)
    dossier = queries.dossier(actor, pk)
    form = forms.CloseForm(request.POST)
    if not form.is_valid():
        return show(request, actor, dossier, form)
    keeping.close(actor, dossier, form.cleaned_data["ended_on"])
    messages.success(request, _("Đã kết thúc hồ sơ; hạn nộp lưu đã tính."))
    return redirect("documents:dossier_detail", pk)


@require_POST
def dossier_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    actor = accounts.actor_of(request)
    dossier = queries.dossier(actor, pk)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return show(request, actor, dossier, form)
    keeping.reopen(actor, dossier, form.cleaned_data["reason"])
    messages.success(request, _("Đã mở lại hồ sơ."))
    return redirect("documents:dossier_detail", pk)


@require_POST
def dossier_keep_longer(request: HttpRequest, pk: int) -> HttpResponse:
    actor = accounts.actor_of(request)
    dossier = queries.dossier(actor, pk)
    form = forms.KeepLongerForm(request.POST)
    if not form.is_valid():
        return show(request, actor, dossier, form)
    keeping.keep_longer(actor, dossier, form.cleaned_data["until"], form.cleaned_data["reason"])
    messages.success(request, _("Đã ghi nhận việc giữ lại hồ sơ."))
    return redirect("documents:dossier_detail", pk)


@require_POST
def dossier_put(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a document into the file: `document` is "incoming:<id>" or "outgoing:<id>"."""
    actor = accounts.actor_of(request)
    dossier = queries.dossier(actor, pk)
    keeping.put(actor, dossier, _document(actor, request.POST.get("document", "")))
    messages.success(request, _("Đã đưa văn bản vào hồ sơ."))
    return redirect("documents:dossier_detail", pk)


@require_POST
def dossier_arrange(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the order (`move`: up, down, time), or take a document out (`out` with `reason`)."""
    actor = accounts.actor_of(request)
    dossier = queries.dossier(actor, pk)
    act, item = request.POST.get("move", ""), request.POST.get("item", "")
    item_id = int(item) if item.isdecimal() and len(item) < 12 else 0
    if act == "time":
        keeping.order_by_time(actor, dossier)
    elif act in {"up", "down"}:
        keeping.move(actor, dossier, item_id, -1 if act == "up" else 1)
    else:
        keeping.take_out(actor, dossier, item_id, request.POST.get("reason", ""))
        messages.success(request, _("Đã bỏ văn bản ra khỏi hồ sơ; dấu vết được giữ lại."))
    return redirect("documents:dossier_detail", pk)


@require_safe
def dossier_export(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as one ZIP: PDF, XML, originals, digests (DX-81)."""
    actor = accounts.actor_of(request)
    dossier = queries.dossier(actor, pk)
    data = export.exported(actor, dossier)
    return answers.download(data, f"ho-so-{dossier.code}-{dossier.year}.zip".replace("/", "-"))


def _document(actor: accounts.Actor, named: str) -> Document:
    kind, _colon, key = named.partition(":")
    try:
        pk = UUID(key)
    except ValueError:
        raise DocumentNotFound from None
    found: Document | None = None
    if kind == "incoming":
        found = IncomingDocument.objects.filter(
            organization_id=actor.organization_id, pk=pk
        ).first()
    elif kind == "outgoing":
        found = OutgoingDocument.objects.filter(
            organization_id=actor.organization_id, pk=pk
        ).first()
    if found is None:
        raise DocumentNotFound
    return found
