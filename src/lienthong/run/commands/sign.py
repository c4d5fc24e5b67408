"""`lienthong sign FILE`: a PAdES signature inside a PDF, or a detached CAdES one for any file.

The key lies in a PKCS#12 file (--key) or in a device (--module, --token, --key-id).
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
from cryptography import x509
from cryptography.x509.oid import NameOID

from lienthong.run.commands.pki_token import device_options, key_bytes, open_token, pin_option
from lienthong.run.commands.verify import read

if TYPE_CHECKING:
    from lienthong.core.signing import DigestSigner

_A4_PLACES = {"person": (320.0, 120.0, 540.0, 200.0), "agency": (300.0, 140.0, 380.0, 220.0)}


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="PKCS#12 file with key, certificate and chain.",
)
@device_options(required=False)
@pin_option
@click.option(
    "--chain",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="PEM file with the issuers of a certificate in a device.",
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File with the key's password; asked for when absent.",
)
@click.option("--as", "who", type=click.Choice(["person", "agency"]), default="person")
@click.option("--detached", is_flag=True, help="Sign a PDF from outside too, as any other file.")
@click.option("--reason", default="", help="Why it is signed; shown in the PDF's signature.")
@click.option("--location", default="", help="Where it is signed.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False))
def sign(
    *,
    file: Path,
    key: Path | None,
    module: str | None,
    token: str | None,
    key_id: str | None,
    pin_file: Path | None,
    chain: Path | None,
    password_file: Path | None,
    who: str,
    detached: bool,
    reason: str,
    location: str,
    output: Path | None,
) -> None:
    """Sign FILE. A PDF gets the signature inside; any other file gets FILE.p7s beside it.

    A PDF without prepared signature places gets them on its last page, so sign as person first.
    """
    from lienthong.core import signing  # noqa: PLC0415  heavy

    if key is not None and not (module or token or key_id):
        signer = _from_file(key, password_file)
    elif key is None and module and token and key_id:
        signer = _from_device(module, token, key_id, pin_file, chain)
    else:
        raise click.UsageError("Cần --key, hoặc cả --module, --token và --key-id.")
    data, at = read(file), datetime.now(UTC)
    if detached or not data.startswith(b"%PDF-"):
        target = output or file.with_name(f"{file.name}.p7s")
        target.write_bytes(signing.sign_detached(data, signer=signer, at=at))
        click.echo(target)
        return
    make = partial(
        signing.sign_pdf,
        field=signing.PERSON_FIELD if who == "person" else signing.AGENCY_FIELD,
        signer=signer,
        name=common_name(signer.certificate),
        reason=reason,
        location=location,
        at=at,
    )
    try:
        signed = make(data)
    except signing.PdfNotPrepared:
        person, agency = (signing.Box(-1, *_A4_PLACES[name]) for name in ("person", "agency"))
        signed = make(signing.prepare_pdf(data, person=person, agency=agency))
    target = output or file.with_name(f"{file.stem}.signed.pdf")
    target.write_bytes(signed)
    click.echo(target)


def _from_file(key: Path, password_file: Path | None) -> DigestSigner:
    from lienthong.core import signing  # noqa: PLC0415  heavy

    password = (
        password_file.read_text(encoding="utf-8").rstrip("\n")
        if password_file
        else click.prompt("Mật khẩu của khóa", hide_input=True, err=True)
    )
    return signing.KeySigner.from_pkcs12(key.read_bytes(), password)


def _from_device(
    module: str, token: str, key_id: str, pin_file: Path | None, chain: Path | None
) -> DigestSigner:
    from lienthong.core.signing.pkcs11 import TokenSigner  # noqa: PLC0415  needs the server extra

    issuers = x509.load_pem_x509_certificates(chain.read_bytes()) if chain else []
    device = open_token(module, token, pin_file)
    return TokenSigner(device, key_id=key_bytes(key_id), chain=issuers)


def common_name(certificate: x509.Certificate) -> str:
    """The name of the holder as the certificate says it."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()
