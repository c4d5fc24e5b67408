"""The parts of one hub process and how a packet goes through them: check, seal, keep."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from lienthong.core import edxml, signing, tlog
from lienthong.core.errors import Problem

from .bell import Bell
from .checking import Checking
from .checks import Checked, Checker, Envelope
from .config import DirectoryEntry, HubConfig, and_close
from .door import Body, Gate
from .intake import Accepted, Admission, Intake, Waiting, first_answer
from .kit.vault import unseal
from .ledger import Ledger
from .metrics import Metrics
from .participants import NOBODY, Participants, combine
from .problems import ArchiveMissing, HubStoreFailed, KitClosed
from .rows import NodeRow, StoredPacket
from .rules import Door
from .segments import Segments
from .store import Store
from .uploads import Uploads, swept

IO_THREADS = 6

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Hub:
    """The parts of one hub process."""

    def __init__(self, config: HubConfig) -> None:
        self.config = config
        self.store = Store(config.conninfo)
        self.segments = Segments(
            config.data_dir / "segments",
            max_bytes=config.segment_max_bytes,
            archived=self._read_archived if config.archive else None,
        )
        self.ledger = Ledger(config.log_origin, config.log_key)
        self.bell = Bell()
        self.metrics = Metrics()
        self.gate = Gate(config.skew_s)
        self.admission = Admission(config)
        limits = edxml.Limits(
            packet_bytes=config.packet_max_bytes, decoded_bytes=config.documents_max_bytes
        )
        self.large_limits = edxml.Limits(
            packet_bytes=config.large_packet_max_bytes,
            attachment_bytes=config.large_packet_max_bytes,
            decoded_bytes=config.large_packet_max_bytes,
        )
        self.checker = Checker(
            config.profile,
            limits,
            self.store.parties,
            self.metrics.count_difference,
            large_limits=self.large_limits,
        )
        self.intake = Intake(
            config,
            segments=self.segments,
            store=self.store,
            ledger=self.ledger,
            ring=self.bell.ring,
        )
        self.uploads = Uploads(config.data_dir / "uploads")
        self.participants: Participants = NOBODY
        self._combined: tuple[tuple[DirectoryEntry, ...], list[NodeRow]] | None = None
        self.trust: signing.Trust | None = None
        self.closing = False
        self._io = ThreadPoolExecutor(IO_THREADS, "hub-io")
        self._checking: Checking[Checked] = Checking(config.check_threads)
        self._refreshing: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await self.io(self.store.open)
        if left := self.segments.sweep():
            logger.info("removed %d bodies that were being received when the hub stopped", left)
        if old := await self.io(swept, self.uploads):
            logger.info("removed %d uploads that nobody went on with", old)
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
        self._checking.close()
        self._io.shutdown()
        self.segments.close()
        self.store.close()

    async def refresh(self) -> None:
        """Read the directory, the nodes and the trust state again."""
        self.participants, self.trust = await self.io(self._load)

    def _load(self) -> tuple[Participants, signing.Trust]:
        entries, rows = self.config.directory(), self.store.nodes()
        participants, known = self.participants, self._combined
        if known is None or known[0] is not entries or known[1] != rows:
            participants = combine(entries, rows, partial(unseal, self.config.kit_key))
            self._combined = entries, rows
        participants = replace(participants, paper_types=self.config.papers())
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

    async def check(self, body: Body, envelope: Envelope, *, large: bool = False) -> Checked:
        """Run the checks in a thread of theirs. large: by the limits of uploads."""
        participants, trust = self.participants, self.trust
        if trust is None:
            raise HubStoreFailed

        def work() -> Checked:
            now = datetime.now(UTC)
            content = body.file or body.raw
            return self.checker.check(content, envelope, participants, trust, now, large=large)

        return await self._checking.run(work)

    async def accept(self, body: Body, envelope: Envelope, *, large: bool = False) -> Accepted:
        """Check and keep a packet. A packet whose bytes are known gets its first answer."""
        try:
            checked = await self.check(body, envelope, large=large)
        except Problem:
            codes = sorted(envelope.node.codes)
            same = await self.io(self.store.find_same, codes, envelope.sha256)
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

    def _read_archived(self, number: int, position: int, length: int) -> bytes:
        """A stretch of a segment from the archive. What is missing there is an incident."""
        archive = self.config.archive
        if archive is None:
            raise ArchiveMissing(segment=number)
        try:
            return archive.read(number, position, length)
        except ArchiveMissing:
            self.archive_alarm(number)
            raise

    def archive_alarm(self, number: int) -> None:
        """An incident for a person: an archived segment is missing or not what was put there."""
        from lienthong.apps.evidence import api as evidence  # noqa: PLC0415  Django is set up by now

        logger.error("the archived segment %d is missing or damaged", number)
        text = f"Đoạn lưu {number} không còn nguyên trong kho lưu trữ đối tượng."
        and_close(
            lambda: evidence.raise_incident(
                self.ledger.origin, "archive_missing", text, entry=number
            )
        )()

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
        [entry] = self.store.entries(stored.leaf_index, 1)
        tree = tlog.Tree(_StoredTiles(self.store), head.size)
        return first_answer(stored, entry, tree, head.checkpoint)


class _StoredTiles:
    """Tiles from the database, for proofs made outside the writer's thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, level: int, index: int) -> bytes:
        return self._store.tile(level, index)
