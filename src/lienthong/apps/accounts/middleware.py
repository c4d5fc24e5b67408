"""Who makes the request, from which seat, and what the database lets them see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from lienthong.apps.accounts import queries, sessions
from lienthong.apps.accounts.policy import Actor
from lienthong.apps.accounts.rules import NotSignedIn
from lienthong.apps.accounts.scope import scope
from lienthong.web import pages

# Pages of other tiers that anybody may see. Ours say so with `login_not_required`.
PUBLIC_PAGES = frozenset({"health", "set_language", "set_theme"})


class SeatMiddleware:
    """Set `request.actor` and `request.seat`, keep to the actor's organization, refuse strangers.

    Every page needs somebody who has signed in unless it says otherwise (TM-X-10).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer inside the scope of the actor's organization, or inside none."""
        seat = sessions.seat_of(request)
        actor: Actor | None = queries.actor_in(seat) if seat else None
        request.seat, request.actor = seat, actor  # type: ignore[attr-defined]
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
        return pages.problem(request, NotSignedIn())
