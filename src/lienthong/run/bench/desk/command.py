"""`lienthong bench desk`: list, detail, search, register and dispatch at a full desk, over HTTP.

Its own embedded PostgreSQL, the real web role, and people who act at the same time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import click

from lienthong.core.errors import Problem
from lienthong.run.bench.clients import BenchNotPrepared, say
from lienthong.run.bench.processes import cpu_s
from lienthong.run.node import NodeConfig, prepare_database
from lienthong.run.postgres import EmbeddedPostgres, Server
from lienthong.run.supervisor import Ports, Supervisor

ACTIONS = ("list", "detail", "search", "register", "dispatch")
P95_MAX_MS = 300
ALONE, WARM_S = 20, 5
# What a server with a few GB gives its database; the 128 MB of a laptop are for a laptop's desk.
POSTGRES = {"shared_buffers": "1GB", "effective_cache_size": "4GB", "max_wal_size": "4GB"}


@dataclass(frozen=True)
class Wish:
    """What to measure. pause: seconds between two acts of one person, on average."""

    documents: int
    users: int
    seconds: int
    pause: float

    @property
    def acts(self) -> int:
        """About how many things are done in all, warming up included."""
        return round((self.seconds + WARM_S) * self.users / max(self.pause, 0.05))


def measure(directory: Path, wish: Wish) -> dict[str, Any]:
    """Fill a desk in `directory`, let people work at it, and return the figures."""
    with _node(directory) as (node, server):
        began = time.monotonic()
        _seed(directory, node, server, wish)
        seeded_s = time.monotonic() - began
        environment = {**node.environment(), "WEB_CONCURRENCY": str(os.cpu_count() or 1)}
        with Supervisor(directory / "logs") as supervisor:
            web = supervisor.start(
                "web", node.command("web"), environment=environment,
                health_url=node.health_url("web"),
            )  # fmt: skip
            supervisor.wait_healthy(web)
            pids = (web.pid, server.pid or 0)
            before = [cpu_s(pid) for pid in pids]
            found = _users(directory, node, wish)
            used = [cpu_s(pid) - was for pid, was in zip(pids, before, strict=True)]
    return figures(wish, found, seeded_s=seeded_s, cpu=used)


@contextmanager
def _node(directory: Path) -> Iterator[tuple[NodeConfig, EmbeddedPostgres]]:
    with EmbeddedPostgres(directory / "postgres", settings=POSTGRES) as server:
        node = NodeConfig(
            name="bench",
            kind="agency",
            title="Bàn làm việc đo hiệu năng",
            data_dir=directory / "data",
            ports={"web": Ports(say=say).take(18480, "bench")},
            plain_http=True,
            second_factor="offered",
            extra={"LIENTHONG_LOG_LEVEL": "WARNING"},
        )
        yield prepare_database(node, server), server


def _seed(directory: Path, node: NodeConfig, server: Server, wish: Wish) -> None:
    if (directory / "users.json").exists():
        return  # a folder that was kept: its desk is full already
    wanted = {
        "documents": wish.documents,
        "arrivals": max(10, round(wish.acts * 0.08)),
        "to_send": max(5, round(wish.acts * 0.03)),
        "users": wish.users,
    }
    admin = server.url(node.database_name, "postgres")
    say(f"Nạp {wish.documents:,} văn bản …")
    command = [sys.executable, "-m", "lienthong.run.bench.desk.seed", str(directory), admin]
    done = subprocess.run([*command, json.dumps(wanted)], env=node.environment(), check=False)
    if done.returncode:
        raise BenchNotPrepared(reason=f"seed, mã {done.returncode}")


def _users(directory: Path, node: NodeConfig, wish: Wish) -> dict[str, Any]:
    plan = json.loads((directory / "users.json").read_text(encoding="utf-8")) | {
        "url": node.url("web"),
        "seconds": wish.seconds,
        "pause_s": wish.pause,
        "warm_s": WARM_S,
        "alone": ALONE,
    }
    file = directory / "plan.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    say(f"{wish.users} người làm việc trong {wish.seconds} giây …")
    done = subprocess.run(
        [sys.executable, "-m", "lienthong.run.bench.desk.users", str(file)],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchNotPrepared(reason=f"users, mã {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def figures(
    wish: Wish, found: Mapping[str, Any], *, seeded_s: float, cpu: Sequence[float]
) -> dict[str, Any]:
    """The figures by name; milliseconds from the request to the last byte of the answer.

    list_alone_ms: median and 95th percentile of a list while nobody else works.
    """
    took: dict[str, list[float]] = {name: [] for name in ACTIONS}
    for name, seconds in found["seen"]:
        took[name].append(seconds * 1000)
    count = sum(map(len, took.values()))
    return {
        "documents": wish.documents,
        "users": wish.users,
        "pause_s": wish.pause,
        "p95_ms": {name: _p95(values) for name, values in took.items()},
        "p50_ms": {name: round(median(values), 1) for name, values in took.items() if values},
        "requests": {name: len(values) for name, values in took.items()},
        "requests_per_second": round(count / found["took_s"], 1),
        "list_alone_ms": {
            "p50": round(median(found["alone"]) * 1000, 1),
            "p95": _p95([one * 1000 for one in found["alone"]]),
        },
        "web_cpu_ms_per_request": round(cpu[0] * 1000 / count, 1),
        "postgres_cpu_ms_per_request": round(cpu[1] * 1000 / count, 1),
        "seeded_s": round(seeded_s),
        "refused": found["refused"][:5],
    }


def _p95(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return round(values[0], 1) if values else None
    return round(quantiles(values, n=20, method="inclusive")[18], 1)


@click.command("desk")
@click.option("--documents", default=1_000_000, show_default=True, type=click.IntRange(100))
@click.option("--users", default=20, show_default=True, type=click.IntRange(5, 200))
@click.option("--seconds", default=60, show_default=True, type=click.IntRange(1))
@click.option(
    "--pause", default=2.0, show_default=True, type=click.FloatRange(0),
    help="Seconds between two acts of one person, on average.",
)  # fmt: skip
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Work here and keep it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(directory: Path | None, as_json: bool, **wished: Any) -> None:
    """Let people work at a desk with a million documents; tell how long each answer takes.

    Exit 1 when an answer was no success, or one kind of answer takes longer than 300 ms in one case
    of twenty.
    """
    wish = Wish(**wished)
    with ExitStack() as stack:
        if directory is None:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="lienthong-bench-"))
            directory = Path(name)
        directory.mkdir(parents=True, exist_ok=True)
        try:
            found = measure(directory, wish)
        except Problem as problem:
            raise click.ClickException(f"{problem.code}: {problem.sentence}") from problem
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            click.echo(f"{name:28} {value}")
    slow = [one for one in found["p95_ms"].values() if one is not None and one > P95_MAX_MS]
    if found["refused"] or slow:
        raise click.exceptions.Exit(1)
