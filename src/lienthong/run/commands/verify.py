"""`lienthong verify FILE`: a PDF, packet, receipt or checkpoint, believed only when proved."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from lienthong.core.errors import Problem

SIZE_MAX_BYTES = 200 * 1024 * 1024


class TrustNotFound(Problem):
    """There is no folder of trusted roots to verify against."""

    code = "run.trust_not_found"
    status = 404
    text = "Không tìm thấy thư mục tin cậy; hãy dùng --trust THƯ_MỤC hoặc đặt LIENTHONG_TRUST."


class FileTooLarge(Problem):
    """The file is larger than anything this command reads."""

    code = "run.file_too_large"
    status = 413
    text = "Tệp {file} lớn quá {limit_mb} MB."


def trust_directory(file: Path) -> Path:
    """The folder of trusted roots: LIENTHONG_TRUST, or the nearest var/demo/trust.

    Looks upwards from the current folder and from the file. Raises TrustNotFound.
    """
    named = os.environ.get("LIENTHONG_TRUST")
    if named:
        return Path(named)
    starts = (Path.cwd(), file.resolve().parent)
    for start in starts:
        for folder in (start, *start.parents):
            for found in (folder / "var" / "demo" / "trust", folder / "trust"):
                if (found / "anchors").is_dir():
                    return found
    raise TrustNotFound


def read(file: Path) -> bytes:
    """The content of a file of a size that can be checked. Raises FileTooLarge."""
    if file.stat().st_size > SIZE_MAX_BYTES:
        raise FileTooLarge(file=str(file), limit_mb=SIZE_MAX_BYTES // 1024**2)
    return file.read_bytes()


def moment(text: str | None) -> datetime:
    """The time to judge at: `text` in ISO 8601 (Vietnam's zone when it names none), or now."""
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is no ISO 8601 time", param_hint="--at") from error
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--trust",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of trusted roots; default LIENTHONG_TRUST, else the nearest var/demo/trust.",
)
@click.option(
    "--with",
    "companion",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A packet's detached signature (default FILE.p7s), or the packet a receipt is about.",
)
@click.option("--at", help="Judge as of this time (ISO 8601) instead of now.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(
    *, file: Path, trust: Path | None, companion: Path | None, at: str | None, as_json: bool
) -> None:
    """Verify FILE: a PDF, packet, receipt or checkpoint; its kind is detected.

    Exit 0 only when everything was proved; "not enough to decide" is exit 1 as well.
    """
    judged_at = moment(at)
    directory = trust or trust_directory(file)
    beside = file.with_name(f"{file.name}.p7s")
    if companion is None and beside.is_file():
        companion = beside

    from lienthong.core.signing import Trust  # noqa: PLC0415  heavy
    from lienthong.core.signing.verify_file import verify_bytes  # noqa: PLC0415

    found = verify_bytes(
        read(file),
        trust=Trust.from_directory(directory),
        at=judged_at,
        companion=read(companion) if companion else None,
    )
    if as_json:
        click.echo(json.dumps({"file": str(file), **found.to_json()}, ensure_ascii=False))
    else:
        click.echo(found.text())
    if not found.ok:
        click.get_current_context().exit(1)
