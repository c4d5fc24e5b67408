"""The loops of the access point: one sends, one receives, one listens for work to send.

Each survives the absence of the axis and of the database: it waits, with jitter, and tries again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

import psycopg
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from lienthong.apps.pki import api as pki
from lienthong.client import HubClient, HubUnreachable
from lienthong.client.hub import INBOX_WAIT_S, utc_now
from lienthong.core.errors import Problem

from . import actions
from .receive import Receiver
from .rules import retry_after
from .send import Sender
from .threads import database_thread

LOOK_AGAIN_S = 5.0
PAUSE_MAX_ATTEMPTS = 4
TRUST_EVERY_S = 60.0
STOP_WITHIN_S = 3.0
NOTIFY_WAIT_S = 1.0

logger = logging.getLogger(__name__)


class AccessPoint:
    """Everything of one access-point process. `start` and `stop` may be called once each."""

    def __init__(
        self,
        *,
        base_url: str = "",
        clock: Callable[[], datetime] = utc_now,
        poll_s: int = INBOX_WAIT_S,
    ) -> None:
        self._poll_s = poll_s
        self.client = HubClient(
            base_url or settings.HUB_URL,
            key_id=pki.node_key_id(),
            signer=pki.node_signer(),
            clock=clock,
        )
        self.sender = Sender(self.client)
        self.receiver = Receiver(self.client)
        self._stop = threading.Event()
        self._work = threading.Event()
        self._reachable = False
        self._threads = [
            threading.Thread(target=target, name=f"access-point-{name}", daemon=True)
            for name, target in (
                ("sender", self._send_loop),
                ("receiver", self._receive_loop),
                ("listener", self._listen_loop),
                ("trust", self._trust_loop),
            )
        ]

    def start(self) -> None:
        """Queue again what an earlier process was sending, then begin."""
        database_thread(actions.release_outbound)()
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the loops. A long poll that is still open ends with the process, or in its time."""
        self._stop.set()
        self._work.set()
        self.client.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(STOP_WITHIN_S)
        if not any(thread.is_alive() for thread in self._threads):
            self.sender.close()
            self.receiver.close()
            self.client.close()

    @property
    def alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    # -- loops ----------------------------------------------------------------------------------

    def _send_loop(self) -> None:
        failures = 0
        while not self._stop.is_set():
            self._work.clear()
            if self._try("send", self._send_once):
                failures = 0
                self._work.wait(LOOK_AGAIN_S)
            else:
                failures = min(failures + 1, PAUSE_MAX_ATTEMPTS)
                self._stop.wait(retry_after(failures - 1).total_seconds())

    def _receive_loop(self) -> None:
        failures = 0
        while not self._stop.is_set():
            if self._try("receive", self._receive_once):
                failures = 0
            else:
                failures = min(failures + 1, PAUSE_MAX_ATTEMPTS)
                self._stop.wait(retry_after(failures - 1).total_seconds())

    def _trust_loop(self) -> None:
        while not self._stop.is_set():
            fresh = self._try("refresh trust", self._refresh_trust)
            self._stop.wait(TRUST_EVERY_S if fresh else LOOK_AGAIN_S)

    def _listen_loop(self) -> None:
        """Wake the sender when a transaction that queued a packet commits."""
        while not self._stop.is_set():
            try:
                parameters = connection.get_connection_params()
                with connection.get_new_connection(parameters) as listening:
                    listening.autocommit = True
                    listening.execute(f"LISTEN {actions.CHANNEL}")
                    self._work.set()
                    while not self._stop.is_set():
                        for _ in listening.notifies(timeout=NOTIFY_WAIT_S, stop_after=1):
                            self._work.set()
            except (DatabaseError, InterfaceError, psycopg.Error) as error:
                logger.warning("not listening for packets to send: %s", error)
                self._stop.wait(LOOK_AGAIN_S)

    def _try(self, what: str, call: Callable[[], None]) -> bool:
        """Run one round. False when it must be tried again after a pause."""
        try:
            call()
        except Problem as problem:
            logger.warning("cannot %s: %s", what, problem.sentence)
            self._note(reachable=not isinstance(problem, HubUnreachable), problem=problem)
            return False
        except (DatabaseError, InterfaceError) as error:
            logger.warning("cannot %s, the database is away: %s", what, error)
            connection.close()  # a dead connection of this thread; the next round opens another
            return False
        return True

    # -- one round ------------------------------------------------------------------------------

    def _send_once(self) -> None:
        database_thread(self.sender.send_due)()

    def _receive_once(self) -> None:
        self.receiver.acknowledge_stored()
        if not self._reachable:
            self.client.measure_clock()
            self._note(reachable=True)
        self.receiver.receive(wait=self._poll_s)
        self._note(reachable=True)

    def _refresh_trust(self) -> None:
        database_thread(pki.take_bundle)(self.client.bundle())

    def _note(self, *, reachable: bool, problem: Problem | None = None) -> None:
        self._reachable = reachable and problem is None

        def write() -> None:
            back = actions.note_hub(
                reachable=reachable,
                clock_offset_s=self.client.clock_offset_s,
                problem=problem.to_json() if problem else None,
            )
            if back and actions.hurry_outbound():
                self._work.set()

        try:
            database_thread(write)()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("state of the axis not noted: %s", error)


def exchange_once(
    *, base_url: str = "", wait: int = 0, clock: Callable[[], datetime] = utc_now
) -> tuple[int, int]:
    """Send everything due and take everything waiting, once, in this process.

    Returns how many packets the axis answered for and how many came in. For tests and tools; a node
    runs the loops.
    """
    point = AccessPoint(base_url=base_url, clock=clock)
    try:
        sent = database_thread(point.sender.send_due)()
        point.sender.finish()
        received = point.receiver.receive(wait=wait)
        point.receiver.finish()
    finally:
        point.stop()
    return sent, received
