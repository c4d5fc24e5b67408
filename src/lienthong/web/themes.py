"""Light, dark or high contrast: the reader's choice, kept in a cookie; else as the machine asks."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "lienthong_theme"
COOKIE_AGE_S = 365 * 24 * 3600


class Theme(StrEnum):
    """The value is what the form sends and the cookie keeps."""

    SYSTEM = "theo-may"
    LIGHT = "sang"
    DARK = "toi"
    CONTRAST = "tuong-phan"

    @property
    def dark_media(self) -> str:
        """When the dark tokens count, as a media query."""
        if self in {Theme.SYSTEM, Theme.CONTRAST}:
            return "(prefers-color-scheme: dark)"
        return "all" if self is Theme.DARK else "not all"

    @property
    def contrast_media(self) -> str:
        """When the tokens of high contrast count; a machine that asks for more always gets it."""
        return "all" if self is Theme.CONTRAST else "(prefers-contrast: more)"

    @property
    def icon(self) -> str:
        return _ICONS[self]


_ICONS = {
    Theme.SYSTEM: "circle-half",
    Theme.LIGHT: "sun",
    Theme.DARK: "moon",
    Theme.CONTRAST: "eye",
}


def theme_of(request: HttpRequest) -> Theme:
    """What this browser was told to show; the machine's own wish when it was told nothing."""
    return _theme(request.COOKIES.get(COOKIE, ""))


def _theme(value: str) -> Theme:
    return Theme(value) if value in set(Theme) else Theme.SYSTEM


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """POST `theme`, `next`: keep the choice and go back."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(wanted if is_ours else reverse("home"))
    response.set_cookie(
        COOKIE,
        _theme(request.POST.get("theme", "")).value,
        max_age=COOKIE_AGE_S,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
