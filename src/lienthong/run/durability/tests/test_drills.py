"""The durability battery in its short form, and that its books find what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from lienthong.run.durability.books import examine
from lienthong.run.durability.kills import DIRECT, QUEUED, kill_while_sending
from lienthong.run.durability.world import world

ROUNDS = 4


@pytest.mark.crash
def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed(tmp_path: Path) -> None:
    """FD-01, TM-H-R: a few rounds of SIGKILL; then the books are spoilt, and they must say so."""
    packets = ROUNDS * (DIRECT + QUEUED)
    with world(tmp_path, packets=packets) as here:
        acknowledged = kill_while_sending(here, rounds=ROUNDS, seed=20260302)

        books = examine(here, acknowledged)
        assert (books.lost, books.doubled, books.unproved) == ([], [], [])
        assert len({each.sha256 for each in acknowledged}) == books.kept == packets

        here.rows(
            "UPDATE hub_packet SET document_id = (SELECT max(document_id) FROM hub_packet)"
            " WHERE leaf_index < 2 RETURNING id"
        )
        spoilt = examine(here, acknowledged)
        assert (len(spoilt.doubled), len(spoilt.unproved)) == (1, 1)

        for path in here.segments.glob("*.seg"):
            path.write_bytes(b"")
        here.rows("DELETE FROM hub_delivery RETURNING id")
        here.rows("DELETE FROM hub_packet WHERE leaf_index = 0 RETURNING id")
        assert len(examine(here, acknowledged).lost) == packets
