"""`lienthong bench …`: repeatable benchmarks with their physical floor in the same run."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

import click

_BENCHES: Mapping[str, tuple[str, str]] = {
    "desk": (
        "lienthong.run.bench.desk.command:main",
        "Twenty people at a document desk with a million documents.",
    ),
    "durability": (
        "lienthong.run.durability.command:main",
        "Faults made on purpose while packets travel: nothing acknowledged is lost.",
    ),
    "exchange": (
        "lienthong.run.bench.exchange:main",
        "Signed packets through a running hub over HTTP.",
    ),
    "sign": (
        "lienthong.run.bench.sign:main",
        "Signatures made for each second of a core.",
    ),
    "verify": (
        "lienthong.run.bench.verify:main",
        "Signatures verified for each second of a core.",
    ),
}


class _Benches(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_BENCHES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _BENCHES:
            return None
        module, _, attribute = _BENCHES[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _BENCHES.items()])


@click.group(cls=_Benches)
def bench() -> None:
    """Measure this machine: rates, CPU and the floor that its hardware sets, in one run."""
