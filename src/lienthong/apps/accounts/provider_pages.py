"""Signing in at an identity provider, and linking an account with one."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from lienthong.apps.accounts import devices, oidc, passkeys, providers, rules, sessions, throttle
from lienthong.apps.accounts.events import ProofChanged
from lienthong.apps.accounts.models import Authenticator, Identity, Person
from lienthong.apps.accounts.rules import Factor
from lienthong.apps.accounts.security_pages import person_of
from lienthong.apps.accounts.views import TEMPLATE, following_page
from lienthong.apps.outbox import api as outbox
from lienthong.core.errors import Problem
from lienthong.web import pages

KEPT = "provider"


@login_not_required
@require_POST
def start(request: HttpRequest, key: str) -> HttpResponse:
    """Lead a stranger to the provider."""
    return _lead(request, key, {"next": following_page(request)})


@require_POST
def link(request: HttpRequest, key: str) -> HttpResponse:
    """Lead somebody who is signed in to the provider, to link what they are there."""
    person = person_of(request)
    sessions.check_fresh(request)
    return _lead(request, key, {"person": person.pk})


def _lead(request: HttpRequest, key: str, why: dict[str, Any]) -> HttpResponse:
    back = passkeys.origin(request) + reverse("accounts:provider_back", args=[key])
    address, kept = oidc.begin(providers.provider(key), back)
    request.session[KEPT] = kept | why
    return HttpResponseRedirect(address)


@login_not_required
@never_cache
@require_safe
def back(request: HttpRequest, key: str) -> HttpResponse:
    """Where the provider sends the browser back to. What it brings is used once."""
    provider = providers.provider(key)
    kept = request.session.pop(KEPT, {})
    if "person" in kept:
        return _linked(request, kept, oidc.finish(provider, kept, request.GET.dict()))
    try:
        proven = oidc.finish(provider, kept, request.GET.dict())
        return _signed_in(request, proven, kept["next"])
    except REFUSALS as refusal:
        return _refused(request, refusal)


REFUSALS = (
    *(rules.StepExpired, rules.ProviderAway, rules.ProviderRefused),
    *(rules.IdentityUnknown, rules.NoSeat),
)


def _refused(request: HttpRequest, refusal: Problem) -> HttpResponse:
    context = {
        "next": "/",
        "providers": providers.shown(),
        "problem": pages.sentence(refusal),
    }
    return render(request, TEMPLATE, context, status=refusal.status)


def _signed_in(request: HttpRequest, proven: oidc.Proven, following: str) -> HttpResponse:
    """Begin the session of the account that the identity is linked with; it makes no account."""
    identity = (
        Identity.objects.filter(
            issuer=proven.issuer, subject=proven.subject, person__is_active=True
        )
        .select_related("person")
        .first()
    )
    if identity is None:
        raise rules.IdentityUnknown
    Identity.objects.filter(pk=identity.pk).update(used_at=timezone.now())
    person: Person = identity.person
    if not proven.is_strong and Authenticator.objects.filter(person=person).exists():
        sessions.wait_for_factor(request, person)
        return redirect(f"{reverse('accounts:second_step')}?next={quote(following)}")
    factor = Factor.PROVIDER if proven.is_strong else Factor.PASSWORD
    attempt = throttle.Try(person.username, throttle.address_of(request), ())
    sessions.enter(request, person, factor, attempt)
    return devices.remember(request, redirect(following))


def _linked(request: HttpRequest, kept: dict[str, Any], proven: oidc.Proven) -> HttpResponse:
    person = person_of(request)
    if person.pk != kept["person"]:
        raise rules.StepExpired
    seat = request.seat  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            Identity.objects.create(person=person, issuer=proven.issuer, subject=proven.subject)
            outbox.publish(
                ProofChanged(
                    seat.organization_id, seat.pk, "identity_linked", proven.issuer, timezone.now()
                )
            )
    except IntegrityError as error:
        raise rules.IdentityTaken from error
    messages.success(request, _("Đã liên kết định danh; từ nay có thể dùng để đăng nhập."))
    return redirect("accounts:security")


@require_POST
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget an identity of one's own."""
    person = person_of(request)
    sessions.check_fresh(request)
    seat = request.seat  # type: ignore[attr-defined]
    found = Identity.objects.filter(person=person, pk=pk).first()
    if found is None:
        raise rules.AuthenticatorUnknown
    with transaction.atomic():
        found.delete()
        event = ProofChanged(
            seat.organization_id, seat.pk, "identity_unlinked", found.issuer, timezone.now()
        )
        outbox.publish(event)
    messages.success(request, _("Đã bỏ liên kết định danh."))
    return redirect("accounts:security")
