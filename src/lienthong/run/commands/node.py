"""`lienthong node init | up | check`: one real node from a TOML file."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click

from lienthong.run import node as nodes
from lienthong.run.postgres import EmbeddedPostgres, ExternalPostgres, Server
from lienthong.run.roles import ROLES
from lienthong.run.supervisor import Supervisor, is_free, terminated_like_interrupted

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
def node() -> None:
    """Make, run and examine a node: one installation with its database, files and keys."""


@node.command("init")
@click.argument("file", type=_FILE)
@click.option("--name", required=True, help="Short name: letters, digits, underscore.")
@click.option("--kind", type=click.Choice(["agency", "axis"]), default="agency", show_default=True)
@click.option("--title", default="", help="The name that pages show.")
@click.option("--hub-url", default="http://127.0.0.1:8000", show_default=True)
def node_init(
    file: Path, name: str, kind: Literal["agency", "axis"], title: str, hub_url: str
) -> None:
    """Write a new node FILE to edit. An existing one is not overwritten."""
    text = nodes.to_toml(name=name, kind=kind, title=title or name, hub_url=hub_url)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise nodes.NodeFileInvalid(file=str(file), reason="tệp đã có") from error
    nodes.from_toml(file)
    click.echo(f"{file}: edit it, then: lienthong node up {file}")


@contextlib.contextmanager
def _server(node_config: nodes.NodeConfig, admin_url: str) -> Iterator[Server]:
    server: Server
    if admin_url:
        server = ExternalPostgres(admin_url)
    else:
        server = EmbeddedPostgres(node_config.data_dir / "postgres")
    server.start()
    try:
        yield server
    finally:
        server.stop()


@node.command("up")
@click.argument("file", type=_FILE)
def node_up(file: Path) -> None:
    """Prepare the database and run every role of the node until Ctrl-C.

    A role that ends is started again. In production a service manager runs `lienthong serve ROLE`.
    """
    found, admin_url = nodes.from_toml(file)
    for role in found.roles:
        if ROLES[role].serves and not is_free(found.port(role), found.host):
            raise nodes.NodeFileInvalid(
                file=str(file), reason=f"cổng {found.port(role)} ({role}) đang bận"
            )
    with terminated_like_interrupted(), _server(found, admin_url) as server:
        click.echo("Đang chuẩn bị cơ sở dữ liệu …", err=True)
        found = nodes.prepare_database(found, server)
        with Supervisor(found.data_dir / "logs") as supervisor:
            for role in found.roles:
                supervisor.start(
                    role,
                    found.command(role),
                    environment=found.environment(),
                    health_url=found.health_url(role),
                )
            supervisor.wait_healthy()
            for role in found.roles:
                click.echo(f"{role:13} {found.url(role) if ROLES[role].serves else '-'}")
            click.echo("Ctrl-C để dừng.", err=True)
            supervisor.watch()


@node.command("check")
@click.argument("file", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def node_check(file: Path, as_json: bool) -> None:
    """Say what stands between this node and production. Exit 1 when something does."""
    found, admin_url = nodes.from_toml(file)
    facts = {
        "embedded_postgresql": (bool(admin_url), "cơ sở dữ liệu là PostgreSQL của nhà vận hành"),
        "plain_http": (not found.plain_http, "trình duyệt kết nối qua TLS (plain_http = false)"),
        "hub_over_tls": (
            found.kind == "axis" or found.hub_url.startswith("https://"),
            "trục liên thông được gọi qua https",
        ),
        "public_host_names": (
            set(found.allowed_hosts) != {"127.0.0.1", "localhost"},
            "allowed_hosts có tên miền của cơ quan",
        ),
        "keys_private": (
            not _readable_by_others(found.data_dir / "keys"),
            "khóa chỉ người vận hành đọc được",
        ),
    }
    failed = [name for name, (ok, _) in facts.items() if not ok]
    if as_json:
        answer = {"ok": not failed, "node": found.name, "failed": failed}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for name, (ok, text) in facts.items():
            click.echo(f"{'đạt     ' if ok else 'CHƯA ĐẠT'}  {text}  [{name}]")
    if failed:
        click.get_current_context().exit(1)


def _readable_by_others(directory: Path) -> bool:
    return any(path.stat().st_mode & 0o077 for path in directory.rglob("*") if path.is_file())
