"""What databases, disks and the log say after a drill, compared with what was acknowledged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from lienthong.apps.exchange.hub.log_rows import entries
from lienthong.apps.exchange.hub.problems import ContentDamaged
from lienthong.apps.exchange.hub.segments import Place, Segments
from lienthong.client import check_receipt
from lienthong.core import tlog
from lienthong.core.errors import Problem
from lienthong.run.bench.seed import CODES

from .traffic import Acknowledged
from .world import World

ENTRIES_AT_ONCE = 1000


@dataclass
class Books:
    """The count. Each list says what and why, for a person; a good drill leaves all three empty."""

    acknowledged: int
    kept: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        return not (self.lost or self.doubled or self.unproved)


@dataclass(frozen=True)
class _Row:
    """A packet as the axis's database has it."""

    id: UUID
    sha256: str
    receipt: str
    leaf_index: int
    segment: int
    position: int
    size: int
    document_id: str


def examine(world: World, acknowledged: Sequence[Acknowledged], *, whole: bool = True) -> Books:
    """Compare. Ask only when nothing is under way: what is just being written is not counted.

    whole: every row is read and the log is made again from all of them; else only the rows of what
    was acknowledged are looked at, and the proofs that came with the answers.
    """
    rows = {
        row[0]: _Row(*row)
        for row in world.rows(
            "SELECT id, sha256, receipt, leaf_index, segment, position, size, document_id"
            " FROM hub_packet WHERE %s OR id = ANY(%s)",
            whole,
            [UUID(each.answer["packet_id"]) for each in acknowledged],
        )
    }
    books = Books(len({each.sha256 for each in acknowledged}), len(rows))
    for each in acknowledged:
        _check_kept(each, rows.get(UUID(each.answer["packet_id"])), books)
    _check_bytes(world, rows.values(), books)
    _check_once(world, rows.values(), acknowledged, books)
    _check_deliveries(world, books)
    if whole:
        _check_log(world, acknowledged, books)
    books.unproved += _unproved(world, acknowledged)
    return books


def held_by_access_point(world: World) -> list[Acknowledged]:
    """What the axis has answered for to the access point, by the access point's own rows."""
    rows = world.rows(
        "SELECT id, packet_sha256, receipt FROM access_point_outbound WHERE state = 'ACCEPTED'"
    )
    return [Acknowledged(*row) for row in rows]


def _unproved(world: World, acknowledged: Sequence[Acknowledged]) -> list[str]:
    """Receipts that do not prove, offline, that the packet is in the log."""
    found, trust = [], world.trust
    for each in acknowledged:
        try:
            check_receipt(
                each.answer,
                packet_sha256=each.sha256,
                sender_codes=frozenset(CODES),
                trust=trust,
                at=datetime.now(UTC),
            )
        except Problem as problem:
            found.append(f"{each.number}: {problem.sentence}")
    return found


def _check_kept(each: Acknowledged, row: _Row | None, books: Books) -> None:
    if row is None:
        books.lost.append(f"{each.number}: no row")
    elif (row.sha256, row.receipt) != (each.sha256, each.answer["receipt"]):
        books.lost.append(f"{each.number}: another packet under its id")
    elif row.leaf_index != each.answer["log"]["index"]:
        books.unproved.append(f"{each.number}: another place in the log")


def _check_bytes(world: World, rows: Iterable[_Row], books: Books) -> None:
    segments = Segments(world.segments)
    for row in rows:
        try:
            segments.read(Place(row.segment, row.position), row.id, row.size, row.sha256)
        except ContentDamaged:
            books.lost.append(f"{row.id}: its bytes are not on the disk")


def _check_once(
    world: World, rows: Iterable[_Row], acknowledged: Sequence[Acknowledged], books: Books
) -> None:
    """One packet has one row, one id in every answer, and arrives once."""
    for name, values in (
        ("document", Counter(row.document_id for row in rows)),
        ("bytes", Counter(row.sha256 for row in rows)),
        ("answer", Counter(sha for sha, _ in {_identity(each) for each in acknowledged})),
        (
            "arrival",
            Counter(
                row[0]
                for row in world.rows(
                    "SELECT packet_sha256 || recipient_code FROM access_point_inbound"
                )
            ),
        ),
    ):
        books.doubled += [
            f"{name} {value}: {count}" for value, count in values.items() if count > 1
        ]


def _identity(each: Acknowledged) -> tuple[str, str]:
    return each.sha256, each.answer["packet_id"]


def _check_deliveries(world: World, books: Books) -> None:
    """What the receiver acknowledged, the receiver has."""
    missing = world.rows(
        "SELECT d.packet_id FROM hub_delivery d LEFT JOIN access_point_inbound i"
        " ON i.hub_packet_id = d.packet_id WHERE d.state = 'DELIVERED' AND i.id IS NULL"
    )
    books.lost += [
        f"{row[0]}: acknowledged by its receiver, who does not have it" for row in missing
    ]


def _check_log(world: World, acknowledged: Sequence[Acknowledged], books: Books) -> None:
    """The rows are the log's leaves; every head that was given out is an earlier state of it."""
    heads = world.rows("SELECT size, root, checkpoint FROM hub_log_head WHERE size > 0")
    if not heads:
        books.unproved += ["no log"] if acknowledged else []
        return
    size, root, note = int(heads[0][0]), bytes(heads[0][1]), str(heads[0][2])
    tiles = tlog.MemoryTiles()
    growth = tlog.append(tiles, 0, map(tlog.leaf_hash, _all_entries(world, size)))
    if (growth.size, growth.root) != (size, root):
        books.unproved.append("the rows do not make the head of the log")
        return
    tiles.write(growth.changed)
    tree = tlog.Tree(tiles, size)
    key = world.trust.keys["log"]
    origin = note.split("\n", 1)[0]
    for given in {each.answer["log"]["checkpoint"] for each in acknowledged}:
        try:
            head = tlog.verify_checkpoint(given, key, origin)
            proof = tree.consistency_proof(head.size)
            tlog.verify_consistency(head.size, size, proof, head.root, root)
        except (Problem, ValueError) as error:
            books.unproved.append(f"a checkpoint is no earlier state of the log: {error}")


def _all_entries(world: World, size: int) -> list[bytes]:
    found: list[bytes] = []
    with world.connection() as connection:
        while len(found) < size:
            found += entries(connection, len(found), min(ENTRIES_AT_ONCE, size - len(found)))
    return found
