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
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import IO, Any

import click

from lienthong.core.errors import Problem
from lienthong.run.node import NodeConfig, prepare_database
from lienthong.run.postgres import EmbeddedPostgres
from lienthong.run.supervisor import Ports, Supervisor

from . import floor, peers
from .processes import cpu_s, memory_peak_bytes
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


@dataclass(frozen=True)
class Wish:
    """What to measure. clients: processes, each with `connections`."""

    packets: int
    clients: int
    connections: int
    with_peers: bool = False


@dataclass(frozen=True)
class Seen:
    """One run of the clients: what each saw, and what the hub and PostgreSQL used meanwhile."""

    clients: list[dict[str, Any]]
    hub_s: float
    postgres_s: float

    @property
    def seconds(self) -> list[float]:
        return [took for each in self.clients for took in each["seconds"]]

    @property
    def verified(self) -> int:
        return sum(int(each["verified"]) for each in self.clients)

    @property
    def per_second(self) -> float:
        began = min(float(each["began"]) for each in self.clients)
        return len(self.seconds) / (max(float(each["ended"]) for each in self.clients) - began)

    def cpu_ms(self, used_s: float) -> float:
        return used_s / len(self.seconds) * 1000


@dataclass(frozen=True)
class Ours:
    """The hub under full load, and with half as many packets a second."""

    full: Seen
    half: Seen
    memory_bytes: int


def measure(directory: Path, wish: Wish) -> dict[str, Any]:
    """Run everything in `directory` and return the figures: floor, peers, ours, floor again."""
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
        count = WARM_UP + wish.packets + wish.packets // 2
        say(f"Ký {count} gói tin 200 KB, mỗi gói hai chữ ký PDF (không tính vào phép đo) …")
        seed(directory, node, count, floor.PACKET_BYTES)
        database = server.url(node.database_name, "postgres")
        postgres = server.pid or 0
        first = floor.measure(directory, database, postgres)
        found_peers = peers.measure(directory / "peers", server, say=say) if wish.with_peers else []
        ours = _ours(directory, node, postgres, wish)
        second = floor.measure(directory, database, postgres)
    sizes = [path.stat().st_size for path in (directory / "packets").glob("*.edxml")]
    return figures(ours, (first, second), found_peers, round(sum(sizes) / len(sizes)))


def _ours(directory: Path, node: NodeConfig, postgres: int, wish: Wish) -> Ours:
    with Supervisor(directory / "logs") as supervisor:
        hub = supervisor.start(
            "hub",
            node.command("hub"),
            environment=node.environment(),
            health_url=node.health_url("hub"),
        )
        supervisor.wait_healthy(hub)
        crew = Clients(directory, node, wish.clients, wish.connections)

        def run(name: str, first: int, count: int, per_second: float | None = None) -> Seen:
            before = cpu_s(hub.pid), cpu_s(postgres)
            seen = crew.run(name, range(first, first + count), per_second)
            return Seen(seen, cpu_s(hub.pid) - before[0], cpu_s(postgres) - before[1])

        run("warm", 1, WARM_UP)
        say("Đo ở tải đầy …")
        full = run("full", WARM_UP + 1, wish.packets)
        say("Đo ở nửa tải …")
        half = run("half", WARM_UP + wish.packets + 1, wish.packets // 2, full.per_second / 2)
        return Ours(full, half, memory_peak_bytes(hub.pid))


def figures(
    ours: Ours,
    floors: tuple[floor.Floor, floor.Floor],
    found_peers: Sequence[peers.Measured],
    packet_bytes: int,
) -> dict[str, Any]:
    """The figures by name.

    share_of_floor: how much of the CPU is what a packet of our form asks for in any case.
    share_of_physical_floor: the same for a message of 200 KB of whatever form, with one signature.
    peers: our packets per core and second, divided by theirs.
    """
    full = ours.full
    cpu_ms = full.cpu_ms(full.hub_s + full.postgres_s)
    lowest = (floors[0].full_ms + floors[1].full_ms) / 2
    differ = abs(floors[0].full_ms - floors[1].full_ms) / lowest
    physical = (floors[0].physical_ms + floors[1].physical_ms) / 2
    cuts, half_cuts = quantiles(full.seconds, n=100), quantiles(ours.half.seconds, n=100)
    return {
        "packets": len(full.seconds),
        "packet_bytes": packet_bytes,
        "receipts_verified": full.verified,
        "packets_per_second": round(full.per_second, 1),
        "cpu_ms_per_packet": round(cpu_ms, 3),
        "hub_cpu_ms_per_packet": round(full.cpu_ms(full.hub_s), 3),
        "postgres_cpu_ms_per_packet": round(full.cpu_ms(full.postgres_s), 3),
        "packets_per_core_second": round(1000 / cpu_ms, 1),
        "floor_per_core_second": round(1000 / lowest, 1),
        "share_of_floor": round(lowest / cpu_ms, 4),
        "share_of_physical_floor": round(physical / cpu_ms, 4),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "half_load_packets_per_second": round(ours.half.per_second, 1),
        "half_load_receipts_verified": ours.half.verified,
        "half_load_p50_ms": round(half_cuts[49] * 1000, 1),
        "half_load_p99_ms": round(half_cuts[98] * 1000, 1),
        "hub_memory_mib": round(ours.memory_bytes / 2**20),
        "floor": {
            **{f"physical_{name}": value for name, value in _rounded(floors[1].physical).items()},
            **{f"form_{name}": value for name, value in _rounded(floors[1].form).items()},
            "fdatasync_wall_ms": round(floors[1].fdatasync_wall_ms, 4),
        },
        "floors_differ": round(differ, 3),
        "steady": differ <= FLOORS_DIFFER_AT_MOST,
        "peers": {each.name: round(each.cpu_ms / cpu_ms, 1) for each in found_peers},
        "peers_measured": [asdict(each) for each in found_peers],
    }


def _rounded(part: floor.Physical | floor.Form) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(part).items()}


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
@click.option(
    "--peers",
    "with_peers",
    is_flag=True,
    help="Measure other software on the same payload too; installs it into the work folder.",
)
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Work here and keep it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(directory: Path | None, as_json: bool, **wished: Any) -> None:
    """Send signed packets of 200 KB through a running hub and verify every receipt.

    Exit 1 when a receipt does not hold, or when the two floors differ so much that the run says
    nothing.
    """
    wish = Wish(**wished)
    with ExitStack() as stack:
        if directory is None:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="lienthong-bench-"))
            directory = Path(name)
        directory.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        try:
            found = measure(directory, wish)
        except Problem as problem:
            raise click.ClickException(f"{problem.code}: {problem.sentence}") from problem
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            click.echo(f"{name:28} {value}")
    say(f"({time.monotonic() - began:.0f} s)")
    if not found["steady"]:
        say("Bỏ phép đo này: hai lần đo nền khác nhau quá 15 %, máy đang bận việc khác.")
    if found["receipts_verified"] != wish.packets or not found["steady"]:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
