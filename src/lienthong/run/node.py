"""A node: one installation with its own database, files, keys and processes.

A node is described by a TOML file (`docs/how-to/run-a-node.md`). Two database roles serve it: the
owner makes the tables, the application role works with their rows and is bound by row security.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from lienthong.core.errors import Problem
from lienthong.run.postgres import Server, with_database
from lienthong.run.roles import ROLES, ROLES_BY_KIND, RoleName

PACKAGE_DIR = Path(__file__).resolve().parent.parent
Kind = Literal["axis", "agency"]

EXTENSIONS = ("pg_trgm", "unaccent", "citext", "pgcrypto", "btree_gist")
LOCAL_HOSTS = ("127.0.0.1", "localhost")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_UPDATE_TRIGGER, _TRUNCATE_TRIGGER = 16, 32  # bits of pg_trigger.tgtype


class NodeFileInvalid(Problem):
    """The node's TOML file does not describe a node."""

    code = "run.node_file_invalid"
    status = 422
    text = "Tệp mô tả nút {file} không hợp lệ: {reason}."


class DatabaseNotPrepared(Problem):
    """The node's roles, database, extensions or tables could not be made."""

    code = "run.database_not_prepared"
    status = 503
    text = "Không chuẩn bị được cơ sở dữ liệu của nút {node}: {reason}."


HUB_PROCESSES_MAX = 64


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What one node is. The URLs are empty until `prepare_database` has filled them in."""

    name: str
    kind: Kind
    title: str
    data_dir: Path
    ports: Mapping[str, int] = field(default_factory=dict)
    host: str = "127.0.0.1"
    hub_url: str = "http://127.0.0.1:8000"
    pki_url: str = ""
    pki_public_url: str = ""
    database_url: str = ""
    owner_url: str = ""
    allowed_hosts: tuple[str, ...] = LOCAL_HOSTS
    plain_http: bool = False
    hub_processes: int = 1
    second_factor: str = "required"
    oidc_file: str = ""
    demo: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise NodeFileInvalid(file="-", reason=f"name = {self.name!r}")
        if self.kind not in ROLES_BY_KIND:
            raise NodeFileInvalid(file="-", reason=f"kind = {self.kind!r}")
        if not 1 <= self.hub_processes <= HUB_PROCESSES_MAX:
            raise NodeFileInvalid(file="-", reason=f"hub_processes = {self.hub_processes!r}")
        if self.second_factor not in {"offered", "required"}:
            raise NodeFileInvalid(file="-", reason=f"second_factor = {self.second_factor!r}")

    @property
    def roles(self) -> tuple[RoleName, ...]:
        return ROLES_BY_KIND[self.kind]

    @property
    def database_name(self) -> str:
        return f"lienthong_{self.name}"

    @property
    def secret_key_file(self) -> Path:
        return self.data_dir / "secret-key"

    def port(self, role: RoleName) -> int:
        """The port of a role that serves; 0 for one that does not."""
        return self.ports.get(role, ROLES[role].default_port)

    def url(self, role: RoleName, path: str = "") -> str:
        """Where a role of this node answers."""
        return f"http://{self.host}:{self.port(role)}{path}"

    @property
    def evidence_url(self) -> str:
        """Where others read this node's logs and ask it to witness theirs."""
        return self.url("hub" if self.kind == "axis" else "access_point")

    def health_url(self, role: RoleName) -> str | None:
        path = ROLES[role].health_path
        return None if path is None else self.url(role, path)

    def command(self, role: RoleName) -> list[str]:
        """How a role is started. Hub processes share one port: one opens it, each takes from it."""
        command = ROLES[role].command(self.host, self.port(role))
        several = role == "hub" and self.hub_processes > 1
        return [*command, "--workers", str(self.hub_processes)] if several else command

    def environment(self) -> dict[str, str]:
        """The environment of this node's processes: ours, without another node's settings."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("LIENTHONG_") or name in _SHARED
        }
        if not self.database_url:
            raise DatabaseNotPrepared(node=self.name, reason="chưa có địa chỉ cơ sở dữ liệu")
        return {
            **inherited,
            "DJANGO_SETTINGS_MODULE": "lienthong.run.settings",
            "PYTHONUNBUFFERED": "1",
            "LIENTHONG_NODE": self.name,
            "LIENTHONG_NODE_KIND": self.kind,
            "LIENTHONG_NODE_TITLE": self.title,
            "LIENTHONG_DATA_DIR": str(self.data_dir.absolute()),
            "LIENTHONG_HUB_URL": self.hub_url,
            "LIENTHONG_PKI_URL": self.pki_url,
            "LIENTHONG_PKI_PUBLIC_URL": self.pki_public_url,
            "LIENTHONG_EVIDENCE_URL": self.evidence_url,
            "LIENTHONG_DATABASE_URL": self.database_url,
            "LIENTHONG_SECRET_KEY_FILE": str(self.secret_key_file.absolute()),
            "LIENTHONG_ALLOWED_HOSTS": ",".join(self.allowed_hosts),
            "LIENTHONG_PLAIN_HTTP": "1" if self.plain_http or self.demo else "0",
            "LIENTHONG_SECOND_FACTOR": "offered" if self.demo else self.second_factor,
            "LIENTHONG_OIDC_FILE": self.oidc_file,
            "LIENTHONG_DEMO": "1" if self.demo else "0",
            **self.extra,
        }


# Settings about the machine or the limits rather than about one node.
_SHARED = {
    "LIENTHONG_PG_BIN",
    "LIENTHONG_LOG_LEVEL",
    "LIENTHONG_PACKET_SIZE_MAX_BYTES",
    "LIENTHONG_DOCUMENT_SIZE_MAX_BYTES",
    "LIENTHONG_HUB_WAITING_MAX",
    "LIENTHONG_ARCHIVE_URL",
    "LIENTHONG_ARCHIVE_ENDPOINT",
    "LIENTHONG_ARCHIVE_KEY_FILE",
    "LIENTHONG_ARCHIVE_LOCAL_DAYS",
}

_FACTS = {
    *("name", "kind", "title", "host", "hub_url", "pki_url", "pki_public_url", "plain_http"),
    *("hub_processes", "second_factor", "oidc_file"),
}

TEMPLATE = """\
# A node of Liên Thông. `lienthong node check FILE` examines it, `lienthong node up FILE` runs it.
name = "{name}"
kind = "{kind}"            # "axis" (the hub) or "agency"
title = "{title}"
data_dir = "{data_dir}"    # files and keys; relative to this file
host = "127.0.0.1"         # where the roles listen; nginx with TLS stands in front
hub_url = "{hub_url}"
pki_url = ""               # the authority's services: registration, time-stamps, OCSP
pki_public_url = ""        # where certificates say these are, when that is another address
allowed_hosts = ["127.0.0.1", "localhost"]
plain_http = true          # false as soon as browsers come over TLS
second_factor = "required" # "offered": passwords alone are enough
oidc_file = ""             # identity providers
hub_processes = 1          # on the axis: about one for each core that the hub may have

[ports]
{ports}

[database]
# Without a URL an embedded PostgreSQL keeps the data in data_dir. With a server of your own, name
# a role that may create roles and databases:
# admin_url = "postgresql://postgres@db.example/postgres"
"""


def from_toml(file: Path) -> tuple[NodeConfig, str]:
    """Return the node that `file` describes and its database's admin URL ("" means embedded).

    Raises NodeFileInvalid.
    """
    try:
        facts: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
        database = facts.pop("database", {})
        ports = {name: int(port) for name, port in facts.pop("ports", {}).items()}
        data_dir = file.parent / facts.pop("data_dir", "var")
        hosts = tuple(facts.pop("allowed_hosts", LOCAL_HOSTS))
        unknown = set(facts) - _FACTS
        if unknown or set(ports) - set(ROLES):
            raise NodeFileInvalid(file=str(file), reason=f"{sorted(unknown | set(ports))}")
        facts.setdefault("title", facts.get("name", ""))
        node = NodeConfig(data_dir=data_dir, ports=ports, allowed_hosts=hosts, **facts)
    except FileNotFoundError as error:
        raise NodeFileInvalid(file=str(file), reason="không có tệp này") from error
    except (tomllib.TOMLDecodeError, TypeError, ValueError, AttributeError) as error:
        raise NodeFileInvalid(file=str(file), reason=str(error)) from error
    return node, str(database.get("admin_url", ""))


def to_toml(*, name: str, kind: Kind, title: str, hub_url: str) -> str:
    """Return the text of a new node's file."""
    ports = "\n".join(
        f"{role} = {ROLES[role].default_port}" for role in ROLES_BY_KIND[kind] if ROLES[role].serves
    )
    values = {"name": name, "kind": kind, "title": title, "hub_url": hub_url}
    quoted = {key: json.dumps(value, ensure_ascii=False)[1:-1] for key, value in values.items()}
    return TEMPLATE.format(**quoted, data_dir=f"{quoted['name']}-data", ports=ports)


def _secret(file: Path, make: str) -> str:
    """Return the secret kept in `file`, which is made with `make` when there is none."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(make)
    return file.read_text(encoding="ascii").strip()


def _role_password(node: NodeConfig, role: str) -> str:
    return _secret(node.data_dir / "database" / f"{role}.pass", secrets.token_urlsafe(24))


def prepare_database(node: NodeConfig, server: Server) -> NodeConfig:
    """Make what is missing of the node's roles, database, extensions, tables and grants.

    Returns the node with its URLs. Safe to repeat. Raises DatabaseNotPrepared.
    """
    _secret(node.secret_key_file, secrets.token_urlsafe(50))
    name = node.database_name
    owner, application = f"{name}_owner", name
    passwords = {role: _role_password(node, role) for role in (owner, application)}
    node = replace(
        node,
        owner_url=server.url(name, owner, passwords[owner]),
        database_url=server.url(name, application, passwords[application]),
    )
    try:
        with psycopg.connect(server.admin_url, autocommit=True) as connection:
            for role, password in passwords.items():
                _make_role(connection, role, password)
            _make_database(connection, name, owner)
        with psycopg.connect(with_database(server.admin_url, name), autocommit=True) as connection:
            for extension in EXTENSIONS:
                _make_extension(connection, extension)
        wanted = tables_wanted()
        if _tables_known(node.owner_url) != wanted:
            migrate(node)
            grant(node.owner_url, application)
            _remember_tables(node.owner_url, wanted)
    except psycopg.Error as error:
        raise DatabaseNotPrepared(node=node.name, reason=str(error).strip()) from error
    return node


def prepare_databases(nodes: Iterable[NodeConfig], server: Server) -> list[NodeConfig]:
    """Prepare the databases of several nodes on one server.

    The tables are made once, for the first node; the other new databases are copies of its empty
    one, because a migration costs seconds and a copy does not.
    """
    first, *others = nodes
    prepared = [prepare_database(first, server)]
    for node in others:
        _copy_empty_database(prepared[0], node, server)
    with ThreadPoolExecutor(max_workers=max(len(others), 1)) as pool:
        return prepared + list(pool.map(lambda node: prepare_database(node, server), others))


def _copy_empty_database(source: NodeConfig, node: NodeConfig, server: Server) -> None:
    """Give a node that has no database yet a copy of `source`'s, where that one has no rows yet."""
    owner, application = f"{node.database_name}_owner", node.database_name
    source_owner = f"{source.database_name}_owner"
    try:
        with psycopg.connect(server.admin_url, autocommit=True) as connection:
            known = "SELECT 1 FROM pg_database WHERE datname = %s"
            if _exists(connection, known, node.database_name) or _has_rows(source.owner_url):
                return
            for role in (owner, application):
                _make_role(connection, role, _role_password(node, role))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                    *map(sql.Identifier, (node.database_name, owner, source.database_name))
                )
            )
        copied = with_database(server.admin_url, node.database_name)
        with psycopg.connect(copied) as connection:
            _hand_over(connection, source_owner, owner)
            # The source's application role has no business here; it keeps its own database.
            stranger = sql.Identifier(source.database_name)
            connection.execute(sql.SQL("DROP OWNED BY {}").format(stranger))
            connection.execute(
                sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(stranger, stranger)
            )
        grant(server.url(node.database_name, owner, _role_password(node, owner)), application)
    except psycopg.Error as error:
        raise DatabaseNotPrepared(node=node.name, reason=str(error).strip()) from error


def _hand_over(connection: psycopg.Connection[Any], from_role: str, to_role: str) -> None:
    """Make `to_role` the owner of every object of `from_role` in this database, and of no other."""
    mine = connection.execute("SELECT current_database()").fetchone()
    databases = connection.execute(
        "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s", [from_role]
    ).fetchall()
    roles = sql.Identifier(from_role), sql.Identifier(to_role)
    connection.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(*roles))
    # REASSIGN OWNED takes along the databases that the role owns: give the others back.
    for (name,) in databases:
        if mine is not None and name != mine[0]:
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), roles[0])
            )


def _has_rows(owner_url: str) -> bool:
    """Whether anybody has entered an organization yet."""
    with psycopg.connect(owner_url) as connection:
        return connection.execute("SELECT 1 FROM directory_organization").fetchone() is not None


def _exists(connection: psycopg.Connection[Any], query: str, name: str) -> bool:
    return connection.execute(query.encode(), [name]).fetchone() is not None


def _make_role(connection: psycopg.Connection[Any], role: str, password: str) -> None:
    verb = (
        "ALTER"
        if _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", role)
        else "CREATE"
    )
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            sql.SQL(verb), sql.Identifier(role), sql.Literal(password)
        )
    )
    facts = connection.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    if facts is None or facts[0]:
        raise DatabaseNotPrepared(node=role, reason="vai trò vượt được bảo mật hàng (row security)")


def _make_database(connection: psycopg.Connection[Any], name: str, owner: str) -> None:
    if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", name):
        # An administrator who is no superuser must be a member of the owner to give it a database.
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner)))
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
            ).format(sql.Identifier(name), sql.Identifier(owner))
        )
    for statement in (
        "REVOKE ALL ON DATABASE {name} FROM PUBLIC",
        "GRANT CONNECT ON DATABASE {name} TO {application}",
    ):
        connection.execute(
            sql.SQL(cast("Any", statement)).format(
                name=sql.Identifier(name), application=sql.Identifier(name)
            )
        )


def _make_extension(connection: psycopg.Connection[Any], name: str) -> None:
    if not _exists(connection, "SELECT 1 FROM pg_extension WHERE extname = %s", name):
        connection.execute(
            sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name))
        )


def tables_wanted() -> str:
    """A digest of everything that decides what the tables are: a new release, a new digest."""
    digest = hashlib.sha256()
    for name in ("django", "procrastinate"):
        digest.update(f"{name} {version(name)}\n".encode())
    for file in sorted(PACKAGE_DIR.glob("apps/**/migrations/*.py")):
        digest.update(str(file.relative_to(PACKAGE_DIR)).encode() + file.read_bytes())
    digest.update(Path(__file__).read_bytes())  # the grants below
    return f"lienthong {digest.hexdigest()}"


def _tables_known(owner_url: str) -> str:
    """The digest that the last `prepare_database` left in the database, "" when there is none."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute(
            "SELECT obj_description('public'::regnamespace, 'pg_namespace')"
        ).fetchone()
    return str(row[0]) if row and row[0] else ""


def _remember_tables(owner_url: str, wanted: str) -> None:
    with psycopg.connect(owner_url) as connection:
        connection.execute(sql.SQL("COMMENT ON SCHEMA public IS {}").format(sql.Literal(wanted)))


def migrate(node: NodeConfig) -> None:
    """Bring the tables up to date, as the owner, in a process of its own."""
    environment = {**node.environment(), "LIENTHONG_DATABASE_URL": node.owner_url}
    done = subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--no-input", "--verbosity", "0"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise DatabaseNotPrepared(node=node.name, reason=lines[-1] if lines else "migrate")


def grant(owner_url: str, application: str) -> None:
    """Let the application role read and write rows, and nothing else.

    Tables that refuse UPDATE and TRUNCATE are append-only: there it may add and read, no more.
    """
    statements: Sequence[str] = (
        "GRANT USAGE ON SCHEMA public TO {}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public"
        " GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {}",
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {}",
        "REVOKE INSERT, UPDATE, DELETE ON TABLE django_migrations FROM {}",
    )
    role = sql.Identifier(application)
    with psycopg.connect(owner_url) as connection:
        for statement in statements:
            connection.execute(sql.SQL(cast("Any", statement)).format(role))
        append_only = connection.execute(
            "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal GROUP BY c.relname"
            " HAVING bit_or(t.tgtype) & %s = %s",
            [_UPDATE_TRIGGER | _TRUNCATE_TRIGGER] * 2,
        ).fetchall()
        for (table,) in append_only:
            connection.execute(
                sql.SQL("REVOKE UPDATE, DELETE ON {} FROM {}").format(sql.Identifier(table), role)
            )


def role_of(url: str) -> str:
    """The database role that a URL signs in as."""
    return urlsplit(url).username or ""
