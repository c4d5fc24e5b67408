"""FD-06: the network between sender and hub, or between hub and database, is cut for a while.

The hub runs in a network namespace with two links: one to its senders, one to PostgreSQL. Cutting
is taking the hub's end of a link down: nothing arrives, and nobody is told.
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from .books import examine
from .figures import Figures
from .links import links_may_be_made, made_links, seen_from
from .traffic import Traffic
from .world import HUBS, world

HUB = HUBS[0]
PACKETS_OF_ROUND = 4
CUT_S = (0.5, 3.0)
SETTLE_WITHIN_S = 300.0


def drill(directory: Path, *, rounds: int, seed: int) -> Figures:
    """Cut a link in each round while packets travel, and let everything catch up at the end."""
    if not links_may_be_made():
        return Figures.not_tried("partition", "ip netns")
    chance = random.Random(seed)  # noqa: S311  instants, not secrets
    with made_links() as links:
        settings = {"listen_addresses": links.address(1, inside=False)}
        with world(directory, packets=rounds * PACKETS_OF_ROUND, settings=settings) as here:
            here.node = seen_from(here, links)
            here.start_hub(HUB, through=links.inside)
            with Traffic(here, (HUB,)) as traffic:
                for number in range(rounds):
                    first = 1 + number * PACKETS_OF_ROUND
                    traffic.hand_over(*range(first, first + PACKETS_OF_ROUND))
                    time.sleep(chance.uniform(0, CUT_S[0]))
                    links.cut(number % 2)
                    time.sleep(chance.uniform(*CUT_S))
                    links.heal(number % 2)
                healed = time.monotonic()
                traffic.settle(SETTLE_WITHIN_S)
                caught_up_s = time.monotonic() - healed
            here.kill(HUB)
            return Figures.of(
                "partition",
                examine(here, traffic.acknowledged),
                rounds=rounds,
                restarts=here.restarts,
                facts={"caught_up_s": round(caught_up_s, 1)},
            )
