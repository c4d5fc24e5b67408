"""Pages of the certificate officer: authorities, certificates, mandates, requests, key use."""

from __future__ import annotations

from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.authority import (
    forms,
    lists,
    mandates,
    publishing,
    queries,
    registry,
    status,
)
from lienthong.apps.pki.authority.models import (
    IssuedCertificate,
    Mandate,
    ReceivedRequest,
    StatusProposal,
)
from lienthong.apps.pki.authority.rules import MandateState, Reason, StatusAct
from lienthong.apps.pki.contract import RequestKind, SubjectKind
from lienthong.web.answers import download, form_page

PAGE_SIZE = 50


def _officer(request: HttpRequest) -> Actor:
    actor = accounts.actor_of(request)
    accounts.check(actor, "pki.certify")
    return actor


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Tổng quan: what waits for an officer, and how the authorities are."""
    actor, now = _officer(request), timezone.now()
    directory = registry.authority_directory()
    authorities = [(one, lists.newest(one, delta=False)) for one in queries.authorities()]
    context = {
        "actor": actor,
        "now": now,
        "holds": queries.open_holds(),
        "proposals": queries.open_proposals(),
        "proposed": queries.mandates().filter(state=MandateState.PROPOSED),
        "late": queries.requests(late=True, now=now).count(),
        "authorities": authorities,
        "trust_list": publishing.current(directory, at=now),
    }
    return render(request, "pki/authority/overview.html", context)


@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """Chứng thư: search among everything that was issued."""
    _officer(request)
    narrowing = forms.CertificateFilter(request.GET)
    found = narrowing.narrow(queries.certificates(narrowing.words))
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang")),
        "filter": narrowing,
        "now": timezone.now(),
    }
    return render(request, "pki/authority/certificates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def certificate(request: HttpRequest, sha256: str) -> HttpResponse:
    """One certificate: facts, history, requests; a proposal to change its status."""
    actor = _officer(request)
    row = get_object_or_404(queries.certificates(), sha256=sha256)
    form = forms.StatusForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        status.propose(
            actor,
            row,
            StatusAct(said["act"]),
            reason=Reason(said["reason"]),
            why=said["why"],
            at=timezone.now(),
            directory=registry.authority_directory(),
            hold_meanwhile=said["hold_meanwhile"],
        )
        messages.success(request, _("Đã ghi đề nghị. Một cán bộ khác cần quyết định."))
        return redirect("authority:certificate", sha256)
    context = {
        "certificate": row,
        "history": queries.history(row),
        "proposals": row.proposals.select_related("proposed_by", "decided_by"),
        "requests": row.requests.all(),
        "form": form,
        "actor": actor,
        "now": timezone.now(),
    }
    template = "pki/authority/certificate.html"
    return form_page(request, template, context, is_bound=form.is_bound)


@require_safe
def certificate_file(request: HttpRequest, sha256: str) -> HttpResponse:
    """The certificate itself, DER."""
    _officer(request)
    row = get_object_or_404(IssuedCertificate, sha256=sha256)
    found = x509.load_pem_x509_certificate(row.pem.encode("ascii"))
    return download(found.public_bytes(Encoding.DER), f"{row.serial}.cer")


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """The second officer carries a proposal out, or drops it."""
    actor = _officer(request)
    proposal = get_object_or_404(StatusProposal.objects.select_related("certificate"), pk=pk)
    accept = request.POST.get("accept") == "yes"
    status.decide(
        actor,
        proposal,
        accept=accept,
        at=timezone.now(),
        directory=registry.authority_directory(),
    )
    done, dropped = _("Đã thực hiện và công bố."), _("Đã bỏ đề nghị.")
    messages.success(request, done if accept else dropped)
    return redirect("authority:certificate", proposal.certificate.sha256)


@require_POST
def confirm_hold(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A second person stands by an emergency hold."""
    actor = _officer(request)
    status.confirm_hold(actor, get_object_or_404(ReceivedRequest, pk=pk), at=timezone.now())
    messages.success(request, _("Đã xác nhận việc tạm dừng."))
    return redirect("authority:overview")


@require_safe
def mandate_list(request: HttpRequest) -> HttpResponse:
    """Ủy quyền: every mandate."""
    _officer(request)
    context = {"mandates": queries.mandates(), "now": timezone.now()}
    return render(request, "pki/authority/mandates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def mandate_new(request: HttpRequest) -> HttpResponse:
    """Propose a mandate."""
    actor = _officer(request)
    form = forms.MandateForm(request.POST or None)
    if form.is_valid():
        made = mandates.propose(actor, form.terms(), at=timezone.now())
        messages.success(request, _("Đã lập giấy ủy quyền. Một cán bộ khác cần ký phê duyệt."))
        return redirect("authority:mandate", made.pk)
    context = {"form": form}
    return form_page(request, "pki/authority/mandate_form.html", context, is_bound=form.is_bound)


@require_safe
def mandate(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One mandate: what it allows, who made it, how it was used."""
    actor = _officer(request)
    found = get_object_or_404(queries.mandates(), pk=pk)
    context = {
        "mandate": found,
        "requests": found.requests.order_by("-received_at")[:20],
        "proofs": mandates.certificates_of(found),
        "pin": forms.PinForm(),
        "end": forms.EndForm(),
        "actor": actor,
        "subjects": _labels(found.subjects, SubjectKind),
        "kinds": _labels(found.kinds, RequestKind),
    }
    return render(request, "pki/authority/mandate.html", context)


def _labels(values: list[str], kinds: type[SubjectKind | RequestKind]) -> list[str]:
    return [str(kinds(value).label) for value in values]


@require_POST
def mandate_approve(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Sign a proposed mandate with the officer's own key."""
    actor = _officer(request)
    found = get_object_or_404(Mandate, pk=pk)
    form = forms.PinForm(request.POST)
    pin = form.cleaned_data["pin"] if form.is_valid() else ""
    signer = mandates.own_signer(actor, pin)
    mandates.approve(actor, found, signer, at=timezone.now())
    messages.success(request, _("Giấy ủy quyền đã ký và có hiệu lực."))
    return redirect("authority:mandate", pk)


@require_POST
def mandate_reject(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Turn a proposal down."""
    actor = _officer(request)
    mandates.reject(actor, get_object_or_404(Mandate, pk=pk), at=timezone.now())
    messages.success(request, _("Đã từ chối đề nghị ủy quyền."))
    return redirect("authority:mandate", pk)


@require_POST
def mandate_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """End a mandate at once."""
    actor = _officer(request)
    found = get_object_or_404(Mandate, pk=pk)
    form = forms.EndForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    mandates.end(actor, found, reason=reason, at=timezone.now())
    messages.success(request, _("Đã chấm dứt ủy quyền; yêu cầu mới bị từ chối ngay."))
    return redirect("authority:mandate", pk)


@require_safe
def requests(request: HttpRequest) -> HttpResponse:
    """Yêu cầu: what registrars asked for, against the legal clock."""
    _officer(request)
    narrowing, now = forms.RequestFilter(request.GET), timezone.now()
    found = queries.requests(late=narrowing.only_late, now=now)
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang")),
        "filter": narrowing,
        "now": now,
    }
    return render(request, "pki/authority/requests.html", context)


@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Số liệu: coverage, median hours, share within the deadline, for each registering agency."""
    _officer(request)
    context = {"figures": queries.figures(timezone.now())}
    return render(request, "pki/authority/figures.html", context)


@require_safe
def key_uses(request: HttpRequest) -> HttpResponse:
    """Nhật ký dùng khóa (SG-K-09)."""
    _officer(request)
    page = Paginator(queries.key_uses(), PAGE_SIZE).get_page(request.GET.get("trang"))
    return render(request, "pki/authority/key_uses.html", {"page": page})
