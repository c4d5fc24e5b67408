"""`lienthong serve ROLE`: one role of a node in this process, as production runs it."""

from __future__ import annotations

import os

import click

from lienthong.run.roles import ROLES

_NAMES = click.Choice(sorted(ROLES))


@click.command()
@click.argument("role", type=_NAMES)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; each role has its default.")
def serve(role: str, host: str, port: int | None) -> None:
    """Run one ROLE of a node. Its settings are LIENTHONG_ variables.

    web: pages for officers. hub: the axis. access_point: the agency's end. worker: events, jobs.
    """
    found = next(entry for name, entry in ROLES.items() if name == role)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.run.settings")
    command = found.command(host, port or found.default_port)
    # The server replaces this process, so signals and exit status are its own.
    os.execv(command[0], command)  # noqa: S606  our own table of commands
