"""`lienthong pki operator`: who may sign the trust list that this node goes by (SG 3.8)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lienthong.core.signing.problems import TrustInvalid
from lienthong.run.commands import start_django
from lienthong.run.commands.pki_ceremony import FILE


@click.group("operator")
def operator() -> None:
    """The pinned operators of the trust list, at the node of LIENTHONG_DATA_DIR."""


@operator.command("pin")
@click.argument("certificate", type=FILE)
@click.option("--sha256", required=True, help="Its fingerprint, told by another way.")
@click.option("--alone", is_flag=True, help="Believe no operator that was pinned before.")
def pin(certificate: Path, *, sha256: str, alone: bool) -> None:
    """Pin the CERTIFICATE (PEM) of an operator, beside those that are pinned."""
    found = _read(certificate)
    told = sha256.replace(":", "").replace(" ", "").lower()
    if found.fingerprint(hashes.SHA256()).hex() != told:
        raise TrustInvalid(detail="mã băm của chứng thư không phải mã đã được báo")
    start_django()
    from lienthong.apps.pki import trusted  # noqa: PLC0415  Django is ready now

    trusted.pin_operator(found, alone=alone, at=datetime.now(UTC))
    click.echo(f"Đã ghim: {found.subject.rfc4514_string()}")


@operator.command("list")
def list_() -> None:
    """Print the fingerprint and name of each pinned operator."""
    start_django()
    from lienthong.apps.pki import trusted  # noqa: PLC0415  Django is ready now

    for one in trusted.trust().operators:
        click.echo(f"{one.fingerprint(hashes.SHA256()).hex()}  {one.subject.rfc4514_string()}")


def _read(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except ValueError as error:
        raise TrustInvalid(detail="không đọc được chứng thư PEM") from error
