"""`lienthong migrate`: bring a node's tables up to date, as their owner."""

from __future__ import annotations

import os

import click

from lienthong.run.commands import start_django
from lienthong.run.node import grant, role_of


@click.command()
@click.option(
    "--owner-url",
    envvar="LIENTHONG_OWNER_URL",
    help="The owner of the tables (LIENTHONG_OWNER_URL); else LIENTHONG_DATABASE_URL itself.",
)
def migrate(owner_url: str | None) -> None:
    """Make and change the tables as the owner, then give the application role its rights."""
    application = role_of(os.environ.get("LIENTHONG_DATABASE_URL", ""))
    if owner_url:
        os.environ["LIENTHONG_DATABASE_URL"] = owner_url
    start_django()
    from django.core.management import call_command  # noqa: PLC0415  Django is ready now

    call_command("migrate", interactive=False, verbosity=1)
    if owner_url and application and application != role_of(owner_url):
        grant(owner_url, application)
        click.echo(f"Rights given to {application}.")
