"""Pages of incoming documents: the list, one document, its pages and files."""

from __future__ import annotations

from uuid import UUID

from django import forms as django_forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common import history, sheets
from lienthong.apps.documents.common.paging import page_of
from lienthong.apps.documents.common.sheets import PAGE_WIDTH_PX, SHEETS_MAX
from lienthong.apps.documents.copies import making
from lienthong.apps.documents.copies import offers as copy_offers
from lienthong.apps.documents.dossiers.queries import dossiers_holding
from lienthong.apps.documents.incoming import forms, offers, policy, queries, stamp
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.verification import cards
from lienthong.apps.journal import api as journal
from lienthong.web import answers


@require_safe
def incoming_list(request: HttpRequest) -> HttpResponse:
    """Văn bản đến: the list, and acts on many."""
    actor = accounts.actor_of(request)
    return show_list(request, actor)


def show_list(
    request: HttpRequest, actor: accounts.Actor, form: forms.ManyForm | None = None
) -> HttpResponse:
    """The list as the address asks for it; with a form that came back, its errors."""
    narrowing = forms.IncomingFilter(request.GET)
    documents = narrowing.narrow(queries.incoming_visible_to(actor))
    page = page_of(request, documents)
    context = {
        "page": page,
        "filter": narrowing,
        "now": timezone.now(),
        "many": policy.acts_on_many(actor),
        "many_form": form or forms.ManyForm(actor),
        "may_scan": accounts.can(actor, "documents.register_paper"),
    }
    return answers.form_page(
        request, "documents/incoming/list.html", context, is_bound=form is not None
    )


@require_safe
def incoming_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One document: the paper, what was checked, what to do next, what happened."""
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
    """The page of one document; a form that came back takes the place of its panel's."""
    is_recalled = document.state == IncomingState.RECALLED
    context = {
        "document": document,
        "verification": cards.verification(document.report),
        "parts": document.report.get("parts", {}),
        "scan": document.report.get("scan"),
        "panels": offers.panels(actor, document, form),
        "copy_panel": None if is_recalled else copy_offers.copy_panel(actor, document, form),
        "copies": making.copies_of(document),
        "dossiers": dossiers_holding(actor, document),
        "timeline": history.timeline(document),
        "duplicates": queries.duplicates_of(document),
        "attachments": document.attachments.all(),
        "supporting": document.supporting.select_related("person"),
        "slip": queries.slip(document),
        "stamp": None if is_recalled else stamp.of(document),
        "sheets": range(min(sheets.page_count(document), SHEETS_MAX)),
        "version": stamp.picture_version(document),
    }
    return answers.form_page(
        request, "documents/incoming/detail.html", context, is_bound=form is not None
    )


@require_safe
def incoming_page(request: HttpRequest, pk: UUID, page: int) -> HttpResponse:
    """One page of the main PDF as an image; the first page is 1."""
    document = queries.incoming(accounts.actor_of(request), pk)
    return answers.page_image(stamp.page_png(document, page, PAGE_WIDTH_PX))


@require_safe
def incoming_print(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The document with the mark "ĐẾN" on page 1, to print; what was received stays as it is."""
    document = queries.incoming(accounts.actor_of(request), pk)
    name = f"den-{document.arrival_number}-{document.reference}.pdf".replace("/", "-")
    return answers.inline_pdf(stamp.printed(document), name)


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
