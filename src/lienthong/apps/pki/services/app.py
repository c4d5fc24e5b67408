"""The role `trust`: OCSP, lists, authorities' certificates, time-stamps, registration, logs.

OCSP and time-stamps are computed on the event loop, from memory; what asks the database runs in
threads. Every body has a size limit and every queue a length; a full one answers "busy".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import orjson
from django.db import DatabaseError, connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from lienthong.apps.pki import trusted
from lienthong.apps.pki.authority import ledger, mandates, queries, registration
from lienthong.apps.pki.authority.registration import Answer, Caller
from lienthong.apps.pki.authority.rules import CERTIFICATE_LOG, TIMESTAMP_LOG, KeyPurpose
from lienthong.apps.pki.services.office import Office
from lienthong.apps.pki.services.problems import (
    CallerUnknown,
    DigestWrong,
    ServiceBodyTooLarge,
    ServiceBusy,
    ServiceDefect,
    ServicePathUnknown,
)
from lienthong.core import signing, tlog
from lienthong.core.errors import Problem
from lienthong.core.signing.der import NotDER
from lienthong.core.signing.ocsp import MALFORMED, read_request

OCSP_REQUEST_MAX_BYTES = 16 * 1024
STAMP_REQUEST_MAX_BYTES = 4 * 1024
REGISTRATION_MAX_BYTES = 64 * 1024
WAITING_MAX = 64  # registrations at work or waiting
STAMPS_WAITING_MAX = 4096
REFRESH_S = 1.0
OCSP_MAX_AGE_S = 60  # caches in between may keep an answer no longer than a status may lag
UNAUTHORIZED = bytes((0x30, 0x03, 0x0A, 0x01, 0x06))  # an issuer that is not ours (RFC 6960 2.3)
TRY_LATER = bytes((0x30, 0x03, 0x0A, 0x01, 0x03))

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Services:
    """One process of the role `trust`."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self._threads = ThreadPoolExecutor(4, "trust-io")
        self._reader = ThreadPoolExecutor(1, "trust-refresh")
        self._refreshing: asyncio.Task[None] | None = None
        self._logging: asyncio.Task[None] | None = None
        self._stamps: list[tuple[bytes, asyncio.Future[None]]] = []
        self._waiting = 0
        self.fresh = False

    async def open(self) -> None:
        await self.refresh()
        self._refreshing = asyncio.create_task(self._keep_fresh())

    async def close(self) -> None:
        if self._refreshing is not None:
            self._refreshing.cancel()
            with suppress(asyncio.CancelledError):
                await self._refreshing
        if self._logging is not None:
            await self._logging
        await self._run(self._reader, self.office.write_audit)
        await self._run(self._reader, _close_connection)
        self._threads.shutdown()
        self._reader.shutdown()

    async def refresh(self) -> None:
        await self._run(self._reader, self.office.refresh)
        self.fresh = True

    async def _keep_fresh(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            try:
                await self.refresh()
            except (Problem, DatabaseError, OSError) as error:
                self.fresh = False
                logger.warning("statuses not refreshed, the last ones stay: %s", error)
                await self._run(self._reader, _close_connection)

    async def _run(self, pool: ThreadPoolExecutor, call: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(pool, call, *given)

    async def ask(self, call: Callable[[], T]) -> T:
        """Run something that asks the database. Raises ServiceBusy when too much waits."""
        if self._waiting >= WAITING_MAX:
            raise ServiceBusy
        self._waiting += 1

        def run() -> T:
            try:
                return call()
            finally:
                connection.close()

        try:
            return await self._run(self._threads, run)
        finally:
            self._waiting -= 1

    def ocsp(self, request: bytes) -> bytes:
        """The answer to an OCSP request; errors are answers too (RFC 6960 2.3)."""
        try:
            asked = read_request(request)
        except NotDER:
            return MALFORMED
        desk = self.office.by_key_hash.get(asked.questions[0].key_hash) if asked.questions else None
        if desk is None:
            return UNAUTHORIZED
        self.office.uses[f"ocsp/{desk.name}", KeyPurpose.OCSP] += 1
        return desk.responder.answer(request, datetime.now(UTC))

    async def stamp(self, name: str, request: bytes) -> bytes:
        """The answer to a time-stamp request, once its digest is in the log."""
        authority = self.office.stampers.get(name)
        if authority is None:
            raise ServicePathUnknown
        if len(self._stamps) >= STAMPS_WAITING_MAX:
            raise ServiceBusy
        issued = authority.issue(request, datetime.now(UTC), witness=self.office.clock.now())
        if issued.token:
            self.office.uses[f"tsa/{name}", KeyPurpose.TSA] += 1
            done = asyncio.get_running_loop().create_future()
            self._stamps.append((issued.token, done))
            if self._logging is None:
                self._logging = asyncio.create_task(self._log_stamps())
            await done
        return issued.response

    async def _log_stamps(self) -> None:
        """Write the digests of all tokens that wait, in batches; then let the answers go."""
        while self._stamps:
            batch, self._stamps = self._stamps, []
            work = _closing(partial(self.office.log_tokens, [token for token, _ in batch]))
            try:
                await self._run(self._threads, work)
            except (Problem, DatabaseError) as error:
                logger.warning("time-stamps not logged, so not given: %s", error)
                for _, done in batch:
                    if not done.done():
                        done.set_exception(ServiceBusy())
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)
        self._logging = None


def _close_connection() -> None:
    connection.close()  # the one of the thread that runs this


def _closing(call: Callable[[], T]) -> Callable[[], T]:
    def run() -> T:
        try:
            return call()
        finally:
            connection.close()

    return run


# -- status and lists ---------------------------------------------------------------------------


async def post_ocsp(request: Request) -> Response:
    body = await _body(request, OCSP_REQUEST_MAX_BYTES)
    return _ocsp_answer(request, body, cached=False)


async def get_ocsp(request: Request) -> Response:
    """RFC 6960 A.1: the request in base64 in the path."""
    text = request.path_params["request"].strip("/")
    try:
        body = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        body = b""
    return _ocsp_answer(request, body[:OCSP_REQUEST_MAX_BYTES], cached=True)


def _ocsp_answer(request: Request, body: bytes, *, cached: bool) -> Response:
    answer = _services(request).ocsp(body)
    headers = {"Cache-Control": f"max-age={OCSP_MAX_AGE_S}, public" if cached else "no-store"}
    return Response(answer, headers=headers, media_type="application/ocsp-response")


async def get_crl(request: Request) -> Response:
    """`<key>.crl` in full, `<key>-delta.crl` what changed since the last scheduled one."""
    name = request.path_params["name"]
    desk = _services(request).office.desks.get(name.removesuffix("-delta"))
    data = b"" if desk is None else desk.delta if name.endswith("-delta") else desk.full
    if not data:
        raise ServicePathUnknown
    headers = {"Cache-Control": "max-age=60, public"}
    return Response(data, headers=headers, media_type="application/pkix-crl")


async def get_authority(request: Request) -> Response:
    desk = _services(request).office.desks.get(request.path_params["name"])
    if desk is None:
        raise ServicePathUnknown
    data, media_type = desk.issuers
    return Response(data, media_type=media_type)


async def post_stamp(request: Request) -> Response:
    body = await _body(request, STAMP_REQUEST_MAX_BYTES)
    name = request.path_params.get("name", "government")
    answer = await _services(request).stamp(name, body)
    return Response(answer, media_type="application/timestamp-reply")


async def get_trust_list(request: Request) -> Response:
    path = _services(request).office.directory / "trust-list.xml"
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except FileNotFoundError as error:
        raise ServicePathUnknown from error
    return Response(data, media_type="application/vnd.etsi.tsl+xml")


# -- registration -------------------------------------------------------------------------------


async def post_request(request: Request) -> Response:
    services = _services(request)
    body = await _body(request, REGISTRATION_MAX_BYTES)
    caller = _caller(request, body)
    try:
        token = body.decode("ascii")
    except UnicodeDecodeError as error:
        raise signing.JWSInvalid(detail="không phải JWS dạng gọn") from error

    def decide() -> Answer:
        return registration.receive(
            token,
            caller=caller,
            trust=trusted.trust(),
            at=datetime.now(UTC),
            directory=services.office.directory,
        )

    decided = await services.ask(decide)
    await services.refresh()  # so that OCSP tells it from now on
    return _json(decided.body, decided.status)


async def get_mandates(request: Request) -> Response:
    caller = _caller(request, b"")
    code = request.query_params.get("agency", "")
    if code not in caller.codes:
        raise CallerUnknown
    now = datetime.now(UTC)

    def read() -> list[dict[str, Any]]:
        found = mandates.in_force(frozenset({code}), now)
        return [{**mandates.content(one), "record": one.record} for one in found]

    return _json({"mandates": await _services(request).ask(read)})


async def get_certificates(request: Request) -> Response:
    """Search among what was issued for the caller's agencies."""
    caller = _caller(request, b"")
    words = request.query_params.get("q", "")[:100]

    def read() -> list[dict[str, Any]]:
        found = queries.certificates(words).filter(organization_code__in=caller.codes)
        return [queries.as_json(one) for one in found[:100]]

    return _json({"certificates": await _services(request).ask(read)})


def _caller(request: Request, body: bytes) -> Caller:
    """Which node asks, by its signature over the request and its body (RFC 9421).

    Every act here is safe to repeat, so a request seen before is not refused as at the axis' door.
    """
    office = _services(request).office

    def key_of(node_id: str) -> Any:
        found = office.nodes.get(node_id)
        return found.public_key if found else None

    raw = request.scope.get("raw_path") or request.url.path.encode()
    query = request.scope.get("query_string", b"")
    target = (raw.split(b"?")[0] + (b"?" + query if query else b"")).decode("ascii")
    verified = signing.verify_request(
        request.method, target, request.headers, public_key_of=key_of, now=datetime.now(UTC)
    )
    if verified.body_sha256 != hashlib.sha256(body).digest():
        raise DigestWrong
    node = office.nodes.get(verified.key_id)
    if node is None:
        raise CallerUnknown
    return Caller(verified.key_id, node.codes)


# -- logs and health ----------------------------------------------------------------------------

_LOGS = {CERTIFICATE_LOG, TIMESTAMP_LOG}


async def get_checkpoint(request: Request) -> Response:
    name = request.path_params["log"]
    found = await _services(request).ask(lambda: ledger.checkpoint(name)) if name in _LOGS else ""
    if not found:
        raise ServicePathUnknown
    return PlainTextResponse(found)


async def get_tile(request: Request) -> Response:
    name = request.path_params["log"]
    level, index, width = tlog.parse_tile_path(f"tile/{request.path_params['path']}")
    if name not in _LOGS or level is None:
        raise ServicePathUnknown
    found = await _services(request).ask(lambda: ledger.tile(name, level, index))
    if len(found) < width * 32:
        raise ServicePathUnknown
    return Response(found[: width * 32], media_type="application/octet-stream")


async def get_health(request: Request) -> Response:
    services = _services(request)
    facts = {
        "ok": services.fresh,
        "authorities": len(services.office.desks),
        "at": datetime.now(UTC).isoformat(),
    }
    return _json(facts, 200 if services.fresh else 503)


# -- the application ----------------------------------------------------------------------------


def _services(request: Request) -> Services:
    found: Services = request.app.state.services
    return found


async def _body(request: Request, max_bytes: int) -> bytes:
    """The whole body, at most `max_bytes`. Raises ServiceBodyTooLarge."""
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise ServiceBodyTooLarge(max_bytes=max_bytes)
        parts.append(chunk)
    return b"".join(parts)


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _refusal(problem: Problem, status: int | None = None) -> Response:
    headers = {"Retry-After": "5"} if problem.status == 503 else {}
    return Response(
        orjson.dumps(problem.to_json()),
        status or problem.status,
        headers,
        media_type="application/problem+json",
    )


async def _on_problem(_request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101  what the handler is registered for
    return _refusal(problem)


async def _on_http(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  what the handler is registered for
    return _refusal(ServicePathUnknown(), error.status_code)


async def _on_gone(_request: Request, _error: Exception) -> Response:
    return Response(status_code=499)  # nobody reads it: the client has gone


async def _on_defect(_request: Request, error: Exception) -> Response:
    logger.error("a request failed", exc_info=error)
    return _refusal(ServiceDefect())


Handler = Callable[[Request], Awaitable[Response]]
ROUTES: Sequence[tuple[str, str, Handler]] = (
    ("POST", "/ocsp", post_ocsp),
    ("GET", "/ocsp/{request:path}", get_ocsp),
    ("GET", "/crl/{name}.crl", get_crl),
    ("GET", "/ca/{name}.cer", get_authority),
    ("POST", "/tsa", post_stamp),
    ("POST", "/tsa/{name}", post_stamp),
    ("GET", "/trust-list.xml", get_trust_list),
    ("POST", "/pki/v1/requests", post_request),
    ("GET", "/pki/v1/mandates", get_mandates),
    ("GET", "/pki/v1/certificates", get_certificates),
    ("GET", "/log/{log}/checkpoint", get_checkpoint),
    ("GET", "/log/{log}/tile/{path:path}", get_tile),
    ("GET", "/health", get_health),
)


def create_app(office: Callable[[], Office]) -> Starlette:
    """The application over an office, which is made when the application starts."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        services = Services(await asyncio.to_thread(office))
        await services.open()
        app.state.services = services
        try:
            yield
        finally:
            await services.close()

    return Starlette(
        routes=[Route(path, handler, methods=[method]) for method, path, handler in ROUTES],
        exception_handlers={
            Problem: _on_problem,
            HTTPException: _on_http,
            ClientDisconnect: _on_gone,
            Exception: _on_defect,
        },
        lifespan=lifespan,
    )
