"""`lienthong pki …`: each sub-command lives in its own module and is loaded when it is used."""

from __future__ import annotations

from collections.abc import Mapping

import click

from lienthong.run.cli import LazyGroup

# name: (where the click command is, its one line of help)
SUBCOMMANDS: Mapping[str, tuple[str, str]] = {
    "ceremony": ("lienthong.run.commands.pki_ceremony:ceremony", "Make and change roots off-line."),
    "cross": ("lienthong.run.commands.pki_cross:cross", "Exchange cross-certificates."),
    "operator": (
        "lienthong.run.commands.pki_operator:operator",
        "Who may sign the trust list that this node goes by.",
    ),
    "path": ("lienthong.run.commands.pki_path:path", "Validate one certificate path (RFC 5280)."),
    "show": ("lienthong.run.commands.pki_show:show", "Print what a certificate or list says."),
    "token": ("lienthong.run.commands.pki_token:token", "Keys in a device (PKCS#11)."),
}


@click.group(cls=LazyGroup, table=SUBCOMMANDS)
def pki() -> None:
    """Certificates, paths, revocation and the authorities behind them."""
