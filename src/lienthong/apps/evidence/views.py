"""The page about logs: alarms first, then who saw how much."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.evidence import actions, queries


class ClosingForm(forms.Form):
    """Why an incident is over."""

    explanation = forms.CharField(label=gettext_lazy("Kết luận"), max_length=2000)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Nhật ký và nhân chứng."""
    accounts.check(accounts.actor_of(request), "evidence.operate")
    context = {
        "incidents": queries.open_incidents(),
        "closed": queries.closed_incidents(),
        "logs": queries.own_logs(),
        "witnesses": queries.witnesses(),
        "watched": queries.watched(),
        "form": ClosingForm(),
    }
    return render(request, "evidence/overview.html", context)


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Kết thúc một sự cố."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "evidence.operate")
    form = ClosingForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Hãy ghi kết luận trước khi kết thúc sự cố."))
        return redirect("evidence:overview")
    actions.close_incident(pk, by=actor.name, explanation=form.cleaned_data["explanation"])
    messages.success(request, _("Đã kết thúc sự cố."))
    return redirect("evidence:overview")
