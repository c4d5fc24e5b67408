"""`lienthong agent`: lets pages of a node use a token that is plugged in at this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--module", "--pkcs11", "module", required=True, help="The vendor's PKCS#11 library.")
@click.option("--token", required=True, help="Label of the token.")
@click.option(
    "--origin", "origins", multiple=True, required=True,
    help="Address of a node whose pages may ask, such as https://van-ban.example; several times.",
)  # fmt: skip
@click.option("--port", type=int, default=8777, show_default=True, help="Port on 127.0.0.1.")
@click.option(
    "--pin-file",
    type=_FILE,
    help="Do not ask, take the PIN from this file: for demonstrations and tests only.",
)
def agent(
    module: str, token: str, origins: tuple[str, ...], port: int, pin_file: Path | None
) -> None:
    """Sign for the desk's pages with a token at this machine, asking for the PIN each time.

    What is signed is shown here first. The node never sees PIN or key. Ends with Ctrl-C.
    """
    from lienthong.run.token_agent import TokenAgent, make_server  # noqa: PLC0415  optional

    def ask_pin(facts: Mapping[str, str]) -> str:
        for name, text in facts.items():
            click.echo(f"  {name}: {text}")
        if pin_file is not None:
            return pin_file.read_text(encoding="utf-8").rstrip("\n")
        return str(click.prompt("Mã PIN của thiết bị để ký", hide_input=True))

    signs = TokenAgent(module, token, ask_pin)
    with make_server(signs, origins=[one.rstrip("/") for one in origins], port=port) as server:
        click.echo(f"Trình ký chờ tại http://127.0.0.1:{server.server_address[1]}")
        server.serve_forever()
