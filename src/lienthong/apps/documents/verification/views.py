"""Pages about signatures: the report on a document, its files, and the check of any file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.incoming import queries as incoming_queries
from lienthong.apps.documents.outgoing import queries as outgoing_queries
from lienthong.apps.documents.problems import FileNotFound
from lienthong.apps.documents.verification import evidence, forms, report_pdf, report_view
from lienthong.apps.documents.verification.report_view import ReportView
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core.signing.verify_file import verify_bytes
from lienthong.web import answers


@require_safe
def incoming_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What was found when the document came: verdict first, details folded."""
    document = incoming_queries.incoming(accounts.actor_of(request), pk)
    links = {
        "back": reverse("documents:incoming_detail", args=[pk]),
        "pdf": reverse("documents:incoming_report_pdf", args=[pk]),
        "jws": reverse("documents:incoming_report_jws", args=[pk]),
        "evidence": reverse("documents:incoming_evidence", args=[pk]),
    }
    report = evidence.incoming_report(document)
    if report is None:
        raise FileNotFound
    context = {"report": report, "links": links, "document": document}
    return render(request, "documents/verification/report.html", context)


@require_safe
def incoming_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same as a signed PDF."""
    document = incoming_queries.incoming(accounts.actor_of(request), pk)
    report = evidence.incoming_report(document)
    if report is None:
        raise FileNotFound
    return _pdf(report, document.organization_id, document.reference)


@require_safe
def incoming_jws(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same as sealed JSON."""
    document = incoming_queries.incoming(accounts.actor_of(request), pk)
    return _jws(document.report, document.organization_id, document.reference)


@require_safe
def incoming_evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Document, packet and all evidence in one file that verifies offline (SG-E)."""
    document = incoming_queries.incoming(accounts.actor_of(request), pk)
    data = evidence.incoming_file(document, timezone.now())
    return answers.download(data, f"chung-cu-{document.reference}.asice")


@require_safe
def outgoing_page(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The newest file, checked now."""
    document = outgoing_queries.outgoing(accounts.actor_of(request), pk)
    links = {
        "back": reverse("documents:outgoing_detail", args=[pk]),
        "pdf": reverse("documents:outgoing_report_pdf", args=[pk]),
        "jws": reverse("documents:outgoing_report_jws", args=[pk]),
        "evidence": reverse("documents:outgoing_evidence", args=[pk]),
    }
    found = evidence.outgoing_report(document, timezone.now())
    report = report_view.of_document(found, name=document.reference)
    context = {"report": report, "links": links, "document": document}
    return render(request, "documents/verification/report.html", context)


@require_safe
def outgoing_pdf(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same as a signed PDF."""
    document = outgoing_queries.outgoing(accounts.actor_of(request), pk)
    found = evidence.outgoing_report(document, timezone.now())
    report = report_view.of_document(found, name=document.reference)
    return _pdf(report, document.organization_id, document.reference)


@require_safe
def outgoing_jws(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same as sealed JSON."""
    document = outgoing_queries.outgoing(accounts.actor_of(request), pk)
    found = evidence.outgoing_report(document, timezone.now())
    return _jws({"document": found.to_json()}, document.organization_id, document.reference)


@require_safe
def outgoing_evidence(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Document, packet, receipt and all evidence in one file that verifies offline (SG-E)."""
    document = outgoing_queries.outgoing(accounts.actor_of(request), pk)
    data = evidence.outgoing_file(document, timezone.now())
    return answers.download(data, f"chung-cu-{document.reference}.asice")


@require_http_methods(["GET", "HEAD", "POST"])
def check_file(request: HttpRequest) -> HttpResponse:
    """Kiểm tra tệp: any file, its verdict, nothing stored."""
    actor = accounts.actor_of(request)
    is_sent = request.method == "POST"
    form = forms.CheckFileForm(request.POST, request.FILES) if is_sent else forms.CheckFileForm()
    if not form.is_valid():
        return answers.form_page(
            request, "documents/verification/check_file.html", {"form": form}, is_bound=is_sent
        )
    now = timezone.now()
    upload, beside = form.cleaned_data["file"], form.cleaned_data["beside"]
    companion = beside.read() if beside else None
    found = verify_bytes(upload.read(), trust=pki.trust(), at=now, companion=companion)
    facts = {"file": upload.name, "judged_at": now.isoformat(), **found.to_json()}
    report = report_view.of_file(facts, name=upload.name)
    output = form.cleaned_data["output"]
    if output == form.PDF:
        return _pdf(report, actor.organization_id, upload.name)
    if output == form.JSON:
        return _jws(facts, actor.organization_id, upload.name)
    context = {"form": forms.CheckFileForm(), "report": report, "kind": found.kind}
    return render(request, "documents/verification/check_file.html", context)


def _pdf(report: ReportView, organization_id: int, name: str) -> HttpResponse:
    signer = pki.service_signer(organization_id)
    data = report_pdf.signed(report, signer=signer, at=timezone.now())
    _log(data, organization_id)
    return answers.inline_pdf(data, f"bao-cao-{name}.pdf".replace("/", "-"))


def _jws(facts: Mapping[str, Any], organization_id: int, name: str) -> HttpResponse:
    token = report_pdf.sealed(facts, signer=pki.service_signer(organization_id), at=timezone.now())
    _log(token.encode(), organization_id)
    return answers.download(token.encode(), f"bao-cao-{name}.jws".replace("/", "-"))


@transaction.atomic
def _log(sealed: bytes, organization_id: int) -> None:
    """Make a sealed report an entry of the journal, and so a leaf of the node's log (SG 7.8)."""
    digest = hashlib.sha256(sealed).hexdigest()
    journal.record(
        organization_id=organization_id, act="documents.report_sealed", subject=f"report:{digest}"
    )
