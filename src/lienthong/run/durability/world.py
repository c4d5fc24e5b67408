"""The system under test: one axis of two hub processes, one access point, one PostgreSQL."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from lienthong.client import HubClient
from lienthong.core import signing
from lienthong.run.bench.clients import say, seed
from lienthong.run.bench.seed import NODE_ID
from lienthong.run.node import NodeConfig, prepare_database
from lienthong.run.postgres import EmbeddedPostgres, with_database
from lienthong.run.roles import ROLES
from lienthong.run.supervisor import Child, Ports, Supervisor

PACKET_BYTES = 30_000
FIRST_PORT = 18600
DATABASE = "postgresql"
ACCESS_POINT = "access-point"
HUBS = ("hub-1", "hub-2")


@dataclass
class World:
    """What runs, and how the drill reaches it.

    hosts: the node as hubs on hosts of their own see it, by hub. restarts: seconds until what was
    started answered. seen_through: where the file system of a hub with a disk of its own begins.
    """

    directory: Path
    server: EmbeddedPostgres
    node: NodeConfig
    hub_ports: Mapping[str, int]
    supervisor: Supervisor
    hosts: dict[str, NodeConfig] = field(default_factory=dict)
    restarts: list[float] = field(default_factory=list)
    seen_through: Path = Path("/")

    @property
    def trust(self) -> signing.Trust:
        """What a sender believes."""
        return signing.Trust.from_directory(self.directory / "pki" / "trust")

    @property
    def segments(self) -> Path:
        return self.seen_through / (self.node.data_dir.absolute() / "segments").relative_to("/")

    def hub_url(self, hub: str) -> str:
        return f"http://{self.host(hub).host}:{self.hub_ports[hub]}"

    def host(self, hub: str) -> NodeConfig:
        """The node as that hub sees it."""
        return self.hosts.get(hub, self.node)

    def client(self, hub: str) -> HubClient:
        """A sender's connection to one hub process."""
        key = json.loads((self.directory / "client.json").read_text(encoding="utf-8"))
        signer = signing.KeySigner.from_pkcs12(Path(key["p12"]).read_bytes(), key["password"])
        return HubClient(self.hub_url(hub), key_id=NODE_ID, signer=signer)

    def rows(self, query: str, *parameters: Any) -> list[Any]:
        """Ask the database as its administrator: no row security and no process between."""
        with self.connection() as connection:
            return connection.execute(query.encode(), parameters).fetchall()

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        url = with_database(self.server.admin_url, self.node.database_name)
        with psycopg.connect(url, connect_timeout=10, autocommit=True) as connection:
            yield connection

    def count(self, table: str, where: str = "true") -> int:
        found: int = self.rows(f"SELECT count(*) FROM {table} WHERE {where}")[0][0]  # noqa: S608  names of the drills
        return found

    # -- processes ------------------------------------------------------------------------------

    def start_hub(self, hub: str, *, through: Sequence[str] = ()) -> Child:
        """Start a hub process and wait until it answers. through: a program that runs it."""
        port = self.hub_ports[hub]
        node = self.host(hub)
        command = [*through, *ROLES["hub"].command(node.host, port)]
        return self._start(hub, node, command, f"{self.hub_url(hub)}/health")

    def start_access_point(self) -> Child:
        command = self.node.command("access_point")
        return self._start(ACCESS_POINT, self.node, command, self.node.health_url("access_point"))

    def _start(
        self, name: str, node: NodeConfig, command: Sequence[str], health_url: str | None
    ) -> Child:
        began = time.monotonic()
        child = self.supervisor.start(
            name, command, environment=node.environment(), health_url=health_url
        )
        self.supervisor.wait_healthy(child)
        self.restarts.append(time.monotonic() - began)
        return child

    def start_all(self) -> None:
        for hub in HUBS:
            self.start_hub(hub)
        self.start_access_point()

    def kill(self, *victims: str) -> None:
        """End processes as a power cut would, without a word before."""
        if DATABASE in victims and self.server.pid is not None:
            os.kill(self.server.pid, signal.SIGKILL)
        for victim in victims:
            if victim != DATABASE:
                self.supervisor.children[victim].kill()
        if DATABASE in victims:
            self.server.stop()  # reaps the dead server

    def restart(self, *victims: str) -> None:
        """Start again what was killed, the database first, and wait until it answers."""
        began = time.monotonic()
        if DATABASE in victims:
            self.server.start()
        children = [self.supervisor.children[each] for each in victims if each != DATABASE]
        for child in children:
            child.launch()
        if children:
            self.supervisor.wait_healthy(*children)
        self.restarts.append(time.monotonic() - began)


@contextmanager
def world(
    directory: Path, *, packets: int, settings: Mapping[str, str] | None = None
) -> Iterator[World]:
    """Make keys, agencies, tables and `packets` signed packets; nothing runs but PostgreSQL.

    settings: PostgreSQL parameters on top of the embedded server's own.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ports = Ports(say=lambda _: None)
    first = FIRST_PORT + os.getpid() % 1000 * 4  # not the ports of another drill that starts now
    hub_ports = {hub: ports.take(first, hub) for hub in HUBS}
    with ExitStack() as stack:
        server = stack.enter_context(
            EmbeddedPostgres(directory / "postgres", settings=settings or {})
        )
        node = NodeConfig(
            name=NODE_ID,
            kind="axis",
            title="Trục thử độ bền",
            data_dir=directory / "data",
            ports={
                "hub": hub_ports[HUBS[0]],
                "access_point": ports.take(first, ACCESS_POINT),
            },
            plain_http=True,
        )
        node = prepare_database(replace(node, hub_url=node.url("hub")), server)
        seed(directory, node, packets, PACKET_BYTES)
        supervisor = stack.enter_context(Supervisor(directory / "logs", say=say))
        yield World(directory, server, node, hub_ports, supervisor)
