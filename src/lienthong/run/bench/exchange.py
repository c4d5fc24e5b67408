"""`lienthong bench exchange`: really signed packets through a running hub, over HTTP.

Its own embedded PostgreSQL and hub process; the clients are processes of their own. The figure is
CPU milliseconds a packet of the hub's process tree with PostgreSQL; wall clock stands beside it.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import click

from lienthong.core.errors import Problem
from lienthong.run.node import NodeConfig, prepare_database
from lienthong.run.postgres import EmbeddedPostgres
from lienthong.run.supervisor import Ports, Supervisor

from . import floor, growth, peers
from .clients import Clients, say, seed
from .processes import cpu_s, memory_peak_bytes

WARM_UP = 20
FLOORS_DIFFER_AT_MOST = 0.15


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
@click.option(
    "--grow",
    "grows",
    is_flag=True,
    help="Measure what intake and queue cost as more and more is on record, and nothing else.",
)
@click.option(
    "--grow-to",
    "grow_to",
    default=growth.LEVELS[-1],
    show_default=True,
    type=click.IntRange(growth.LEVELS[0] + 1, 100_000_000),
    help="The packets on record at the last level of --grow.",
)
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Work here and keep it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(directory: Path | None, as_json: bool, grows: bool, grow_to: int, **wished: Any) -> None:
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
            if grows:
                found = growth.measure(directory, packets=wish.packets, most=grow_to, say=say)
            else:
                found = measure(directory, wish)
        except Problem as problem:
            raise click.ClickException(f"{problem.code}: {problem.sentence}") from problem
    _tell(found, as_json=as_json)
    say(f"({time.monotonic() - began:.0f} s)")
    if not found.get("steady", True):
        say("Bỏ phép đo này: hai lần đo nền khác nhau quá 15 %, máy đang bận việc khác.")
    if not found.get("steady", True) or found["receipts_verified"] != found["packets"]:
        raise click.exceptions.Exit(1)


def _tell(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for name, value in found.items():
        click.echo(f"{name:28} {value}")


if __name__ == "__main__":
    main()
