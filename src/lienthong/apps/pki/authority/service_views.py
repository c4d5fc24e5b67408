"""Pages of the trust list for its operator: services, their history, the next list (SG 3.8)."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.authority import forms, publishing, queries, recognition, registry
from lienthong.apps.pki.authority.models import ServiceProposal, TrustListIssue
from lienthong.apps.pki.authority.rules import ServiceAct
from lienthong.web.answers import download, form_page

ISSUES_SHOWN = 50


def _officer(request: HttpRequest) -> Actor:
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.certify")
    return actor


@require_safe
def trust_list(request: HttpRequest) -> HttpResponse:
    """Danh sách tin cậy: what is published now, what waits, what was published before."""
    actor, now = _officer(request), timezone.now()
    directory = registry.authority_directory()
    context = {
        "actor": actor,
        "now": now,
        "trust_list": publishing.current(directory, at=now),
        "listed": list(recognition.listed(directory, at=now)),
        "proposals": queries.open_service_proposals(),
        "issues": TrustListIssue.objects.defer("xml")[:ISSUES_SHOWN],
    }
    return render(request, "pki/authority/trust_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def service(request: HttpRequest, sha256: str, kind: str) -> HttpResponse:
    """One service: its history, and a proposal to change what the list says of it."""
    actor, now = _officer(request), timezone.now()
    directory = registry.authority_directory()
    found = next(
        (
            one
            for one in recognition.listed(directory, at=now)
            if (one.service.kind, one.service.sha256) == (kind, sha256)
        ),
        None,
    )
    if found is None:
        raise Http404
    form = forms.ServiceForm(found.acts, request.POST or None)
    if form.is_valid():
        recognition.propose(
            actor,
            directory,
            kind=kind,
            certificate_sha256=sha256,
            act=ServiceAct(form.cleaned_data["act"]),
            why=form.cleaned_data["why"],
            at=now,
        )
        messages.success(request, _("Đã ghi đề nghị. Một cán bộ khác cần quyết định."))
        return redirect("authority:service", sha256, kind)
    context = {"one": found, "form": form, "actor": actor, "now": now}
    return form_page(request, "pki/authority/service.html", context, is_bound=form.is_bound)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The second officer publishes the next list with the change, or drops it."""
    actor = _officer(request)
    proposal = get_object_or_404(ServiceProposal, pk=pk)
    accept = request.POST.get("accept") == "yes"
    recognition.decide(
        actor,
        proposal,
        accept=accept,
        at=timezone.now(),
        directory=registry.authority_directory(),
    )
    done, dropped = _("Đã ký và công bố danh sách mới."), _("Đã bỏ đề nghị.")
    messages.success(request, done if accept else dropped)
    return redirect("authority:trust_list")


@require_safe
def issue(request: HttpRequest, sequence: int) -> HttpResponse:
    """A published list as it was signed."""
    _officer(request)
    found = get_object_or_404(TrustListIssue, sequence=sequence)
    return download(bytes(found.xml), f"danh-sach-tin-cay-{sequence}.xml")
