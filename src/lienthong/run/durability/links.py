"""Network namespaces for hubs: each has a link to its senders and one to PostgreSQL to cut."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from lienthong.run.node import NodeConfig

from .world import World

POSTGRES_PORT = 5432


@dataclass(frozen=True)
class Links:
    """A network namespace and its two links, each with an address here and one inside.

    place: which one of several of this process, from 0.
    """

    place: int = 0

    @property
    def name(self) -> str:
        return f"lt{os.getpid()}{'abcd'[self.place]}"

    @property
    def inside(self) -> tuple[str, ...]:
        """The program that runs a command inside."""
        return ("ip", "netns", "exec", self.name)

    @property
    def devices(self) -> tuple[str, str]:
        """Towards the senders, towards the database: the ends inside."""
        return f"{self.name}s", f"{self.name}d"

    def address(self, link: int, *, inside: bool) -> str:
        """The address of an end. link: 0 towards the senders, 1 towards the database."""
        last = self.place * 8 + link * 4 + (2 if inside else 1)
        return f"10.213.{os.getpid() % 250}.{last}"

    def cut(self, link: int) -> None:
        _ip("-n", self.name, "link", "set", self.devices[link], "down")

    def heal(self, link: int) -> None:
        _ip("-n", self.name, "link", "set", self.devices[link], "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@contextmanager
def made_links(place: int = 0) -> Iterator[Links]:
    """Links of our own for the length of a `with`. Raises OSError, CalledProcessError."""
    links = Links(place)
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


def links_may_be_made() -> bool:
    """Whether this process may make network namespaces and links."""
    if shutil.which("ip") is None:
        return False
    try:
        with made_links():
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def seen_from(here: World, links: Links) -> NodeConfig:
    """The node of a hub inside: it listens at its end of one link, PostgreSQL is over the other."""
    with (here.server.data / "pg_hba.conf").open("a", encoding="ascii") as rules:
        rules.write(f"host all all {links.address(1, inside=True)}/32 scram-sha-256\n")
    here.rows("SELECT pg_reload_conf()")
    parts = urlsplit(here.node.database_url)
    who = parts.netloc.rpartition("@")[0]
    netloc = f"{who}@{links.address(1, inside=False)}:{POSTGRES_PORT}"
    url = urlunsplit((parts.scheme, netloc, parts.path, "", ""))
    return replace(here.node, host=links.address(0, inside=True), database_url=url)
