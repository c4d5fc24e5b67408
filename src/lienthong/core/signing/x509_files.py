"""Certificates and revocation lists in files: DER or PEM, several in one, told apart by content."""

from __future__ import annotations

import binascii
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

SIZE_MAX_BYTES = 20 * 1024 * 1024
PIECES_MAX = 1000

_PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----\s*(.*?)-----END \1-----", re.DOTALL)
_KINDS = {
    b"CERTIFICATE": "certificate",
    b"X509 CERTIFICATE": "certificate",
    b"TRUSTED CERTIFICATE": "certificate",
    b"X509 CRL": "crl",
    b"CRL": "crl",
}


class NotReadable(ValueError):  # noqa: N818
    """What the file holds is no certificate or list that can be read. The text is Vietnamese."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """What a file holds, in its order. unread: pieces that could not be read, and why."""

    certificates: tuple[x509.Certificate, ...]
    crls: tuple[x509.CertificateRevocationList, ...]
    unread: tuple[str, ...]


def read_pieces(data: bytes) -> Pieces:
    """Read all certificates and lists of a file. Raises NotReadable when there is nothing of the
    kind in it; a piece that is broken inside is told in `unread`."""
    if len(data) > SIZE_MAX_BYTES:
        raise NotReadable("tệp quá lớn")
    certificates: list[x509.Certificate] = []
    crls: list[x509.CertificateRevocationList] = []
    unread: list[str] = []
    for kind, der in _encoded(data):
        if len(certificates) + len(crls) + len(unread) >= PIECES_MAX:
            raise NotReadable("tệp có quá nhiều chứng thư")
        try:
            one = _load(kind, der)
        except NotReadable as error:
            unread.append(str(error))
            continue
        if isinstance(one, x509.Certificate):
            certificates.append(one)
        else:
            crls.append(one)
    return Pieces(tuple(certificates), tuple(crls), tuple(unread))


def _encoded(data: bytes) -> Iterator[tuple[str, bytes]]:
    """(kind or "" when only the content tells it, DER) of each piece."""
    if data[:1] == b"\x30":
        yield "", data
        return
    found = False
    for label, body in _PEM.findall(data):
        if label not in _KINDS:
            continue
        found = True
        try:
            yield _KINDS[label], binascii.a2b_base64(b"".join(body.split()), strict_mode=True)
        except binascii.Error as error:
            raise NotReadable("khối PEM bị hỏng") from error
    if not found:
        raise NotReadable("không phải chứng thư hay danh sách thu hồi (DER hoặc PEM)")


def _load(kind: str, der: bytes) -> x509.Certificate | x509.CertificateRevocationList:
    reasons = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # serials that are not positive: judged elsewhere
        if kind != "crl":
            try:
                return x509.load_der_x509_certificate(der)
            except (ValueError, x509.InvalidVersion) as error:
                reasons.append(str(error))
        if kind != "certificate":
            try:
                return x509.load_der_x509_crl(der)
            except ValueError as error:
                reasons.append(str(error))
    raise NotReadable(f"không đọc được ({'; '.join(reasons)})"[:300])
