"""Fetches what the axis has for this node: verify, store, then acknowledge."""

from __future__ import annotations

import logging
import zlib
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.files import api as files
from lienthong.apps.pki import api as pki
from lienthong.client import Delivery, HubClient, HubRefused
from lienthong.core import signing
from lienthong.core.errors import Problem

from . import actions
from .models import Inbound
from .problems import RecipientNotHere
from .rules import LARGE_PACKET_BYTES, RECEIVE_LANES, InboundState
from .threads import Aside, database_thread

logger = logging.getLogger(__name__)


class Receiver:
    """Takes deliveries in a few lanes; packets between two agencies keep their order."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(RECEIVE_LANES, "access-point-receive")
        self._large = Aside("access-point-receive-large")

    def close(self) -> None:
        self._pool.shutdown()
        self._large.close()

    def finish(self) -> None:
        """Return when the large deliveries that were begun have been tried."""
        self._large.finish()

    def receive(self, *, wait: int) -> int:
        """Take what the axis has, waiting up to `wait` seconds. Return how much was taken.

        Raises HubUnreachable and HubRefused when the axis does not answer the question itself; a
        delivery that fails is logged and comes again.
        """
        deliveries = self._client.inbox(wait=wait)
        lanes: defaultdict[int, list[Delivery]] = defaultdict(list)
        for delivery in deliveries:
            if delivery["size"] > LARGE_PACKET_BYTES:
                self._large.begin(delivery["delivery_id"], partial(self._take_lane, [delivery]))
                continue
            pair = f"{delivery['sender']} {delivery['recipient']}".encode()
            lanes[zlib.crc32(pair) % RECEIVE_LANES].append(delivery)
        return sum(self._pool.map(self._take_lane, lanes.values()))

    def acknowledge_stored(self) -> int:
        """Acknowledge what was stored before a crash and not acknowledged."""
        with accounts.everywhere():
            stored = list(Inbound.objects.filter(state=InboundState.STORED).order_by("id")[:500])
        return sum(self._pool.map(self._acknowledge_again, stored))

    @database_thread
    def _take_lane(self, deliveries: Sequence[Delivery]) -> int:
        taken = 0
        for delivery in deliveries:
            try:
                self._take(delivery)
            except Problem as problem:
                logger.warning("delivery %s not taken: %s", delivery["delivery_id"], problem)
            else:
                taken += 1
        return taken

    def _take(self, delivery: Delivery) -> None:
        organization = directory.find(delivery["recipient"])
        if organization is None:
            raise RecipientNotHere(code=delivery["recipient"])
        inbound = Inbound.objects.filter(
            hub_packet_id=delivery["packet_id"], organization=organization
        ).first()
        if inbound is None:
            signature = self._fetch(delivery)
            digest = signing.SHA256Digest(bytes.fromhex(delivery["sha256"]))
            report = signing.verify_detached(
                digest, signature, trust=pki.trust(), at=timezone.now()
            )
            inbound = actions.store_arrival(
                organization=organization,
                delivery=delivery,
                signature=signature,
                report=report,
            )
        self._acknowledge(inbound)

    def _fetch(self, delivery: Delivery) -> bytes:
        """Bring the packet into the file store, durable and checked; return its signature."""
        sha256 = delivery["sha256"]
        if delivery["size"] > LARGE_PACKET_BYTES:
            collected = files.partial(UUID(delivery["delivery_id"]))
            signature = self._client.fetch_file(delivery, collected)
            files.take(collected, sha256)
            return signature
        fetched = self._client.fetch(delivery["delivery_id"], sha256)
        files.put(fetched.raw)
        return fetched.signature

    def _acknowledge(self, inbound: Inbound) -> None:
        receipt = self._client.acknowledgement(
            packet_id=str(inbound.hub_packet_id),
            sha256=inbound.packet_sha256,
            sender=inbound.sender_code,
            recipient=inbound.recipient_code,
        )
        self._client.acknowledge(str(inbound.delivery_id), receipt)
        actions.note_acknowledged(inbound, receipt)

    @database_thread
    def _acknowledge_again(self, inbound: Inbound) -> int:
        try:
            self._acknowledge(inbound)
        except HubRefused as refusal:
            logger.error("the axis refused an acknowledgement: %s", refusal)
            return 0
        except Problem as problem:
            logger.warning("inbound %s not acknowledged: %s", inbound.pk, problem.code)
            return 0
        return 1
