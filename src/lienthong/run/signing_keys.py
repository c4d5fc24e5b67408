"""The key that a command signs with: a file, a token, or a remote service; asked for by options."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lienthong.run.commands.pki_token import key_bytes, open_token

if TYPE_CHECKING:
    from lienthong.core.signing import DigestSigner

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_OPTIONS = (
    click.option("--key", "--p12", type=_FILE, help="PKCS#12 file with key, certificate, chain."),
    click.option(
        "--password-file",
        "--pin-file",
        "pin_file",
        type=_FILE,
        help="File with the password or PIN; asked for when absent.",
    ),
    click.option("--pkcs11", "--module", "module", help="The vendor's PKCS#11 library."),
    click.option("--token", help="Label of the token."),
    click.option("--key-id", help="CKA_ID of the key in the token, hexadecimal."),
    click.option("--label", help="Label of the key in the token, in place of its id."),
    click.option(
        "--chain", type=_FILE, help="PEM file with the issuers of a certificate in a token."
    ),
    click.option("--csc", "service", help="Address of a remote signing service (CSC API v2)."),
    click.option(
        "--credential", help="Id of the key at the remote service; its only one if absent."
    ),
    click.option("--csc-client", "client", help="Name of this application at the remote service."),
    click.option("--csc-secret-file", "secret_file", type=_FILE, help="File with its secret."),
)


@dataclass(frozen=True, slots=True)
class KeyChoice:
    """What the options say about the key."""

    key: Path | None
    pin_file: Path | None
    module: str | None
    token: str | None
    key_id: str | None
    label: str | None
    chain: Path | None
    service: str | None
    credential: str | None
    client: str | None
    secret_file: Path | None

    @classmethod
    def take(cls, options: dict[str, Any]) -> KeyChoice:
        """Take the key's options out of `options`. Raises UsageError unless they name one key."""
        found = cls(**{name: options.pop(name) for name in cls.__slots__})
        if sum(one is not None for one in (found.key, found.module, found.service)) != 1:
            raise click.UsageError("Name one key: --key FILE, --pkcs11 MODULE or --csc URL.")
        if found.module is not None and not (found.token and (found.key_id or found.label)):
            raise click.UsageError("--pkcs11 goes with --token and --key-id or --label.")
        if found.service is not None and not (found.client and found.secret_file):
            raise click.UsageError("--csc goes with --csc-client and --csc-secret-file.")
        return found

    def open(self, documents: Mapping[str, bytes]) -> DigestSigner:
        """The signer. documents: what will be signed, by name, for the signer's consent.

        Raises KeyPasswordWrong and what the token or the service refuses with.
        """
        if self.module is not None:
            return self._token_signer()
        if self.service is not None:
            return self._remote_signer(tuple(documents))
        from lienthong.core.signing import KeySigner  # noqa: PLC0415  heavy

        if self.key is None:
            raise click.UsageError("Name one key.")
        return KeySigner.from_pkcs12(self.key.read_bytes(), self._pin("Mật khẩu của khóa"))

    def _pin(self, prompt: str) -> str:
        if self.pin_file is not None:
            return self.pin_file.read_text(encoding="utf-8").rstrip("\n")
        return str(click.prompt(prompt, hide_input=True, err=True))

    def _token_signer(self) -> DigestSigner:
        from cryptography import x509  # noqa: PLC0415  heavy

        from lienthong.core.signing.pkcs11 import TokenSigner  # noqa: PLC0415  optional

        token = open_token(str(self.module), str(self.token), self.pin_file)
        key_id = key_bytes(self.key_id) if self.key_id else token.find(str(self.label))
        issuers = x509.load_pem_x509_certificates(self.chain.read_bytes()) if self.chain else []
        return TokenSigner(token, key_id=key_id, chain=issuers)

    def _remote_signer(self, documents: tuple[str, ...]) -> DigestSigner:
        from lienthong.apps.pki.remote.client import HTTPTransport  # noqa: PLC0415  optional
        from lienthong.core.signing.csc import (  # noqa: PLC0415
            RemoteSigner,
            RemoteSigningService,
            StepUp,
        )

        secret = self.secret_file.read_text(encoding="utf-8").strip() if self.secret_file else ""
        transport = HTTPTransport(
            str(self.service), client_id=str(self.client), client_secret=secret
        )
        service = RemoteSigningService(transport)
        credential = service.credential(self.credential or _only(service.credentials()))
        factors = {
            name: self._pin("Mã PIN") if name == "PIN" else click.prompt(f"Mã {name}", err=True)
            for name in credential.factors
        }
        return RemoteSigner(service, credential, StepUp(documents, factors))


def _only(found: tuple[str, ...]) -> str:
    if len(found) != 1:
        raise click.UsageError(f"Name one of the keys with --credential: {', '.join(found)}")
    return found[0]


def key_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that `KeyChoice.take` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
