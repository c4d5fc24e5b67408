"""`lienthong demo`: a small country on one machine."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--once", is_flag=True, help="End after the document's journey.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, the last line of output.")
@click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var/demo"),
    show_default=True,
    help="Where the nodes keep their data; used again by the next start.",
)
@click.option("--port", type=int, help="First port to use; taken ones are left out.")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A PDF to send instead of the generated document.",
)
@click.option("--reset", is_flag=True, help="Start over: remove the data of earlier starts.")
def demo(
    *, once: bool, as_json: bool, directory: Path, port: int | None, file: Path | None, reset: bool
) -> None:
    """Run three nodes, send one real document from ministry to province, and stay up."""
    from lienthong.run.demo import main  # noqa: PLC0415  heavy

    status = main(
        once=once, as_json=as_json, directory=directory, port=port, file=file, reset=reset
    )
    click.get_current_context().exit(status)
