"""What a request that fails is answered with."""

from __future__ import annotations

import logging

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from lienthong.core.errors import Problem

from .problems import HubBusy, HubDefect, PathNotFound

logger = logging.getLogger(__name__)


def _problem_answer(problem: Problem) -> Response:
    headers = {}
    if (retry_after := problem.facts.get("retry_after")) is not None:
        headers["Retry-After"] = str(retry_after)
    elif problem.status in {503, 507}:
        headers["Retry-After"] = "5"
    return Response(
        orjson.dumps(problem.to_json()),
        problem.status,
        headers,
        media_type="application/problem+json",
    )


async def _on_problem(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101  what the handler is registered for
    return _problem_answer(problem)


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what the handler is registered for
    return Response(
        orjson.dumps(PathNotFound().to_json() | {"status": error.status_code}),
        error.status_code,
        media_type="application/problem+json",
    )


async def _on_slow(_request: Request, _error: Exception) -> Response:
    return _problem_answer(HubBusy(retry_after=5))


async def _on_gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it: the client has gone


async def _on_defect(_request: Request, error: Exception) -> Response:
    logger.error("a request failed", exc_info=error)
    return _problem_answer(HubDefect())


HANDLERS: dict[type[Exception], ExceptionHandler] = {
    Problem: _on_problem,
    HTTPException: _on_http,
    TimeoutError: _on_slow,
    ClientDisconnect: _on_gone,
    Exception: _on_defect,
}
