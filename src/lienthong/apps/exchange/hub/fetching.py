"""Handing out: the inbox with its long poll, the packet of a delivery, the acknowledgement."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson
import pybase64
from starlette.requests import Request
from starlette.responses import Response

from lienthong.core import signing

from . import deliveries
from .door import read_body
from .pieces import packet_answer
from .problems import DeliveryNotFound, ReceiptInvalid
from .shared import RouteRow, answer, authenticated, hub_of, number, path_id

INBOX_LIMIT_MAX = 200
INBOX_WAIT_MAX_S = 55.0
ACKNOWLEDGEMENT_MAX_BYTES = 16 * 1024


async def get_inbox(request: Request) -> Response:
    hub = hub_of(request)
    codes = sorted(authenticated(request).node.codes)
    limit = int(number(request, "limit", 50, INBOX_LIMIT_MAX)) or 1
    loop = asyncio.get_running_loop()
    until = loop.time() + number(request, "wait", 0, INBOX_WAIT_MAX_S)
    event = hub.bell.listen(codes)
    try:
        while True:
            event.clear()
            rows = await hub.io(deliveries.claim, hub.store, hub.config.lanes, codes, limit)
            left = until - loop.time()
            if rows or left <= 0 or hub.closing:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, hub.config.requery_s)):
                    await event.wait()
    finally:
        hub.bell.leave(codes, event)
    return answer({"deliveries": rows})


async def get_delivery_packet(request: Request) -> Response:
    hub = hub_of(request)
    codes = sorted(authenticated(request).node.codes)
    delivery_id = path_id(request, DeliveryNotFound)
    stored = await hub.io(hub.store.of_delivery, delivery_id, codes)
    if stored is None:
        raise DeliveryNotFound
    headers = {
        "Packet-Signature": f":{pybase64.b64encode_as_string(stored.signature)}:",
        "Packet-Sha256": stored.sha256,
        "Packet-Kind": stored.kind,
    }
    return await packet_answer(hub, request, stored, headers)


async def post_acknowledgement(request: Request) -> Response:
    hub = hub_of(request)
    caller = authenticated(request)
    delivery_id = path_id(request, DeliveryNotFound)
    body = await read_body(
        request,
        caller=caller,
        segments=hub.segments,
        max_bytes=ACKNOWLEDGEMENT_MAX_BYTES,
        within_s=hub.config.body_within_s,
    )
    codes = sorted(caller.node.codes)
    stored = await hub.io(hub.store.of_delivery, delivery_id, codes)
    if stored is None:
        raise DeliveryNotFound
    receipt = _receipt_in(body.raw)
    payload = signing.verify_jws(receipt, public_key=caller.node.public_key)
    recipient = await hub.io(hub.store.recipient_of, delivery_id)
    wanted = {
        "kind": "arrived",
        "packet_id": str(stored.id),
        "packet_sha256": stored.sha256,
        "recipient": recipient,
    }
    for name, value in wanted.items():
        if payload.get(name) != value:
            raise ReceiptInvalid(reason=name)
    kept = await hub.io(hub.store.acknowledge, delivery_id, receipt)
    hub.metrics.acknowledgements.inc()
    return answer({"delivery_id": str(delivery_id), "state": "DELIVERED", "receipt": kept})


async def get_dead_letters(request: Request) -> Response:
    """What could not be delivered to or from the agencies of the caller: for both sides."""
    hub = hub_of(request)
    codes = sorted(authenticated(request).node.codes)
    return answer({"dead_letters": await hub.io(deliveries.dead_letters, hub.store, codes)})


def _receipt_in(raw: bytes) -> str:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ReceiptInvalid(reason="JSON") from error
    receipt = found.get("receipt") if isinstance(found, dict) else None
    if not isinstance(receipt, str):
        raise ReceiptInvalid(reason="receipt")
    return receipt


ROUTES: tuple[RouteRow, ...] = (
    ("GET", "/v1/inbox", get_inbox),
    ("GET", "/v1/dead-letters", get_dead_letters),
    ("GET", "/v1/deliveries/{id}/packet", get_delivery_packet),
    ("POST", "/v1/deliveries/{id}/ack", post_acknowledgement),
)
