"""What the benchmarks of the axis share: prepared keys and packets, and the processes that send."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import click

from lienthong.core.errors import Problem
from lienthong.run.node import NodeConfig

from .seed import NODE_ID


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
