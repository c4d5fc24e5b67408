"""`lienthong conformance run`: ask a node everything a client relies on, and sign what it said."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lienthong.core.errors import Problem

DEMO_PROFILE = Path("var/demo/conformance/profile.toml")
_FILE = click.Path(path_type=Path, dir_okay=False)


class ProfileMissing(Problem):
    """There is no profile that says as whom the self-test speaks."""

    code = "run.profile_missing"
    status = 404
    text = "Không có hồ sơ kiểm thử {file}; hãy dùng --profile TỆP."


@click.group()
def conformance() -> None:
    """The self-test that a vendor or an agency runs against a node."""


@conformance.command("run")
@click.option("--target", required=True, help="Where the node's doors are: http://host:port")
@click.option(
    "--profile",
    "file",
    type=_FILE,
    default=DEMO_PROFILE,
    show_default=True,
    help="Who the four test agencies are, with their keys.",
)
@click.option("--only", multiple=True, help="A check by its id, as N-07. May be repeated.")
@click.option("--out", type=_FILE, help="Write the signed report here (JWS).")
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON line.")
def run_it(
    target: str, *, file: Path, only: tuple[str, ...], out: Path | None, as_json: bool
) -> None:
    """Ask the node at TARGET every check, over both doors. Exit 1 when it fails one.

    The report is signed by the seal of the profile's sender; `lienthong verify` reads it.
    """
    from lienthong.client import conformance as kit  # noqa: PLC0415  heavy

    if not file.exists():
        raise ProfileMissing(file=str(file))
    profile = kit.read_profile(file)
    unknown = set(only) - {check.id for check in kit.CHECKS}
    if unknown:
        raise click.BadParameter(", ".join(sorted(unknown)), param_hint="--only")
    chosen = [check for check in kit.CHECKS if not only or check.id in only]

    def tell(outcome: kit.Outcome) -> None:
        word = "đạt      " if outcome.result is kit.Result.PASSED else "KHÔNG ĐẠT"
        click.echo(f"{outcome.id}  {word}  {outcome.title}  [{outcome.source}]")
        if outcome.saw:
            click.echo(f"{'':17}{outcome.saw}")

    report = kit.run(target, profile, checks=chosen, tell=(lambda _: None) if as_json else tell)
    if out is not None:
        out.write_text(kit.sign_report(report, profile.sender.seal) + "\n", encoding="ascii")
    if as_json:
        click.echo(json.dumps(report.to_json(), ensure_ascii=False))
    else:
        click.echo(
            f"{len(report.outcomes) - len(report.failed)} đạt, {len(report.failed)} không đạt"
        )
    if not report.ok:
        click.get_current_context().exit(1)
