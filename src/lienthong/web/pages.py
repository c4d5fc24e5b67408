"""Pages that are not of any context: problems, not found, broken, health, home, language."""

from __future__ import annotations

import logging
import sys
import uuid
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from lienthong.core.errors import Problem
from lienthong.web import navigation

log = logging.getLogger(__name__)


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "?"


def sentence(problem: Problem) -> str:
    """The problem's sentence in the reader's language."""
    return gettext(problem.text).format_map(_Facts(problem.facts))


def problem(request: HttpRequest, found: Problem) -> HttpResponse:
    """Answer a Problem with its own status: a page, or a part when htmx asked.

    Somebody who is not signed in and asked for a page is led to the sign-in page and back.
    """
    is_part = bool(getattr(request, "htmx", False))
    if found.status == 401 and request.method in {"GET", "HEAD"} and not is_part:
        return redirect(f"{reverse(settings.LOGIN_URL)}?next={quote(request.get_full_path())}")
    context = {
        "code": found.code,
        "sentence": sentence(found),
        "findings": getattr(found, "findings", ()),
        "status": found.status,
        "back": came_from(request),
    }
    template = "web/problem_part.html" if is_part else "web/problem.html"
    response = render(request, template, context, status=found.status)
    if found.status == 503:
        response.headers["Retry-After"] = str(found.facts.get("retry_after_s", 5))
    return response


def came_from(request: HttpRequest) -> str:
    """Where the person came from, when that was a page of ours; else the first page."""
    told = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(told, allowed_hosts={request.get_host()})
    return told if is_ours else reverse("home")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "web/not_found.html", {"status": 404}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "web/forbidden.html", {"status": 403}, status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "web/bad_request.html", {"status": 400}, status=400)


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The CSRF token is missing or old (settings.CSRF_FAILURE_VIEW)."""
    return render(request, "web/form_expired.html", {"status": 403}, status=403)


def broken(request: HttpRequest) -> HttpResponse:
    """An unexpected error: the page has an id only, the log has the rest (TM-X-30).

    A Problem that a middleware raised arrives here too, and is answered as a Problem.
    """
    error = sys.exception()
    if isinstance(error, Problem):
        return problem(request, error)
    incident = uuid.uuid4().hex[:12]
    log.error("incident %s at %s %s", incident, request.method, request.path)
    return render(request, "web/broken.html", {"incident": incident}, status=500)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead everybody to their own first page: the first entry of their navigation."""
    links = (link.to for section in navigation.sections(request) for link in section.links)
    usual = "hub:packets" if settings.NODE_KIND == "axis" else "documents:desk"
    return redirect(next(links, usual))


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """200 when this process answers and its database does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ok": True, "node": settings.NODE_NAME})
