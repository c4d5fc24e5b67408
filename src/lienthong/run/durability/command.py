"""`lienthong bench durability`: the drills one after another, and their figures."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import click

from lienthong.core.errors import Problem
from lienthong.run.bench.clients import say
from lienthong.run.supervisor import terminated_like_interrupted

from . import disk, hosts, kills, partition, power, restart
from .figures import Figures

SEED = 20260302


def drills(rounds: int, seed: int, records: int) -> Mapping[str, Callable[[Path], Figures]]:
    """Every drill by its name; each works in a directory of its own."""
    share = max(2, rounds // 10)
    return {
        "kill": partial(kills.drill, rounds=rounds, seed=seed),
        "disk-full": disk.full,
        "fsync-error": disk.failing_sync,
        "power-loss": partial(power.drill, rounds=share, seed=seed),
        "partition": partial(partition.drill, rounds=share, seed=seed),
        "hosts": partial(hosts.drill, rounds=share, seed=seed),
        "restart": partial(restart.drill, records=records),
    }


NAMES = tuple(drills(0, 0, 0))


def run(
    directory: Path, *, names: Sequence[str], rounds: int, seed: int, records: int
) -> list[Figures]:
    """Run the drills and return their figures. Raises Problem when one cannot be prepared."""
    found = []
    for name, drill in drills(rounds, seed, records).items():
        if name in names:
            say(f"Diễn tập: {name} …")
            found.append(drill(directory / name))
    return found


def summary(found: Sequence[Figures]) -> dict[str, Any]:
    """The figures of all drills together, and of each."""
    totals = ("rounds", "acknowledged", "kept", "lost", "doubled", "unproved")
    return {
        "bench": "durability",
        **{name: sum(getattr(each, name) for each in found) for name in totals},
        "restart_s": max((each.restart_s for each in found), default=0.0),
        "good": all(each.good for each in found),
        "not_tried": [each.drill for each in found if not each.tried],
        "drills": [each.to_json() for each in found],
    }


@click.command("durability")
@click.option(
    "--rounds",
    default=200,
    show_default=True,
    type=click.IntRange(1, 10_000),
    help="How often processes are killed; the other drills take a share of it.",
)
@click.option("--drill", "names", multiple=True, type=click.Choice(NAMES), help="Only this drill.")
@click.option("--seed", default=SEED, show_default=True, help="Decides the random instants.")
@click.option(
    "--records",
    default=20_000,
    show_default=True,
    type=click.IntRange(1, 10_000_000),
    help="Packets on record when the restart is measured.",
)
@click.option("--dir", "directory", type=click.Path(path_type=Path), help="Work here and keep it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line.")
def main(
    *,
    rounds: int,
    names: tuple[str, ...],
    seed: int,
    records: int,
    directory: Path | None,
    as_json: bool,
) -> None:
    """Make faults while packets travel; nothing acknowledged may be lost or doubled."""
    with ExitStack() as stack:
        stack.enter_context(terminated_like_interrupted())
        if directory is None:
            name = stack.enter_context(tempfile.TemporaryDirectory(prefix="lienthong-durability-"))
            directory = Path(name)
        try:
            found = run(directory, names=names or NAMES, rounds=rounds, seed=seed, records=records)
        except Problem as problem:
            raise click.ClickException(f"{problem.code}: {problem.sentence}") from problem
    if as_json:
        click.echo(json.dumps(summary(found), ensure_ascii=False))
    else:
        _print(found)
    if not all(each.good for each in found):
        raise click.exceptions.Exit(1)


def _print(found: Sequence[Figures]) -> None:
    for each in found:
        if not each.tried:
            click.echo(f"{each.drill:12} không thử được: {each.reason}")
            continue
        verdict = "đạt" if each.good else "KHÔNG ĐẠT"
        click.echo(
            f"{each.drill:12} {verdict}: {each.rounds} lượt, đã xác nhận {each.acknowledged},"
            f" còn giữ {each.kept}, mất {each.lost}, trùng {each.doubled},"
            f" không chứng minh được {each.unproved}, khởi động lại {each.restart_s} s"
        )
        if each.reason:
            click.echo(f"{'':12} {each.reason}")
