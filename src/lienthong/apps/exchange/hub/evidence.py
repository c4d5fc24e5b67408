"""The exchange log over HTTP for everybody (C2SP tlog-tiles), and what this process does for it.

Entries are digests, so they are public too: an auditor needs no account.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from lienthong.core import signing, tlog
from lienthong.core.errors import Problem

from .config import and_close
from .ledger import Ledger
from .log_source import ExchangeLog
from .participants import Participants
from .process import Hub
from .rules import LOG_NAME
from .shared import RouteRow, hub_of

logger = logging.getLogger(__name__)


def exchange_log(hub: Hub) -> ExchangeLog:
    """The log over the pool of this process."""
    key = hub.config.log_key.public_key()
    name = hub.config.log_origin
    return ExchangeLog(hub.store.reading, lambda: tlog.VerifierKey(name, tlog.LOG_KIND, key))


async def get_log(request: Request) -> Response:
    """The checkpoint, a tile, a bundle of entries, or what the rows say."""
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is set up by now

    hub = hub_of(request)
    log = exchange_log(hub)
    path = request.path_params["path"]
    accepts = request.headers.get("accept-encoding", "")

    def find() -> Response:
        if path == "checkpoint":
            head = hub.store.head(hub.ledger)
            return evidence.checkpoint_answer(log.shown() if head.size else head.checkpoint)
        if path in {"timestamps", "witnessed"}:
            return and_close(lambda: evidence.log_answer(log, LOG_NAME, path, accepts))()
        return evidence.log_answer(log, LOG_NAME, path, accepts)

    return await evidence.answered(hub.io, find)


def doors(hub: Hub) -> Sequence[BaseRoute]:
    """The other logs of this node, and the node as a witness."""
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is set up by now

    async def run(call: Callable[[], Any]) -> Any:
        return await hub.io(and_close(call))

    return evidence.routes(run)


def anchor(hub: Hub, ledger: Ledger) -> int:
    """Let acknowledged deliveries enter the log; how many did. Blocks.

    An acknowledgement that its recipient did not sign stays outside, and an incident is raised.
    """
    from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is set up by now

    false: list[str] = []

    def is_genuine(agency_code: str, packet_id: str, text: str) -> bool:
        if acknowledged(hub.participants, agency_code, packet_id, text):
            return True
        false.append(agency_code)
        return False

    count = hub.store.anchor(ledger, is_genuine)
    if false:
        text = f"{len(false)} giấy xác nhận đã nhận không do bên nhận ký ({false[0]})."
        and_close(lambda: evidence.raise_incident(ledger.origin, "rows_false", text))()
    return count


async def keep_anchored(hub: Hub) -> None:
    """Anchor again and again until the task is cancelled."""
    ledger = Ledger(hub.config.log_origin, hub.config.log_key)
    while True:
        await asyncio.sleep(hub.config.anchor_s)
        try:
            while await hub.io(anchor, hub, ledger):
                pass
        except (Problem, psycopg.Error):
            logger.warning("acknowledgements did not enter the log yet", exc_info=True)


def acknowledged(
    participants: Participants, agency_code: str, packet_id: str, acknowledgement: str
) -> bool:
    """Whether the recipient's node said so: by its signature, or by the kit's door.

    What comes by the kit's door is under a shared secret and leaves no signature (DX-92).
    """
    agency = participants.agencies.get(agency_code)
    node = participants.nodes.get(agency.node_id) if agency else None
    if node is None:
        return False
    if node.public_key is None:
        return bool(acknowledgement)
    try:
        payload = signing.verify_jws(acknowledgement, public_key=node.public_key)
    except Problem:
        return False
    return payload.get("packet_id") == packet_id and payload.get("kind") == "arrived"


ROUTES: tuple[RouteRow, ...] = (("GET", "/v1/log/{path:path}", get_log),)
