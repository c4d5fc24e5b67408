"""Versions of a draft and comments on it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.outgoing import drafting, policy, queries, versions


@require_safe
def outgoing_versions(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Every version, and what the last one, or the one asked for, changed."""
    actor = accounts.actor_of(request)
    document = queries.outgoing(actor, pk)
    kept = list(document.versions.select_related("saved_by__person"))
    asked = request.GET.get("so", "")
    shown = (
        versions.version(document, int(asked))
        if asked.isdecimal()
        else (kept[-1] if kept else None)
    )
    before = next((one for one in kept if shown and one.number == shown.number - 1), None)
    context = {
        "document": document,
        "versions": kept[::-1],
        "shown": shown,
        "changes": versions.compare(before, shown) if before and shown else [],
        "may_restore": "edit" in policy.available_actions(actor, document),
    }
    return render(request, "documents/outgoing/versions.html", context)


@require_POST
def outgoing_restore(request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
    actor = accounts.actor_of(request)
    drafting.restore(actor, queries.outgoing(actor, pk), number)
    messages.success(request, _("Đã khôi phục phiên bản %(number)s.") % {"number": number})
    return redirect("documents:outgoing_detail", pk)


@require_POST
def outgoing_comment(request: HttpRequest, pk: UUID) -> HttpResponse:
    actor = accounts.actor_of(request)
    versions.comment(actor, queries.outgoing(actor, pk), request.POST.get("comment", ""))
    messages.success(request, _("Đã ghi ý kiến."))
    return redirect("documents:outgoing_detail", pk)
