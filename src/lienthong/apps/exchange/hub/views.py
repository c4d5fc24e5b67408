"""Pages of the operator of the axis. They change nothing but what is queued again."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts

from . import actions, forms, overview

PAGE_SIZE = 50
DEAD_LETTERS_SHOWN = 50


@require_safe
def packets(request: HttpRequest) -> HttpResponse:
    """Gói tin: what went through the axis."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    narrowing = forms.PacketFilter(request.GET)
    found = narrowing.narrow(overview.packets())
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang")),
        "filter": narrowing,
        "totals": overview.totals(),
        "names": overview.names(),
    }
    return render(request, "hub/packets.html", context)


@require_safe
def packet(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One packet: checks, receipt, place in the log, deliveries."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    found = overview.packet(pk)
    context = {
        "packet": found,
        "deliveries": found.deliveries.order_by("agency_code"),
        "related": overview.related(found),
        "places": overview.places(found),
        "events": overview.events(found),
        "names": overview.names(),
    }
    return render(request, "hub/packet.html", context)


@require_safe
def queues(request: HttpRequest) -> HttpResponse:
    """Hàng đợi: what waits for whom, and what was not taken in."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    context = {
        "queues": overview.queues(),
        "dead_letters": overview.dead_letters()[:DEAD_LETTERS_SHOWN],
        "refusals": overview.refusals(),
        "last_delivered_at": overview.last_delivered_at(),
        "names": overview.names(),
    }
    return render(request, "hub/queues.html", context)


@require_safe
def lateness(request: HttpRequest) -> HttpResponse:
    """Chậm hạn: clocks that ran out, those still running first."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    context = {
        "page": Paginator(overview.lateness(), PAGE_SIZE).get_page(request.GET.get("trang")),
        "names": overview.names(),
    }
    return render(request, "hub/lateness.html", context)


@require_POST
def requeue(request: HttpRequest) -> HttpResponse:
    """Queue dead letters again: one delivery, or all of one recipient."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    form = forms.RequeueForm(request.POST)
    if not form.is_valid():
        raise actions.DeadLetterUnknown
    wanted = form.cleaned_data
    if wanted["delivery"]:
        actions.deliver_dead_letter_again(wanted["delivery"])
        count = 1
    else:
        count = actions.deliver_dead_letters_again(wanted["agency"])
    text = ngettext(
        "Đã đưa lại %(count)d lượt chuyển vào hàng đợi.",
        "Đã đưa lại %(count)d lượt chuyển vào hàng đợi.",
        count,
    )
    messages.success(request, text % {"count": count})
    return redirect("hub:queues")


@require_safe
def participants(request: HttpRequest) -> HttpResponse:
    """Đơn vị: agencies of the directory and their nodes."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    context = {"participants": overview.participants()}
    return render(request, "hub/participants.html", context)
