"""Starts, watches and stops the processes of nodes, so that none is left behind.

Every child has a process group and a log file of its own, and is told by the kernel when we die.
Stopping is SIGTERM to the groups, then SIGKILL after a while; every child is waited for.
"""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self
from urllib.parse import urlsplit

from lienthong.core.errors import Problem
from lienthong.run.postgres import die_with_parent

HEALTHY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
RESTART_AFTER_MAX_S = 30.0
LONG_RUN_S = 60.0


class ProcessNotHealthy(Problem):
    """A process ended, or did not answer in time, while it was starting."""

    code = "run.process_not_healthy"
    status = 503
    text = "Tiến trình {name} không sẵn sàng: {reason} (nhật ký: {log})."


class PortsExhausted(Problem):
    """No free TCP port was found."""

    code = "run.ports_exhausted"
    status = 503
    text = "Không còn cổng TCP nào trống trên {host}."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


class Ports:
    """Hands out ports: the wanted one, or the next free one, and says so. None is given twice."""

    def __init__(self, host: str = "127.0.0.1", *, say: Callable[[str], None] = _say) -> None:
        self.host = host
        self._say = say
        self._given: set[int] = set()

    def take(self, wanted: int, purpose: str) -> int:
        """Return a free port, `wanted` when possible. Raises PortsExhausted."""
        for port in range(wanted, min(wanted + 1000, 65536)):
            if port in self._given or not is_free(port, self.host):
                continue
            self._given.add(port)
            if port != wanted:
                self._say(f"Cổng {wanted} ({purpose}) đang bận, dùng cổng {port}.")
            return port
        raise PortsExhausted(host=self.host)


@dataclass
class Child:
    """One process that the supervisor runs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    health_url: str | None = None
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    started_at: float = 0.0
    failures: int = 0

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def launch(self) -> None:
        """Start the process in a group of its own; its output goes to the log."""
        if threading.current_thread() is not threading.main_thread():
            # The kernel sends the death signal when the *thread* that forked ends.
            raise RuntimeError("children are started from the main thread")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.environment),
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  one system call
            )
        self.started_at = time.monotonic()

    def signal(self, number: int) -> None:
        """Send a signal to the whole group, also to what outlived the group's leader."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def kill(self) -> None:
        """End the group at once, as a power cut would, and reap it."""
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def restart(self) -> None:
        """Start again what ended or was killed."""
        if self.is_running:
            self.kill()
        self.launch()

    def last_lines(self, count: int = 3) -> str:
        """The end of the log, for a person who asks why."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return " | ".join(lines[-count:])


def answers(url: str, *, timeout_s: float = 2.0) -> bool:
    """Whether an HTTP server at `url` answers without a server error."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Supervisor:
    """Owns child processes for the length of a `with`."""

    def __init__(self, log_directory: Path, *, say: Callable[[str], None] = _say) -> None:
        self.log_directory = log_directory
        self.children: dict[str, Child] = {}
        self._say = say
        self._hurry = threading.Event()
        self._stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        health_url: str | None = None,
    ) -> Child:
        """Start a process called `name`. It is in `children` until `stop`."""
        self.log_directory.mkdir(parents=True, exist_ok=True)
        log = self.log_directory / f"{name}.log"
        child = Child(name, command, environment, log, health_url)
        self.children[name] = child
        child.launch()
        return child

    def wait_healthy(self, *children: Child, within_s: float = HEALTHY_WITHIN_S) -> None:
        """Return when every child (all of them when none is named) answers at its health URL.

        Raises ProcessNotHealthy when one ends or takes too long.
        """
        give_up_at = time.monotonic() + within_s
        expected = list(children or self.children.values())
        waiting = [child for child in expected if child.health_url]
        while True:
            for child in expected:
                if not child.is_running:
                    status = child.process.returncode if child.process else "?"
                    raise self._not_healthy(
                        child, f"kết thúc với mã {status}: {child.last_lines()}"
                    )
            waiting = [child for child in waiting if not answers(child.health_url or "")]
            if not waiting:
                return
            if time.monotonic() > give_up_at:
                raise self._not_healthy(waiting[0], f"không trả lời trong {within_s:.0f} giây")
            self._hurry.wait(0.1)

    def _not_healthy(self, child: Child, reason: str) -> ProcessNotHealthy:
        return ProcessNotHealthy(name=child.name, reason=reason, log=str(child.log))

    def watch(self) -> None:
        """Keep every child running until this process is interrupted (KeyboardInterrupt).

        A child that ends is started again, later each time it fails soon after its start.
        """
        due: dict[str, float] = {}
        while True:
            now = time.monotonic()
            for child in self.children.values():
                if child.is_running:
                    continue
                if child.name not in due:
                    lasted = now - child.started_at
                    child.failures = 0 if lasted > LONG_RUN_S else child.failures + 1
                    due[child.name] = now + min(2.0**child.failures / 2, RESTART_AFTER_MAX_S)
                    self._say(f"Tiến trình {child.name} đã dừng ({child.last_lines(1)}).")
                elif now >= due[child.name]:
                    del due[child.name]
                    child.signal(signal.SIGKILL)  # what the dead leader left in its group
                    child.launch()
                    self._say(f"Đã khởi động lại {child.name}.")
            self._hurry.wait(0.5)

    def stop(self) -> None:
        """Stop every child: SIGTERM, then SIGKILL after STOP_WITHIN_S or on a second Ctrl-C."""
        if self._stopping:
            return
        self._stopping = True
        with self._impatience():
            children = [child for child in reversed(self.children.values()) if child.process]
            for child in children:
                if child.is_running:
                    child.signal(signal.SIGTERM)
            give_up_at = time.monotonic() + STOP_WITHIN_S
            while any(child.is_running for child in children):
                if time.monotonic() > give_up_at or self._hurry.wait(0.05):
                    break
            for child in children:
                child.kill()

    @contextmanager
    def _impatience(self) -> Iterator[None]:
        """While stopping, Ctrl-C and SIGTERM mean "faster", never "leave children behind"."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def hurry(number: int, frame: FrameType | None) -> None:
            self._hurry.set()

        before = [
            (number, signal.signal(number, hurry)) for number in (signal.SIGINT, signal.SIGTERM)
        ]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)


@contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the `with` as Ctrl-C does, so that clean-up runs.

    SIGINT too: a shell that starts us in the background tells us to ignore it.
    """
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [(number, signal.signal(number, signal.default_int_handler)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
