"""The access-point role: loops in the background, health and figures at the door."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route


def _state(request: Request) -> dict[str, Any]:
    from .queries import hub_state  # noqa: PLC0415  Django is set up by the lifespan
    from .threads import database_thread  # noqa: PLC0415

    state = database_thread(hub_state)()
    return {
        "status": "ok" if request.app.state.point.alive else "failed",
        "hub_reachable": state.reachable,
        "hub_last_seen": state.last_seen,
        "clock_offset_s": state.clock_offset_s,
        "queued": state.queued,
        "oldest": state.oldest,
        "problem": state.problem,
        "process": os.getpid(),
    }


async def get_health(request: Request) -> Response:
    state = await asyncio.to_thread(_state, request)
    status = 200 if state["status"] == "ok" else 503
    return Response(orjson.dumps(state), status, media_type="application/json")


async def get_metrics(request: Request) -> Response:
    state = await asyncio.to_thread(_state, request)
    registry = CollectorRegistry()
    for name, text, value in (
        ("hub_reachable", "Whether the axis answers", float(state["hub_reachable"])),
        ("queued", "Packets on their way out", state["queued"]),
        ("clock_offset_seconds", "This clock against the axis", state["clock_offset_s"] or 0.0),
    ):
        Gauge(f"lienthong_access_point_{name}", text, registry=registry).set(value)
    return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")


def create_app() -> Starlette:
    """The application of this node's access point, by its settings."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.point = await asyncio.to_thread(_start)
        app.router.routes.extend(_doors())
        try:
            yield
        finally:
            await asyncio.to_thread(app.state.point.stop)

    return Starlette(
        routes=[
            Route("/health", get_health, methods=["GET"]),
            Route("/metrics", get_metrics, methods=["GET"]),
        ],
        lifespan=lifespan,
    )


def _doors() -> Sequence[BaseRoute]:
    """The journal's log of this node, and the node as a witness of others."""
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is set up by now

    from .threads import database_thread  # noqa: PLC0415

    async def run(call: Callable[[], Any]) -> Any:
        return await asyncio.to_thread(database_thread(call))

    return evidence.routes(run)


def _start() -> Any:
    import django  # noqa: PLC0415  the process decides where its settings are

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    django.setup()
    from .service import AccessPoint  # noqa: PLC0415  its models need Django

    logging.getLogger("httpx").setLevel(logging.WARNING)  # else a line for every long poll
    point = AccessPoint()
    point.start()
    return point
