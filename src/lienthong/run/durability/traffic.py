"""Packets that travel during a drill, and the list of what was acknowledged, outside the system."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from lienthong.client import Accepted, HubClient, HubRefused, HubUnreachable
from lienthong.core.errors import Problem

from .world import HUBS, World

SENDERS = 4
TRY_AGAIN_S = 0.2
TRY_AGAIN_STATUSES = frozenset({429, 500, 502, 503, 507})


class NotSettled(Problem):
    """What had to happen after a fault did not happen in time."""

    code = "run.durability_not_settled"
    status = 500
    text = "Sau sự cố, hệ thống chưa xong việc trong {within_s} giây: {what}."


@dataclass(frozen=True)
class Acknowledged:
    """A packet that the axis has answered for, with the answer."""

    number: int
    sha256: str
    answer: Accepted


class Traffic:
    """Senders that hand packets over again and again until each is acknowledged.

    `acknowledged` is the oracle: it also goes to a file, line by line, before anything else
    happens. `refused` holds what the axis refused for good: nothing of it should be there.
    """

    def __init__(self, world: World, hubs: Sequence[str] = HUBS) -> None:
        self._packets = world.directory / "packets"
        self._clients = [world.client(hub) for hub in hubs]
        self._journal = (world.directory / "acknowledged.jsonl").open("a", encoding="utf-8")
        self._pool = ThreadPoolExecutor(SENDERS, "durability-send")
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._under_way: list[Future[None]] = []
        self.acknowledged: list[Acknowledged] = []
        self.answers: Counter[str] = Counter()
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()
        self._journal.close()
        for client in self._clients:
            client.close()

    def hand_over(self, *numbers: int) -> None:
        """Begin to send these packets; each goes on until it is acknowledged."""
        self._under_way += [self._pool.submit(self._send, number) for number in numbers]

    def settle(self, within_s: float) -> None:
        """Return when everything handed over is acknowledged. Raises NotSettled."""
        wait_for(lambda: all(each.done() for each in self._under_way), "gửi gói tin", within_s)
        for each in self._under_way:
            each.result()
        if self.refused:
            raise NotSettled(within_s=round(within_s), what="; ".join(self.refused))

    def is_acknowledged(self, number: int) -> bool:
        return any(each.number == number for each in list(self.acknowledged))

    def try_once(self, number: int) -> str:
        """Send a packet once: "acknowledged", "unreachable", or the code of the refusal."""
        return self._try(number, self._clients[number % len(self._clients)])

    def _send(self, number: int) -> None:
        turn = number
        while not self._stop.is_set():
            outcome = self._try(number, self._clients[turn % len(self._clients)])
            if outcome == "acknowledged" or self.refused:
                return
            turn += 1
            self._stop.wait(TRY_AGAIN_S)

    def _try(self, number: int, client: HubClient) -> str:
        raw = (self._packets / f"{number:06d}.edxml").read_bytes()
        signature = (self._packets / f"{number:06d}.sig").read_bytes()
        try:
            answer = client.send(raw, signature=signature, kind="edoc")
        except HubUnreachable:
            return self._note("unreachable")
        except HubRefused as refusal:
            if refusal.http_status not in TRY_AGAIN_STATUSES:
                self.refused.append(f"{number}: {refusal.hub_code}")
            return self._note(f"{refusal.http_status} {refusal.hub_code}")
        sha256 = hashlib.sha256(raw).hexdigest()
        with self._lock:
            self._journal.write(json.dumps([number, sha256, answer["packet_id"]]) + "\n")
            self._journal.flush()
            self.acknowledged.append(Acknowledged(number, sha256, answer))
        return self._note("acknowledged")

    def _note(self, outcome: str) -> str:
        with self._lock:
            self.answers[outcome] += 1
        return outcome


class Feed:
    """A program of the agency that queues packets at its access point (`feed.py`)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._asked: set[int] = set()
        self._done: set[int] = set()
        self._reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        self._reader.start()

    def queue(self, *numbers: int) -> None:
        """Let the agency send these packets."""
        self._asked |= set(numbers)
        if self._process.stdin is not None:
            self._process.stdin.write("".join(f"{number}\n" for number in numbers))
            self._process.stdin.flush()

    @property
    def is_done(self) -> bool:
        """Whether everything asked for is queued."""
        return self._done >= self._asked

    def _read(self, lines: IO[str] | None) -> None:
        for line in lines or ():
            self._done.add(int(line))


@contextmanager
def feeding(world: World) -> Iterator[Feed]:
    """The agency's program for the length of a `with`."""
    command = [sys.executable, "-m", "lienthong.run.durability.feed", str(world.directory)]
    log = Path(world.directory / "logs" / "feed.log")
    with (
        log.open("a", encoding="utf-8") as errors,
        subprocess.Popen(
            command,
            env=world.node.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        try:
            yield Feed(process)
        finally:
            process.kill()


def wait_for(holds: Callable[[], Any], what: str, within_s: float, *, every_s: float = 0.2) -> None:
    """Look again until something holds. Raises NotSettled."""
    give_up_at = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > give_up_at:
            raise NotSettled(within_s=round(within_s), what=what)
        time.sleep(every_s)
