"""FD-06: the network between sender and hub, or between hub and database, is cut for a while.

The hub runs in a network namespace with two links: one to its senders, one to PostgreSQL. Cutting
is taking the hub's end of a link down: nothing arrives, and nobody is told.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from .books import examine
from .figures import Figures
from .traffic import Traffic
from .world import HUBS, World, world

HUB = HUBS[0]
PACKETS_OF_ROUND = 4
CUT_S = (0.5, 3.0)
SETTLE_WITHIN_S = 300.0
POSTGRES_PORT = 5432


@dataclass(frozen=True)
class Links:
    """A network namespace and its two links, each with an address here and one inside."""

    name: str

    @property
    def devices(self) -> tuple[str, str]:
        """Towards the senders, towards the database: the ends inside."""
        return f"{self.name}s", f"{self.name}d"

    def address(self, link: int, *, inside: bool) -> str:
        """The address of an end. link: 0 towards the senders, 1 towards the database."""
        return f"10.213.{int(self.name[2:]) % 250}.{link * 4 + (2 if inside else 1)}"

    def cut(self, link: int) -> None:
        _ip("-n", self.name, "link", "set", self.devices[link], "down")

    def heal(self, link: int) -> None:
        _ip("-n", self.name, "link", "set", self.devices[link], "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def _links() -> Iterator[Links]:
    """Links of our own for the length of a `with`. Raises OSError, CalledProcessError."""
    links = Links(f"lt{os.getpid()}")
    _ip("netns", "add", links.name)
    try:
        _ip("-n", links.name, "link", "set", "lo", "up")
        for link, device in enumerate(links.devices):
            here = f"{device}0"
            _ip("link", "add", here, "type", "veth", "peer", device, "netns", links.name)
            _ip("address", "add", f"{links.address(link, inside=False)}/30", "dev", here)
            _ip("link", "set", here, "up")
            inside = f"{links.address(link, inside=True)}/30"
            _ip("-n", links.name, "address", "add", inside, "dev", device)
            links.heal(link)
        yield links
    finally:
        _ip("netns", "delete", links.name)


def drill(directory: Path, *, rounds: int, seed: int) -> Figures:
    """Cut a link in each round while packets travel, and let everything catch up at the end."""
    if shutil.which("ip") is None or not _may_divide():
        return Figures.not_tried("partition", "ip netns")
    chance = random.Random(seed)  # noqa: S311  instants, not secrets
    with _links() as links:
        settings = {"listen_addresses": links.address(1, inside=False)}
        with world(directory, packets=rounds * PACKETS_OF_ROUND, settings=settings) as here:
            _move_hub(here, links)
            here.start_hub(HUB, through=("ip", "netns", "exec", links.name))
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


def _may_divide() -> bool:
    """Whether this process may make network namespaces and links."""
    try:
        with _links():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def _move_hub(here: World, links: Links) -> None:
    """Let the hub listen at its end of one link and reach PostgreSQL over the other."""
    with (here.server.data / "pg_hba.conf").open("a", encoding="ascii") as rules:
        rules.write(f"host all all {links.address(1, inside=True)}/32 scram-sha-256\n")
    here.rows("SELECT pg_reload_conf()")
    parts = urlsplit(here.node.database_url)
    who = parts.netloc.rpartition("@")[0]
    netloc = f"{who}@{links.address(1, inside=False)}:{POSTGRES_PORT}"
    url = urlunsplit((parts.scheme, netloc, parts.path, "", ""))
    here.node = replace(here.node, host=links.address(0, inside=True), database_url=url)
