"""Lets requests in: token, scope, rate; answers JSON, and a Problem as RFC 9457 has it."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.models import ApiAnswer, ApiToken, Document
from lienthong.apps.documents.rest import tokens
from lienthong.apps.documents.rest.problems import (
    BodyInvalid,
    KeyReused,
    ScopeMissing,
    TokenInvalid,
    VersionChanged,
    VersionMissing,
)
from lienthong.core.errors import Problem

PROBLEM = "application/problem+json"
BEARER = "Bearer "
KEY_MAX = 100
View = Callable[..., HttpResponse]
Handler = Callable[..., HttpResponse]


class MethodNotAllowed(Problem):
    """The address does not know this method."""

    code = "documents.method_not_allowed"
    status = 405
    text = "Địa chỉ này không nhận phương thức {method}."


def door(**handlers: tuple[str, Handler]) -> View:
    """The view of an address: method=(scope, handler). A handler gets request, actor and the keys.

    What writes runs in one transaction with the answer that its Idempotency-Key keeps.
    """

    @login_not_required
    def view(request: HttpRequest, **keys: Any) -> HttpResponse:
        try:
            return _answer(request, handlers, keys)
        except Problem as problem:
            return refusal(problem)

    return csrf_exempt(view)


def _answer(
    request: HttpRequest, handlers: Mapping[str, tuple[str, Handler]], keys: Mapping[str, Any]
) -> HttpResponse:
    method = "get" if request.method == "HEAD" else str(request.method).lower()
    if method not in handlers:
        raise MethodNotAllowed(method=str(request.method))
    scope, handler = handlers[method]
    sent = request.headers.get("Authorization", "")
    if not sent.startswith(BEARER):
        raise TokenInvalid
    token = tokens.enter(sent.removeprefix(BEARER).strip())
    if scope not in token.scopes:
        raise ScopeMissing(scope=scope)
    actor = accounts.actor_of_seat(token.seat_id)
    with accounts.scope(token.organization_id):
        run = functools.partial(handler, request, actor, **keys)
        return run() if method == "get" else _once(request, token, run)


def _once(request: HttpRequest, token: ApiToken, run: Callable[[], HttpResponse]) -> HttpResponse:
    """Do it, or say again what was answered to the same key. A refusal is not kept."""
    key = request.headers.get("Idempotency-Key", "")
    with transaction.atomic():
        if not key:
            return run()
        if len(key) > KEY_MAX:
            raise BodyInvalid(reason="Idempotency-Key")
        said = hashlib.sha256(
            f"{request.method} {request.get_full_path()}\n".encode() + request.body
        ).hexdigest()
        # A second request with the key waits here until the first has its answer.
        kept, is_new = ApiAnswer.objects.get_or_create(
            token=token,
            key=key,
            defaults={"organization_id": token.organization_id, "request": said},
        )
        if not is_new:
            if kept.request != said:
                raise KeyReused
            again = HttpResponse(kept.body, "application/json", kept.status)
            return _versioned(again, kept.etag)
        answer = run()
        kept.status, kept.body = answer.status_code, answer.content.decode()
        kept.etag = answer.headers.get("ETag", "")
        kept.save(update_fields=["status", "body", "etag"])
        return answer


def refusal(problem: Problem) -> HttpResponse:
    """The Problem as it goes over the wire."""
    answer = HttpResponse(
        json.dumps(problem.to_json(), ensure_ascii=False), PROBLEM, problem.status
    )
    if problem.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    if problem.status in {429, 503}:
        answer.headers["Retry-After"] = "10"
    return answer


def json_answer(data: Any, status: int = 200, etag: str = "") -> HttpResponse:
    """Facts as JSON; `etag` names the version of what they tell."""
    body = json.dumps(data, ensure_ascii=False)
    return _versioned(HttpResponse(body, "application/json", status), etag)


def _versioned(answer: HttpResponse, etag: str) -> HttpResponse:
    if etag:
        answer.headers["ETag"] = etag
    return answer


def body_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the body; an empty body is an empty object. Raises BodyInvalid."""
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        raise BodyInvalid(reason="không phải JSON") from None
    if not isinstance(found, dict):
        raise BodyInvalid(reason="không phải một đối tượng JSON")
    return found


def etag_of(document: Document) -> str:
    """The version of a document: it changes with every column."""
    values = [
        [one.attname, str(getattr(document, one.attname))] for one in document._meta.concrete_fields
    ]
    return f'"{hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]}"'


def check_version(request: HttpRequest, document: Document, *, required: bool = False) -> None:
    """Raise VersionChanged unless If-Match names the version of the row, which is locked."""
    wanted = request.headers.get("If-Match", "")
    if not wanted and required:
        raise VersionMissing
    if wanted not in {"", "*", etag_of(document)}:
        raise VersionChanged


__all__ = ["Actor", "body_of", "check_version", "door", "etag_of", "json_answer", "refusal"]
