"""Pages of the yearly list of files, of what is due, and of hand-overs."""

from __future__ import annotations

from dataclasses import dataclass

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
from lienthong.apps.documents.common.forms import PAGE_SIZE
from lienthong.apps.documents.common.panels import key_of
from lienthong.apps.documents.common.typeset import page_count
from lienthong.apps.documents.dossiers import (
    forms,
    handing,
    history,
    offers,
    queries,
    yearly,
)
from lienthong.apps.documents.dossiers.problems import DossierNotFound
from lienthong.apps.documents.models import DossierListEntry, HandOver
from lienthong.apps.documents.rules.dossiers import ListState
from lienthong.apps.files import api as files
from lienthong.apps.pki import api as pki
from lienthong.web import answers

YEARS_SHOWN = 5


@require_http_methods(["GET", "HEAD", "POST"])
def yearly_list(request: HttpRequest, year: int) -> HttpResponse:
    """Danh mục hồ sơ of a year: its lines; a POST proposes one."""
    actor = accounts.actor_of(request)
    if not 1945 <= year <= 2200:
        raise DossierNotFound
    form = forms.LineForm(actor, request.POST or None)
    if form.is_valid():
        yearly.propose(actor, year, form.line())
        messages.success(request, _("Đã đề xuất hồ sơ vào danh mục."))
        return redirect("documents:dossier_list_of", year)
    found = queries.lists(actor).filter(year=year).first()
    is_draft = found is None or found.state == ListState.DRAFT
    this_year = timezone.localdate().year
    context = {
        "year": year,
        "years": range(this_year - YEARS_SHOWN + 2, this_year + 2),
        "list": found,
        "entries": queries.entries(actor, year),
        "form": form if is_draft else None,
        "issue_form": forms.IssueListForm(),
        "may_propose": is_draft and accounts.can(actor, "documents.dossier_list_propose"),
        "may_copy": is_draft
        and accounts.can(actor, "documents.dossier_list_copy")
        and queries.lists(actor).filter(year=year - 1).exists(),
        "may_issue": is_draft
        and found is not None
        and accounts.can(actor, "documents.dossier_list_issue"),
    }
    return answers.form_page(
        request, "documents/dossiers/yearly.html", context, is_bound=form.is_bound
    )


@require_POST
def yearly_copy(request: HttpRequest, year: int) -> HttpResponse:
    """Copy the lines of the year before."""
    yearly.copy(accounts.actor_of(request), year)
    messages.success(request, _("Đã chép danh mục năm trước; hãy rà lại từng dòng."))
    return redirect("documents:dossier_list_of", year)


@require_POST
def yearly_issue(request: HttpRequest, year: int) -> HttpResponse:
    """Issue the list."""
    yearly.issue(accounts.actor_of(request), year, request.POST.get("basis", ""))
    messages.success(request, _("Đã ban hành danh mục hồ sơ."))
    return redirect("documents:dossier_list_of", year)


@require_POST
def yearly_withdraw(request: HttpRequest, entry: int) -> HttpResponse:
    """Take a line off a list that is being made."""
    actor = accounts.actor_of(request)
    found = (
        DossierListEntry.objects.filter(organization_id=actor.organization_id, pk=entry)
        .select_related("list")
        .first()
    )
    if found is None:
        raise DossierNotFound
    yearly.withdraw(actor, found)
    messages.success(request, _("Đã bỏ dòng khỏi danh mục."))
    return redirect("documents:dossier_list_of", found.list.year)


@require_safe
def due(request: HttpRequest) -> HttpResponse:
    """What is due: hand-overs late and near, files whose keeping ended."""
    actor = accounts.actor_of(request)
    context = {"due": queries.due(actor), "today": timezone.localdate()}
    return render(request, "documents/dossiers/due.html", context)


@require_safe
def hand_over_list(request: HttpRequest) -> HttpResponse:
    """Biên bản bàn giao this person has a side in, or watches over."""
    actor = accounts.actor_of(request)
    page = Paginator(queries.hand_overs(actor), PAGE_SIZE).get_page(request.GET.get("trang"))
    return render(request, "documents/dossiers/hand_overs.html", {"page": page})


@require_http_methods(["GET", "HEAD", "POST"])
def hand_over_new(request: HttpRequest) -> HttpResponse:
    """Lập biên bản: `to` says whether the archive or a successor takes the files."""
    actor = accounts.actor_of(request)
    to = request.POST.get("to", "")
    waiting = queries.ready_for_archive(actor)
    archive = forms.ArchiveForm(actor, waiting, request.POST if to == "archive" else None)
    successor = forms.SuccessorForm(actor, request.POST if to == "successor" else None)
    if archive.is_bound and archive.is_valid():
        chosen = archive.cleaned_data
        made = handing.prepare_for_archive(actor, chosen["dossiers"], chosen["taker"])
    elif successor.is_bound and successor.is_valid():
        chosen = successor.cleaned_data
        made = handing.prepare_for_successor(actor, chosen["keeper"], chosen["taker"])
    else:
        context = {"archive": archive, "successor": successor, "waiting": waiting}
        return answers.form_page(
            request,
            "documents/dossiers/hand_over_new.html",
            context,
            is_bound=archive.is_bound or successor.is_bound,
        )
    messages.success(request, _("Đã lập biên bản. Xem lại mục lục rồi ký giao."))
    return redirect("documents:hand_over_detail", made.pk)


@dataclass(frozen=True, slots=True)
class Signed:
    """The record as the panel of signing names it."""

    type_name: str
    subject: str
    page_amount: int
    pdf_sha256: str


@require_safe
def hand_over_detail(request: HttpRequest, pk: int) -> HttpResponse:
    actor = accounts.actor_of(request)
    return show(request, actor, queries.hand_over(actor, pk))


def show(
    request: HttpRequest,
    actor: accounts.Actor,
    hand_over: HandOver,
    form: django_forms.Form | None = None,
) -> HttpResponse:
    """The page of one record."""
    pages = page_count(files.get(hand_over.record_sha256))
    subject = _("%(count)s hồ sơ") % {"count": hand_over.lines.count()}
    context = {
        "hand_over": hand_over,
        "lines": hand_over.lines.select_related("dossier"),
        "panels": offers.steps(actor, hand_over, form),
        "timeline": history.timeline(hand_over),
        "document": Signed(hand_over.get_kind_display(), subject, pages, hand_over.record_sha256),
    }
    return answers.form_page(
        request, "documents/dossiers/hand_over.html", context, is_bound=form is not None
    )


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def hand_over_give(request: HttpRequest, pk: int) -> HttpResponse:
    """The giver signs."""
    actor = accounts.actor_of(request)
    hand_over = queries.hand_over(actor, pk)
    if pki.asks_agent(request):
        return pki.for_agent(handing.ask_giver(actor, hand_over))
    form = pki.ConsentForm.for_key(key_of(pki.KeyKind.PERSON, actor), request.POST)
    if not form.is_valid():
        return show(request, actor, hand_over, form)
    handing.give(actor, hand_over, form.consent())
    messages.success(request, _("Đã ký giao; chờ bên nhận kiểm tra và ký."))
    return redirect("documents:hand_over_detail", pk)


@sensitive_post_parameters("pin", "otp", "answer")
@require_POST
def hand_over_take(request: HttpRequest, pk: int) -> HttpResponse:
    """The taker checks, signs, and has the files."""
    actor = accounts.actor_of(request)
    hand_over = queries.hand_over(actor, pk)
    if pki.asks_agent(request):
        return pki.for_agent(handing.ask_taker(actor, hand_over))
    form = pki.ConsentForm.for_key(key_of(pki.KeyKind.PERSON, actor), request.POST)
    if not form.is_valid():
        return show(request, actor, hand_over, form)
    handing.take(actor, hand_over, form.consent())
    messages.success(request, _("Đã ký nhận; hồ sơ đã chuyển giao."))
    return redirect("documents:hand_over_detail", pk)


@require_POST
def hand_over_return(request: HttpRequest, pk: int) -> HttpResponse:
    """The taker returns the record."""
    actor = accounts.actor_of(request)
    hand_over = queries.hand_over(actor, pk)
    form = forms.ReasonForm(request.POST)
    if not form.is_valid():
        return show(request, actor, hand_over, form)
    handing.give_back(actor, hand_over, form.cleaned_data["reason"])
    messages.success(request, _("Đã trả lại biên bản."))
    return redirect("documents:hand_over_list")


@require_POST
def hand_over_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """The giver takes back what nobody signed."""
    actor = accounts.actor_of(request)
    handing.drop(actor, queries.hand_over(actor, pk))
    messages.success(request, _("Đã hủy biên bản."))
    return redirect("documents:hand_over_list")


@require_safe
def hand_over_record(request: HttpRequest, pk: int) -> HttpResponse:
    """The record with its signatures so far, as PDF."""
    hand_over = queries.hand_over(accounts.actor_of(request), pk)
    return answers.inline_pdf(files.get(hand_over.record_sha256), f"bien-ban-{pk}.pdf")
