"""Pages of outgoing documents. Each one finds, reads what was typed, acts, answers."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import history, panels, sheets, typeset
from lienthong.apps.documents.common.paging import page_of
from lienthong.apps.documents.common.sheets import PAGE_WIDTH_PX, SHEETS_MAX
from lienthong.apps.documents.copies import making
from lienthong.apps.documents.copies import offers as copy_offers
from lienthong.apps.documents.dossiers.queries import dossiers_holding
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import (
    decree_30,
    drafting,
    forms,
    issuing,
    offers,
    queries,
    recalling,
    reviewing,
)
from lienthong.apps.documents.rules.outgoing import Source
from lienthong.apps.documents.verification import cards
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.web import answers

PREVIEW_MAX = 5
PREVIEW_WIDTH_PX = 820

DRAFT: dict[Source, Callable[..., OutgoingDocument]] = {
    Source.FORM: drafting.draft_from_form,
    Source.UPLOAD: drafting.draft_from_pdf,
}


@require_safe
def outgoing_list(request: HttpRequest) -> HttpResponse:
    actor = accounts.actor_of(request)
    narrowing = forms.OutgoingFilter(request.GET)
    documents = narrowing.narrow(queries.outgoing_visible_to(actor))
    page = page_of(request, documents)
    context = {
        "page": page,
        "filter": narrowing,
        "may_draft": accounts.can(actor, "documents.draft"),
    }
    return render(request, "documents/outgoing/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def outgoing_compose(request: HttpRequest) -> HttpResponse:
    """Soạn văn bản: by the form of Decree 30, or a PDF made elsewhere."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.draft")
    form = forms.ComposeForm(
        actor,
        request.POST or None,
        request.FILES or None,
        type_code=request.GET.get("type_code", ""),
    )
    if not form.is_valid():
        return _show_compose(request, form)
    document = DRAFT[Source(form.cleaned_data["source"])](actor, **form.arguments())
    messages.success(request, _("Đã lưu dự thảo. Xem lại bản in rồi trình duyệt."))
    return redirect("documents:outgoing_detail", document.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def outgoing_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change a draft."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    accounts.check(actor, "documents.draft", document)
    form = forms.ComposeForm(actor, request.POST or None, request.FILES or None, document=document)
    if not form.is_valid():
        return _show_compose(request, form, document)
    drafting.update_draft(actor, document, **form.arguments())
    messages.success(request, _("Đã lưu dự thảo."))
    return redirect("documents:outgoing_detail", pk)


def _show_compose(
    request: HttpRequest, form: forms.ComposeForm, document: OutgoingDocument | None = None
) -> HttpResponse:
    context = {"form": form, "document": document, "templates": _templates(form)}
    return answers.form_page(
        request, "documents/outgoing/compose.html", context, is_bound=form.is_bound
    )


def _templates(form: forms.ComposeForm) -> list[dict[str, Any]]:
    """The common types to begin from."""
    names = {one.code: one.name.partition("(")[0].strip() for one in queries.document_types()}
    return [
        {
            "code": one.type_code,
            "name": names[one.type_code],
            "is_current": one.type_code == form.template.type_code,
        }
        for one in decree_30.common()
        if one.type_code in names
    ]


@require_safe
def outgoing_type_fields(request: HttpRequest) -> HttpResponse:
    """What one type asks for: a part of the compose page."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.draft")
    form = forms.ComposeForm(actor, type_code=request.GET.get("type_code", ""))
    return render(request, "documents/outgoing/type_fields.html", {"form": form})


@require_POST
def outgoing_preview(request: HttpRequest) -> HttpResponse:
    """The pages of the form as typed so far: a part of the compose page. Nothing is kept."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.draft")
    form = forms.ComposeForm(actor, request.POST)
    context: dict[str, Any] = {"form": form}
    if form.is_valid() and form.cleaned_data["source"] == Source.FORM:
        arguments = form.arguments()
        del arguments["ticket"]
        made = drafting.preview(actor, **arguments)
        shown = range(min(made.pages, PREVIEW_MAX))
        pictures = [typeset.page_png(made.pdf, page, PREVIEW_WIDTH_PX) for page in shown]
        context |= {"pages": [base64.b64encode(one).decode() for one in pictures], "made": made}
    return render(request, "documents/outgoing/preview.html", context)


@require_safe
def outgoing_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    journal.note_reading(actor, document.journal_subject)
    return show_outgoing(request, actor, document)


def show_outgoing(
    request: HttpRequest,
    actor: accounts.Actor,
    document: OutgoingDocument,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    context = {
        "document": document,
        "panels": offers.panels(actor, document, form),
        "copy_panel": copy_offers.copy_panel(actor, document, form),
        "copies": making.copies_of(document),
        "dossiers": dossiers_holding(actor, document),
        "timeline": history.timeline(document),
        "recipients": queries.deliveries(document),
        "answered": queries.answered_by(actor, document),
        "waiting": queries.waiting(document),
        "comments": document.comments.select_related("by__person"),
        "comment_form": forms.CommentForm(),
        "sheets": range(min(sheets.page_count(document), SHEETS_MAX)),
        "version": document.pdf_sha256[:12],
    }
    return answers.form_page(
        request, "documents/outgoing/detail.html", context, is_bound=form is not None
    )


@require_POST
def outgoing_submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    reviewing.submit_for_review(actor, queries.outgoing(actor, pk))
    messages.success(request, _("Đã trình duyệt."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    form = forms.CommentForm(request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    reviewing.approve(actor, document, form.cleaned_data["comment"])
    messages.success(request, _("Đã duyệt nội dung; văn thư duyệt thể thức."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_approve_form(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    form = forms.CommentForm(request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    reviewing.approve_form(actor, document, form.cleaned_data["comment"])
    messages.success(request, _("Đã duyệt thể thức và chuyển tới người ký."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_return(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    form = forms.ReturnForm(request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    reviewing.return_draft(actor, document, form.cleaned_data["reason"])
    messages.success(request, _("Đã trả lại người soạn thảo."))
    return redirect("documents:outgoing_list")


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def outgoing_sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ký số by the signatory: number, date and signature in one go."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    if pki.asks_agent(request):
        return pki.for_agent(issuing.ask_signature(actor, document))
    form = pki.ConsentForm.for_key(panels.key_of(pki.KeyKind.PERSON, actor), request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    document = issuing.sign(actor, document, form.consent())
    done = _("Đã ký số, văn bản mang số %(reference)s.")
    messages.success(request, done % {"reference": document.reference})
    return redirect("documents:outgoing_detail", pk)


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def outgoing_seal(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ký số cơ quan by the clerk."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    if pki.asks_agent(request):
        return pki.for_agent(issuing.ask_seal(actor, document))
    form = pki.ConsentForm.for_key(panels.key_of(pki.KeyKind.AGENCY, actor), request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    issuing.seal(actor, document, form.consent())
    messages.success(request, _("Đã ký số cơ quan. Văn bản sẵn sàng phát hành."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_dispatch(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    issuing.dispatch(actor, queries.outgoing(actor, pk))
    messages.success(request, _("Đã phát hành; trạng thái từng nơi nhận cập nhật tự động."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_recall(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Thu hồi: ask the ticked recipients to give the document back."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    form = forms.RecallForm(document, request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    found = form.cleaned_data
    recalling.recall(actor, document, found["recipients"], found["reason"])
    messages.success(request, _("Đã gửi yêu cầu thu hồi; nơi nhận sẽ báo lại."))
    return redirect("documents:outgoing_detail", pk)


@require_safe
def outgoing_page(request: HttpRequest, pk: UUID, page: int) -> HttpResponse:
    """One page of the newest file as an image; the first page is 1."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    return answers.page_image(sheets.page_png(document, page, PAGE_WIDTH_PX))


@require_safe
def outgoing_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The newest file: sealed, else signed, else the draft."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    journal.note_reading(actor, document.journal_subject, "PDF")
    return answers.inline_pdf(sheets.pdf(document), f"{document.reference}.pdf".replace("/", "-"))


@require_safe
def outgoing_signatures(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The signatures on the newest file, checked now: a part of the detail page."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    now = timezone.now()
    report = signing.verify_document(sheets.pdf(document), trust=pki.trust(), at=now)
    context = {"document": document, "verification": cards.Verification(document=report)}
    return render(request, "documents/outgoing/signatures.html", context)


@require_safe
def outgoing_packet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The packet as it was sent."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    journal.note_reading(actor, document.journal_subject, "edXML")
    return answers.download(queries.sent_packet(document), f"{document.reference}.edxml")


@require_safe
def outgoing_packet_signature(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The detached signature of the packet (CAdES)."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    name = f"{document.reference}.edxml.p7s"
    return answers.download(queries.sent_signature(document), name)


@require_safe
def outgoing_receipt(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The axis's receipt with its proof, as a file that verifies offline."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    name = f"{document.reference}.receipt.json"
    return answers.json_file(queries.receipt(document), name)
