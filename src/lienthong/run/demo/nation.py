"""Builds the country on this machine: databases, certificates, agencies, people, processes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lienthong.core.errors import Problem
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
            yield built


def build(
    directory: Path, country: Country, server: Server, *, port: int | None, say: Say
) -> Nation:
    """Make the nodes' databases and data. Safe to repeat: what exists is used again."""
    ports = Ports(say=say)
    nodes = [_node(directory, plan, ports, port) for plan in country.nodes]
    hub_url = next(node for node in nodes if node.kind == "axis").url("hub")
    nodes = [replace(node, hub_url=hub_url) for node in nodes]
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


def _node(directory: Path, plan: NodePlan, ports: Ports, first: int | None) -> NodeConfig:
    wanted: dict[RoleName, int] = {"web": plan.web_port}
    if plan.kind == "axis":
        wanted["hub"] = plan.hub_port
    else:
        wanted["access_point"] = plan.access_point_port
    shift = 0 if first is None else first - 8080
    return NodeConfig(
        name=plan.name,
        kind=plan.kind,
        title=plan.title,
        data_dir=directory / plan.name,
        ports={
            role: ports.take(number + shift, f"{plan.name}-{role}")
            for role, number in wanted.items()
        },
        demo=True,
    )


def _seed_all(directory: Path, country: Country, nodes: dict[str, NodeConfig]) -> None:
    """The authorities first, then every node, then the axis learns the nodes' certificates."""
    axis = next(node for node in nodes.values() if node.kind == "axis")
    _seed(directory, axis, "authorities")
    with ThreadPoolExecutor(max_workers=len(nodes)) as pool:
        list(pool.map(lambda node: _seed(directory, node, "node"), nodes.values()))
    _seed(directory, axis, "participants")


def _seed(directory: Path, node: NodeConfig, what: str) -> None:
    """Run one step of `lienthong.run.demo.seed` with the node's own settings."""
    done = subprocess.run(
        [sys.executable, "-m", "lienthong.run.demo.seed", what, str(directory)],
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise SeedFailed(node=node.name, reason=lines[-1] if lines else json.dumps(what))
