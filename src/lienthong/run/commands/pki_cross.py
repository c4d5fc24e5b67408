"""`lienthong pki cross`: two roots certify each other by files carried between them (SG 3.5)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from lienthong.run.commands.pki_ceremony import FILE, FOLDER, confirmed, read_passphrase


@click.group("cross")
def cross() -> None:
    """Exchange cross-certificates between two roots that are kept off-line."""


@cross.command("request")
@click.argument("office", type=FOLDER)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--pass-file", type=FILE)
def request(office: Path, out: Path, *, pass_file: Path | None) -> None:
    """Write to OUT that the root in OFFICE asks to be certified, signed with its key."""
    from lienthong.apps.pki import rites  # noqa: PLC0415  heavy

    passphrase = read_passphrase(pass_file)
    out.write_bytes(rites.cross_request(office, passphrase=passphrase, at=datetime.now(UTC)))
    click.echo(f"Yêu cầu chứng thư chéo: {out}")


@cross.command("issue")
@click.argument("office", type=FOLDER)
@click.argument("asked", type=FILE)
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--person", "persons", multiple=True, required=True)
@click.option("--pass-file", type=FILE)
@click.option("--yes", is_flag=True, help="The persons have confirmed elsewhere.")
def issue(
    office: Path,
    asked: Path,
    out: Path,
    *,
    persons: tuple[str, ...],
    pass_file: Path | None,
    yes: bool,
) -> None:
    """Certify the root that ASKED with the root in OFFICE; the certificate goes to OUT."""
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415

    from lienthong.apps.pki import rites  # noqa: PLC0415  heavy

    issued = rites.cross_issue(
        office,
        asked.read_bytes(),
        persons=confirmed(persons, yes=yes),
        passphrase=read_passphrase(pass_file),
        at=datetime.now(UTC),
    )
    out.write_bytes(issued.public_bytes(Encoding.PEM))
    click.echo(f"Chứng thư chéo: {out}")


@cross.command("accept")
@click.argument("office", type=FOLDER)
@click.argument("certificate", type=FILE)
@click.option("--issuer", type=FILE, required=True, help="The other root, known out of band.")
def accept(office: Path, certificate: Path, *, issuer: Path) -> None:
    """Take a cross-certificate for the root in OFFICE into what goes online."""
    from cryptography import x509  # noqa: PLC0415

    from lienthong.apps.pki import rites  # noqa: PLC0415  heavy
    from lienthong.apps.pki.authority.rules import CeremonyRefused  # noqa: PLC0415

    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        other = x509.load_pem_x509_certificate(issuer.read_bytes())
    except ValueError as error:
        raise CeremonyRefused(detail="tệp không phải chứng thư PEM") from error
    rites.cross_accept(office, found, other)
    click.echo("Đã nhận chứng thư chéo vào thư mục trực tuyến.")
