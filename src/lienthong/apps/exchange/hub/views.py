"""Pages of the operator of the axis. They change nothing."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from lienthong.apps.accounts import api as accounts

from . import forms, overview

PAGE_SIZE = 50


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
        "names": overview.names(),
    }
    return render(request, "hub/packet.html", context)


@require_safe
def queues(request: HttpRequest) -> HttpResponse:
    """Hàng đợi: what waits for whom, and what was not taken in."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    context = {
        "queues": overview.queues(),
        "refusals": overview.refusals(),
        "last_delivered_at": overview.last_delivered_at(),
        "names": overview.names(),
    }
    return render(request, "hub/queues.html", context)


@require_safe
def participants(request: HttpRequest) -> HttpResponse:
    """Đơn vị: agencies of the directory and their nodes."""
    accounts.check(accounts.actor_of(request), "hub.operate")
    context = {"participants": overview.participants()}
    return render(request, "hub/participants.html", context)
