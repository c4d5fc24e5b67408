"""`lienthong pki path`: path validation alone, as RFC 5280 chapter 6 has it."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from lienthong.core.signing.path import PathResult
    from lienthong.core.signing.x509_files import Pieces

_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)


def _moment(context: click.Context, parameter: click.Parameter, value: str) -> datetime:
    """An ISO 8601 time; UTC when it names no zone."""
    try:
        found = datetime.fromisoformat(value)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(f"{value!r} is no ISO 8601 time") from error


def _policies(
    context: click.Context, parameter: click.Parameter, values: Sequence[str]
) -> frozenset[str]:
    for value in values:
        if not _OID.fullmatch(value):
            raise click.BadParameter(f"{value!r} is no object identifier")
    return frozenset(values)


@click.command()
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="CERT [CERT|CRL]...")
@click.option("--anchor", type=_FILE, required=True, help="Certificate of the trust anchor.")
@click.option(
    "--at", callback=_moment, required=True, help="Time of the check, ISO 8601 (no zone: UTC)."
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    callback=_policies,
    metavar="OID",
    help="Acceptable policy; several may be given. Default: any.",
)
@click.option("--explicit-policy", is_flag=True, help="initial-explicit-policy.")
@click.option("--inhibit-any", is_flag=True, help="initial-any-policy-inhibit.")
@click.option("--inhibit-mapping", is_flag=True, help="initial-policy-mapping-inhibit.")
@click.option("--algorithms", is_flag=True, help="Apply the product's table of algorithms too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def path(
    *,
    files: tuple[Path, ...],
    anchor: Path,
    at: datetime,
    policies: frozenset[str],
    explicit_policy: bool,
    inhibit_any: bool,
    inhibit_mapping: bool,
    algorithms: bool,
    as_json: bool,
) -> None:
    """Validate the first certificate against one trust anchor (RFC 5280).

    The other certificates may be authorities between, or signers of revocation lists; files are DER
    or PEM, PEM may hold several pieces. The status of every certificate but the anchor must follow
    from the lists given. Exit 0 when the path is valid, 1 with the reason when it is not.
    """
    from lienthong.core.signing.path import PathRules, validate  # noqa: PLC0415  slow to import
    from lienthong.core.signing.revocation import Revocations  # noqa: PLC0415
    from lienthong.core.signing.trust import Trust  # noqa: PLC0415

    anchors = _read(anchor)
    if len(anchors.certificates) != 1:
        raise click.BadParameter("one certificate is wanted", param_hint="--anchor")
    first, *more = [_read(file) for file in files]
    if not first.certificates:
        _refuse(first.unread[0] if first.unread else "tệp đầu tiên không có chứng thư", as_json)
        return
    read = (first, *more)
    result = validate(
        first.certificates[0],
        trust=Trust(anchors.certificates),
        at=at,
        extra=[*first.certificates[1:], *(one for each in more for one in each.certificates)],
        revocations=Revocations(
            [crl for each in read for crl in each.crls], any_strength=not algorithms
        ),
        rules=PathRules(
            policies, explicit_policy, inhibit_any, inhibit_mapping, any_strength=not algorithms
        ),
    )
    _tell(result, [note for each in read for note in each.unread], as_json)


def _read(file: Path) -> Pieces:
    from lienthong.core.signing.x509_files import (  # noqa: PLC0415
        SIZE_MAX_BYTES,
        NotReadable,
        read_pieces,
    )

    with file.open("rb") as opened:
        data = opened.read(SIZE_MAX_BYTES + 1)
    try:
        return read_pieces(data)
    except NotReadable as error:
        raise click.UsageError(f"{file}: {error}") from error


def _refuse(reason: str, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"ok": False, "reason": reason}, ensure_ascii=False))
    else:
        click.echo(f"Không hợp lệ: {reason}")
    click.get_current_context().exit(1)


def _tell(result: PathResult, unread: Sequence[str], as_json: bool) -> None:
    """Print the result and leave with its exit status."""
    from lienthong.core.signing.path import weaknesses  # noqa: PLC0415

    notes = [*weaknesses(result.certificates), *(f"Bỏ qua một tệp: {one}" for one in unread)]
    if as_json:
        click.echo(json.dumps(_facts(result, notes), ensure_ascii=False))
    else:
        click.echo(result.path_text or result.trouble_text)
        if result.trouble is None:
            click.echo("Hợp lệ.")
        else:
            click.echo(f"Không hợp lệ: {result.trouble.value}: {result.trouble_text}")
        for note in notes:
            click.echo(f"Lưu ý: {note}", err=True)
    if result.trouble is not None:
        click.get_current_context().exit(1)


def _facts(result: PathResult, notes: Sequence[str]) -> dict[str, Any]:
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415

    return {
        "ok": result.trouble is None,
        "trouble": result.trouble.value if result.trouble else None,
        "reason": result.trouble_text,
        "path": [
            {
                "subject": one.subject.rfc4514_string(),
                "sha256": one.fingerprint(hashes.SHA256()).hex(),
            }
            for one in result.certificates
        ],
        "statuses": [
            {
                "certificate": one.certificate,
                "source": one.source,
                "produced_at": one.produced_at.isoformat(),
                "next_update": one.next_update.isoformat() if one.next_update else None,
                "evidence": one.evidence,
                "status": one.status,
            }
            for one in result.statuses
        ],
        "warnings": list(notes),
    }
