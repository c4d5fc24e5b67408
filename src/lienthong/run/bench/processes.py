"""CPU time and memory of process trees, from /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def tree(*roots: int) -> set[int]:
    """The processes and everything below them."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = _fields(stat)
        if fields:
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting += children.get(pid, [])
    return found


def cpu_s(*roots: int) -> float:
    """User and system seconds of the trees, with those of their children that have ended."""
    total = 0
    for pid in tree(*roots):
        fields = _fields(Path(f"/proc/{pid}/stat"))
        total += sum(int(each) for each in fields[11:15])  # utime, stime, cutime, cstime
    return total * TICK_S


def memory_peak_bytes(root: int) -> int:
    """The most resident memory that the largest process of a tree has had."""
    peaks = [0]
    for pid in tree(root):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                peaks.append(int(line.split()[1]) * 1024)
    return max(peaks)


def _fields(stat: Path) -> list[str]:
    """The fields of a stat file from the state on; none when the process has gone."""
    try:
        text = stat.read_text(encoding="ascii", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
