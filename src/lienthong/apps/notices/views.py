"""The pages of one's own notices."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.notices import actions, queries

PAGE_SIZE = 50


@require_safe
def box(request: HttpRequest) -> HttpResponse:
    """Thông báo: what one was told, unread first."""
    actor = accounts.actor_of(request)
    page = Paginator(queries.box(actor), PAGE_SIZE).get_page(request.GET.get("trang"))
    return render(request, "notices/box.html", {"page": page, "unread": queries.unread(actor)})


@require_POST
def open_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a notice as read and go to its page."""
    return redirect(actions.read(accounts.actor_of(request), pk).link)


@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    count = actions.read_all(accounts.actor_of(request))
    messages.success(request, _("Đã đánh dấu đọc %(count)d thông báo.") % {"count": count})
    return redirect("notices:box")
