"""`lienthong pki ceremony`: make a root off-line, link two generations, check a transcript."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

FOLDER = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


def read_passphrase(file: Path | None, whose: str = "khóa gốc") -> str:
    """The passphrase: the first line of a file, or typed twice."""
    if file is not None:
        lines = file.read_text(encoding="utf-8").splitlines()
        return lines[0] if lines else ""
    text: str = click.prompt(f"Cụm mật khẩu của {whose}", hide_input=True, confirmation_prompt=True)
    return text


def confirmed(persons: tuple[str, ...], *, yes: bool) -> tuple[str, ...]:
    """Let each person present confirm by typing their own name again."""
    for name in () if yes else persons:
        click.prompt(
            f"{name}, xác nhận bằng cách gõ lại họ tên",
            type=click.Choice([name]),
            show_choices=False,
        )
    return persons


@click.group("ceremony")
def ceremony() -> None:
    """Make and change roots on a machine without network: two persons, a script, a transcript."""


@ceremony.command("root")
@click.argument("office", type=FOLDER)
@click.option("--branch", type=click.Choice(["government", "national"]), required=True)
@click.option("--person", "persons", multiple=True, required=True, help="Named twice or more.")
@click.option("--pass-file", type=FILE, help="The passphrase; asked for without it.")
@click.option("--key", "kind", type=click.Choice(["rsa4096", "p384"]), default="rsa4096")
@click.option("--base-url", default="http://pki.lienthong.example", show_default=True)
@click.option("--yes", is_flag=True, help="The persons have confirmed elsewhere.")
def root(
    office: Path,
    *,
    branch: str,
    persons: tuple[str, ...],
    pass_file: Path | None,
    kind: str,
    base_url: str,
    yes: bool,
) -> None:
    """Make a root key in OFFICE and what goes online in OFFICE/online."""
    from lienthong.apps.pki import rites  # noqa: PLC0415  heavy
    from lienthong.apps.pki.ceremony import make_p384_key  # noqa: PLC0415
    from lienthong.core.signing.authority import make_key  # noqa: PLC0415

    office.mkdir(parents=True, exist_ok=True, mode=0o700)
    transcript = rites.make_root(
        office,
        branch,
        persons=confirmed(persons, yes=yes),
        passphrase=read_passphrase(pass_file),
        at=datetime.now(UTC),
        key=make_key(4096) if kind == "rsa4096" else make_p384_key(),
        base_url=base_url,
    )
    click.echo(f"Biên bản: {transcript}")
    click.echo(f"Mang sang hệ thống trực tuyến: {office / 'online'} (không có khóa gốc)")


@ceremony.command("link")
@click.argument("old", type=FOLDER)
@click.argument("new", type=FOLDER)
@click.option("--person", "persons", multiple=True, required=True)
@click.option("--old-pass-file", type=FILE)
@click.option("--new-pass-file", type=FILE)
@click.option("--yes", is_flag=True, help="The persons have confirmed elsewhere.")
def link(
    old: Path,
    new: Path,
    *,
    persons: tuple[str, ...],
    old_pass_file: Path | None,
    new_pass_file: Path | None,
    yes: bool,
) -> None:
    """Certify the second generation of a root by the first, and the reverse."""
    from lienthong.apps.pki import rites  # noqa: PLC0415  heavy

    rites.roll_over(
        old,
        new,
        persons=confirmed(persons, yes=yes),
        passphrases=(
            read_passphrase(old_pass_file, "khóa gốc cũ"),
            read_passphrase(new_pass_file, "khóa gốc mới"),
        ),
        at=datetime.now(UTC),
    )
    click.echo(f"Chứng thư nối: {new / 'online' / 'link'}")


@ceremony.command("check")
@click.argument("transcript", type=FILE)
@click.option("--office", type=FOLDER, help="Compare the files too.")
def check(transcript: Path, *, office: Path | None) -> None:
    """Check the signature of a transcript, and that its files are as they were."""
    from lienthong.apps.pki import rites  # noqa: PLC0415  heavy

    content = rites.check_transcript(transcript, office)
    click.echo(f"{content['act']}, {content['at']}: {', '.join(content['persons'])}")
    for step in content["steps"]:
        click.echo(f"  {step['number']}. {step['text']} ({len(step['files'])} tệp)")
