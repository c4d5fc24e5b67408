"""What the databases and disks of a running country say, read past its processes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

from lienthong.apps.exchange.hub.segments import Place, Segments
from lienthong.core import signing, tlog
from lienthong.run.demo.nation import Nation
from lienthong.run.postgres import with_database


@dataclass(frozen=True)
class Acknowledged:
    """A packet for which a sender holds the axis's receipt."""

    hub_packet_id: UUID
    packet_sha256: str
    kind: str
    document_id: str
    answer: dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """A packet as the axis's database has it."""

    sha256: str
    receipt: str
    leaf_index: int
    place: Place
    size: int


class Evidence:
    """Asks the server as its administrator: no row security and no process stands between."""

    def __init__(self, nation: Nation) -> None:
        self._nation = nation
        self.trust = signing.Trust.from_directory(nation.nodes["truc"].data_dir / "trust")
        self._verified: set[UUID] = set()

    def rows(self, node: str, query: str, *parameters: Any) -> list[Any]:
        url = with_database(self._nation.server.admin_url, self._nation.nodes[node].database_name)
        with psycopg.connect(url, connect_timeout=10) as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    def count(self, node: str, table: str, where: str = "true") -> int:
        found: int = self.rows(node, f"SELECT count(*) FROM {table} WHERE {where}")[0][0]  # noqa: S608  names of the test
        return found

    def acknowledged(self, node: str) -> list[Acknowledged]:
        query = (
            "SELECT hub_packet_id, packet_sha256, kind, document_id, receipt"
            " FROM access_point_outbound WHERE state = 'ACCEPTED'"
        )
        return [Acknowledged(*row) for row in self.rows(node, query)]

    def receipts(self) -> int:
        """How many documents of the ministry the axis has answered for."""
        return self.count("bo", "access_point_outbound", "state = 'ACCEPTED'")

    def has_receipts(self, number: int) -> bool:
        return self.receipts() >= number

    def kept(self) -> dict[UUID, Kept]:
        query = "SELECT id, sha256, receipt, leaf_index, segment, position, size FROM hub_packet"
        return {
            row[0]: Kept(row[1], row[2], row[3], Place(row[4], row[5]), row[6])
            for row in self.rows("truc", query)
        }

    def log_size(self) -> int:
        found: int = self.rows("truc", "SELECT coalesce(max(size), 0) FROM hub_log_head")[0][0]
        return found

    def check_acknowledged_is_kept(self, at: datetime) -> int:
        """Every receipt out there verifies, and the axis still has what it is for. How many."""
        # The senders first: what the axis takes in meanwhile is only more.
        held = [each for node in ("bo", "tinh") for each in self.acknowledged(node)]
        kept, size = self.kept(), self.log_size()
        for each in held:
            here = kept[each.hub_packet_id]
            assert here.sha256 == each.packet_sha256
            assert here.receipt == each.answer["receipt"]
            assert here.leaf_index == each.answer["log"]["index"] < size
            if each.hub_packet_id not in self._verified:
                self._verify(each, at)
                self._verified.add(each.hub_packet_id)
        assert len({each.hub_packet_id for each in held}) == len(held)
        return len(held)

    def _verify(self, each: Acknowledged, at: datetime) -> None:
        """Signature, leaf, checkpoint: offline, with what the sender holds."""
        token, log = each.answer["receipt"], each.answer["log"]
        payload = signing.verify_jws(token, trust=self.trust, at=at)
        assert payload["packet_sha256"] == each.packet_sha256
        assert payload["packet_id"] == str(each.hub_packet_id)
        checkpoint = self.checkpoint(log["checkpoint"])
        proof = [base64.b64decode(one) for one in log["proof"]]
        leaf = tlog.leaf_hash(signing.read_jws(token).payload_bytes)
        tlog.verify_inclusion(log["index"], checkpoint.size, leaf, proof, checkpoint.root)

    def checkpoint(self, note: str) -> tlog.Checkpoint:
        return tlog.verify_checkpoint(note, self.trust.keys["log"], "truc/exchange-log")

    def check_log(self) -> tlog.Checkpoint:
        """The log is one: its head is the head of the receipts kept, and every checkpoint that was
        ever given out is an earlier state of it."""
        [(note,)] = self.rows("truc", "SELECT checkpoint FROM hub_log_head")
        final = self.checkpoint(note)
        kept = sorted(self.kept().values(), key=lambda one: one.leaf_index)
        assert [one.leaf_index for one in kept] == list(range(final.size))
        tiles = tlog.MemoryTiles()
        entries = [signing.read_jws(one.receipt).payload_bytes for one in kept]
        growth = tlog.append(tiles, 0, map(tlog.leaf_hash, entries))
        assert (growth.size, growth.root) == (final.size, final.root)
        tiles.write(growth.changed)
        notes = {
            each.answer["log"]["checkpoint"]
            for node in ("bo", "tinh")
            for each in self.acknowledged(node)
        }
        tree = tlog.Tree(tiles, final.size)
        for given in map(self.checkpoint, notes):
            proof = tree.consistency_proof(given.size)
            tlog.verify_consistency(given.size, final.size, proof, given.root, final.root)
        return final

    def check_bytes(self) -> None:
        """What the axis keeps can be handed out: every body is on the disk, whole."""
        segments = Segments(self._nation.nodes["truc"].data_dir / "segments")
        for packet_id, one in self.kept().items():
            segments.read(one.place, packet_id, one.size, one.sha256)  # raises ContentDamaged
