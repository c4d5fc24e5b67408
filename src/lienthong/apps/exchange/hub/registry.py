"""The registry over HTTP: the signed head, and the changes that lead to it. Open to everybody."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from .config import and_close
from .shared import RouteRow, answer, hub_of, number

SEQUENCE_MAX = 2.0**53


async def get_head(request: Request) -> Response:
    """Where the registry stands, signed by the axis."""
    from lienthong.apps.registry import api as registry  # noqa: PLC0415  Django is set up by now

    head = await hub_of(request).io(and_close(registry.head))
    return answer({"head": head.token})


async def get_changes(request: Request) -> Response:
    """Changes after a number, some thousands at a time."""
    from lienthong.apps.registry import api as registry  # noqa: PLC0415  Django is set up by now

    after = int(number(request, "after", 0, SEQUENCE_MAX))
    told = await hub_of(request).io(and_close(lambda: registry.told(after)))
    return Response(told, media_type="application/json")


ROUTES: tuple[RouteRow, ...] = (
    ("GET", "/v1/registry/head", get_head),
    ("GET", "/v1/registry/changes", get_changes),
)
