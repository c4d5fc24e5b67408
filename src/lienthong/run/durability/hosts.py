"""Two hub hosts over one PostgreSQL and one data folder; one is lost under load, then the other.

A host is a network namespace. Losing it is cutting its links, so that not even the end of a
connection is told, and then killing what runs there. Until everything handed over is acknowledged,
the other host is alone.
"""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from pathlib import Path

from .books import examine
from .figures import Figures
from .links import Links, links_may_be_made, made_links, seen_from
from .traffic import Traffic
from .world import HUBS, World, world

PACKETS_OF_ROUND = 8
LOST_AFTER_S = (0.0, 0.6)
SETTLE_WITHIN_S = 120.0


def drill(directory: Path, *, rounds: int, seed: int) -> Figures:
    """Lose a host in each round, the one and the other in turn, while packets travel."""
    if not links_may_be_made():
        return Figures.not_tried("hosts", "ip netns")
    chance = random.Random(seed)  # noqa: S311  instants, not secrets
    with ExitStack() as stack:
        links = {hub: stack.enter_context(made_links(place)) for place, hub in enumerate(HUBS)}
        addresses = ",".join(each.address(1, inside=False) for each in links.values())
        here = stack.enter_context(
            world(
                directory,
                packets=rounds * PACKETS_OF_ROUND,
                settings={"listen_addresses": addresses},
            )
        )
        for hub, its_links in links.items():
            here.hosts[hub] = seen_from(here, its_links)
            here.start_hub(hub, through=its_links.inside)
        alone_s = []
        with Traffic(here) as traffic:
            for number in range(rounds):
                first = 1 + number * PACKETS_OF_ROUND
                traffic.hand_over(*range(first, first + PACKETS_OF_ROUND))
                time.sleep(chance.uniform(*LOST_AFTER_S))
                hub = HUBS[number % len(HUBS)]
                _lose(here, hub, links[hub])
                lost_at = time.monotonic()
                traffic.settle(SETTLE_WITHIN_S)
                alone_s.append(time.monotonic() - lost_at)
                _bring_back(here, hub, links[hub])
        here.kill(*HUBS)
        return Figures.of(
            "hosts",
            examine(here, traffic.acknowledged),
            rounds=rounds,
            restarts=here.restarts,
            facts={"settled_alone_s": round(max(alone_s), 1)},
        )


def _lose(here: World, hub: str, links: Links) -> None:
    for link in range(len(links.devices)):
        links.cut(link)
    here.kill(hub)


def _bring_back(here: World, hub: str, links: Links) -> None:
    for link in range(len(links.devices)):
        links.heal(link)
    here.restart(hub)
