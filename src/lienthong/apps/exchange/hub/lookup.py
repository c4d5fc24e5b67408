"""Looking up: a packet and its states, its receipt, who takes part."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response

from . import circulation_view, clocks
from .problems import PacketNotFound
from .process import Hub
from .rows import StoredPacket
from .sending import accepted_json
from .shared import RouteRow, answer, authenticated, hub_of, path_id


async def get_packet(request: Request) -> Response:
    hub = hub_of(request)
    codes = authenticated(request).node.codes
    stored = await _stored(request, hub, codes)
    states = [
        {"code": code, "state": state}
        for code, state in stored.recipients
        if stored.agency_code in codes or code in codes
    ]
    return answer(
        {
            "packet_id": str(stored.id),
            "kind": stored.kind,
            "sha256": stored.sha256,
            "size": stored.size,
            "sender": stored.agency_code,
            "document_id": stored.document_id,
            "received_at": stored.received_at.isoformat(),
            "recipients": states,
        }
    )


async def get_circulation(request: Request) -> Response:
    """Where the document of a packet stands, request by request; for who sent or got it."""
    hub = hub_of(request)
    codes = authenticated(request).node.codes
    stored = await _stored(request, hub, codes)
    everything = stored.agency_code in codes
    found = await hub.io(circulation_view.of_document, hub.store, stored.document_id)
    return answer(found.seen_by(None if everything else codes))


async def get_lateness(request: Request) -> Response:
    """What is or was late of the caller's agencies, or towards them."""
    hub = hub_of(request)
    codes = sorted(authenticated(request).node.codes)
    return answer({"lateness": await hub.io(clocks.listed, hub.store, codes)})


async def get_receipt(request: Request) -> Response:
    hub = hub_of(request)
    stored = await _stored(request, hub, authenticated(request).node.codes)
    return answer(accepted_json(await hub.io(hub.answer_again, stored)))


async def _stored(request: Request, hub: Hub, codes: frozenset[str]) -> StoredPacket:
    stored = await hub.io(hub.store.find, path_id(request, PacketNotFound), sorted(codes))
    if stored is None:
        raise PacketNotFound
    return stored


async def get_participants(request: Request) -> Response:
    hub = hub_of(request)
    authenticated(request)
    listed = [{**asdict(each), "codes": sorted(each.codes)} for each in hub.participants.listed()]
    return answer({"participants": listed})


ROUTES: tuple[RouteRow, ...] = (
    ("GET", "/v1/packets/{id}", get_packet),
    ("GET", "/v1/packets/{id}/circulation", get_circulation),
    ("GET", "/v1/lateness", get_lateness),
    ("GET", "/v1/receipts/{id}", get_receipt),
    ("GET", "/v1/participants", get_participants),
)
