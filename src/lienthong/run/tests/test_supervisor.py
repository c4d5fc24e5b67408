"""Children answer before they are called ready, and none outlives the supervisor."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lienthong.run import supervisor
from lienthong.run.supervisor import Ports, ProcessNotHealthy, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(child.pid, flush=True); time.sleep(600)",
]


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be reaped does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def _until(fact: Callable[[], bool], within_s: float = 10.0) -> bool:
    give_up_at = time.monotonic() + within_s
    while not fact() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    return fact()


def _server(port: int) -> list[str]:
    return [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]


def test_a_child_is_ready_when_it_answers_and_gone_after_the_with(tmp_path: Path) -> None:
    port = Ports().take(18600, "test")
    with Supervisor(tmp_path) as found:
        child = found.start(
            "pages", _server(port), environment=os.environ, health_url=f"http://127.0.0.1:{port}/"
        )
        found.wait_healthy()
        assert supervisor.answers(f"http://127.0.0.1:{port}/")
        pid = child.pid

    assert not _is_alive(pid)
    assert "GET /" in child.log.read_text()


def test_a_child_that_ends_at_once_is_reported_with_its_last_words(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as found:
        found.start(
            "broken",
            [sys.executable, "-c", "raise SystemExit('no key')"],
            environment={},
            health_url="http://127.0.0.1:9/",
        )

        with pytest.raises(ProcessNotHealthy) as problem:
            found.wait_healthy()

    assert "no key" in str(problem.value.facts["reason"])


def test_one_that_ignores_sigterm_is_killed_with_its_whole_group(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "STOP_WITHIN_S", 0.3)
    with Supervisor(tmp_path) as found:
        child = found.start("stubborn", STUBBORN, environment=os.environ)
        assert _until(lambda: child.log.read_text().strip() != "")
        grandchild = int(child.log.read_text())
        assert _is_alive(grandchild)

    assert not _is_alive(child.pid)
    assert _until(lambda: not _is_alive(grandchild))


@contextmanager
def _watching(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A supervisor with two children in a process of its own; it prints their numbers."""
    program = (
        "import os, sys; from pathlib import Path;"
        "from lienthong.run.supervisor import Supervisor, terminated_like_interrupted\n"
        f"command = {SLEEP!r}\n"
        "try:\n"
        "    with terminated_like_interrupted(), Supervisor(Path(sys.argv[1])) as found:\n"
        "        for name in ('one', 'two'):\n"
        "            print(found.start(name, command, environment=os.environ).pid, flush=True)\n"
        "        found.watch()\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped', flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_child_outlives_its_supervisor(tmp_path: Path, number: signal.Signals) -> None:
    with _watching(tmp_path) as watching:
        assert watching.stdout
        pids = [int(watching.stdout.readline()) for _ in range(2)]
        assert all(_is_alive(pid) for pid in pids)

        watching.send_signal(number)
        watching.wait(15)
        words = watching.stdout.read()

    assert _until(lambda: not any(_is_alive(pid) for pid in pids))
    assert ("stopped" in words) == (number != signal.SIGKILL)


def test_a_killed_child_is_started_again(tmp_path: Path) -> None:
    with _watching(tmp_path) as watching:
        assert watching.stdout
        first = int(watching.stdout.readline())
        os.kill(first, signal.SIGKILL)

        def children() -> list[str]:
            path = Path(f"/proc/{watching.pid}/task/{watching.pid}/children")
            return path.read_text().split()

        again = _until(lambda: len(children()) == 2 and str(first) not in children())
        watching.send_signal(signal.SIGINT)
        watching.wait(15)

    assert again


def test_a_taken_port_is_reported_and_another_one_chosen() -> None:
    said: list[str] = []
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wanted = taken.getsockname()[1]

        ports = Ports(say=said.append)
        first, second = ports.take(wanted, "web"), ports.take(wanted, "hub")

    assert len({wanted, first, second}) == 3
    assert str(wanted) in said[0]
    assert str(first) in said[0]
