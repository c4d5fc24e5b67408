"""`lienthong problems`: every refusal this platform knows, with its code and sentence."""

from __future__ import annotations

import importlib
import json
import pkgutil

import click

import lienthong
from lienthong.core import errors
from lienthong.run.commands import start_django


def load_all() -> None:
    """Import every module of the package, so that each problem class is known."""
    start_django()
    skip = (".tests", ".migrations", ".pytest_", ".wsgi", ".testing")
    for module in pkgutil.walk_packages(lienthong.__path__, "lienthong."):
        if not any(part in f"{module.name}." for part in skip):
            importlib.import_module(module.name)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def problems(as_json: bool) -> None:
    """List every problem code with its HTTP status and Vietnamese sentence."""
    load_all()
    known = errors.catalogue()
    if as_json:
        facts = {code: {"status": kind.status, "text": kind.text} for code, kind in known.items()}
        click.echo(json.dumps(facts, ensure_ascii=False))
        return
    for code, kind in known.items():
        click.echo(f"{code:42} {kind.status}  {kind.text}")
