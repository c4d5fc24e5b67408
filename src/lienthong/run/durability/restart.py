"""How long a restart takes with many packets on record.

One packet is really taken in, copies of it are put on record and into the log, each waiting for its
recipient, and everything is killed. The time runs from the start of PostgreSQL until
the hub has acknowledged one more packet.
"""

from __future__ import annotations

import time
from pathlib import Path

from lienthong.run.bench.clients import say
from lienthong.run.bench.record import fill

from .books import examine
from .figures import Figures
from .traffic import Traffic
from .world import DATABASE, HUBS, world

HUB = HUBS[0]
RESTART_WITHIN_S = 5.0
SETTLE_WITHIN_S = 120.0


def drill(directory: Path, *, records: int) -> Figures:
    """Restart on `records` packets. A slow restart is told, and loses nothing."""
    with world(directory, packets=2) as here:
        with Traffic(here, (HUB,)) as traffic:
            here.start_hub(HUB)
            traffic.hand_over(1)
            traffic.settle(SETTLE_WITHIN_S)
            here.kill(HUB)
            with here.connection() as connection:
                fill(
                    connection,
                    here.node.data_dir,
                    first=1,
                    last=records,
                    total=records,
                    waiting=True,
                    say=say,
                )
            here.kill(DATABASE)
            began = time.monotonic()
            here.restart(DATABASE, HUB)
            answered_s = time.monotonic() - began
            traffic.hand_over(2)
            traffic.settle(SETTLE_WITHIN_S)
            took = time.monotonic() - began
            here.kill(HUB)
            kept = here.count("hub_packet")
            books = examine(here, traffic.acknowledged, whole=False)
        return Figures.of(
            "restart",
            books,
            rounds=1,
            restarts=[took],
            facts={
                "on_record": kept,
                "answered_s": round(answered_s, 2),
                "answered_when_empty_s": round(here.restarts[0], 2),
                "within_5_s": took <= RESTART_WITHIN_S,
            },
        )
