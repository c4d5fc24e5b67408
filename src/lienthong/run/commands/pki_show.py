"""`lienthong pki show FILE…`: what a certificate, list, answer or time-stamp says, unjudged."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lienthong.core.errors import Problem
from lienthong.run.commands.verify import read


class NotPki(Problem):
    """The file is no object of a PKI that can be shown."""

    code = "run.not_a_pki_object"
    status = 422
    text = "Tệp {file} không phải chứng thư, danh sách thu hồi, trả lời OCSP hay dấu thời gian."


@click.command()
@click.argument(
    "files",
    nargs=-1,
    required=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="FILE...",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each file, a line each.")
def show(*, files: tuple[Path, ...], as_json: bool) -> None:
    """Print what certificates, revocation lists, OCSP answers and time-stamps say, DER or PEM.

    Use `lienthong verify` to know whether it is true.
    """
    from lienthong.core.signing import pki_file  # noqa: PLC0415  heavy

    for file in files:
        found = pki_file.describe(read(file))
        if found is None:
            raise NotPki(file=str(file))
        if as_json:
            click.echo(json.dumps({"file": str(file), **found}, ensure_ascii=False))
            continue
        click.echo(str(file))
        for name, value in found.items():
            for line in value if isinstance(value, list) else [value]:
                click.echo(f"  {name:14} {line}")
