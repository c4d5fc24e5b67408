"""Who makes the request, from which seat, and what the database lets them see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from lienthong.apps.accounts import sessions
from lienthong.apps.accounts.policy import Actor
from lienthong.apps.accounts.rules import Forbidden, NotSignedIn, StepUpNeeded
from lienthong.apps.accounts.scope import scope
from lienthong.web import pages

# Where somebody goes who still lacks something (`sessions.lacks`).
WAY_OUT = {"password": "password", "factor": "security"}
# Pages of other tiers that anybody may see. Ours say so with `login_not_required`.
PUBLIC_PAGES = frozenset({"health", "set_language", "set_theme"})


class SeatMiddleware:
    """Set `request.actor` and `request.seat`, keep to the actor's organization, refuse strangers.

    Every page needs somebody who has signed in unless it says otherwise (TM-X-10). Who still lacks
    a proof or a password of their own has a seat but is no actor: only the pages of accounts open.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer inside the scope of the actor's organization, or inside none."""
        standing = sessions.standing_of(request)
        lacks = sessions.lacks(request, standing.seat) if standing else ""
        actor: Actor | None = standing.actor() if standing and not lacks else None
        request.seat = standing.seat if standing else None  # type: ignore[attr-defined]
        request.standing, request.lacks = standing, lacks  # type: ignore[attr-defined]
        request.actor = actor  # type: ignore[attr-defined]
        with scope(*([actor.organization_id] if actor else [])):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Refuse who has not signed in, before the page is asked."""
        is_public = not getattr(view, "login_required", True)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if request.actor or is_public or name in PUBLIC_PAGES:  # type: ignore[attr-defined]
            return None
        if request.seat is None:  # type: ignore[attr-defined]
            return pages.problem(request, NotSignedIn())
        if name.startswith("accounts:"):
            return None
        if request.method in {"GET", "HEAD"}:
            return redirect(f"accounts:{WAY_OUT[request.lacks]}")  # type: ignore[attr-defined]
        return pages.problem(request, Forbidden())

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Lead whoever must prove themself once more to the page for it, and back (TM-X-07)."""
        if not isinstance(error, StepUpNeeded):
            return None
        back = request.get_full_path() if request.method == "GET" else pages.came_from(request)
        return redirect(f"{reverse('accounts:step_up')}?next={quote(back)}")
