"""`lienthong pki token …`: keys in a device (PKCS#11): make one, request its certificate, keep it.

The private key is made inside the device and never leaves it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from lienthong.core.signing.pkcs11 import Token

Command = TypeVar("Command", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
_KINDS = {"ec": "EC P-256", "rsa": "RSA 3072"}


def device_options(*, required: bool) -> Callable[[Command], Command]:
    """--module, --token and --key-id: which key of which device."""

    def add(command: Command) -> Command:
        for option in (
            click.option("--key-id", help="CKA_ID of the key, hexadecimal.", required=required),
            click.option("--token", help="Label of the token.", required=required),
            click.option("--module", help="The vendor's PKCS#11 library.", required=required),
        ):
            command = option(command)
        return command

    return add


pin_option = click.option(
    "--pin-file", type=_FILE, help="File with the PIN; asked for when absent."
)


def open_token(module: str, label: str, pin_file: Path | None) -> Token:
    """The device, with its PIN read or asked for."""
    from lienthong.core.signing.pkcs11 import Token  # noqa: PLC0415  needs the server extra

    if pin_file is not None:
        pin = pin_file.read_text(encoding="utf-8").rstrip("\n")
    else:
        pin = click.prompt("Mã PIN của thiết bị", hide_input=True, err=True)
    return Token(module, label, pin)


def key_bytes(text: str) -> bytes:
    """CKA_ID from its hexadecimal form."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if not found:
        raise click.BadParameter("phải là số thập lục phân, ví dụ 01", param_hint="--key-id")
    return found


@click.group()
def token() -> None:
    """Keys in a token, card or hardware module (PKCS#11)."""


@token.command("new-key")
@device_options(required=True)
@pin_option
@click.option("--kind", type=click.Choice(sorted(_KINDS)), default="ec", show_default=True)
@click.option(
    "--label", required=True, help="Holder and use, such as 'Nguyễn Văn An | ký văn bản'."
)
def new_key(
    *, module: str, token: str, key_id: str, pin_file: Path | None, kind: str, label: str
) -> None:
    """Make a key inside the device: sensitive, not extractable."""
    from lienthong.core.signing.pkcs11 import KeyType  # noqa: PLC0415

    device = open_token(module, token, pin_file)
    device.generate(KeyType(_KINDS[kind]), key_id=key_bytes(key_id), label=label)
    click.echo(f"Đã tạo khóa {_KINDS[kind]} “{label}” ({key_id}) trong thiết bị “{token}”.")


@token.command("request")
@device_options(required=True)
@pin_option
@click.option("--name", required=True, help="Common name of the holder.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True)
def request(
    *, module: str, token: str, key_id: str, pin_file: Path | None, name: str, output: Path
) -> None:
    """Write a certificate request (PKCS#10, DER), signed by the key: proof of possession."""
    from cryptography import x509  # noqa: PLC0415

    device = open_token(module, token, pin_file)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    output.write_bytes(device.request(subject, key_id=key_bytes(key_id)))
    click.echo(output)


@token.command("store")
@device_options(required=True)
@pin_option
@click.argument("certificate", type=_FILE)
def store(
    *, module: str, token: str, key_id: str, pin_file: Path | None, certificate: Path
) -> None:
    """Keep CERTIFICATE (DER or PEM) beside its key in the device."""
    from cryptography import x509  # noqa: PLC0415

    from lienthong.core.signing.path import common_name  # noqa: PLC0415

    data = certificate.read_bytes()
    load = (
        x509.load_pem_x509_certificate if b"-----BEGIN" in data else x509.load_der_x509_certificate
    )
    try:
        parsed = load(data)
    except ValueError as error:
        raise click.BadParameter("không phải chứng thư X.509", param_hint="CERTIFICATE") from error
    device = open_token(module, token, pin_file)
    device.store(parsed, key_id=key_bytes(key_id), label=common_name(parsed))
    click.echo(f"Đã lưu chứng thư “{common_name(parsed)}” vào thiết bị “{token}”.")
