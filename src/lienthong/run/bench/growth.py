"""`lienthong bench exchange --grow`: what intake and queue cost as more and more is on record.

At each level packets are sent by the clients of the bench, then fetched and acknowledged; the rows
in between are put on record by `record`. The figure is the CPU of hub and PostgreSQL a packet.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from lienthong.client import HubClient
from lienthong.core import signing
from lienthong.run.node import NodeConfig, prepare_database
from lienthong.run.postgres import EmbeddedPostgres, with_database
from lienthong.run.supervisor import Child, Ports, Supervisor

from .clients import Clients, seed
from .processes import cpu_s
from .record import fill
from .seed import CODES, NODE_ID

LEVELS = (10_000, 100_000, 500_000, 1_000_000, 2_000_000)
PACKET_BYTES = 30_000
WARM_UP = 20
FETCHED_AT_ONCE = 50


@dataclass(frozen=True)
class Level:
    """CPU milliseconds a packet with `records` on record."""

    records: int
    receipts_verified: int
    intake_hub_ms: float
    intake_postgres_ms: float
    fetch_hub_ms: float
    fetch_postgres_ms: float

    @property
    def intake_ms(self) -> float:
        return self.intake_hub_ms + self.intake_postgres_ms

    @property
    def fetch_ms(self) -> float:
        return self.fetch_hub_ms + self.fetch_postgres_ms


def levels_to(most: int) -> list[int]:
    """The levels up to `most`, which is the last one."""
    return [*(each for each in LEVELS if each < most), most]


def measure(
    directory: Path, *, packets: int, most: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Grow to `most` packets on record, send and fetch `packets` at each level; see `figures`."""
    levels = levels_to(most)
    with ExitStack() as stack:
        server = stack.enter_context(
            EmbeddedPostgres(directory / "postgres", settings={"max_wal_size": "4GB"})
        )
        node = NodeConfig(
            name="bench",
            kind="axis",
            title="Trục đo tăng trưởng",
            data_dir=directory / "data",
            ports={"hub": Ports(say=say).take(18400, "bench")},
            plain_http=True,
        )
        node = prepare_database(node, server)
        seed(directory, node, WARM_UP + packets * (len(levels) + 1), PACKET_BYTES)
        supervisor = stack.enter_context(Supervisor(directory / "logs"))
        hub = supervisor.start(
            "hub",
            node.command("hub"),
            environment=node.environment(),
            health_url=node.health_url("hub"),
        )
        supervisor.wait_healthy(hub)
        url = with_database(server.admin_url, node.database_name)
        connection = stack.enter_context(psycopg.connect(url, autocommit=True))
        here = _Growing(directory, node, hub, server.pid or 0, supervisor)
        here.at(0, range(1, WARM_UP + packets + 1))  # what is measured at nothing warms up
        found, before = [], 0
        for place, level in enumerate(levels):
            fill(
                connection,
                node.data_dir,
                first=before + 1,
                last=level,
                total=most,
                waiting=False,
                say=say,
            )
            before = level
            first = WARM_UP + packets * (place + 1) + 1
            found.append(here.at(level, range(first, first + packets)))
            say(f"  {json.dumps(asdict(found[-1]))}")
        return figures(found, packets, here.restart_s())


@dataclass(frozen=True)
class _Growing:
    directory: Path
    node: NodeConfig
    hub: Child
    postgres: int
    supervisor: Supervisor

    def at(self, records: int, numbers: Sequence[int]) -> Level:
        """Send these packets, then fetch and acknowledge them."""
        clients = Clients(self.directory, self.node, 1, 8)
        seen, intake = self._used(lambda: clients.run(f"grow-{records}", numbers))
        fetched, fetch = self._used(self._fetch_all)
        if fetched != len(numbers):
            raise ValueError(f"{fetched} fetched of {len(numbers)}")
        share = 1000 / len(numbers)
        verified = sum(int(each["verified"]) for each in seen)
        return Level(records, verified, *(round(each * share, 3) for each in (*intake, *fetch)))

    def restart_s(self) -> float:
        """How long the hub takes to answer again after it was killed."""
        self.hub.kill()
        began = time.monotonic()
        self.hub.launch()
        self.supervisor.wait_healthy(self.hub)
        return time.monotonic() - began

    def _used(self, work: Callable[[], Any]) -> tuple[Any, tuple[float, float]]:
        """What `work` returns, and the CPU seconds of hub and PostgreSQL meanwhile."""
        before = cpu_s(self.hub.pid), cpu_s(self.postgres)
        found = work()
        return found, (cpu_s(self.hub.pid) - before[0], cpu_s(self.postgres) - before[1])

    def _fetch_all(self) -> int:
        """Fetch and acknowledge what waits; how many."""
        key = json.loads((self.directory / "client.json").read_text(encoding="utf-8"))
        signer = signing.KeySigner.from_pkcs12(Path(key["p12"]).read_bytes(), key["password"])
        taken = 0
        with HubClient(self.node.url("hub"), key_id=NODE_ID, signer=signer) as client:
            while waiting := client.inbox(wait=0, limit=FETCHED_AT_ONCE):
                for each in waiting:
                    client.fetch(each["delivery_id"], each["sha256"])
                    receipt = client.acknowledgement(
                        packet_id=each["packet_id"],
                        sha256=each["sha256"],
                        sender=CODES[0],
                        recipient=CODES[1],
                    )
                    client.acknowledge(each["delivery_id"], receipt)
                    taken += 1
        return taken


def figures(levels: Sequence[Level], packets: int, restart_s: float) -> dict[str, Any]:
    """The figures by name. …_ratio: of the last level to the first; 1 is flat.

    restart_s: of the hub alone, with all of it on record, until it answers.
    """
    first, last = levels[0], levels[-1]
    return {
        "bench": "exchange-grow",
        "records": last.records,
        "packets": packets * len(levels),
        "receipts_verified": sum(each.receipts_verified for each in levels),
        "levels": [asdict(each) for each in levels],
        "intake_ms_first": round(first.intake_ms, 3),
        "intake_ms_last": round(last.intake_ms, 3),
        "intake_ratio": round(last.intake_ms / first.intake_ms, 2),
        "fetch_ms_first": round(first.fetch_ms, 3),
        "fetch_ms_last": round(last.fetch_ms, 3),
        "fetch_ratio": round(last.fetch_ms / first.fetch_ms, 2),
        "restart_s": round(restart_s, 2),
    }
