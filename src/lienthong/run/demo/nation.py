"""Builds the country on this machine: databases, certificates, agencies, people, processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from lienthong.core.errors import Problem
from lienthong.core.signing import Trust
from lienthong.run.demo.country import Country, NodePlan
from lienthong.run.demo.journey import Account
from lienthong.run.demo.secrets_file import accounts
from lienthong.run.node import NodeConfig, prepare_databases
from lienthong.run.postgres import Server, open_server
from lienthong.run.roles import RoleName
from lienthong.run.supervisor import Ports, Supervisor

Say = Callable[[str], None]


class SeedFailed(Problem):
    """A node could not be filled with the country's data."""

    code = "demo.seed_failed"
    status = 500
    text = "Không nạp được dữ liệu cho nút {node}: {reason}"


@dataclass
class Nation:
    """A running country."""

    directory: Path
    country: Country
    nodes: dict[str, NodeConfig]
    accounts: dict[str, Account]
    supervisor: Supervisor
    server: Server

    def web_url(self, node: str) -> str:
        """Where a node's pages are."""
        return self.nodes[node].url("web")


@contextmanager
def nation(directory: Path, country: Country, *, port: int | None, say: Say) -> Iterator[Nation]:
    """Build what is missing, start every process, and stop them all at the end."""
    directory.mkdir(parents=True, exist_ok=True)
    say("Khởi động PostgreSQL nhúng …")
    with open_server(directory / "postgres") as server:
        built = build(directory, country, server, port=port, say=say)
        with built.supervisor:
            start(built)
            _publish_trust(directory)
            yield built


def build(
    directory: Path, country: Country, server: Server, *, port: int | None, say: Say
) -> Nation:
    """Make the nodes' databases and data. Safe to repeat: what exists is used again."""
    nodes = _nodes(directory, country, port, say)
    axis = next(node for node in nodes if node.kind == "axis")
    hub_url, pki_url = axis.url("hub"), axis.url("trust")
    public = _public_url(directory, pki_url, say)
    nodes = [
        replace(node, hub_url=hub_url, pki_url=pki_url, pki_public_url=public) for node in nodes
    ]
    say("Chuẩn bị cơ sở dữ liệu của ba nút …")
    ready = {node.name: node for node in prepare_databases(nodes, server)}
    people = accounts(directory / "accounts.json", country)
    say("Dựng hệ thống chứng thực, cơ quan, con người …")
    _seed_all(directory, country, ready)
    return Nation(
        directory, country, ready, people, Supervisor(directory / "logs", say=say), server
    )


def start(nation: Nation) -> None:
    """Start every role of every node and wait until all answer."""
    for node in nation.nodes.values():
        for role in node.roles:
            nation.supervisor.start(
                f"{node.name}-{role.replace('_', '-')}",
                node.command(role),
                environment=node.environment(),
                health_url=node.health_url(role),
            )
    nation.supervisor.wait_healthy()


def _publish_trust(directory: Path) -> None:
    """What a visitor believes: `lienthong verify` looks for it in `trust`."""
    Trust.from_directory(directory / "truc" / "trust").save(directory / "trust")


def _nodes(directory: Path, country: Country, first: int | None, say: Say) -> list[NodeConfig]:
    """The nodes with their ports: those of the last start unless `first` says otherwise."""
    file = directory / "ports.json"
    last: dict[str, int] = {}
    if first is None and file.exists():
        last = json.loads(file.read_text(encoding="ascii"))
    ports = Ports(say=say)
    nodes = [_node(directory, plan, ports, first, last) for plan in country.nodes]
    taken = {f"{node.name}-{role}": port for node in nodes for role, port in node.ports.items()}
    file.write_text(json.dumps(taken, indent=1), encoding="ascii")
    return nodes


def _public_url(directory: Path, pki_url: str, say: Say) -> str:
    """The address that stands in every certificate: the one of the first start, for good."""
    file = directory / "pki-public-url"
    if not file.exists():
        file.write_text(pki_url, encoding="ascii")
    public = file.read_text(encoding="ascii")
    if public != pki_url:
        say(f"Chứng thư ghi địa chỉ {public}; ba nút hỏi {pki_url} thay cho địa chỉ đó.")
    return public


def _node(
    directory: Path, plan: NodePlan, ports: Ports, first: int | None, last: Mapping[str, int]
) -> NodeConfig:
    wanted: dict[RoleName, int] = {"web": plan.web_port}
    if plan.kind == "axis":
        wanted["hub"] = plan.hub_port
        wanted["trust"] = plan.trust_port
    else:
        wanted["access_point"] = plan.access_point_port
    shift = 0 if first is None else first - 8080
    return NodeConfig(
        name=plan.name,
        kind=plan.kind,
        title=plan.title,
        data_dir=directory / plan.name,
        ports={
            role: ports.take(last.get(f"{plan.name}-{role}", number + shift), f"{plan.name}-{role}")
            for role, number in wanted.items()
        },
        demo=True,
    )


def _seed_all(directory: Path, country: Country, nodes: dict[str, NodeConfig]) -> None:
    """Fill every node once; later starts only renew the revocation lists at the axis.

    The axis's process first makes the authorities; when every other node has its keys, it goes on
    and learns their certificates.
    """
    mark = directory / "seeded"
    axis = next(node for node in nodes.values() if node.kind == "axis")
    if mark.exists():
        if _lists_are_old(directory):
            _Seed(directory, axis, "authorities").finish()
        return
    others = [node for node in nodes.values() if node is not axis]
    after = ("participants", "office", "test_parties")
    first = _Seed(directory, axis, "authorities", "node", "wait", *after)
    first.wait_for("authorities")
    seeds = [_Seed(directory, node, "node") for node in others]
    for seed in seeds:
        seed.finish()
    first.go_on()
    mark.write_text("1\n", encoding="ascii")


def _lists_are_old(directory: Path) -> bool:
    """Whether a revocation list has lived half of its life (the axis's worker renews them then)."""
    now = datetime.now(UTC)
    return any(
        crl.next_update_utc is None
        or now - crl.last_update_utc > (crl.next_update_utc - crl.last_update_utc) / 2
        for crl in Trust.from_directory(directory / "pki" / "trust").crls
    )


class _Seed:
    """`lienthong.run.demo.seed` at work for one node, in a process with that node's settings."""

    def __init__(self, directory: Path, node: NodeConfig, *steps: str) -> None:
        self.node = node
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lienthong.run.demo.seed", str(directory), *steps],
            env=node.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, step: str) -> None:
        """Return when the step is done. Raises SeedFailed."""
        for line in self._process.stdout or ():
            if line.strip() == step:
                return
        self.finish()

    def go_on(self) -> None:
        """Let a seed that waits do the steps after, and wait for its end. Raises SeedFailed."""
        self.finish("go on\n")

    def finish(self, word: str | None = None) -> None:
        """Wait for the end. Raises SeedFailed."""
        _, errors = self._process.communicate(word)
        if self._process.returncode:
            lines = errors.strip().splitlines()
            raise SeedFailed(node=self.node.name, reason=lines[-1] if lines else "?")
