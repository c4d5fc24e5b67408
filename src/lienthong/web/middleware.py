"""What every answer carries: security headers, and a Vietnamese page in place of a Problem."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect

from lienthong.core.errors import Problem
from lienthong.web import pages

GetResponse = Callable[[HttpRequest], HttpResponse]

# TM-X-31. Scripts and styles come from our own address; icons inside bootstrap's stylesheet are
# `data:` images. Nothing is `unsafe-*`, and nothing may come from another host; scripts may ask the
# signing agent on the person's own machine where the node's settings name one.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'nonce-{nonce}'",
    "style-src": "'self' 'nonce-{nonce}'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "SAMEORIGIN",
}


FORM_AROUND_FILE_BYTES = 1024 * 1024
MEBIBYTE = 1024 * 1024


class UploadTooLarge(Problem):
    """The body of a request is larger than the largest document and a form around it."""

    code = "web.upload_too_large"
    status = 413
    text = "Dữ liệu gửi lên có dung lượng {size_mb} MB, vượt mức cho phép {limit_mb} MB."


class LengthMissing(Problem):
    """A body came without its length; browsers always tell it."""

    code = "web.length_missing"
    status = 411
    text = "Yêu cầu không khai báo dung lượng dữ liệu gửi lên nên không được nhận."


class SecurityHeadersMiddleware:
    """Put the headers of TM-X-31 on every answer; a view's own stricter one stays."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = SimpleLazyObject(lambda: secrets.token_urlsafe(18))
        request.csp_nonce = nonce  # type: ignore[attr-defined]
        response = self.get_response(request)
        sources = POLICY | {"connect-src": f"'self' {settings.AGENT_URL}".rstrip()}
        policy = "; ".join(f"{name} {value}" for name, value in sources.items())
        response.headers.setdefault("Content-Security-Policy", policy.format(nonce=str(nonce)))
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if _is_private(request):
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


def _is_private(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return bool(user is not None and user.is_authenticated)


class BodySizeMiddleware:
    """Refuse a body that is too large, or of unknown length, before any of it is read.

    What asks for the body, such as the check of the form's token, runs after all middleware.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        declared = request.META.get("CONTENT_LENGTH", "")
        limit = settings.DOCUMENT_SIZE_MAX_BYTES + FORM_AROUND_FILE_BYTES
        if declared.isdecimal() and int(declared) > limit:
            facts = {"size_mb": int(declared) // MEBIBYTE, "limit_mb": limit // MEBIBYTE - 1}
            return pages.problem(request, UploadTooLarge(**facts))
        if not declared and "HTTP_TRANSFER_ENCODING" in request.META:
            return pages.problem(request, LengthMissing())
        return self.get_response(request)


class ProblemMiddleware:
    """Turn a Problem raised by a view into a page or, for htmx, a part of one; lead htmx on."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if getattr(request, "htmx", False) and response.status_code in {301, 302, 303}:
            # htmx would put the page behind the redirect into the part; the browser should go.
            return HttpResponseClientRedirect(response.headers["Location"])
        return response

    def process_exception(self, request: HttpRequest, problem: Exception) -> HttpResponse | None:
        if isinstance(problem, Problem):
            return pages.problem(request, problem)
        return None
