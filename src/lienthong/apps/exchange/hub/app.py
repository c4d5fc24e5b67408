"""The native door of the axis: a small Starlette application, no Django in the hot path.

`uvicorn --factory lienthong.apps.exchange.hub.app:create_app` serves it. The road of a packet:
authenticate → make room → receive and hash → check in a thread → `intake` → answer.
"""

from __future__ import annotations

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lienthong.core import edxml, signing, tlog
from lienthong.core.errors import Problem

from .bell import Bell
from .checks import Checked, Checker, Envelope
from .config import HubConfig
from .door import (
    Body,
    Caller,
    Gate,
    declared_size,
    packet_kind,
    packet_signature,
    read_body,
    room,
)
from .intake import Accepted, Admission, Intake, Waiting, first_answer, log_entry
from .kit.door import routes as kit_routes
from .kit.vault import unseal
from .ledger import Ledger
from .metrics import Metrics
from .openapi import DESCRIPTION
from .participants import NOBODY, Participants, combine
from .problems import (
    DeliveryNotFound,
    HeaderMissing,
    HubBusy,
    HubDefect,
    HubStoreFailed,
    KitClosed,
    PacketNotFound,
    PathNotFound,
    ReceiptInvalid,
)
from .rules import LARGE_BODY_BYTES, Door
from .segments import Segments
from .store import Store, StoredPacket

INBOX_LIMIT_MAX = 200
INBOX_WAIT_MAX_S = 55.0
ACKNOWLEDGEMENT_MAX_BYTES = 16 * 1024
IO_THREADS = 6

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Hub:
    """The parts of one hub process."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.store = Store(config.conninfo)
        self.segments = Segments(config.data_dir / "segments")
        self.ledger = Ledger(config.log_origin, config.log_key)
        self.bell = Bell()
        self.metrics = Metrics()
        self.gate = Gate(config.skew_s)
        self.admission = Admission(config)
        limits = edxml.Limits(
            packet_bytes=config.packet_max_bytes, decoded_bytes=config.documents_max_bytes
        )
        self.checker = Checker(
            config.profile, limits, self.store.parties, self.metrics.count_difference
        )
        self.intake = Intake(
            config,
            segments=self.segments,
            store=self.store,
            ledger=self.ledger,
            ring=self.bell.ring,
        )
        self.participants: Participants = NOBODY
        self.trust: signing.Trust | None = None
        self.closing = False
        self._io = ThreadPoolExecutor(IO_THREADS, "hub-io")
        self._checks = ThreadPoolExecutor(config.check_threads, "hub-check")
        self._refreshing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.io(self.store.open)
        if left := self.segments.sweep():
            logger.info("removed %d bodies that were being received when the hub stopped", left)
        await self.refresh()
        self._refreshing = asyncio.create_task(self._keep_fresh())

    async def close(self) -> None:
        self.closing = True
        self.bell.ring_all()
        if self._refreshing is not None:
            self._refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await self._refreshing
        await self.intake.close()
        self._checks.shutdown()
        self._io.shutdown()
        self.segments.close()
        self.store.close()

    async def refresh(self) -> None:
        """Read the directory, the nodes and the trust state again."""
        self.participants, self.trust = await self.io(self._load)

    def _load(self) -> tuple[Participants, signing.Trust]:
        participants = combine(
            self.config.directory(),
            self.store.nodes(),
            partial(unseal, self.config.kit_key),
        )
        if seen := dict(self.gate.seen):
            self.store.touch(seen)
        return participants, self.config.trust()

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(self.config.refresh_s)
            try:
                await self.refresh()
            except (Problem, OSError) as error:
                logger.warning(
                    "participants and trust not refreshed, the last ones stay: %s", error
                )

    async def io(self, call: Callable[..., T], *arguments: Any) -> T:
        """Run a blocking call in the threads that talk to disk and database."""
        return await asyncio.get_running_loop().run_in_executor(self._io, call, *arguments)

    async def check(self, body: Body, envelope: Envelope) -> Checked:
        """Run the checks in a thread of their pool."""
        participants, trust = self.participants, self.trust
        if trust is None:
            raise HubStoreFailed

        def work() -> Checked:
            now = datetime.now(UTC)
            return self.checker.check(body.load(), envelope, participants, trust, now)

        return await asyncio.get_running_loop().run_in_executor(self._checks, work)

    async def accept(self, body: Body, envelope: Envelope) -> Accepted:
        """Check and keep a packet. A packet whose bytes are known gets its first answer."""
        try:
            checked = await self.check(body, envelope)
        except Problem:
            same = await self.io(self.store.find_same, envelope.node.node_id, envelope.sha256)
            if same is None:
                raise
            return await self.io(self.answer_again, same)
        signature = envelope.signature
        if envelope.door is not Door.NATIVE:
            signature = await self.io(self._seal, body)
        file, body.file = body.file, None  # the writer's from now on
        waiting = Waiting(
            checked,
            envelope.node.node_id,
            body.raw,
            signature,
            body.sha256,
            body.size,
            asyncio.get_running_loop().create_future(),
            file,
            envelope.door,
        )
        return await self.intake.keep(waiting)

    def _seal(self, body: Body) -> bytes:
        """The axis' own signature over a packet that came without one (by the kit's door)."""
        signer = self.config.axis_signer
        if signer is None:
            raise KitClosed
        digest = signing.SHA256Digest(bytes.fromhex(body.sha256))
        return signing.sign_detached(digest, signer=signer, at=datetime.now(UTC))

    def answer_again(self, stored: StoredPacket) -> Accepted:
        """The first answer of a packet, with a proof under the newest checkpoint."""
        head = self.store.head(self.ledger)
        return first_answer(stored, tlog.Tree(_StoredTiles(self.store), head.size), head.checkpoint)


class _StoredTiles:
    """Tiles from the database, for proofs made outside the writer's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, level: int, index: int) -> bytes:
        return self._store.tile(level, index)


# -- taking in ----------------------------------------------------------------------------------


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
            await _note_refusal(hub, caller, problem)
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


async def _note_refusal(hub: Hub, caller: Caller, problem: Problem) -> None:
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


# -- handing out --------------------------------------------------------------------------------


async def get_inbox(request: Request) -> Response:
    hub = hub_of(request)
    codes = sorted(authenticated(request).node.codes)
    limit = int(_number(request, "limit", 50, INBOX_LIMIT_MAX)) or 1
    loop = asyncio.get_running_loop()
    until = loop.time() + _number(request, "wait", 0, INBOX_WAIT_MAX_S)
    event = hub.bell.listen(codes)
    try:
        while True:
            event.clear()
            rows = await hub.io(hub.store.claim, codes, limit)
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
    delivery_id = _id(request, DeliveryNotFound)
    stored = await hub.io(hub.store.of_delivery, delivery_id, codes)
    if stored is None:
        raise DeliveryNotFound
    raw = await hub.io(hub.segments.read, stored.place, stored.id, stored.size, stored.sha256)
    headers = {
        "Packet-Signature": f":{signing_text(stored.signature)}:",
        "Packet-Sha256": stored.sha256,
        "Packet-Kind": stored.kind,
    }
    return Response(raw, headers=headers, media_type="application/edxml+xml")


async def post_acknowledgement(request: Request) -> Response:
    hub = hub_of(request)
    caller = authenticated(request)
    delivery_id = _id(request, DeliveryNotFound)
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


def _receipt_in(raw: bytes) -> str:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ReceiptInvalid(reason="JSON") from error
    receipt = found.get("receipt") if isinstance(found, dict) else None
    if not isinstance(receipt, str):
        raise ReceiptInvalid(reason="receipt")
    return receipt


# -- looking up ---------------------------------------------------------------------------------


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


async def get_receipt(request: Request) -> Response:
    hub = hub_of(request)
    stored = await _stored(request, hub, authenticated(request).node.codes)
    return answer(accepted_json(await hub.io(hub.answer_again, stored)))


async def _stored(request: Request, hub: Hub, codes: frozenset[str]) -> StoredPacket:
    stored = await hub.io(hub.store.find, _id(request, PacketNotFound), sorted(codes))
    if stored is None:
        raise PacketNotFound
    return stored


async def get_participants(request: Request) -> Response:
    hub = hub_of(request)
    authenticated(request)
    listed = [{**asdict(each), "codes": sorted(each.codes)} for each in hub.participants.listed()]
    return answer({"participants": listed})


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
    return Response(hub.metrics.text(), media_type=hub.metrics.media_type)


async def get_openapi(_request: Request) -> Response:
    return answer(DESCRIPTION)


# -- shared -------------------------------------------------------------------------------------


def hub_of(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


def authenticated(request: Request, *required: str) -> Caller:
    """Who calls; `required` names headers that the signature must cover besides the usual."""
    hub = hub_of(request)
    return hub.gate.caller(request, hub.participants, required)


def answer(content: dict[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def signing_text(signature: bytes) -> str:
    import pybase64  # noqa: PLC0415  a compiled module, loaded when the first packet goes out

    text: str = pybase64.b64encode_as_string(signature)
    return text


def _id(request: Request, missing: type[Problem]) -> uuid.UUID:
    try:
        return uuid.UUID(request.path_params["id"])
    except ValueError as error:
        raise missing from error


def _number(request: Request, name: str, default: float, maximum: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError as error:
        raise HeaderMissing(name=name) from error
    if not number >= 0:  # not a number, or below nothing
        raise HeaderMissing(name=name)
    return min(number, maximum)


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


Handler = Callable[[Request], Awaitable[Response]]

ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("POST", "/v1/packets", post_packet),
    ("GET", "/v1/packets/{id}", get_packet),
    ("GET", "/v1/receipts/{id}", get_receipt),
    ("GET", "/v1/inbox", get_inbox),
    ("GET", "/v1/deliveries/{id}/packet", get_delivery_packet),
    ("POST", "/v1/deliveries/{id}/ack", post_acknowledgement),
    ("GET", "/v1/participants", get_participants),
    ("GET", "/v1/log/checkpoint", get_checkpoint),
    ("GET", "/v1/log/tile/{path:path}", get_tile),
    ("GET", "/pki/bundle", get_bundle),
    ("GET", "/health", get_health),
    ("GET", "/metrics", get_metrics),
    ("GET", "/openapi.json", get_openapi),
)


def create_app(config: HubConfig | None = None) -> Starlette:
    """The application. Without a configuration it is the hub of this node, by its settings."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        chosen = await asyncio.to_thread(_configure) if config is None else config
        hub = Hub(chosen)
        await hub.open()
        app.state.hub = hub
        try:
            yield
        finally:
            await hub.close()

    return Starlette(
        routes=[
            *(Route(path, handler, methods=[method]) for method, path, handler in ROUTES),
            *kit_routes(),
        ],
        exception_handlers={
            Problem: _on_problem,
            HTTPException: _on_http,
            TimeoutError: _on_slow,
            ClientDisconnect: _on_gone,
            Exception: _on_defect,
        },
        lifespan=lifespan,
    )


def _configure() -> HubConfig:
    import django  # noqa: PLC0415  only the process that serves by settings needs Django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    django.setup()
    return HubConfig.from_settings()
