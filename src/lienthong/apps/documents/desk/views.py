"""The work desk."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.desk import piles, queries


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Bàn làm việc: what to do now."""
    actor = accounts.actor_of(request)
    found = queries.desk(actor)
    context = {
        "piles": piles.piles(actor, found),
        "overdue": list(found.overdue),
        "overdue_count": found.counts["overdue"],
        "may_draft": accounts.can(actor, "documents.draft"),
        "waiting": sum(found.counts.values()),
    }
    return render(request, "documents/desk.html", context)
