"""`/v1/packets`, taking in: authenticate → make room → receive and hash → check → keep → answer."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lienthong.core.errors import Problem

from .checks import Envelope
from .door import Caller, declared_size, packet_kind, packet_signature, read_body, room
from .intake import Accepted
from .problems import HubBusy, HubStoreFailed
from .process import Hub
from .rules import LARGE_BODY_BYTES
from .shared import RouteRow, answer, authenticated, hub_of

logger = logging.getLogger(__name__)


async def post_packet(request: Request) -> Response:
    hub = hub_of(request)
    caller = authenticated(request, "packet-signature", "packet-kind")
    size = declared_size(request, hub.config.packet_max_bytes)
    signature, kind = packet_signature(request), packet_kind(request)
    sha256 = caller.body_sha256.hex()
    with (
        hub.metrics.intake_seconds.time(),
        room(hub.admission, caller.node.node_id, size or LARGE_BODY_BYTES),
    ):
        try:
            accepted = await _received(
                hub, request, caller, Envelope(kind, signature, sha256, caller.node)
            )
        except Problem as problem:
            await note_refusal(hub, caller, problem)
            raise
    hub.metrics.packets.labels("new" if accepted.is_new else "again").inc()
    return answer(accepted_json(accepted), 201 if accepted.is_new else 200)


async def _received(hub: Hub, request: Request, caller: Caller, envelope: Envelope) -> Accepted:
    body = await read_body(
        request,
        caller=caller,
        segments=hub.segments,
        max_bytes=hub.config.packet_max_bytes,
        within_s=hub.config.body_within_s,
    )
    try:
        return await hub.accept(body, envelope)
    finally:
        if body.file is not None:
            await hub.io(body.discard)


async def note_refusal(hub: Hub, caller: Caller, problem: Problem) -> None:
    """Count a refusal and keep its fact for the operator; being busy is none."""
    hub.metrics.refusals.labels(problem.code).inc()
    if isinstance(problem, HubBusy | HubStoreFailed):
        return
    with suppress(HubStoreFailed):  # the refusal itself stands; only its note is lost, and logged
        logger.warning("refused a packet of %s: %s", caller.node.node_id, problem.code)
        await hub.io(
            lambda: hub.store.note_refusal(
                node_id=caller.node.node_id,
                agency_code=str(problem.facts.get("code", "")),
                code=problem.code,
                text=problem.sentence,
                sha256=caller.body_sha256.hex(),
            )
        )


def accepted_json(accepted: Accepted) -> dict[str, Any]:
    return {
        "packet_id": str(accepted.packet_id),
        "sha256": accepted.sha256,
        "received_at": accepted.received_at.isoformat(),
        "recipients": [{"code": code, "state": state} for code, state in accepted.recipients],
        "warnings": accepted.warnings,
        "receipt": accepted.receipt,
        "log": accepted.log,
    }


ROUTES: tuple[RouteRow, ...] = (("POST", "/v1/packets", post_packet),)
