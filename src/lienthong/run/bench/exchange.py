"""`lienthong bench exchange`: really signed packets through a running hub, over HTTP.

Its own embedded PostgreSQL and hub process; the clients are processes of their own. The figure is
CPU milliseconds a packet of the hub's process tree with PostgreSQL; wall clock stands beside it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import quantiles
from typing import IO, Any

import click

from lienthong.core.errors import Problem
from lienthong.run.node import NodeConfig, prepare_database
from lienthong.run.postgres import EmbeddedPostgres
from lienthong.run.supervisor import Ports, Supervisor

from . import floor
from .processes import cpu_s
from .seed import NODE_ID

WARM_UP = 20
FLOORS_DIFFER_AT_MOST = 0.15


class BenchNotPrepared(Problem):
    """A process of the benchmark failed; what it wrote stands in its log."""

    code = "run.bench_not_prepared"
    status = 500
    text = "Không chuẩn bị được phép đo: {reason}."


def say(text: str) -> None:
    click.echo(text, err=True)


class Clients:
    """The client processes: loaded first, then let go together."""

    def __init__(self, directory: Path, node: NodeConfig, count: int, connections: int) -> None:
        self._directory = directory
        self._node = node
        self._count = count
        self._connections = connections

    def run(
        self, name: str, numbers: Sequence[int], per_second: float | None = None
    ) -> list[dict[str, Any]]:
        """Send these packets, at most `per_second`, and return what each client saw."""
        share = per_second / self._count if per_second else None
        with ExitStack() as stack:
            running = [
                stack.enter_context(
                    self._start(f"{name}-{index}", numbers[index :: self._count], share)
                )
                for index in range(self._count)
            ]
            for process in running:
                _line(process.stdout, name)
            for process in running:
                if process.stdin is not None:
                    process.stdin.write("go\n")
                    process.stdin.flush()
            return [json.loads(_line(process.stdout, name)) for process in running]

    def _start(
        self, name: str, numbers: Sequence[int], per_second: float | None
    ) -> subprocess.Popen[str]:
        plan = self._directory / f"{name}.json"
        facts = {
            "url": self._node.url("hub"),
            "client": str(self._directory / "client.json"),
            "trust": str(self._directory / "pki" / "trust"),
            "packets": str(self._directory / "packets"),
            "numbers": list(numbers),
            "key_id": NODE_ID,
            "connections": self._connections,
            "per_second": per_second,
        }
        plan.write_text(json.dumps(facts), encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, "-m", "lienthong.run.bench.client", str(plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )


def _line(stream: IO[str] | None, name: str) -> str:
    text = stream.readline() if stream is not None else ""
    if not text:
        raise BenchNotPrepared(reason=f"{name}: tiến trình kết thúc sớm")
    return text


def seed(directory: Path, node: NodeConfig, packets: int, size: int) -> None:
    """Keys, agencies and packets, in a process of the node."""
    command = [
        *(sys.executable, "-m", "lienthong.run.bench.seed"),
        *(str(directory), str(packets), str(size)),
    ]
    done = subprocess.run(command, env=node.environment(), check=False)
    if done.returncode:
        raise BenchNotPrepared(reason=f"seed, mã {done.returncode}")


def measure(directory: Path, *, packets: int, clients: int, connections: int) -> dict[str, Any]:
    """Run everything in `directory` and return the figures."""
    with EmbeddedPostgres(directory / "postgres") as server:
        node = NodeConfig(
            name="bench",
            kind="axis",
            title="Trục đo hiệu năng",
            data_dir=directory / "data",
            ports={"hub": Ports(say=say).take(18400, "bench")},
            plain_http=True,
            extra={"LIENTHONG_HUB_WAITING_MAX": "1024"},
        )
        node = prepare_database(node, server)
        say(f"Ký {packets} gói tin 200 KB, mỗi gói hai chữ ký PDF (không tính vào phép đo) …")
        seed(directory, node, packets + WARM_UP, floor.PACKET_BYTES)
        database = server.url(node.database_name, "postgres")
        postgres = server.pid or 0
        first_floor = floor.measure(directory, database, postgres)
        with Supervisor(directory / "logs") as supervisor:
            hub = supervisor.start(
                "hub",
                node.command("hub"),
                environment=node.environment(),
                health_url=node.health_url("hub"),
            )
            supervisor.wait_healthy(hub)
            crew = Clients(directory, node, clients, connections)
            crew.run("warm", range(1, WARM_UP + 1))
            say("Đo …")
            before = {"hub": cpu_s(hub.pid), "postgres": cpu_s(postgres)}
            seen = crew.run("send", range(WARM_UP + 1, WARM_UP + packets + 1))
            used = {
                "hub": cpu_s(hub.pid) - before["hub"],
                "postgres": cpu_s(postgres) - before["postgres"],
            }
        second_floor = floor.measure(directory, database, postgres)
    sizes = [path.stat().st_size for path in (directory / "packets").glob("*.edxml")]
    return figures(seen, used, (first_floor, second_floor), packets, round(sum(sizes) / len(sizes)))


def figures(
    seen: Sequence[Mapping[str, Any]],
    used: Mapping[str, float],
    floors: tuple[floor.Floor, floor.Floor],
    packets: int,
    packet_bytes: int,
) -> dict[str, Any]:
    """The figures by name. `share_of_floor`: how much of the CPU is what the machine asks for."""
    seconds = [took for each in seen for took in each["seconds"]]
    wall = max(each["ended"] for each in seen) - min(each["began"] for each in seen)
    cuts = quantiles(seconds, n=100)
    cpu_ms = sum(used.values()) / packets * 1000
    lowest = (floors[0].total_ms + floors[1].total_ms) / 2
    differ = abs(floors[0].total_ms - floors[1].total_ms) / lowest
    return {
        "packets": packets,
        "packet_bytes": packet_bytes,
        "receipts_verified": sum(each["verified"] for each in seen),
        "packets_per_second": round(packets / wall, 1),
        "cpu_ms_per_packet": round(cpu_ms, 3),
        "hub_cpu_ms_per_packet": round(used["hub"] / packets * 1000, 3),
        "postgres_cpu_ms_per_packet": round(used["postgres"] / packets * 1000, 3),
        "packets_per_core_second": round(1000 / cpu_ms, 1),
        "floor_per_core_second": round(1000 / lowest, 1),
        "share_of_floor": round(lowest / cpu_ms, 4),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "floor": {name: round(value, 4) for name, value in asdict(floors[1]).items()},
        "floors_differ": round(differ, 3),
        "steady": differ <= FLOORS_DIFFER_AT_MOST,
    }


@click.command("exchange")
@click.option("--packets", default=500, show_default=True, type=click.IntRange(10, 100_000))
@click.option("--clients", default=2, show_default=True, type=click.IntRange(1, 64))
@click.option(
    "--connections",
    default=8,
    show_default=True,
    type=click.IntRange(1, 256),
    help="Of each client.",
)
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Work here and keep it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(
    packets: int, clients: int, connections: int, directory: Path | None, as_json: bool
) -> None:
    """Send signed packets of 200 KB through a running hub and verify every receipt."""
    with ExitStack() as stack:
        if directory is None:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="lienthong-bench-"))
            directory = Path(name)
        directory.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        try:
            found = measure(directory, packets=packets, clients=clients, connections=connections)
        except Problem as problem:
            raise click.ClickException(f"{problem.code}: {problem.sentence}") from problem
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            click.echo(f"{name:28} {value}")
    say(f"({time.monotonic() - began:.0f} s)")
    if found["receipts_verified"] != packets:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
