"""Pages about many incoming documents: acts on those ticked, paper, follow-up, those who left."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.common.forms import PAGE_SIZE
from lienthong.apps.documents.incoming import (
    bulk,
    following,
    forms,
    paper_forms,
    policy,
    queries,
)
from lienthong.apps.documents.incoming.following import Pressing, Whose
from lienthong.apps.documents.incoming.paper import register_paper
from lienthong.apps.documents.incoming.views import show_list
from lienthong.web import answers


@require_POST
def many(request: HttpRequest) -> HttpResponse:
    """Register, submit or direct those ticked in the list."""
    actor = accounts.actor_of(request)
    form = forms.ManyForm(actor, request.POST)
    if not form.is_valid():
        return show_list(request, actor, form)
    typed = form.cleaned_data
    chosen = typed["chosen"]
    if typed["act"] == form.ACCEPT:
        outcome = bulk.accept_many(actor, chosen)
    elif typed["act"] == form.SUBMIT:
        outcome = bulk.submit_many(actor, chosen, typed["to"])
    else:
        outcome = bulk.direct_many(
            actor, chosen, typed["lead"], typed["directive"], typed["due_on"]
        )
    _tell(request, outcome)
    return redirect("documents:incoming_list")


@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest) -> HttpResponse:
    """Vào sổ bản giấy: a scan with what stands on the paper."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "documents.register_paper")
    form = paper_forms.PaperForm(request.POST or None, request.FILES or None)
    if not form.is_valid():
        context = {"form": form}
        return answers.form_page(
            request, "documents/incoming/paper.html", context, is_bound=form.is_bound
        )
    upload = form.cleaned_data["pdf"]
    document = register_paper(actor, form.paper(), pdf=upload.read(), filename=upload.name)
    number = document.arrival_number
    messages.success(request, _("Đã vào sổ, số đến %(number)s.") % {"number": number})
    return redirect("documents:incoming_detail", document.pk)


@require_safe
def follow(request: HttpRequest) -> HttpResponse:
    """Theo dõi xử lý: what is open, whose it is, how late (DX-32)."""
    actor = accounts.actor_of(request)
    circles = following.circles(actor)
    whose = _chosen(Whose, request.GET.get("cua"), circles[-1])
    if whose not in circles:
        whose = Whose.MINE
    now = timezone.now()
    documents = following.followed(actor, whose)
    tallies = following.tallies(documents, now)
    pressing = _chosen(Pressing, request.GET.get("muc"), _most_pressing(tallies))
    shown = documents.filter(following.pressing(pressing, now))
    shown = shown.prefetch_related("replies__outgoing", "notes")
    context = {
        "circles": circles,
        "whose": whose,
        "tallies": tallies,
        "pressing": pressing,
        "page": Paginator(shown, PAGE_SIZE).get_page(request.GET.get("trang")),
        "leavers": following.leavers(actor) if actor.roles & policy.DIRECTORS else [],
        "officers": queries.officers(actor.organization_id),
        "now": now,
    }
    return render(request, "documents/incoming/follow.html", context)


@require_POST
def hand_over_all(request: HttpRequest, seat: int) -> HttpResponse:
    """Give everything that a seat leads to another officer."""
    actor = accounts.actor_of(request)
    form = forms.HandOverAllForm(actor, request.POST)
    if not form.is_valid():
        messages.error(request, _("Hãy chọn người tiếp tục và ghi lý do."))
        return redirect("documents:incoming_follow")
    typed = form.cleaned_data
    _tell(request, bulk.hand_over_all(actor, seat, typed["to"], typed["reason"]))
    return redirect("documents:incoming_follow")


def _tell(request: HttpRequest, outcome: bulk.Outcome) -> None:
    """Say how many were done, and of each other one why not."""
    count = len(outcome.done)
    if count:
        said = ngettext("Đã làm xong %(count)d văn bản.", "Đã làm xong %(count)d văn bản.", count)
        messages.success(request, said % {"count": count})
    for document, problem in outcome.left:
        messages.warning(request, f"{document.reference}: {problem.sentence}")


def _most_pressing(tallies: list[following.Tally]) -> Pressing:
    return next((one.kind for one in tallies if one.count), Pressing.OPEN)


def _chosen(kinds: Any, value: str | None, otherwise: Any) -> Any:
    return kinds(value) if value in kinds.values else otherwise
