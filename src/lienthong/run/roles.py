"""The table of roles: what each one serves or does, and the command that runs it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

RoleName = Literal["web", "hub", "trust", "access_point", "worker"]


@dataclass(frozen=True, slots=True)
class Role:
    """A process of a node. `command(host, port)` starts it; `health_path` is None when it serves
    nothing."""

    name: RoleName
    does: str
    command: Callable[[str, int], list[str]]
    default_port: int = 0
    health_path: str | None = None

    @property
    def serves(self) -> bool:
        return self.health_path is not None


def _web(host: str, port: int) -> list[str]:
    return [
        sys.executable, "-m", "gunicorn", "lienthong.run.wsgi:application",
        "--worker-class", "gthread", "--threads", "8",  # processes: WEB_CONCURRENCY, 1 when unset
        "--bind", f"{host}:{port}", "--timeout", "60", "--graceful-timeout", "5",
        "--keep-alive", "75",  # longer than a person reads a page
        "--access-logfile", "-", "--no-control-socket",
    ]  # fmt: skip


def _asgi(application: str, http: str = "httptools") -> Callable[[str, int], list[str]]:
    def command(host: str, port: int) -> list[str]:
        return [
            sys.executable, "-m", "uvicorn", "--factory", application,
            "--host", host, "--port", str(port), "--loop", "uvloop", "--http", http,
            "--no-access-log", "--no-server-header", "--timeout-graceful-shutdown", "5",
            "--timeout-keep-alive", "75",  # longer than a client pauses between two requests
            "--workers", "1",  # whatever WEB_CONCURRENCY says, which is for the pages
        ]  # fmt: skip

    return command


def _worker(host: str, port: int) -> list[str]:
    return [sys.executable, "-m", "lienthong.run.worker"]


ROLES: Mapping[RoleName, Role] = {
    "web": Role("web", "pages for officers", _web, 8080, "/tai-khoan/dang-nhap"),
    "hub": Role(
        "hub",
        "takes packets in, keeps them, hands them out",
        _asgi(
            "lienthong.apps.exchange.hub.app:create_app",
            "lienthong.apps.exchange.hub.wire:GuardedProtocol",
        ),
        8000,
        "/health",
    ),
    "trust": Role(
        "trust",
        "answers OCSP, revocation lists, time-stamps and registrations",
        _asgi("lienthong.run.trust:create_app"),
        8002,
        "/health",
    ),
    "access_point": Role(
        "access_point",
        "sends the agency's outbox, fetches its inbox",
        _asgi("lienthong.apps.exchange.access_point.app:create_app"),
        8001,
        "/health",
    ),
    "worker": Role("worker", "delivers events, runs jobs and schedules", _worker),
}

ROLES_BY_KIND: Mapping[str, tuple[RoleName, ...]] = {
    "axis": ("hub", "trust", "web", "worker"),
    "agency": ("access_point", "web", "worker"),
}
