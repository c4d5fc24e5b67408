"""Pages of the document desk. Each one finds, reads what was typed, acts, answers."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents import actions, copies, forms, panels, queries
from lienthong.apps.documents.models import IncomingDocument, OutgoingDocument
from lienthong.apps.documents.rules import Source
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.web import answers

PAGE_SIZE = 50
PAGE_WIDTH_PX = 1240
SHEETS_MAX = 200  # a longer document is read in its own file

DRAFT: dict[Source, Callable[..., OutgoingDocument]] = {
    Source.FORM: actions.draft_from_form,
    Source.UPLOAD: actions.draft_from_pdf,
}


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Bàn làm việc: what to do now."""
    actor = accounts.actor_of(request)
    found = queries.desk(actor)
    context = {
        "piles": panels.piles(actor, found),
        "overdue": list(found.overdue),
        "overdue_count": found.counts["overdue"],
        "may_draft": accounts.can(actor, "documents.draft"),
        "waiting": sum(found.counts.values()),
    }
    return render(request, "documents/desk.html", context)


# Incoming


@require_safe
def incoming_list(request: HttpRequest) -> HttpResponse:
    actor = accounts.actor_of(request)
    narrowing = forms.IncomingFilter(request.GET)
    documents = narrowing.narrow(queries.incoming_visible_to(actor))
    page = Paginator(documents, PAGE_SIZE).get_page(request.GET.get("trang"))
    context = {"page": page, "filter": narrowing, "now": timezone.now()}
    return render(request, "documents/incoming_list.html", context)


@require_safe
def incoming_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    return show_incoming(request, actor, queries.incoming(actor, pk))


def show_incoming(
    request: HttpRequest,
    actor: accounts.Actor,
    document: IncomingDocument,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    context = {
        "document": document,
        "verification": panels.verification(document.report),
        "panels": panels.panels(actor, document, form),
        "copy_panel": panels.copy_panel(actor, document, form),
        "copies": copies.copies_of(document),
        "timeline": queries.timeline(document),
        "duplicates": queries.duplicates_of(document),
        "attachments": document.attachments.all(),
        "supporting": document.supporting.select_related("person"),
        "sheets": range(min(queries.page_count(document), SHEETS_MAX)),
        "version": document.pdf_sha256[:12],
    }
    return answers.form_page(
        request, "documents/incoming_detail.html", context, is_bound=form is not None
    )


@require_POST
def incoming_accept(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = actions.accept(actor, queries.incoming(actor, pk))
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
    actions.refuse(actor, document, form.cleaned_data["reason"], form.cleaned_data["text"])
    messages.success(request, _("Đã từ chối; cơ quan gửi được báo lý do."))
    return redirect("documents:incoming_detail", pk)


@require_POST
def incoming_assign(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.incoming(actor, pk)
    form = forms.AssignForm(actor, request.POST, document=document)
    if not form.is_valid():
        return show_incoming(request, actor, document, form)
    actions.assign(
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
    actions.start_work(actor, queries.incoming(actor, pk))
    messages.success(request, _("Văn bản đang được xử lý; cơ quan gửi đã được báo."))
    return redirect("documents:incoming_detail", pk)


@require_POST
def incoming_finish(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.incoming(actor, pk)
    form = forms.FinishForm(actor, request.POST, document=document)
    if not form.is_valid():
        return show_incoming(request, actor, document, form)
    actions.finish(
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
    return answers.page_image(queries.page_png(document, page, PAGE_WIDTH_PX))


@require_safe
def incoming_file(request: HttpRequest, pk: UUID, position: int) -> HttpResponse:
    """A file of the packet: a PDF is shown, anything else is downloaded."""
    document = queries.incoming(accounts.actor_of(request), pk)
    name, content_type, data = queries.attachment(document, position)
    return answers.BY_TYPE.get(content_type, answers.download)(data, name)


@require_safe
def incoming_report(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was checked when the document came, as a file to keep (DX-67)."""
    document = queries.incoming(accounts.actor_of(request), pk)
    return answers.json_file(document.report, f"kiem-tra-{document.reference}.json")


# Outgoing


@require_safe
def outgoing_list(request: HttpRequest) -> HttpResponse:
    actor = accounts.actor_of(request)
    narrowing = forms.OutgoingFilter(request.GET)
    documents = narrowing.narrow(queries.outgoing_visible_to(actor))
    page = Paginator(documents, PAGE_SIZE).get_page(request.GET.get("trang"))
    context = {
        "page": page,
        "filter": narrowing,
        "may_draft": accounts.can(actor, "documents.draft"),
    }
    return render(request, "documents/outgoing_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def outgoing_compose(request: HttpRequest) -> HttpResponse:
    """Soạn văn bản: by the form of Decree 30, or a PDF made elsewhere."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.draft")
    form = forms.ComposeForm(actor, request.POST or None, request.FILES or None)
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
    actions.update_draft(actor, document, **form.arguments())
    messages.success(request, _("Đã lưu dự thảo."))
    return redirect("documents:outgoing_detail", pk)


def _show_compose(
    request: HttpRequest, form: forms.ComposeForm, document: OutgoingDocument | None = None
) -> HttpResponse:
    context = {"form": form, "document": document}
    return answers.form_page(
        request, "documents/outgoing_compose.html", context, is_bound=form.is_bound
    )


@require_safe
def outgoing_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    return show_outgoing(request, actor, queries.outgoing(actor, pk))


def show_outgoing(
    request: HttpRequest,
    actor: accounts.Actor,
    document: OutgoingDocument,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    context = {
        "document": document,
        "panels": panels.panels(actor, document, form),
        "copy_panel": panels.copy_panel(actor, document, form),
        "copies": copies.copies_of(document),
        "timeline": queries.timeline(document),
        "recipients": document.recipients.select_related("recipient").prefetch_related("entries"),
        "waiting": queries.waiting(document),
        "sheets": range(min(queries.page_count(document), SHEETS_MAX)),
        "version": document.pdf_sha256[:12],
    }
    return answers.form_page(
        request, "documents/outgoing_detail.html", context, is_bound=form is not None
    )


@require_POST
def outgoing_submit(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    actions.submit_for_review(actor, queries.outgoing(actor, pk))
    messages.success(request, _("Đã trình duyệt."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    form = forms.CommentForm(request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    actions.approve(actor, document, form.cleaned_data["comment"])
    messages.success(request, _("Đã duyệt và chuyển tới người ký."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_return(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    form = forms.ReturnForm(request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    actions.return_draft(actor, document, form.cleaned_data["reason"])
    messages.success(request, _("Đã trả lại người soạn thảo."))
    return redirect("documents:outgoing_list")


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def outgoing_sign(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ký số by the signatory: number, date and signature in one go."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    if pki.asks_agent(request):
        return pki.for_agent(actions.ask_signature(actor, document))
    form = pki.ConsentForm.for_key(panels.key_of(pki.KeyKind.PERSON, actor), request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    document = actions.sign(actor, document, form.consent())
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
        return pki.for_agent(actions.ask_seal(actor, document))
    form = pki.ConsentForm.for_key(panels.key_of(pki.KeyKind.AGENCY, actor), request.POST)
    if not form.is_valid():
        return show_outgoing(request, actor, document, form)
    actions.seal(actor, document, form.consent())
    messages.success(request, _("Đã ký số cơ quan. Văn bản sẵn sàng phát hành."))
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_dispatch(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    actions.dispatch(actor, queries.outgoing(actor, pk))
    messages.success(request, _("Đã phát hành; trạng thái từng nơi nhận cập nhật tự động."))
    return redirect("documents:outgoing_detail", pk)


@require_safe
def outgoing_page(request: HttpRequest, pk: UUID, page: int) -> HttpResponse:
    """One page of the newest file as an image; the first page is 1."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    return answers.page_image(queries.page_png(document, page, PAGE_WIDTH_PX))


@require_safe
def outgoing_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The newest file: sealed, else signed, else the draft."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    return answers.inline_pdf(queries.pdf(document), f"{document.reference}.pdf".replace("/", "-"))


@require_safe
def outgoing_signatures(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The signatures on the newest file, checked now: a part of the detail page."""
    document = queries.outgoing(accounts.actor_of(request), pk)
    now = timezone.now()
    report = signing.verify_document(queries.pdf(document), trust=pki.trust(), at=now)
    context = {"document": document, "verification": panels.Verification(document=report)}
    return render(request, "documents/outgoing_signatures.html", context)


@require_safe
def outgoing_packet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The packet as it was sent."""
    document = queries.outgoing(accounts.actor_of(request), pk)
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
