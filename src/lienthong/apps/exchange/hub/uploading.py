"""`/v1/uploads`: a packet in chunks, for what is too large for one request."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from lienthong.core.errors import Problem

from .checks import Envelope
from .door import Body, Caller, declared_size, packet_kind, packet_signature, read_body, room
from .intake import Accepted
from .problems import HeaderMissing, HubBusy, HubStoreFailed, PacketTooLarge
from .process import Hub
from .rules import LARGE_BODY_BYTES
from .sending import accepted_json, note_refusal
from .shared import RouteRow, answer, authenticated, hub_of
from .uploads import Upload

SMALL_BODY_BYTES = 4 * 1024


async def post_upload(request: Request) -> Response:
    """Begin an upload, or learn how far the one of this digest is."""
    hub, caller = hub_of(request), authenticated(request)
    body = await _small_body(hub, request, caller)
    sha256, size = _wanted(body.raw)
    if size > hub.config.large_packet_max_bytes:
        raise PacketTooLarge(max_bytes=hub.config.large_packet_max_bytes, size=size)
    found, is_new = await hub.io(hub.uploads.begin, caller.node.node_id, sha256, size)
    return answer(_upload_json(hub, found), 201 if is_new else 200)


def _wanted(raw: bytes) -> tuple[str, int]:
    try:
        wanted = orjson.loads(raw)
        sha256, size = wanted["sha256"], wanted["size"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise HeaderMissing(name="sha256, size") from error
    if not isinstance(sha256, str) or type(size) is not int or size < 1:
        raise HeaderMissing(name="sha256, size")
    return sha256, size


async def get_upload(request: Request) -> Response:
    hub, caller = hub_of(request), authenticated(request)
    found = await hub.io(hub.uploads.state, caller.node.node_id, request.path_params["sha256"])
    return answer(_upload_json(hub, found))


async def put_chunk(request: Request) -> Response:
    hub, caller = hub_of(request), authenticated(request)
    sha256, offset = request.path_params["sha256"], request.path_params["offset"]
    await hub.io(hub.uploads.state, caller.node.node_id, sha256)  # before the body is read
    size = declared_size(request, hub.uploads.chunk_bytes)
    with room(hub.admission, caller.node.node_id, size or hub.uploads.chunk_bytes):
        body = await read_body(
            request,
            caller=caller,
            segments=hub.segments,
            max_bytes=hub.uploads.chunk_bytes,
            within_s=hub.config.body_within_s,
        )
        try:
            chunk = await hub.io(body.load)
        finally:
            await hub.io(body.discard)
        found = await hub.io(hub.uploads.put, caller.node.node_id, sha256, offset, chunk)
    return answer(_upload_json(hub, found))


async def delete_upload(request: Request) -> Response:
    hub, caller = hub_of(request), authenticated(request)
    await hub.io(hub.uploads.drop, caller.node.node_id, request.path_params["sha256"])
    return Response(status_code=204)


async def post_uploaded_packet(request: Request) -> Response:
    """Hand over the packet whose chunks are all here; the answer is that of `/v1/packets`."""
    hub = hub_of(request)
    caller = authenticated(request, "packet-signature", "packet-kind")
    signature, kind = packet_signature(request), packet_kind(request)
    await _small_body(hub, request, caller)
    sha256 = request.path_params["sha256"]
    envelope = Envelope(kind, signature, sha256, caller.node)
    with room(hub.admission, caller.node.node_id, LARGE_BODY_BYTES):
        try:
            accepted = await _handed_over(hub, envelope)
        except Problem as problem:
            await note_refusal(hub, caller, problem)
            raise
    hub.metrics.packets.labels("new" if accepted.is_new else "again").inc()
    return answer(accepted_json(accepted), 201 if accepted.is_new else 200)


async def _handed_over(hub: Hub, envelope: Envelope) -> Accepted:
    """Check and keep; the upload is gone unless it makes sense to hand it over again."""
    node_id, sha256 = envelope.node.node_id, envelope.sha256
    upload = await hub.io(hub.uploads.state, node_id, sha256)
    held = hub.uploads.whole(node_id, sha256)
    path = await hub.io(held.__enter__)
    again = False
    try:
        return await hub.accept(Body(sha256, upload.size, b"", path), envelope, large=True)
    except (HubBusy, HubStoreFailed):
        again = True
        raise
    finally:
        await hub.io(held.__exit__, None, None, None)
        if not again:
            await hub.io(hub.uploads.drop, node_id, sha256)


async def _small_body(hub: Hub, request: Request, caller: Caller) -> Body:
    return await read_body(
        request,
        caller=caller,
        segments=hub.segments,
        max_bytes=SMALL_BODY_BYTES,
        within_s=hub.config.body_within_s,
    )


def _upload_json(hub: Hub, upload: Upload) -> dict[str, Any]:
    return {
        "sha256": upload.sha256,
        "size": upload.size,
        "chunk_bytes": hub.uploads.chunk_bytes,
        "missing": [{"from": start, "to": end} for start, end in upload.missing],
        "expires_at": datetime.fromtimestamp(upload.expires_at, UTC).isoformat(),
    }


ROUTES: tuple[RouteRow, ...] = (
    ("POST", "/v1/uploads", post_upload),
    ("GET", "/v1/uploads/{sha256}", get_upload),
    ("DELETE", "/v1/uploads/{sha256}", delete_upload),
    ("PUT", "/v1/uploads/{sha256}/{offset:int}", put_chunk),
    ("POST", "/v1/uploads/{sha256}/packet", post_uploaded_packet),
)
