"""FD-03 and FD-04: a disk without room, and a disk that reports an error while it is synced."""

from __future__ import annotations

import errno
import resource
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lienthong.run.supervisor import Child

from .books import examine
from .figures import Figures
from .traffic import Traffic
from .world import HUBS, World, world

HUB = HUBS[0]
ATTACHED_WITHIN_S = 20.0
SETTLE_WITHIN_S = 120.0
DISK_BYTES = 4 * 1024 * 1024


def full(directory: Path) -> Figures:
    """The hub's disk is full: refused with 507, nothing half written; then there is room again.

    The disk is a small tmpfs that only the hub sees; without root, a limit on its files.
    """
    with world(directory, packets=3) as here:
        small = _may_mount()
        child = here.start_hub(HUB, through=_on_small_disk(here.segments) if small else ())
        here.seen_through = Path(f"/proc/{child.pid}/root") if small else Path("/")
        with Traffic(here, (HUB,)) as traffic:
            traffic.hand_over(1)
            traffic.settle(SETTLE_WITHIN_S)
            before = _sizes(here)
            with _filled(here.segments) if small else _no_room(child):
                answers = [traffic.try_once(number) for number in (2, 3)]
            promised = answers == ["507 hub.storage_full"] * 2 and _sizes(here) == before
            promised = promised and here.count("hub_packet") == 1
            traffic.hand_over(2, 3)
            traffic.settle(SETTLE_WITHIN_S)
            books = examine(here, traffic.acknowledged)  # the small disk ends with its process
        return Figures.of(
            "disk-full",
            books,
            rounds=1,
            restarts=here.restarts,
            as_promised=promised,
            facts={"answers": answers, "disk": "tmpfs" if small else "RLIMIT_FSIZE"},
        )


def _may_mount() -> bool:
    """Whether this process may mount in a namespace of its own."""
    probe = ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"]
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def _on_small_disk(segments: Path) -> list[str]:
    """The start of a command whose process alone sees a small disk at `segments`."""
    segments.mkdir(parents=True, exist_ok=True, mode=0o700)
    script = f'mount -t tmpfs -o size={DISK_BYTES} none "$0" && exec "$@"'
    return ["unshare", "-m", "sh", "-c", script, str(segments)]


@contextmanager
def _filled(segments: Path) -> Iterator[None]:
    """Take all the room that is left on the disk of `segments`."""
    ballast = segments / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
    try:
        yield
    finally:
        ballast.unlink()


@contextmanager
def _no_room(child: Child) -> Iterator[None]:
    """Let the kernel refuse to grow any file of a process, as a disk that is full does."""
    before = resource.prlimit(child.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, before)


def _sizes(here: World) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in here.segments.glob("*.seg")}


def failing_sync(directory: Path) -> Figures:
    """fdatasync says EIO: the hub ends itself and acknowledges nothing; a new one goes on."""
    strace = shutil.which("strace")
    if strace is None:
        return Figures.not_tried("fsync-error", "strace")
    with world(directory, packets=2) as here:
        child = here.start_hub(HUB)
        with Traffic(here, (HUB,)) as traffic:
            traffic.hand_over(1)
            traffic.settle(SETTLE_WITHIN_S)
            with _errors_injected(strace, child, here.directory / "strace.log") as attached:
                if not attached:
                    return Figures.not_tried("fsync-error", "ptrace")
                answer = traffic.try_once(2)
                with suppress(subprocess.TimeoutExpired):
                    if child.process is not None:
                        child.process.wait(ATTACHED_WITHIN_S)
            promised = not child.is_running and not traffic.is_acknowledged(2)
            promised = promised and here.count("hub_packet") == 1
            child.restart()
            here.supervisor.wait_healthy(child)
            traffic.hand_over(2)
            traffic.settle(SETTLE_WITHIN_S)
        here.kill(HUB)
        books = examine(here, traffic.acknowledged)
        return Figures.of(
            "fsync-error",
            books,
            rounds=1,
            restarts=here.restarts,
            as_promised=promised,
            facts={"answers": [answer]},
        )


@contextmanager
def _errors_injected(strace: str, child: Child, log: Path) -> Iterator[bool]:
    """Every fdatasync of the process fails from here on; False when it cannot be traced here."""
    command = [
        *(strace, "-f", "-p", str(child.pid), "-o", str(log)),
        *("-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO"),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        try:
            yield _is_traced(child, tracer)
        finally:
            tracer.terminate()


def _is_traced(child: Child, tracer: subprocess.Popen[str]) -> bool:
    """Wait until every thread of the process has the tracer."""

    def threads_traced() -> bool:
        states = [
            (task / "status").read_text(encoding="ascii")
            for task in Path(f"/proc/{child.pid}/task").iterdir()
        ]
        return all("TracerPid:\t0\n" not in state for state in states)

    give_up_at = time.monotonic() + ATTACHED_WITHIN_S
    while time.monotonic() < give_up_at and tracer.poll() is None:
        if threads_traced():
            return True
        time.sleep(0.05)
    return False
