"""Hands the queued packets over to the axis, until it has answered for each."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.files import api as files
from lienthong.apps.pki import api as pki
from lienthong.client import Accepted, HubClient, HubRefused, check_receipt
from lienthong.core.errors import Problem

from . import actions
from .models import Outbound
from .problems import ClockOffset
from .rules import CLOCK_OFFSET_MAX_S, LARGE_PACKET_BYTES, is_final
from .threads import Aside, database_thread

SENDERS = 4

logger = logging.getLogger(__name__)


class Sender:
    """Sends in a few threads. `send_due` returns when nothing is due any more."""

    def __init__(self, client: HubClient) -> None:
        self._client = client
        self._pool = ThreadPoolExecutor(SENDERS, "access-point-send")
        self._large = Aside("access-point-send-large")

    def close(self) -> None:
        self._pool.shutdown()
        self._large.close()

    def finish(self) -> None:
        """Return when the large packets that were begun have been tried."""
        self._large.finish()

    def send_due(self) -> int:
        """Try every packet that is due once. Return how many the axis answered for.

        Large ones are begun and go on beside the others, so that these do not wait for them.
        Raises HubUnreachable and ClockOffset, so that the caller waits before it asks again.
        """
        self.check_clock()
        answered = 0
        with accounts.everywhere():
            while claimed := actions.claim_outbound(SENDERS * 4):
                large = [each for each in claimed if _is_large(each)]
                for each in large:
                    self._large.begin(each.pk, partial(self._send, each))
                small = [each for each in claimed if each not in large]
                results = list(self._pool.map(self._send, small))
                answered += sum(problem is None for problem in results)
                stopping = [each for each in results if each is not None]
                if stopping:
                    raise stopping[0]
        return answered

    def check_clock(self) -> None:
        """DX-18. Raises ClockOffset, HubUnreachable."""
        offset = self._client.clock_offset_s
        if offset is None or abs(offset) > CLOCK_OFFSET_MAX_S:
            self._client.measure_clock()
            offset = self._client.clock_offset_s
        if offset is not None and abs(offset) > CLOCK_OFFSET_MAX_S:
            raise ClockOffset(offset_s=round(offset), allowed_s=CLOCK_OFFSET_MAX_S)

    @database_thread
    def _send(self, outbound: Outbound) -> Problem | None:
        """Send one packet. Return the problem that will stop the others too, if there is one."""
        try:
            answer = self._hand_over(outbound)
            check_receipt(
                answer,
                packet_sha256=outbound.packet_sha256,
                sender_codes=codes_of(outbound),
                trust=pki.trust(),
                at=timezone.now(),
            )
        except HubRefused as refusal:
            problem = {"http_status": refusal.http_status, **refusal.answer}
            if is_final(refusal.http_status, refusal.hub_code):
                logger.warning("the axis refused packet %s: %s", outbound.pk, refusal.hub_code)
                actions.note_refused(outbound.pk, problem)
                return None
            logger.warning("the axis put packet %s off: %s", outbound.pk, refusal.hub_code)
            actions.note_delay(outbound, problem)
            return refusal
        except Problem as problem:
            logger.warning("packet %s not handed over: %s", outbound.pk, problem.code)
            actions.note_delay(outbound, problem.to_json())
            return problem
        actions.note_accepted(outbound.pk, answer)
        return None

    def _hand_over(self, outbound: Outbound) -> Accepted:
        """A large packet goes from its file in chunks; what the axis has of it stays there."""
        signature, kind = bytes(outbound.signature), outbound.kind
        sha256 = outbound.packet_sha256
        if not _is_large(outbound):
            return self._client.send(files.get(sha256), signature=signature, kind=kind)
        path = files.open_path(sha256)
        files.check(sha256)
        return self._client.send_file(path, sha256=sha256, signature=signature, kind=kind)


def _is_large(outbound: Outbound) -> bool:
    try:
        size = files.open_path(outbound.packet_sha256).stat().st_size
    except files.FileUnknown:  # the sending of it says so
        return False
    return size > LARGE_PACKET_BYTES


def codes_of(outbound: Outbound) -> frozenset[str]:
    """Every code under which the sender may be named."""
    organization = outbound.organization
    return frozenset({organization.code, organization.code102}) - {""}
