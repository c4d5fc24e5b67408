"""What the routes of the native door share: the hub, who calls, parameters, answers."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from lienthong.core.errors import Problem

from .door import Caller
from .problems import HeaderMissing
from .process import Hub

Handler = Callable[[Request], Awaitable[Response]]
RouteRow = tuple[str, str, Handler]
"""Method, path, handler."""


def hub_of(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def authenticated(request: Request, *required: str) -> Caller:
    """Who calls; `required` names headers that the signature must cover besides the usual."""
    hub = hub_of(request)
    return hub.gate.caller(request, hub.participants, required)


def answer(content: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def path_id(request: Request, missing: type[Problem]) -> uuid.UUID:
    try:
        return uuid.UUID(request.path_params["id"])
    except ValueError as error:
        raise missing from error


def number(request: Request, name: str, default: float, maximum: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        found = float(text)
    except ValueError as error:
        raise HeaderMissing(name=name) from error
    if not found >= 0:  # not a number, or below nothing
        raise HeaderMissing(name=name)
    return min(found, maximum)
