"""Pages of administrators about people: find, enter, seats, lock, reset."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Authenticator, Seat
from lienthong.apps.administration import forms, people
from lienthong.apps.administration.models import SeatGrant
from lienthong.apps.administration.views import administrator, refuse
from lienthong.core.errors import Problem
from lienthong.web import answers

PAGE_SIZE = 50


@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    """Người dùng: found with or without accents; proposals that wait stand first."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "administration.manage")
    form = forms.SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    found = people.people(actor.organization_id, text)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("trang"))
    held: dict[int, list[Seat]] = {}
    for seat in accounts.seats(actor.organization_id).filter(person__in=list(page.object_list)):
        held.setdefault(seat.person_id, []).append(seat)
    context = {
        "form": form,
        "searched": text,
        "page": page,
        "rows": [(each, held.get(each.pk, [])) for each in page.object_list],
        "grants": _grants(request),
    }
    return render(request, "administration/people.html", context)


def _grants(request: HttpRequest) -> list[tuple[SeatGrant, bool]]:
    actor = accounts.actor_of(request)
    waiting = people.waiting_grants(actor.organization_id)
    return [(each, accounts.can(actor, "administration.grant", each)) for each in waiting]


@require_safe
def grant_list(request: HttpRequest) -> HttpResponse:
    """Đề nghị giao quyền that wait for a second person: for leaders too."""
    actor = accounts.actor_of(request)
    grants = _grants(request)
    if not any(may for _grant, may in grants):
        accounts.check(actor, "administration.manage")
    return render(request, "administration/grants.html", {"grants": grants})


@require_POST
def grant_decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Grant or refuse a proposal as the second person (TM-X-12)."""
    accounts.check_fresh(request)
    is_granted = request.POST.get("answer") == "grant"
    people.decide_grant(accounts.actor_of(request), pk, is_granted=is_granted)
    messages.success(request, _("Đã duyệt.") if is_granted else _("Đã từ chối."))
    return redirect("administration:grants")


@never_cache
@require_http_methods(["GET", "POST"])
def person_enter(request: HttpRequest) -> HttpResponse:
    """Thêm người dùng with a first seat; the password is shown once."""
    actor = administrator(request)
    form = forms.PersonForm(actor, request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        try:
            person, password = people.enter(
                actor,
                username=given["username"],
                full_name=given["full_name"],
                email=given["email"],
                seat=form.seat(),
            )
        except Problem as refusal:
            refuse(form, refusal)
        else:
            return _show_password(request, person, password)
    context = {"form": form}
    return answers.form_page(
        request, "administration/person_enter.html", context, is_bound=form.is_bound
    )


def _show_password(request: HttpRequest, person: accounts.Person, password: str) -> HttpResponse:
    context = {"person": person, "password": password}
    return render(request, "administration/password.html", context)


@require_http_methods(["GET", "POST"])
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Một người: seats with their days, a form for another, the account."""
    actor = administrator(request)
    person = people.person(actor.organization_id, pk)
    form = forms.SeatForm(actor, request.POST or None)
    if form.is_valid():
        try:
            given = people.give_seat(actor, person, **form.seat())
        except Problem as refusal:
            refuse(form, refusal)
        else:
            waits = isinstance(given, SeatGrant)
            done = _("Đã đề nghị; chờ người thứ hai duyệt.") if waits else _("Đã giao vị trí.")
            messages.success(request, done)
            return redirect("administration:person", pk)
    today = timezone.localdate()
    held = person.seats.filter(organization_id=actor.organization_id).select_related("unit")
    context = {
        "person": person,
        "form": form,
        "seats": [(seat, seat.is_held_on(today)) for seat in held.order_by("-valid_from")],
        "factors": Authenticator.objects.filter(person=person).count(),
        "is_self": person.pk == actor.person_id,
        "today": today,
    }
    return answers.form_page(request, "administration/person.html", context, is_bound=form.is_bound)


@require_POST
def seat_end(request: HttpRequest, pk: int) -> HttpResponse:
    """Kết thúc một vị trí with its last day."""
    actor = administrator(request)
    seat = get_object_or_404(Seat, pk=pk, organization_id=actor.organization_id)
    form = forms.LastDayForm(request.POST)
    if form.is_valid():
        people.end_seat(actor, seat, form.cleaned_data["last_day"])
        messages.success(request, _("Đã kết thúc vị trí; việc còn lại xem ở trang Bàn giao."))
    return redirect("administration:person", seat.person_id)


@never_cache
@require_POST
def person_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Khóa, mở khóa, cấp lại mật khẩu, bỏ bước xác thực thứ hai."""
    actor = administrator(request)
    person = people.person(actor.organization_id, pk)
    match request.POST.get("act"):
        case "lock" | "unlock" as act:
            people.set_locked(actor, person, is_locked=act == "lock")
        case "password":
            return _show_password(request, person, people.new_password(actor, person))
        case "factors":
            people.forget_factors(actor, person)
    messages.success(request, _("Đã thực hiện."))
    return redirect("administration:person", pk)
