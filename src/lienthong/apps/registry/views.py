"""Pages of the registry: find an agency, lock it; the lists about paper."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.registry import actions, queries
from lienthong.apps.registry.forms import PaperForm, SearchForm
from lienthong.apps.registry.models import PaperRule, SignedHead

PAGE_SIZE = 50


@require_safe
def agencies(request: HttpRequest) -> HttpResponse:
    """Danh bạ cơ quan: search by name or code, with or without accents."""
    accounts.check(accounts.actor_of(request), "registry.operate")
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    context = {
        "form": form,
        "page": Paginator(queries.found(text), PAGE_SIZE).get_page(request.GET.get("trang")),
        "head": SignedHead.objects.filter(pk=1).first(),
        "searched": text,
    }
    return render(request, "registry/agencies.html", context)


@require_safe
def agency(request: HttpRequest, pk: int) -> HttpResponse:
    """One agency: codes with their days, node, successors."""
    accounts.check(accounts.actor_of(request), "registry.operate")
    found = directory.get(pk)
    context = {
        "agency": found,
        "codes": found.codes.order_by("scheme", "valid_from"),
        "successions": queries.successions(found),
        "key": queries.key_of(found),
    }
    return render(request, "registry/agency.html", context)


@require_POST
def lock(request: HttpRequest, pk: int) -> HttpResponse:
    """Khóa hoặc mở khóa việc gửi nhận của một cơ quan (V-23)."""
    accounts.check(accounts.actor_of(request), "registry.operate")
    found = directory.get(pk)
    if found.locked:
        directory.unlock(found)
        messages.success(request, _("Đã mở khóa; có hiệu lực trong vài giây."))
    else:
        directory.lock(found)
        messages.success(request, _("Đã khóa; có hiệu lực trong vài giây."))
    return redirect("registry:agency", pk)


@require_http_methods(["GET", "POST"])
def papers(request: HttpRequest) -> HttpResponse:
    """Danh mục bản giấy (DX-17)."""
    accounts.check(accounts.actor_of(request), "registry.operate")
    form = PaperForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actions.allow_paper(**form.rule())
        messages.success(request, _("Đã thêm vào danh mục."))
        return redirect("registry:papers")
    context = {"form": form, "rules": PaperRule.objects.all(), "today": timezone.localdate()}
    status = 422 if form.is_bound else 200
    return render(request, "registry/papers.html", context, status=status)


@require_POST
def paper_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Bỏ khỏi danh mục từ hôm nay."""
    accounts.check(accounts.actor_of(request), "registry.operate")
    actions.end_paper(pk, timezone.localdate())
    messages.success(request, _("Đã bỏ khỏi danh mục từ hôm nay."))
    return redirect("registry:papers")
