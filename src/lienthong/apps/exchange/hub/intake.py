"""Group commit: many packets, one fsync, one transaction, one checkpoint; then the answers.

Packets that arrive while a batch is being written form the next one. The writing itself runs in one
thread, so the order of the log is the order of that thread. An answer is given only after commit.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from lienthong.core import signing, tlog
from lienthong.core.errors import Problem

from .checks import Checked
from .config import HubConfig
from .ledger import Ledger, evidence
from .problems import HubBusy, HubDefect, HubStorageFull, HubStoreFailed
from .rows import Batch, Kept, NewPacket, StoredPacket
from .rules import Door, Kind, new_id
from .segments import OWN_FILE, Place, Segments, SyncFailed
from .store import Store

RETRY_AFTER_S = 2

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A packet that is durable: what its sender is told."""

    packet_id: uuid.UUID
    sha256: str
    received_at: datetime
    recipients: tuple[tuple[str, str], ...]
    warnings: Any
    receipt: str
    log: dict[str, Any]
    is_new: bool


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """A checked packet on its way to the disk. `file` holds a large body instead of `raw`.

    From here on the file is the writer's: it moves it to its place or removes it.
    """

    checked: Checked
    node_id: str
    raw: bytes
    signature: bytes
    sha256: str
    size: int
    done: asyncio.Future[Accepted]
    file: Path | None = None
    door: Door = Door.NATIVE
    id: uuid.UUID = field(default_factory=new_id)


class Admission:
    """Places for packets under way. Each needs one, and no node may hold most of them."""

    def __init__(self, config: HubConfig) -> None:
        self._places = config.waiting_max
        self._places_of_node = max(1, config.waiting_max // 2)
        self._bytes_max = config.memory_max_bytes
        self._bytes = 0
        self._nodes: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        return self._nodes.total()

    def enter(self, node_id: str, size: int) -> None:
        """Take a place before the body is read. Raises HubBusy."""
        if (
            self.taken >= self._places
            or self._nodes[node_id] >= self._places_of_node
            or (self._bytes and self._bytes + size > self._bytes_max)
        ):
            raise HubBusy(retry_after=RETRY_AFTER_S)
        self._nodes[node_id] += 1
        self._bytes += size

    def leave(self, node_id: str, size: int) -> None:
        self._nodes[node_id] -= 1
        if not self._nodes[node_id]:
            del self._nodes[node_id]
        self._bytes -= size


class Intake:
    """The one writer of this process."""

    def __init__(
        self,
        config: HubConfig,
        *,
        segments: Segments,
        store: Store,
        ledger: Ledger,
        ring: Callable[[Sequence[str]], None],
    ) -> None:
        self._config = config
        self._segments = segments
        self._store = store
        self._ledger = ledger
        self._ring = ring
        self._waiting: deque[Waiting] = deque()
        self._thread = ThreadPoolExecutor(1, "hub-writer")
        self._writer: asyncio.Task[None] | None = None
        self.batches = 0

    async def keep(self, waiting: Waiting) -> Accepted:
        """Return once the packet is durable. Raises the Problem that kept it out."""
        self._waiting.append(waiting)
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain())
        return await waiting.done

    async def close(self) -> None:
        """Finish what was taken in, then stop."""
        if self._writer is not None:
            await self._writer
        self._thread.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                count = min(len(self._waiting), self._config.batch_max)
                batch = [self._waiting.popleft() for _ in range(count)]
                results: Sequence[Accepted | Problem]
                try:
                    results = await loop.run_in_executor(self._thread, self._write, batch)
                except Exception:  # a defect: the senders must hear of it, and the writer go on
                    logger.exception("a batch of %d could not be written", len(batch))
                    results = [HubDefect() for _ in batch]
                self._answer(batch, results)
        finally:
            self._writer = None

    def _answer(self, batch: Sequence[Waiting], results: Sequence[Accepted | Problem]) -> None:
        for waiting, result in zip(batch, results, strict=True):
            if waiting.done.done():  # the sender went away; the packet stays kept
                continue
            if isinstance(result, Problem):
                waiting.done.set_exception(result)
            else:
                waiting.done.set_result(result)
        codes = {
            code
            for result in results
            if isinstance(result, Accepted) and result.is_new
            for code, _ in result.recipients
        }
        if codes:
            self._ring(sorted(codes))

    # -- in the writer's thread -----------------------------------------------------------------

    def _write(self, batch: Sequence[Waiting]) -> list[Accepted | Problem]:
        """Write a batch; when it cannot be written whole, each packet for itself."""
        try:
            results = self._write_once(batch)
        except SyncFailed:
            logger.critical(
                "fsync failed: the hub stops, because it could lose what it acknowledges"
            )
            self._config.stop()
            return [HubStoreFailed() for _ in batch]
        except HubStoreFailed as problem:
            logger.warning("the database refused a batch of %d: %s", len(batch), problem.__cause__)
            return [problem for _ in batch]
        except (HubStorageFull, psycopg.Error, OSError) as error:
            if len(batch) > 1:
                return [result for each in batch for result in self._write([each])]
            return [self._refusal(error)]
        self._drop_unused_files(batch, results)
        return results

    def _refusal(self, error: Exception) -> Problem:
        if isinstance(error, HubStorageFull):
            logger.error("no room left for packets: %s", error.__cause__)
            return error
        logger.error("a packet could not be written", exc_info=error)
        return HubDefect()

    def _write_once(self, batch: Sequence[Waiting]) -> list[Accepted | Problem]:
        at = datetime.now(UTC)
        places = self._places(batch)
        try:
            rows = [
                self._row(waiting, place, at) for waiting, place in zip(batch, places, strict=True)
            ]
            kept = self._store.keep(rows, self._ledger)
        except HubStorageFull:
            for waiting in batch:
                self._drop_file(waiting)
            raise
        self.batches += 1
        return self._results(kept)

    def _places(self, batch: Sequence[Waiting]) -> list[Place]:
        """Make every body durable and say where it is."""
        places: dict[uuid.UUID, Place] = {}
        small = [each for each in batch if each.file is None]
        for each in batch:
            if each.file is not None:
                places[each.id] = self._segments.keep_own_file(each.file, each.id)
        if small:
            bodies = [(each.raw, bytes.fromhex(each.sha256)) for each in small]
            for each, place in zip(small, self._segments.append(bodies), strict=True):
                places[each.id] = place
            self._segments.sync()
        return [places[each.id] for each in batch]

    def _drop_unused_files(
        self, batch: Sequence[Waiting], results: Sequence[Accepted | Problem]
    ) -> None:
        for waiting, result in zip(batch, results, strict=True):
            if waiting.file is not None and not (isinstance(result, Accepted) and result.is_new):
                self._drop_file(waiting)

    def _drop_file(self, waiting: Waiting) -> None:
        if waiting.file is not None:
            waiting.file.unlink(missing_ok=True)
            self._segments.drop_own_file(waiting.id)

    def _row(self, waiting: Waiting, place: Place, at: datetime) -> NewPacket:
        checked = waiting.checked
        signer = self._config.receipt_signer
        receipt = signing.sign_jws(
            receipt_payload(waiting, at), key=signer, certificate=signer.certificate, at=at
        )
        return NewPacket(
            id=waiting.id,
            agency_code=checked.sender.code,
            node_id=waiting.node_id,
            kind=checked.kind,
            business=checked.business,
            sha256=waiting.sha256,
            size=waiting.size,
            place=place,
            signature=waiting.signature,
            door=waiting.door,
            document_id=checked.document_id,
            document_key=checked.document_key,
            number_key=checked.number_key,
            reference=checked.reference,
            status_code=checked.status_code,
            urgency=checked.urgency,
            received_at=at,
            receipt=receipt,
            warnings=checked.warnings,
            checks=checked.checks,
            recipients=tuple(each.code for each in checked.recipients),
        )

    def _results(self, kept: Batch) -> list[Accepted | Problem]:
        results: list[Accepted | Problem] = []
        head = kept.step.head if kept.step else self._store.head(self._ledger)
        tree = self._ledger.tree(head.size, self._store.tile)
        for outcome in kept.outcomes:
            if isinstance(outcome, Kept):
                packet = outcome.packet
                results.append(
                    Accepted(
                        packet.id,
                        packet.sha256,
                        packet.received_at,
                        tuple((code, "QUEUED") for code in packet.recipients),
                        packet.warnings,
                        packet.receipt,
                        evidence(tree, outcome.leaf_index, packet.entry, head.checkpoint),
                        is_new=True,
                    )
                )
            elif isinstance(outcome, StoredPacket):
                [entry] = self._store.entries(outcome.leaf_index, 1)
                results.append(first_answer(outcome, entry, tree, head.checkpoint))
            else:
                results.append(outcome)
        return results


def first_answer(stored: StoredPacket, entry: bytes, tree: tlog.Tree, checkpoint: str) -> Accepted:
    """The answer a packet got when it came first, tied to this head of the log."""
    return Accepted(
        stored.id,
        stored.sha256,
        stored.received_at,
        stored.recipients,
        stored.warnings,
        stored.receipt,
        evidence(tree, stored.leaf_index, entry, checkpoint),
        is_new=False,
    )


def receipt_payload(waiting: Waiting, at: datetime) -> dict[str, Any]:
    """What the hub signs: digests, parties, checks passed, time; no personal data (SG §5.4)."""
    checked = waiting.checked
    payload: dict[str, Any] = {
        "version": 1,
        "kind": "sent",
        "packet_kind": checked.kind,
        "packet_id": str(waiting.id),
        "packet_sha256": waiting.sha256,
        "sender": checked.sender.code,
        "receivers": [each.code for each in checked.recipients],
        "document_id": checked.document_id,
        "attachments": list(checked.attachments),
        "checks": [":".join([each["check"], each.get("field", "")]) for each in checked.checks],
        "at": at.isoformat(timespec="milliseconds"),
    }
    if checked.kind == Kind.STATUS:
        payload["status"] = checked.status_code
    return payload


__all__ = ["OWN_FILE", "Accepted", "Admission", "Intake", "Waiting", "first_answer"]
