"""Certificates met before, by their bytes: read once, then known with their keys (SG 11.2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from lienthong.core.signing import der
from lienthong.core.signing.cms import CMSInvalid, load_certificate
from lienthong.core.signing.fast.shape import INTEGER, SEQUENCE, VERSION, expect, skip
from lienthong.core.signing.plain.ask import Ask

KEPT_MAX = 4096
SIZE_MAX_BYTES = 16 * 1024
DIRECTORY_NAME = 0xA4

_known: dict[bytes, Known] = {}


@dataclass(frozen=True, slots=True)
class Known:
    """A certificate and what names it, as DER writes it.

    identifier: issuer and serial, the content of a SignerIdentifier. named: its SHA-256 as
    signing-certificate-v2 has it. issuer_serial: what may follow that (RFC 5035 IssuerSerial).
    """

    certificate: x509.Certificate
    identifier: bytes
    named: bytes
    issuer_serial: bytes


def known(data: bytes) -> Known:
    """The certificate with these bytes. Raises Ask when it does not read strictly."""
    found = _known.get(data)
    if found is None:
        found = _read(data)
        if len(_known) >= KEPT_MAX:
            _known.clear()
        _known[data] = found
    return found


def forget() -> None:
    """Empty the memory (for measuring and for tests)."""
    _known.clear()


def _read(data: bytes) -> Known:
    if len(data) > SIZE_MAX_BYTES:
        raise Ask("a large certificate")
    try:
        der.check_strict(data)
        issuer, serial = _identifier(data)
        certificate = load_certificate(data)
        certificate.public_key()
    except (der.NotDER, CMSInvalid, UnsupportedAlgorithm, ValueError) as error:
        raise Ask("a certificate that does not read") from error
    return Known(
        certificate=certificate,
        identifier=issuer + serial,
        named=der.octets(hashlib.sha256(data).digest()),
        issuer_serial=der.sequence(der.sequence(der.tlv(DIRECTORY_NAME, issuer)), serial),
    )


def _identifier(data: bytes) -> tuple[bytes, bytes]:
    """The issuer's name and the serial number, as they stand in the certificate."""
    at, end = expect(data, 0, len(data), SEQUENCE)
    at, end = expect(data, at, end, SEQUENCE)
    _, at = expect(data, at, end, VERSION)
    serial = at
    _, at = expect(data, at, end, INTEGER)
    number = data[serial:at]
    if len(number) < 3 or number[2] >= 0x80 or not number[2:].strip(b"\x00"):
        raise Ask("a serial number that is not positive")
    _, at = expect(data, at, end, SEQUENCE)
    issuer = at
    at = skip(data, at, end, SEQUENCE)
    return data[issuer:at], number
