"""The door: sign in, sign out, take another seat."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.apps.accounts import queries, rules, sessions
from lienthong.apps.accounts.forms import SeatForm, SignInForm
from lienthong.apps.accounts.models import Seat
from lienthong.core.errors import Problem
from lienthong.web import navigation, pages


@login_not_required
@sensitive_post_parameters("password")
@sensitive_variables("form")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. A refusal is shown on the form itself, with the status of its Problem."""
    following = _following(request)
    if request.method != "POST":
        if request.actor:  # type: ignore[attr-defined]
            return redirect(following)
        return render(request, TEMPLATE, {"form": SignInForm(), "next": following})
    form = SignInForm(request.POST)
    problem: Problem = rules.SignInRefused()
    if form.is_valid():
        try:
            sessions.sign_in(request, **form.cleaned_data)
        except (rules.SignInRefused, rules.SignInThrottled, rules.NoSeat) as refusal:
            problem = refusal
        else:
            return redirect(following)
    context = {
        "form": form,
        "next": following,
        "username": form["username"].value(),
        "problem": pages.sentence(problem),
    }
    return render(request, TEMPLATE, context, status=problem.status)


TEMPLATE = "accounts/sign_in.html"


def _following(request: HttpRequest) -> str:
    """Where to go after sign-in: a page of ours that was asked for, else the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else "/"


@login_not_required
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    sessions.sign_out(request)
    return redirect("accounts:sign_in")


@require_POST
def switch_seat(request: HttpRequest) -> HttpResponse:
    """Act from another seat."""
    form = SeatForm(request.POST)
    if not form.is_valid():
        raise rules.SeatUnknown
    sessions.switch_seat(request, form.cleaned_data["seat"])
    return redirect("home")


def identify(request: HttpRequest) -> navigation.Identity | None:
    """Who is looking, for the shell around every page."""
    seat: Seat | None = getattr(request, "seat", None)
    if seat is None:
        return None
    return navigation.Identity(
        person=seat.person.full_name,
        position=_position(seat),
        agency=seat.organization.name,
        agency_code=seat.organization.code,
        seats=tuple(
            navigation.SeatChoice(
                id=held.pk,
                role=_position(held),
                agency=held.organization.name,
                is_current=held.pk == seat.pk,
            )
            for held in queries.seats_of(seat.person)
        ),
    )


def _position(seat: Seat) -> str:
    return seat.position or str(rules.Role(seat.role).label)
