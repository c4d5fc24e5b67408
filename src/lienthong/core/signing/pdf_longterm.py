"""Make signatures of a PDF last: validation data, document time-stamps, later time-stamps (SG 5.2).

Levels: B-T has a signature time-stamp, B-LT also the certificates and revocation data of every
path in the DSS, B-LTA a document time-stamp over all of it, which is renewed before its authority's
certificate or an algorithm ages. Everything is an incremental update: what was signed stays.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import pikepdf
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import AuthorityInformationAccessOID

from lienthong.core.signing import cms, ocsp, tsp
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.path import check_path
from lienthong.core.signing.pdf_check import open_strict
from lienthong.core.signing.pdf_evidence import KINDS, read_store
from lienthong.core.signing.pdf_structure import PdfSignature, PdfStructure, read_structure
from lienthong.core.signing.pdf_update import (
    Update,
    fill,
    places,
    put_value,
    reference,
    with_entries,
)
from lienthong.core.signing.pdf_verify import check_intact
from lienthong.core.signing.problems import PdfNotPrepared, SignatureNotMade
from lienthong.core.signing.status_now import LOCATIONS_MAX, Fetch, access_locations
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.tsp import TimestampSource

TIMESTAMP_FIELD = "DauThoiGian"
RESERVED_FOR_TIMESTAMP_BYTES = 16 * 1024


def add_validation_data(data: bytes, evidence: Evidence) -> bytes:
    """Return `data` with `evidence` in its DSS, without pieces that are there already.

    Raises PdfNotPrepared when nothing in it is signed, SignatureNotMade, what open_strict raises.
    """
    with open_strict(data) as pdf:
        _check_signed(pdf)
        known = {digest for piece in read_store(pdf) for digest in piece.evidence.digests()}
        update = Update.begin(data, pdf)
        fresh: dict[str, list[int]] = {}
        for kind, content, digest in _pieces(evidence):
            if digest not in known:
                fresh.setdefault(kind, []).append(_add_piece(update, content))
        if not fresh:
            return data
        store = update.add(_store(pdf, fresh))
        entries = f"/DSS {store} 0 R"
        without = ("/DSS",)
        if "/Extensions" not in pdf.Root:
            entries += " /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> >>"
        update.replace(pdf.Root, entries, without=without)
        return _checked(update.finish())


def _pieces(evidence: Evidence) -> Iterator[tuple[str, bytes, tuple[str, str]]]:
    """Kind in the DSS, content, and (kind, SHA-256) of each piece."""
    contents = (
        *(("/Certs", one.public_bytes(Encoding.DER)) for one in evidence.certificates),
        *(("/CRLs", one.public_bytes(Encoding.DER)) for one in evidence.crls),
        *(("/OCSPs", one) for one in evidence.ocsps),
    )
    for (kind, content), digest in zip(contents, evidence.digests(), strict=True):
        yield kind, content, digest


def _add_piece(update: Update, content: bytes) -> int:
    packed = zlib.compress(content, 9)
    if len(packed) < len(content):
        return update.add_stream("/Filter /FlateDecode", packed)
    return update.add_stream("", content)


def _store(pdf: pikepdf.Pdf, fresh: dict[str, list[int]]) -> bytes:
    """The DSS dictionary: what it held before, then the new pieces. VRI is not written (SG 5.2)."""
    old: Any = pdf.Root.get("/DSS")
    parts = ["<< /Type /DSS"]
    for kind in KINDS:
        members: Any = old.get(kind) if isinstance(old, pikepdf.Dictionary) else None
        kept = members if isinstance(members, pikepdf.Array) else ()
        references = [reference(one) for one in kept if one.is_indirect]
        references += [f"{number} 0 R" for number in fresh.get(kind, ())]
        if references:
            parts.append(f"{kind} [{' '.join(references)}]")
    return " ".join([*parts, ">>"]).encode()


def add_document_timestamp(
    data: bytes, source: TimestampSource, *, at: datetime | None = None
) -> bytes:
    """Return `data` with a document time-stamp over all of it, in an invisible field of its own.

    at: this machine's time, for the check that the token is of now; None takes any time.
    Raises TimestampNotMade, PdfNotPrepared, SignatureNotMade and what open_strict raises.
    """
    with open_strict(data) as pdf:
        form = _check_signed(pdf)
        update = Update.begin(data, pdf)
        value = update.add(
            b"<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161\n"
            + places(RESERVED_FOR_TIMESTAMP_BYTES)
            + b">>"
        )
        name = _free_name(form)
        field = update.add(
            f"<< /Type /Annot /Subtype /Widget /FT /Sig /T ({name}) /F 132 /Rect [0 0 0 0] "
            f"/V {value} 0 R >>".encode()
        )
        _append_field(update, pdf, form, field)
        document = update.finish()
    stamp = tsp.stamper(source, at)
    return _checked(fill(document, len(data), RESERVED_FOR_TIMESTAMP_BYTES, stamp))


def _append_field(update: Update, pdf: pikepdf.Pdf, form: pikepdf.Dictionary, number: int) -> None:
    """Put the field at the end of the form's list, wherever that list stands."""
    fields = form["/Fields"]
    members = " ".join(reference(one) for one in fields)
    text = f"[{members} {number} 0 R]"
    entries = f"/Fields {text} /SigFlags 3"
    if fields.is_indirect:
        update.replace_with(fields, text.encode())
    elif form.is_indirect:
        update.replace(form, entries, without=("/Fields", "/SigFlags"))
    else:
        inner = with_entries(form, entries, without=("/Fields", "/SigFlags")).decode("latin-1")
        update.replace(pdf.Root, f"/AcroForm {inner}", without=("/AcroForm",))


def _free_name(form: pikepdf.Dictionary) -> str:
    taken = {str(one.get("/T", "")) for one in form["/Fields"]}
    number = 1
    while f"{TIMESTAMP_FIELD}{number}" in taken:
        number += 1
    return f"{TIMESTAMP_FIELD}{number}"


def _check_signed(pdf: pikepdf.Pdf) -> pikepdf.Dictionary:
    """The form of a document that holds a signature. Raises PdfNotPrepared."""
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        fields = form.get("/Fields")
        members: list[Any] = list(fields) if isinstance(fields, pikepdf.Array) else []
        if any(isinstance(one, pikepdf.Dictionary) and "/V" in one for one in members) and all(
            one.is_indirect for one in members
        ):
            return form
    raise PdfNotPrepared(field="AcroForm")


def add_signature_timestamp(
    data: bytes, field: str, source: TimestampSource, *, at: datetime | None = None
) -> bytes:
    """Give a B-B signature its time-stamp later: in its own place, or after it.

    The place of a signature value is not covered by the signature itself, so a token is put in
    there when the signature is the last thing in the file and room was kept. Otherwise a document
    time-stamp is added, which proves the same. A signature that has a time-stamp stays as it is.

    Raises PdfNotPrepared when `field` holds no signature, and what add_document_timestamp raises.
    """
    structure = read_structure(data)
    with structure.pdf:
        found = next((one for one in structure.signatures if one.field == field), None)
        if found is None or not found.end:
            raise PdfNotPrepared(field=field)
        signed = _parsed(found)
        room = found.gap[1] - found.gap[0] - 2
        if signed.timestamps or any(one.end > found.end for one in structure.timestamps):
            return data
        at_end, contents, gap = found.at_end, found.contents, found.gap
    if at_end:
        token = tsp.stamper(source, at)(hashlib.sha256(signed.signature).digest())
        value = cms.with_timestamp(contents, token)
        if 2 * len(value) <= room:
            return _checked(put_value(data, gap, value))
    return add_document_timestamp(data, source, at=at)


def _parsed(found: PdfSignature) -> cms.SignedCMS:
    kind = "tst_info" if found.is_timestamp else "data"
    try:
        return cms.parse(found.contents, trailing_zeros=True, content_type=kind)
    except cms.CMSInvalid as error:
        raise SignatureNotMade(detail=str(error)) from error


def _checked(data: bytes) -> bytes:
    trouble = check_intact(data)
    if trouble:
        raise SignatureNotMade(detail=trouble)
    return data


def collect(
    data: bytes,
    *,
    trust: Trust,
    at: datetime,
    fetch: Fetch | None = None,
    evidence: Evidence = NO_EVIDENCE,
) -> Evidence:
    """Gather what proves the signatures of `data` at `at`: certificates, CRLs, OCSP answers.

    For every certificate of every path (signers, time-stamp authorities), roots excepted: an OCSP
    answer from its own address, else a CRL, else the CRL that `trust` has. Nothing is believed here
    and no piece is promised: whether it is enough, `verify_pdf` tells.

    Raises what read_structure raises, and SignatureNotMade for a signature that cannot be read.
    """
    structure = read_structure(data)
    with structure.pdf:
        gathered = evidence + sum((one.evidence for one in read_store(structure.pdf)), NO_EVIDENCE)
        leaves = list(_leaves(structure))
    collector = _Collector(trust, at, fetch)
    for leaf, others in leaves:
        collector.follow(leaf, (*others, *gathered.certificates), gathered)
    return collector.found


def _leaves(
    structure: PdfStructure,
) -> Iterator[tuple[x509.Certificate, tuple[x509.Certificate, ...]]]:
    """Each signer's and time-stamp authority's certificate, with what came along."""
    for one in (*structure.signatures, *structure.timestamps):
        if not one.end:
            continue
        signed = _parsed(one)
        yield signed.certificate, signed.others
        for token in signed.timestamps:
            stamp = cms.parse(token, content_type="tst_info")
            yield stamp.certificate, stamp.others


class _Collector:
    """Walks up the paths and keeps what it gets; asks for each certificate once."""

    def __init__(self, trust: Trust, at: datetime, fetch: Fetch | None) -> None:
        self.found = NO_EVIDENCE
        self._trust = trust
        self._at = at
        self._fetch = fetch
        self._asked: set[x509.Certificate] = set()

    def follow(
        self, leaf: x509.Certificate, others: Sequence[x509.Certificate], known: Evidence
    ) -> None:
        helpers = [*others, *self._missing_issuers(leaf, others)]
        path = check_path(leaf, trust=self._trust, at=self._at, others=helpers)
        self.found += Evidence(certificates=path.certificates[:-1])
        for certificate, issuer in pairwise(path.certificates):
            if certificate not in self._asked:
                self._asked.add(certificate)
                self.found += self._status_of(certificate, issuer)

    def _missing_issuers(
        self, leaf: x509.Certificate, others: Iterable[x509.Certificate]
    ) -> list[x509.Certificate]:
        """Issuers that neither came along nor are trusted, from the addresses in certificates."""
        known = [*others, *self._trust.intermediates, *self._trust.anchors]
        found: list[x509.Certificate] = []
        one = leaf
        for _ in range(LOCATIONS_MAX):
            issuer = next((each for each in known if each.subject == one.issuer), None)
            if issuer is None:
                fetched = [
                    certificate
                    for url in access_locations(one, AuthorityInformationAccessOID.CA_ISSUERS)
                    for certificate in _certificates(self._get(url))
                ]
                issuer = next((each for each in fetched if each.subject == one.issuer), None)
                if issuer is None:
                    return found
                found.append(issuer)
            if issuer in self._trust.anchors or issuer == one:
                return found
            one = issuer
        return found

    def _status_of(self, certificate: x509.Certificate, issuer: x509.Certificate) -> Evidence:
        for url in access_locations(certificate, AuthorityInformationAccessOID.OCSP):
            answer = self._get(url, ocsp.build_request(certificate, issuer))
            if answer and self._is_answer(answer, certificate, issuer):
                responders = ocsp.responder_certificates(answer)
                return Evidence(ocsps=(answer,), certificates=responders)
        for url in _crl_locations(certificate):
            crl = _crl(self._get(url))
            if crl is not None and crl.issuer == issuer.subject:
                return Evidence(crls=(crl,))
        own = self._trust.lists.get(issuer.subject.public_bytes(), ())
        return Evidence(crls=own[:1])

    def _is_answer(
        self, answer: bytes, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> bool:
        try:
            ocsp.check_response(answer, certificate=certificate, issuer=issuer, at=self._at)
        except ocsp.OCSPRefused:
            return False
        return True

    def _get(self, url: str, body: bytes | None = None) -> bytes | None:
        return self._fetch(url, body) if self._fetch is not None else None


def _crl_locations(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    names = [name for point in found for name in point.full_name or ()]
    urls = [one.value for one in names if isinstance(one, x509.UniformResourceIdentifier)]
    return urls[:LOCATIONS_MAX]


_LOADERS: tuple[Callable[[bytes], list[x509.Certificate]], ...] = (
    lambda content: [x509.load_der_x509_certificate(content)],
    x509.load_pem_x509_certificates,
    pkcs7.load_der_pkcs7_certificates,
)


def _certificates(content: bytes | None) -> list[x509.Certificate]:
    """A certificate in DER or PEM, or the certificates of a certs-only CMS (SG 3.5)."""
    if not content:
        return []
    for load in _LOADERS:
        try:
            return load(content)
        except ValueError:
            continue
    return []


def _crl(content: bytes | None) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_der_x509_crl(content) if content else None
    except ValueError:
        return None
