"""The exchange log over HTTP: checkpoint and tiles (C2SP)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lienthong.core import tlog

from .intake import log_entry
from .problems import PathNotFound
from .shared import RouteRow, authenticated, hub_of


async def get_checkpoint(request: Request) -> Response:
    hub = hub_of(request)
    head = await hub.io(hub.store.head, hub.ledger)
    return PlainTextResponse(head.checkpoint)


async def get_tile(request: Request) -> Response:
    """A tile of the log, for everybody; the entries themselves only for participants."""
    hub = hub_of(request)
    level, index, width = tlog.parse_tile_path(f"tile/{request.path_params['path']}")
    if level is None:
        authenticated(request)
        receipts = await hub.io(hub.store.receipts, index * tlog.TILE_WIDTH, width)
        found = tlog.entry_bundle([log_entry(each) for each in receipts])
        complete = len(receipts) == width
    else:
        found = (await hub.io(hub.store.tile, level, index))[: width * 32]
        complete = len(found) == width * 32
    if not complete:
        raise PathNotFound
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(found, headers=headers, media_type="application/octet-stream")


ROUTES: tuple[RouteRow, ...] = (
    ("GET", "/v1/log/checkpoint", get_checkpoint),
    ("GET", "/v1/log/tile/{path:path}", get_tile),
)
