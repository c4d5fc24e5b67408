"""What operators and machines ask: health, metrics, the description, the trust bundle."""

from __future__ import annotations

import os
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from .openapi import DESCRIPTION
from .shared import RouteRow, answer, hub_of


async def get_bundle(request: Request) -> Response:
    hub = hub_of(request)
    return Response(await hub.io(hub.config.bundle), media_type="application/zip")


async def get_health(request: Request) -> Response:
    hub = hub_of(request)
    head = await hub.io(hub.store.head, hub.ledger)
    return answer(
        {
            "status": "ok",
            "node": hub.config.node_name,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "log_size": head.size,
            "under_way": hub.admission.taken,
            "process": os.getpid(),
        }
    )


async def get_metrics(request: Request) -> Response:
    hub = hub_of(request)
    hub.metrics.under_way.set(hub.admission.taken)
    hub.metrics.batches.set(hub.intake.batches)
    for name, value in (await hub.io(hub.store.backlog)).items():
        hub.metrics.backlog.labels(name).set(value)
    hub.metrics.log_incidents.set(await hub.io(hub.store.log_incidents))
    return Response(hub.metrics.text(), media_type=hub.metrics.media_type)


async def get_openapi(_request: Request) -> Response:
    return answer(DESCRIPTION)


ROUTES: tuple[RouteRow, ...] = (
    ("GET", "/pki/bundle", get_bundle),
    ("GET", "/health", get_health),
    ("GET", "/metrics", get_metrics),
    ("GET", "/openapi.json", get_openapi),
)
