"""Pages of the operator about systems of the kit: who may connect, with which agencies."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts

from .. import overview
from . import systems
from .forms import NewSystemForm, SystemForm


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """Hệ thống kết nối: every system, and what they ask about agencies."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    context = {
        "systems": systems.systems(),
        "proposals": systems.proposals(),
        "names": overview.names(),
    }
    return render(request, "hub/systems.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    accounts.check(accounts.actor_of(request), "hub.operate")
    form = NewSystemForm(request.POST or None)
    if not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "hub/system_form.html", {"form": form}, status=status)
    entered = form.cleaned_data
    made = systems.register(
        entered["system_id"],
        entered["name"],
        entered["agencies"],
        profile=entered["profile"],
        fresh_time=entered["fresh_time"],
    )
    return render(request, "hub/system_secret.html", {"made": made})


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, system_id: str) -> HttpResponse:
    accounts.check(accounts.actor_of(request), "hub.operate")
    system = systems.find(system_id)
    form = SystemForm(request.POST) if request.method == "POST" else SystemForm.of(system)
    if not form.is_bound or not form.is_valid():
        context = {"form": form, "system": system}
        return render(
            request, "hub/system_form.html", context, status=422 if form.is_bound else 200
        )
    entered = form.cleaned_data
    systems.change(
        system_id,
        name=entered["name"],
        codes=entered["agencies"],
        profile=entered["profile"],
        fresh_time=entered["fresh_time"],
        active=entered["active"],
    )
    messages.success(request, _("Đã lưu; có hiệu lực trong vài giây."))
    return redirect("hub:systems")


@never_cache
@require_POST
def renew_secret(request: HttpRequest, system_id: str) -> HttpResponse:
    accounts.check(accounts.actor_of(request), "hub.operate")
    return render(request, "hub/system_secret.html", {"made": systems.renew_secret(system_id)})


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    accounts.check(accounts.actor_of(request), "hub.operate")
    approved = request.POST.get("decision") == "approve"
    proposal = systems.decide(pk, approved=approved)
    done = _("Đã duyệt đề nghị về %(code)s.") if approved else _("Đã từ chối đề nghị về %(code)s.")
    messages.success(request, done % {"code": proposal.agency_code})
    return redirect("hub:systems")
