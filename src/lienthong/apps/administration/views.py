"""Pages of administrators: units, working days, delegations, hand-over."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.administration import calendars, delegations, forms, handover, units
from lienthong.apps.directory import api as directory
from lienthong.core.errors import Problem
from lienthong.web import answers, pages


def administrator(request: HttpRequest) -> Actor:
    """Who administers. Raises Forbidden; a write wants a proof of the last minutes (TM-X-07)."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "administration.manage")
    if request.method == "POST":
        accounts.check_fresh(request)
    return actor


def refuse(form: Form, refusal: Problem) -> None:
    """Show a refusal above the form, with what was typed."""
    form.add_error(None, pages.sentence(refusal))


# Units


@require_http_methods(["GET", "POST"])
def unit_list(request: HttpRequest) -> HttpResponse:
    """Đơn vị: the tree, decisions that wait, a form for a new unit."""
    actor = administrator(request)
    form = forms.UnitForm(actor, request.POST or None)
    if form.is_valid():
        try:
            made = units.found_unit(actor, **form.cleaned_data)
        except directory.UnitChangeRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Đã thêm đơn vị “%(name)s”.") % {"name": made.name})
            return redirect("administration:units")
    context = {
        "form": form,
        "tree": directory.unit_tree(actor.organization_id),
        "waiting": directory.waiting_changes(actor.organization_id),
    }
    return answers.form_page(request, "administration/units.html", context, is_bound=form.is_bound)


@require_http_methods(["GET", "POST"])
def unit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """Một đơn vị: its people, its decisions, a form for the next one."""
    actor = administrator(request)
    unit = directory.unit(actor.organization_id, pk)
    form = forms.DecisionForm(actor, unit, request.POST or None)
    if form.is_valid():
        try:
            change = units.decide(actor, unit, **form.decision())
        except Problem as refusal:
            refuse(form, refusal)
        else:
            done = _("Đã thực hiện.") if change.done_at else _("Đã ghi nhận; thực hiện đúng ngày.")
            messages.success(request, done)
            return redirect("administration:unit", pk)
    seats = list(accounts.seats(actor.organization_id).filter(unit=unit))
    context = {
        "unit": unit,
        "form": form,
        "seats": seats,
        "work": sum(handover.open_work(unit.organization_id, [each.pk for each in seats]).values()),
        "changes": unit.changes.select_related("target", "old_parent"),
    }
    return answers.form_page(request, "administration/unit.html", context, is_bound=form.is_bound)


@require_POST
def change_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back a decision whose day has not come."""
    actor = administrator(request)
    change = get_object_or_404(directory.waiting_changes(actor.organization_id), pk=pk)
    directory.withdraw(change)
    messages.success(request, _("Đã rút quyết định."))
    return redirect("administration:units")


# Working days


@require_http_methods(["GET", "POST"])
def calendar(request: HttpRequest) -> HttpResponse:
    """Lịch làm việc: the special days of a year, and this agency's own."""
    actor = administrator(request)
    form = forms.DayForm(request.POST or None)
    if form.is_valid():
        calendars.set_day(actor, **form.day())
        messages.success(request, _("Đã ghi vào lịch; các hạn tính từ nay theo lịch mới."))
        return redirect(f"{request.path}?nam={form.cleaned_data['on'].year}")
    asked = request.GET.get("nam", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else timezone.localdate().year
    context = {
        "form": form,
        "year": year,
        "days": calendars.days_of(actor.organization_id, year),
    }
    return answers.form_page(
        request, "administration/calendar.html", context, is_bound=form.is_bound
    )


@require_POST
def day_unset(request: HttpRequest, on: str) -> HttpResponse:
    """Let the country's calendar hold again for a day."""
    actor = administrator(request)
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise Http404 from error
    calendars.unset_day(actor, day)
    messages.success(request, _("Đã bỏ; ngày này theo lịch chung."))
    return redirect("administration:calendar")


# Delegations


@require_http_methods(["GET", "POST"])
def delegation_list(request: HttpRequest) -> HttpResponse:
    """Ủy quyền: who acts for whom, and a form to let somebody act."""
    actor = accounts.actor_of(request)
    accounts.check(actor, "administration.delegate")
    form = forms.DelegationForm(actor, request.POST or None)
    if form.is_bound:
        accounts.check_fresh(request)
    if form.is_valid():
        try:
            delegations.delegate(actor, **form.terms())
        except accounts.DelegationRefused as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Đã ghi nhận; người thay thấy ở chỗ đổi vị trí."))
            return redirect("administration:delegations")
    today = timezone.localdate()
    context = {
        "form": form,
        "rows": [(each, each.is_in_force_on(today)) for each in delegations.delegations(actor)],
        "power_names": dict(accounts.Power.choices),
    }
    return answers.form_page(
        request, "administration/delegations.html", context, is_bound=form.is_bound
    )


@require_POST
def delegation_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    """End a delegation from today on."""
    delegations.revoke(accounts.actor_of(request), pk)
    messages.success(request, _("Đã thu hồi từ hôm nay."))
    return redirect("administration:delegations")


# Hand-over


@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest) -> HttpResponse:
    """Bàn giao: work that names seats nobody acts from, and to whom it goes."""
    actor = administrator(request)
    if request.method == "POST":
        giver = get_object_or_404(
            Seat, pk=request.POST.get("giver") or 0, organization_id=actor.organization_id
        )
        form = forms.TakerForm(actor, request.POST)
        if form.is_valid():
            number = handover.hand_over(actor, giver, form.cleaned_data["taker"])
            messages.success(request, _("Đã bàn giao %(number)s việc.") % {"number": number})
            return redirect("administration:hand_over")
    context = {
        "rows": handover.left_behind(actor.organization_id),
        "form": forms.TakerForm(actor),
    }
    return render(request, "administration/hand_over.html", context)
