"""What a PDF carries to prove its signatures later: the document security store (DSS).

Read with bounds and without believing anything; each piece with the place where it stands in the
file, which tells the document time-stamps that cover it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pikepdf
from cryptography import x509

from lienthong.core.signing.cms import UNREADABLE
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence

PIECES_MAX = 500
PIECE_SIZE_MAX_BYTES = 20 * 1024 * 1024
KINDS = ("/Certs", "/OCSPs", "/CRLs")


@dataclass(frozen=True, slots=True)
class StoredPiece:
    """One certificate, OCSP answer or CRL of the DSS. place: its offset in the file."""

    evidence: Evidence
    place: int


def read_store(pdf: pikepdf.Pdf) -> tuple[StoredPiece, ...]:
    """Everything readable in the DSS of a PDF, in its order. What cannot be read is left out."""
    places = _Places(pdf)
    found = []
    for kind, stream in _streams(pdf):
        try:
            content = stream.read_bytes()
        except (pikepdf.PdfError, RuntimeError):
            continue
        if len(content) > PIECE_SIZE_MAX_BYTES:
            continue
        piece = _piece(kind, content)
        if piece:
            found.append(StoredPiece(piece, places.of(stream)))
    return tuple(found)


def stored_evidence(pdf: pikepdf.Pdf) -> Evidence:
    """The whole DSS as one Evidence."""
    return sum((one.evidence for one in read_store(pdf)), NO_EVIDENCE)


def _streams(pdf: pikepdf.Pdf) -> Iterator[tuple[str, pikepdf.Stream]]:
    store = pdf.Root.get("/DSS")
    if not isinstance(store, pikepdf.Dictionary):
        return
    count = 0
    for kind in KINDS:
        members: Any = store.get(kind)
        for one in members if isinstance(members, pikepdf.Array) else ():
            count += 1
            if count > PIECES_MAX:
                return
            if isinstance(one, pikepdf.Stream):
                yield kind, one


def _piece(kind: str, content: bytes) -> Evidence:
    try:
        if kind == "/Certs":
            certificate = x509.load_der_x509_certificate(content)
            _ = certificate.subject, certificate.issuer, certificate.extensions
            return Evidence(certificates=(certificate,))
        if kind == "/CRLs":
            return Evidence(crls=(x509.load_der_x509_crl(content),))
    except UNREADABLE:
        return NO_EVIDENCE
    return Evidence(ocsps=(content,))


class _Places:
    """Where objects stand in the file; those in object streams where that stream stands."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._table = pdf.get_xref_table()

    def of(self, thing: pikepdf.Object) -> int:
        entry = self._table.get(thing.objgen)
        if entry is not None and entry.type == 2:
            entry = self._table.get((entry.obj_stream_number or 0, 0))
        return (entry.offset or 0) if entry is not None else 0
