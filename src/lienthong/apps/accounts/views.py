"""The door: sign in, sign out, take another seat."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.apps.accounts import devices, providers, queries, rules, sessions
from lienthong.apps.accounts.forms import SeatForm, SignInForm
from lienthong.apps.accounts.models import Delegation, Person, Seat
from lienthong.core.errors import Problem
from lienthong.web import navigation, pages


@login_not_required
@sensitive_post_parameters("password")
@sensitive_variables("form")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. A refusal is shown on the form itself, with the status of its Problem."""
    following = following_page(request)
    if request.method != "POST":
        if request.seat:  # type: ignore[attr-defined]
            return redirect(following)
        return render(request, TEMPLATE, {"next": following, "providers": providers.shown()})
    form = SignInForm(request.POST)
    problem: Problem = rules.SignInRefused()
    if form.is_valid():
        try:
            seat = sessions.begin(request, **form.cleaned_data)
        except (rules.SignInRefused, rules.SignInThrottled, rules.NoSeat) as refusal:
            problem = refusal
        else:
            if seat is None:
                return redirect(f"{reverse('accounts:second_step')}?next={quote(following)}")
            return devices.remember(request, redirect(following))
    context = {
        "form": form,
        "next": following,
        "username": form["username"].value(),
        "providers": providers.shown(),
        "problem": pages.sentence(problem),
    }
    return render(request, TEMPLATE, context, status=problem.status)


TEMPLATE = "accounts/sign_in.html"


def following_page(request: HttpRequest) -> str:
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
    if delegation_id := form.cleaned_data["delegation"]:
        sessions.stand_in(request, delegation_id)
    elif seat_id := form.cleaned_data["seat"]:
        sessions.switch_seat(request, seat_id)
    else:
        raise rules.SeatUnknown
    return redirect("home")


def identify(request: HttpRequest) -> navigation.Identity | None:
    """Who is looking, for the shell around every page."""
    standing: sessions.Standing | None = getattr(request, "standing", None)
    if standing is None or not isinstance(request.user, Person):
        return None
    seat, delegation = standing.seat, standing.delegation
    return navigation.Identity(
        person=request.user.full_name,
        position=_instead_of(delegation) if delegation else _position(seat),
        agency=seat.organization.name,
        agency_code=seat.organization.code,
        seats=(
            *(
                _choice("seat", held, is_current=delegation is None and held.pk == seat.pk)
                for held in queries.seats_of(request.user)
            ),
            *(
                navigation.SeatChoice(
                    id=held.pk,
                    role=_instead_of(held),
                    agency=held.giver.organization.name,
                    is_current=delegation is not None and held.pk == delegation.pk,
                    field="delegation",
                    note=gettext("đến hết %(day)s") % {"day": f"{held.valid_to:%d/%m/%Y}"},
                )
                for held in queries.delegations_held(request.user)
            ),
        ),
        is_standing_in=delegation is not None,
    )


def _choice(field: str, seat: Seat, *, is_current: bool) -> navigation.SeatChoice:
    return navigation.SeatChoice(
        id=seat.pk,
        role=_position(seat),
        agency=seat.unit.name if seat.unit else seat.organization.name,
        is_current=is_current,
        field=field,
    )


def _instead_of(delegation: Delegation) -> str:
    return gettext("Thay %(person)s") % {"person": delegation.giver.person.full_name}


def _position(seat: Seat) -> str:
    return seat.position or str(rules.Role(seat.role).label)
