"""The kit's methods over the hub's core (H.4). Every answer is the envelope, with HTTP 200 (H.3).

A method's parameters come in headers; headers of earlier calls come again and are ignored (H.1).
"""

from __future__ import annotations

import gzip
import logging
import uuid
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import orjson
import pybase64
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from lienthong.core.errors import Problem

from ..checks import Envelope
from ..door import declared_size, receive_body, room
from ..participants import KitAccess, Node
from ..problems import DeliveryNotFound, HubBusy, HubDefect, SenderNotOfNode
from ..rules import LARGE_BODY_BYTES, Door, Kind
from . import rows
from .protocol import (
    TRAILER,
    FileDigest,
    KitParameterMissing,
    KitSystemRefused,
    Parameters,
    check_file,
    check_signature,
    done,
    refused,
)
from .safe import for_client

if TYPE_CHECKING:
    from ..process import Hub

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SMALL_BODY_BYTES = 64 * 1024
WITHIN_S = 30.0
GZIP_FROM_BYTES = 2048
NOBODYS = "no such system"  # compared with for an unknown system, so that both take equal time

logger = logging.getLogger(__name__)


class Call:
    """One authenticated call of a system."""

    def __init__(
        self, hub: Hub, request: Request, node: Node, access: KitAccess, parameters: Parameters
    ) -> None:
        self.hub = hub
        self.request = request
        self.node = node
        self.access = access
        self.parameters = parameters
        self.codes = sorted(node.codes)

    @classmethod
    def of(cls, request: Request) -> Call:
        """Who calls (H.2). Raises KitSystemRefused, KitHeaderWrong."""
        hub: Hub = request.app.state.hub
        parameters = Parameters.of(request.headers.raw)
        system_id = parameters.get("systemid")
        node = hub.participants.nodes.get(system_id)
        access = node.kit if node else None
        now = datetime.now(UTC)
        check_signature(
            parameters,
            request.headers.get("content-type", ""),
            access.secret if access else NOBODYS,
            now=now.astimezone(VIETNAM),
            fresh=bool(access and access.fresh_time),
        )
        if node is None or access is None:
            raise KitSystemRefused
        hub.gate.seen[system_id] = now
        return cls(hub, request, node, access, parameters)

    def kind(self) -> Kind:
        """`messagetype`: documents or statuses. Raises KitParameterMissing."""
        try:
            return Kind(self.parameters.get("messagetype").lower())
        except ValueError as error:
            raise KitParameterMissing(name="messagetype") from error

    def identifier(self, *names: str) -> uuid.UUID:
        """The id in the first parameter that is there; a false one is unknown (DX-95)."""
        text = next((value for name in names if (value := self.parameters.get(name))), "")
        try:
            return uuid.UUID(text)
        except ValueError as error:
            raise DeliveryNotFound from error

    async def json(self) -> Mapping[str, Any]:
        """The small JSON body of a call. Raises KitParameterMissing."""
        body = await receive_body(
            self.request,
            segments=self.hub.segments,
            max_bytes=SMALL_BODY_BYTES,
            within_s=WITHIN_S,
        )
        try:
            found = orjson.loads(body.raw or b"{}")
        except orjson.JSONDecodeError as error:
            raise KitParameterMissing(name="JSON") from error
        if not isinstance(found, dict):
            raise KitParameterMissing(name="JSON")
        return found


# -- sending ------------------------------------------------------------------------------------


async def send_edoc(call: Call) -> bytes:
    """Take a packet in, as the native door does (DX-90). Its bytes again give its first id."""
    hub, parameters = call.hub, call.parameters
    kind, sender = call.kind(), parameters.need("from")
    agency = hub.participants.agency(sender)
    if agency is None or agency.code not in call.node.codes:
        raise SenderNotOfNode(code=sender, node=call.node.node_id)
    declared = parameters.need("hash-file")
    size = declared_size(call.request, hub.config.packet_max_bytes + len(TRAILER))
    with room(hub.admission, call.node.node_id, size or LARGE_BODY_BYTES):
        body = await receive_body(
            call.request,
            segments=hub.segments,
            max_bytes=hub.config.packet_max_bytes,
            within_s=hub.config.body_within_s,
            trailer=TRAILER,
        )
        try:
            if check_file(declared, bytes.fromhex(body.sha256)) is FileDigest.UNPADDED:
                hub.metrics.kit_unpadded.inc()
            envelope = Envelope(kind, b"", body.sha256, call.node, Door.KIT)
            accepted = await hub.accept(body, envelope)
        finally:
            if body.file is not None:
                await hub.io(body.discard)
    hub.metrics.packets.labels("new" if accepted.is_new else "again").inc()
    return done(DocId=str(accepted.packet_id))


async def get_sent_edoc_list(call: Call) -> bytes:
    text = call.parameters.get("docId")
    packet = call.identifier("docId") if text else None
    found = await call.hub.io(rows.sent, call.hub.store, call.codes, call.kind(), packet)
    return done([_sent(row) for row in found])


def _sent(row: Mapping[str, Any]) -> dict[str, Any]:
    word, words = rows.WORDS[row["state"]]
    return {
        "serviceType": "eDoc",
        "messageType": row["kind"],
        "senderDocId": str(row["packet_id"]),
        "fromCode": row["sender"],
        "sentTime": _moment(row["received_at"]),
        "sendStatus": rows.Transport.DONE,
        "sendStatusDesc": "Đã gửi tới trục",
        "receiverDocId": str(row["id"]),
        "toCode": row["recipient"],
        "receivedTime": _moment(row["delivered_at"] or row["fetched_at"]),
        "receiveStatus": word,
        "receiveStatusDesc": words,
        "title": "",
        "notation": row["reference"],
    }


# -- receiving ----------------------------------------------------------------------------------


async def get_received_edoc_list(call: Call) -> bytes:
    span = rows.Span(_day(call, "fromDate"), _day(call, "toDate", days=1))
    found = await call.hub.io(rows.waiting, call.hub.store, call.codes, call.kind(), span)
    return done([_received(row) for row in found])


def _received(row: Mapping[str, Any]) -> dict[str, Any]:
    word, words = rows.WORDS[row["state"]]
    return {
        "docId": str(row["id"]),
        "serviceType": "eDoc",
        "messageType": row["kind"],
        "created_time": _moment(row["received_at"]),
        "updated_time": _moment(row["updated_at"]),
        "from": row["sender"],
        "to": row["recipient"],
        "status": word,
        "status_desc": words,
    }


async def get_edoc(call: Call) -> bytes:
    raw = await _packet(call)
    return done(pybase64.b64encode_as_string(raw))


async def _packet(call: Call) -> bytes:
    hub = call.hub
    delivery_id = call.identifier("docId", "docid")
    stored = await hub.io(hub.store.of_delivery, delivery_id, call.codes)
    if stored is None:
        raise DeliveryNotFound
    raw = await hub.io(hub.segments.read, stored.place, stored.id, stored.size, stored.sha256)
    safe = await hub.io(for_client, raw, stored.warnings)
    await hub.io(rows.fetched, hub.store, delivery_id)
    return safe


async def update_status(call: Call) -> bytes:
    """Transport only: business states are packets (DX-94)."""
    delivery_id = call.identifier("docid", "docId")
    try:
        wanted = rows.Transport(call.parameters.get("status").lower())
    except ValueError as error:
        raise KitParameterMissing(name="status") from error
    if wanted is rows.Transport.INITIAL:
        raise KitParameterMissing(name="status")
    said = f"kit:{call.node.node_id}:{datetime.now(UTC).isoformat(timespec='milliseconds')}"
    known = await call.hub.io(rows.move, call.hub.store, delivery_id, call.codes, wanted, said)
    if not known:
        raise DeliveryNotFound
    if wanted is rows.Transport.DONE:
        call.hub.metrics.acknowledgements.inc()
    if wanted is rows.Transport.FAIL:
        logger.warning("system %s could not take delivery %s", call.node.node_id, delivery_id)
    return done()


async def count_receive_edoc(call: Call) -> bytes:
    return done(count=await call.hub.io(rows.count, call.hub.store, call.codes, Kind.EDOC))


async def count_receive_status(call: Call) -> bytes:
    return done(count=await call.hub.io(rows.count, call.hub.store, call.codes, Kind.STATUS))


# -- agencies -----------------------------------------------------------------------------------


async def get_agencies_list(call: Call) -> bytes:
    return done(
        [
            {
                "id": each.code,
                "pid": parent(each.code),
                "code": each.code,
                "name": each.name,
                "mail": each.email,
                "oldCode": _other(each.code, each.codes),
            }
            for each in call.hub.participants.listed()
        ]
    )


async def get_agencies_list_qd20(call: Call) -> bytes:
    level = call.parameters.get("level")
    if level and not level.isdecimal():
        raise KitParameterMissing(name="level")
    return done(
        [
            {
                "id": each.code,
                "code": each.code,
                "name": each.name,
                "mail": each.email,
                "code102": _other(each.code, each.codes),
            }
            for each in call.hub.participants.listed()
            if not level or each.code.count(".") + 1 == int(level)
        ]
    )


async def get_synchronize_unit(call: Call) -> bytes:
    """The whole list with a version that changes with it, so that a client may keep it (DX-96)."""
    listed = call.hub.participants.listed()
    version = zlib.crc32(
        orjson.dumps([[each.code, each.name, each.active, each.locked] for each in listed])
    )
    return done(
        [
            {
                "id": each.code,
                "pid": parent(each.code),
                "code": each.code,
                "name": each.name,
                "mail": each.email,
                "version": version,
                "centerCode": each.node_id,
                "deleted": not each.active,
                "modifyDate": "",
                "isAgency": True,
            }
            for each in listed
        ]
    )


async def register_agency(call: Call) -> bytes:
    """Ask for an agency below one's own; the operator decides (DX-97)."""
    facts = await call.json()
    code, above, name = (_fact(facts, key) for key in ("code", "pcode", "name"))
    if not (_is_own(call, above) and parent(code) == above):
        raise SenderNotOfNode(code=above, node=call.node.node_id)
    known = {key: str(value)[:200] for key, value in facts.items() if isinstance(value, str | int)}
    await _propose(call, "register", code, {**known, "name": name})
    return done()


async def delete_agency(call: Call) -> bytes:
    """Ask that an agency of one's own leaves; the operator decides (DX-97)."""
    code = call.parameters.need("AgencyCode")
    if not _is_own(call, code):
        raise SenderNotOfNode(code=code, node=call.node.node_id)
    await _propose(call, "delete", code, {})
    return done()


async def _propose(call: Call, kind: str, code: str, facts: Mapping[str, str]) -> None:
    def keep() -> None:
        rows.propose(call.hub.store, node_id=call.node.node_id, kind=kind, code=code, facts=facts)

    await call.hub.io(keep)


def _is_own(call: Call, code: str) -> bool:
    """Whether the code is of the caller's agencies or below one of them."""
    own = {each for held in call.codes for each in call.hub.participants.agencies[held].codes}
    return any(
        code == each or code.endswith(f".{each}") or code.startswith(f"{each}.") for each in own
    )


def _fact(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 200:
        raise KitParameterMissing(name=name)
    return value.strip()


def parent(code: str) -> str:
    """The code one level up (`H99.8` is below `H99`, Decision 20); empty at the top."""
    return code.rpartition(".")[0]


def _other(code: str, codes: frozenset[str]) -> str:
    return min(codes - {code}, default="")


# -- shared -------------------------------------------------------------------------------------


def _moment(at: datetime | None) -> str:
    return at.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _day(call: Call, name: str, *, days: int = 0) -> datetime | None:
    """A day in the parameter, `yyyy/MM/dd`; None when there is none. Its start in Viet Nam."""
    text = call.parameters.get(name).replace("-", "/")
    if not text:
        return None
    try:
        on = datetime.strptime(text, "%Y/%m/%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError as error:
        raise KitParameterMissing(name=name) from error
    return datetime.combine(on + timedelta(days=days), time(), VIETNAM)


Method = Callable[[Call], Awaitable[bytes]]

METHODS: Mapping[str, Method] = {
    "sendEdoc": send_edoc,
    "getReceivedEdocList": get_received_edoc_list,
    "getEdoc": get_edoc,
    "updateStatus": update_status,
    "getSentEdocList": get_sent_edoc_list,
    "countReceiveEdoc": count_receive_edoc,
    "countReceiveStatus": count_receive_status,
    "getAgenciesList": get_agencies_list,
    "getAgenciesListQD20": get_agencies_list_qd20,
    "getSynchronizeUnit": get_synchronize_unit,
    "registerAgency": register_agency,
    "deleteAgency": delete_agency,
}


async def _carried_out(request: Request, method: Method) -> bytes:
    """The envelope, of success or of failure; never another shape (H.3)."""
    try:
        return await method(Call.of(request))
    except Problem as problem:
        logger.info("kit call %s refused: %s", request.url.path, problem.code)
        return refused(problem)
    except TimeoutError:
        return refused(HubBusy(retry_after=5))
    except ClientDisconnect:
        raise
    except Exception:
        logger.exception("a kit call failed")
        return refused(HubDefect())


def _endpoint(method: Method) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        content = await _carried_out(request, method)
        headers = {}
        if len(content) >= GZIP_FROM_BYTES and "gzip" in request.headers.get("accept-encoding", ""):
            content, headers = gzip.compress(content, 1), {"Content-Encoding": "gzip"}
        return Response(content, headers=headers, media_type="application/json;charset=UTF-8")

    return endpoint


async def download_edoc(request: Request) -> Response:
    """The bytes alone; any failure is an empty 404, since a body would be kept as a packet."""
    try:
        raw = await _packet(Call.of(request))
    except Problem as problem:
        logger.info("kit download refused: %s", problem.code)
        return Response(status_code=404)
    return Response(raw, media_type="application/octet-stream")


def routes() -> Sequence[Route]:
    """Every method under any base path (H.1)."""
    posts = [
        Route(f"{base}/{name}", _endpoint(method), methods=["POST"])
        for name, method in METHODS.items()
        for base in ("", "/{base:path}")
    ]
    gets = [
        Route(f"{base}/downloadEdoc", download_edoc, methods=["GET"])
        for base in ("", "/{base:path}")
    ]
    return [*posts, *gets]
