"""What a verifier may look at besides the signed file: certificates, CRLs and OCSP answers.

Evidence is never believed, only checked: it may come from the file itself, from a neighbour or from
the network. Whoever uses a piece of it verifies the signature on it first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

Piece = x509.Certificate | x509.CertificateRevocationList | bytes
T = TypeVar("T", bound=Piece)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Certificates, revocation lists and OCSP answers (DER of an OCSPResponse)."""

    certificates: tuple[x509.Certificate, ...] = ()
    crls: tuple[x509.CertificateRevocationList, ...] = ()
    ocsps: tuple[bytes, ...] = ()

    def __add__(self, other: Evidence) -> Evidence:
        """Both together, each piece once, in the order of first sight."""
        return Evidence(
            _once(self.certificates, other.certificates),
            _once(self.crls, other.crls),
            _once(self.ocsps, other.ocsps),
        )

    def __bool__(self) -> bool:
        return bool(self.certificates or self.crls or self.ocsps)

    def singles(self) -> list[Evidence]:
        """Every piece alone, in the order of `digests`."""
        return [
            *(Evidence(certificates=(one,)) for one in self.certificates),
            *(Evidence(crls=(one,)) for one in self.crls),
            *(Evidence(ocsps=(one,)) for one in self.ocsps),
        ]

    def digests(self) -> tuple[tuple[str, str], ...]:
        """(kind, SHA-256 in hexadecimal) of every piece, for reports (SG 7.8)."""
        return (
            *(("certificate", _sha256(_der(one))) for one in self.certificates),
            *(("crl", _sha256(_der(one))) for one in self.crls),
            *(("ocsp", _sha256(one)) for one in self.ocsps),
        )


NO_EVIDENCE = Evidence()


def _once(one: Iterable[T], two: Iterable[T]) -> tuple[T, ...]:
    """Told apart by their bytes: a revocation list has no hash of its own."""
    found: dict[bytes, T] = {}
    for each in (*one, *two):
        found.setdefault(_der(each), each)
    return tuple(found.values())


def _sha256(der: bytes) -> str:
    return hashlib.sha256(der).hexdigest()


def _der(one: Piece) -> bytes:
    return one if isinstance(one, bytes) else one.public_bytes(Encoding.DER)
