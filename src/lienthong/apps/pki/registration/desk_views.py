"""Pages of the registrar: what waits, certificates of the subtree, tables of many requests."""

from __future__ import annotations

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
from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.contract import ISSUING
from lienthong.apps.pki.models import Certificate
from lienthong.apps.pki.registration import bulk, emergency, forms, panels, queries, status_requests
from lienthong.apps.pki.registration import tables as table_rows
from lienthong.apps.pki.registration.rules import (
    CertificateUnknownHere,
    RegistrationNotFound,
    RequestState,
)
from lienthong.apps.pki.registration.views import kind_named, sent
from lienthong.web import answers

PAGE_SIZE = 50
CHOSEN_MAX = 200
FAILURES_SHOWN = 50


def _registrar(request: HttpRequest) -> Actor:
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.register")
    return actor


def _certificate_below(actor: Actor, pk: int) -> Certificate:
    """One of the certificates this registrar looks after. Raises CertificateUnknownHere."""
    found = queries.certificates_below(actor, "").filter(pk=pk).first()
    if found is None:
        raise CertificateUnknownHere
    return found


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Đăng ký chứng thư: what waits, the most pressing first, and how it goes."""
    actor = _registrar(request)
    return _show_worklist(request, actor, panels.own_form(actor))


def _show_worklist(request: HttpRequest, actor: Actor, form: django_forms.Form) -> HttpResponse:
    narrowing = forms.WorklistFilter(request.GET)
    found = narrowing.narrow(queries.worklist(actor))
    now = timezone.now()
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang"))
    context = {
        "page": page,
        "may_choose": any(one.state == RequestState.VERIFIED for one in page.object_list),
        "filter": narrowing,
        "form": form,
        "statistics": queries.statistics(actor, now),
        "now": now,
    }
    return answers.form_page(request, "pki/worklist.html", context, is_bound=form.is_bound)


@sensitive_post_parameters("pin")
@require_POST
def approve_chosen(request: HttpRequest) -> HttpResponse:
    """Sign every request marked in the list; one that cannot be does not stop the others."""
    actor = _registrar(request)
    waiting = queries.worklist(actor).filter(state=RequestState.VERIFIED)
    form, given = forms.ChosenForm(waiting, request.POST), panels.own_form(actor, request.POST)
    if not (form.is_valid() and given.is_valid()):
        messages.error(request, _("Hãy đánh dấu yêu cầu đã kiểm tra hồ sơ và nhập mã PIN."))
        return _show_worklist(request, actor, panels.own_form(actor))
    chosen = list(form.cleaned_data["chosen"][:CHOSEN_MAX])
    approved, failures = bulk.approve_many(actor, chosen, given.consent())
    for one in approved:
        sent(one)
    messages.success(request, _("Đã ký duyệt %(count)d yêu cầu.") % {"count": len(approved)})
    for failure in failures:
        messages.error(request, f"{failure['holder']}: {failure['text']}")
    return redirect("pki:worklist")


@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """The certificates of the agencies below, to look one up."""
    actor = _registrar(request)
    wanted = request.GET.get("q", "").strip()[:200]
    found = queries.certificates_below(actor, wanted)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang"))
    context = {"page": page, "cards": panels.cards(page.object_list), "q": wanted}
    return render(request, "pki/certificates.html", context)


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "HEAD", "POST"])
def hold(request: HttpRequest, certificate_id: int) -> HttpResponse:
    """Tạm dừng khẩn cấp: one registrar alone, at once; another person confirms within a day."""
    actor = _registrar(request)
    certificate = _certificate_below(actor, certificate_id)
    form = forms.HoldForm(request.POST or None)
    if not form.is_valid():
        context = {"form": form, "certificate": certificate}
        return answers.form_page(request, "pki/hold.html", context, is_bound=form.is_bound)
    held = sent(emergency.hold_at_once(actor, certificate, **form.cleaned_data))
    if held.state == RequestState.DONE:
        messages.success(request, _("Chứng thư đã tạm dừng. Một người khác cần xác nhận."))
    else:
        messages.warning(
            request,
            _("Chứng thư đã tạm dừng trên hệ thống này. Chưa kết nối được tổ chức cấp."),
        )
    return redirect("pki:request", held.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, certificate_id: int, kind: str) -> HttpResponse:
    """The registrar asks to revoke, hold or release somebody's certificate; another approves."""
    actor = _registrar(request)
    wanted = kind_named(kind)
    certificate = _certificate_below(actor, certificate_id)
    if wanted in ISSUING:
        raise CertificateUnknownHere
    form = forms.StatusForm(
        actor, wanted, [certificate], request.POST or None, initial={"certificate": certificate_id}
    )
    if not form.is_valid():
        context = {"form": form, "kind": wanted, "certificate": certificate, "issues": False}
        return answers.form_page(request, "pki/request_form.html", context, is_bound=form.is_bound)
    made = status_requests.ask_about(actor, certificate, form.wish())
    messages.success(request, _("Đã lập yêu cầu. Một người khác cần duyệt."))
    return redirect("pki:request", made.pk)


@require_http_methods(["GET", "HEAD", "POST"])
def tables(request: HttpRequest) -> HttpResponse:
    """Tables of many requests: those known, and a new one."""
    actor = _registrar(request)
    form = forms.TableForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        context = {"form": form, "tables": queries.tables(actor)[:PAGE_SIZE]}
        return answers.form_page(request, "pki/tables.html", context, is_bound=form.is_bound)
    file = form.cleaned_data["file"]
    taken = table_rows.take(actor, file.name, file.read())
    messages.success(
        request, _("Đã nhận %(count)d dòng; đang kiểm tra từng dòng.") % {"count": taken.row_count}
    )
    return redirect("pki:table", taken.pk)


@sensitive_post_parameters("pin")
@require_http_methods(["GET", "HEAD", "POST"])
def table(request: HttpRequest, pk: int) -> HttpResponse:
    """One table: its rows, those that failed, and its approval as one act."""
    actor = _registrar(request)
    found = queries.tables(actor).filter(pk=pk).first()
    if found is None:
        raise RegistrationNotFound
    form = panels.own_form(actor, request.POST or None)
    if not form.is_valid():
        rows = found.requests.select_related("person", "organization").order_by("created_at", "pk")
        context = {
            "table": found,
            "form": form,
            "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("trang")),
            "failures": found.failures[:FAILURES_SHOWN],
            "approval_failures": (found.approval_failures or [])[:FAILURES_SHOWN],
            "waiting": found.requests.filter(state__in=["submitted", "verified"]).count(),
            "now": timezone.now(),
        }
        return answers.form_page(request, "pki/table.html", context, is_bound=form.is_bound)
    signed = bulk.approve_table(actor, found, form.consent())
    messages.success(
        request, _("Đã ký duyệt %(count)d yêu cầu; đang thực hiện.") % {"count": signed.approving}
    )
    return redirect("pki:table", pk)
