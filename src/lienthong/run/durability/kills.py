"""FD-01: SIGKILL of hub, access point and PostgreSQL at random instants while packets travel."""

from __future__ import annotations

import random
import time
from pathlib import Path

from .books import examine, held_by_access_point
from .figures import Figures
from .traffic import Acknowledged, Feed, Traffic, feeding, wait_for
from .world import ACCESS_POINT, DATABASE, HUBS, World, world

DIRECT, QUEUED = 2, 2
"""Packets of a round: handed over by a sender of the drill, and by the access point."""

SPREAD_S = 0.6
SETTLE_WITHIN_S = 300.0
EVERYTHING = (DATABASE, *HUBS, ACCESS_POINT)
VICTIMS = (*((each,) for each in EVERYTHING), EVERYTHING)


def drill(directory: Path, *, rounds: int, seed: int) -> Figures:
    """Kill in `rounds` rounds; each victim, and all at once, in turn in a random order."""
    with world(directory, packets=rounds * (DIRECT + QUEUED)) as here:
        acknowledged = kill_while_sending(here, rounds=rounds, seed=seed)
        return Figures.of(
            "kill", examine(here, acknowledged), rounds=rounds, restarts=here.restarts
        )


def kill_while_sending(here: World, *, rounds: int, seed: int) -> list[Acknowledged]:
    """What was acknowledged in all rounds. At the end only the database runs.

    Raises NotSettled when a packet does not arrive, or is refused.
    """
    here.start_all()
    with Traffic(here) as traffic, feeding(here) as feed:
        _rounds(here, traffic, feed, rounds, random.Random(seed))  # noqa: S311  instants
        here.kill(ACCESS_POINT)
        here.restart(ACCESS_POINT)  # what it was sending is due again at once
        traffic.settle(SETTLE_WITHIN_S)
        wait_for(lambda: _is_settled(here, feed), "phát và nhận gói tin", SETTLE_WITHIN_S)
        here.kill(*EVERYTHING)  # the last word is what databases and disks say
        here.restart(DATABASE)
        return traffic.acknowledged + held_by_access_point(here)


def _rounds(here: World, traffic: Traffic, feed: Feed, rounds: int, chance: random.Random) -> None:
    order: list[tuple[str, ...]] = []
    for number in range(rounds):
        first = 1 + number * (DIRECT + QUEUED)
        traffic.hand_over(*range(first, first + DIRECT))
        feed.queue(*range(first + DIRECT, first + DIRECT + QUEUED))
        time.sleep(chance.uniform(0, SPREAD_S))
        order = order or chance.sample(VICTIMS, len(VICTIMS))
        victims = order.pop()
        here.kill(*victims)
        here.restart(*victims)


def _is_settled(here: World, feed: Feed) -> bool:
    return (
        feed.is_done
        and not here.count("access_point_outbound", "state <> 'ACCEPTED'")
        and not here.count("hub_delivery", "state <> 'DELIVERED'")
        and not here.count("access_point_inbound", "state <> 'ACKED'")
    )
