"""FD-02: the power fails. What the hub had written but not synced is gone, or half there.

The hub runs under strace, which writes down every write, sync and creation of its segment
files. At a random instant hub and PostgreSQL are killed together; then each segment is put into a
state that a disk may be in: what was synced stays, each later write is kept, torn or dropped by
chance, a file whose directory was not synced may be gone. PostgreSQL syncs its own log, and is
recovered from what it wrote.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from .books import examine
from .figures import Figures
from .traffic import Traffic, wait_for
from .world import DATABASE, HUBS, World, world

HUB = HUBS[0]
PACKETS_OF_ROUND = 6
SPREAD_S = 1.5
SYNC_TAKES_US = 100_000
"""Every sync is slowed down by this, so that there is something to lose."""

SETTLE_WITHIN_S = 300.0
_TRACED = "openat,pwritev,pwritev2,pwrite64,fdatasync,fsync"
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)\) += (-?\d+)(?:<(.*)>)?")
_UNFINISHED = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
_RESUMED = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*)$")
_DESCRIPTOR = re.compile(r"^\d+<(.*?)>")


@dataclass
class Unsynced:
    """What a file has that no sync covers. writes: (position, length), in order."""

    writes: list[tuple[int, int]] = field(default_factory=list)
    synced_name: bool = True


def unsynced(lines: Iterable[str], folder: Path) -> dict[Path, Unsynced]:
    """Read strace's record: for each segment, what a power failure after its last line may take.

    A sync counts once it has ended, for what was written before; a hub process writes and syncs
    its segments in one thread.
    """
    found: defaultdict[Path, Unsynced] = defaultdict(Unsynced)
    for name, arguments, result, opened in _calls(lines):
        if result < 0:
            continue
        path = Path(opened) if name == "openat" else _path(arguments)
        if name == "fsync" and path == folder:
            for each in found.values():
                each.synced_name = True
        elif path.parent != folder or path.suffix != ".seg":
            continue
        elif name == "openat":
            found[path].synced_name &= "O_CREAT" not in arguments
        elif name in {"pwritev", "pwritev2", "pwrite64"}:
            found[path].writes.append((_position(name, arguments), result))
        elif name in {"fdatasync", "fsync"}:
            found[path].writes.clear()
    return found


def _calls(lines: Iterable[str]) -> Iterator[tuple[str, str, int, str]]:
    """Name, arguments, result and opened path of each call that ended, in the order of the ends."""
    begun: dict[str, str] = {}
    for line in lines:
        text = line.rstrip("\n")
        if started := _UNFINISHED.match(text):
            begun[started[1]] = f"{started[1]} {started[2]}({started[3]}"
            continue
        if resumed := _RESUMED.match(text):
            text = begun.pop(resumed[1], "") + resumed[3]
        if call := _CALL.match(text):
            yield call[2], call[3], int(call[4]), call[5] or ""


def _position(name: str, arguments: str) -> int:
    """Where a write begins: the last argument, which flags follow in pwritev2."""
    return int(arguments.split(", ")[-2 if name == "pwritev2" else -1])


def _path(arguments: str) -> Path:
    found = _DESCRIPTOR.match(arguments)
    return Path(found[1]) if found else Path()


def lose(path: Path, state: Unsynced, chance: random.Random) -> int:
    """Put a segment into a state that a disk may be in after a power failure; writes touched."""
    if not path.exists():
        return 0
    if not state.synced_name and chance.random() < 0.5:
        path.unlink()
        return len(state.writes)
    with path.open("r+b") as file:
        for position, length in state.writes:
            kept = chance.choice((0, length, chance.randrange(length)))
            file.seek(position + kept)
            file.write(bytes(length - kept))
        if state.writes and chance.random() < 0.5:  # the file did not grow in time
            start, end = state.writes[0][0], path.stat().st_size
            file.truncate(chance.randint(start, end))
    return len(state.writes)


def drill(directory: Path, *, rounds: int, seed: int) -> Figures:
    """Cut the power in `rounds` rounds, each time while packets are being written."""
    strace = shutil.which("strace")
    if strace is None:
        return Figures.not_tried("power-loss", "strace")
    chance = random.Random(seed)  # noqa: S311  instants, not secrets
    touched = 0
    with world(directory, packets=rounds * PACKETS_OF_ROUND) as here:
        with Traffic(here, (HUB,)) as traffic:
            for number in range(rounds):
                before = _bytes_written(here)
                record = here.directory / f"strace-{number}.log"
                here.start_hub(HUB, through=_recorded(strace, record))
                first = 1 + number * PACKETS_OF_ROUND
                traffic.hand_over(*range(first, first + PACKETS_OF_ROUND))
                wait_for(
                    partial(_grows, here, before), "ghi gói tin", SETTLE_WITHIN_S, every_s=0.01
                )
                time.sleep(chance.uniform(0, SPREAD_S))
                here.kill(HUB, DATABASE)
                touched += _cut_power(here, record, chance)
                here.restart(DATABASE)
            here.start_hub(HUB)
            traffic.settle(SETTLE_WITHIN_S)
            here.kill(HUB)
        return Figures.of(
            "power-loss",
            examine(here, traffic.acknowledged),
            rounds=rounds,
            restarts=here.restarts,
            as_promised=touched > 0,  # a fault that took nothing proves nothing
            facts={"writes_lost_or_torn": touched},
        )


def _recorded(strace: str, record: Path) -> list[str]:
    slow = f"inject=fdatasync:delay_enter={SYNC_TAKES_US}"
    return [strace, "-f", "-y", "-s", "0", "-e", f"trace={_TRACED}", "-e", slow, "-o", str(record)]


def _bytes_written(here: World) -> int:
    return sum(path.stat().st_size for path in here.segments.glob("*.seg"))


def _grows(here: World, before: int) -> bool:
    return _bytes_written(here) > before


def _cut_power(here: World, record: Path, chance: random.Random) -> int:
    folder = Path(os.path.realpath(here.segments))
    with record.open(encoding="utf-8", errors="replace") as lines:
        states = unsynced(lines, folder)
    return sum(lose(path, state, chance) for path, state in states.items())
