"""The second opinion: pyHanko, revocation required, our Trust, no network."""

from __future__ import annotations

import io
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import ValidationContext

from lienthong.core.signing.reference_path import run_at_once
from lienthong.core.signing.second import Times
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import REPORT_FIELD

_USAGE = KeyUsageConstraints(key_usage={"non_repudiation"})
_REPORT_USAGE = KeyUsageConstraints(key_usage={"digital_signature"})
_ERRORS = (SignatureValidationError, SigningError, PdfError, ValueError)


def refusals(data: bytes, *, trust: Trust, at: datetime, times: Times) -> dict[str, str]:
    """Return field → reason for each signature that pyHanko does not accept.

    Each signature is judged at its best time, its time-stamps and the document time-stamps at the
    time until which they are proved: the archival algorithm of the library is not asked, for it
    answers NO_POE for a sound B-LT signature (SG 7.2).
    """
    try:
        reader = PdfFileReader(io.BytesIO(data))
        embedded = list(reader.embedded_regular_signatures)
        stamps = [
            one
            for one in reader.embedded_timestamp_signatures
            if one.field_name in times.timestamps
        ]
    except (PdfError, ValueError, KeyError) as error:
        return {"": f"không đọc được tệp ({error})"}
    opinion = _Opinion(trust, at, times)
    refused = {one.field_name: opinion.of_signature(one) for one in embedded}
    for stamp in stamps:
        reason = opinion.of_timestamp(stamp)
        if reason:
            refused.update({one.field_name: reason for one in embedded})
    return {field: reason for field, reason in refused.items() if reason}


class _Opinion:
    """Asks about one signature at a time; "" means accepted."""

    def __init__(self, trust: Trust, at: datetime, times: Times) -> None:
        self._trust = trust
        self._at = at
        self._times = times
        evidence = times.evidence
        self._crls = [
            asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER))
            for one in (*trust.crls, *evidence.crls)
        ]
        self._ocsps = [asn1_ocsp.OCSPResponse.load(one) for one in evidence.ocsps]
        self._others = [_asn1(one) for one in (*trust.intermediates, *evidence.certificates)]

    def of_signature(self, signature: EmbeddedPdfSignature) -> str:
        field = signature.field_name
        work = async_validate_pdf_signature(
            signature,
            signer_validation_context=self._context(self._times.best.get(field, self._at)),
            ts_validation_context=self._context(self._times.control.get(field, self._at)),
            key_usage_settings=_REPORT_USAGE if field == REPORT_FIELD else _USAGE,
        )
        return _ask(work, lambda status: status.bottom_line)

    def of_timestamp(self, stamp: EmbeddedPdfSignature) -> str:
        at = self._times.control.get(stamp.field_name, self._at)
        work = async_validate_pdf_timestamp(stamp, self._context(at))
        return _ask(work, lambda status: status.valid and status.trusted)

    def _context(self, moment: datetime) -> ValidationContext:
        return ValidationContext(
            trust_roots=[_asn1(one) for one in self._trust.anchors],
            other_certs=self._others,
            moment=moment,
            allow_fetching=False,
            crls=self._crls,
            ocsps=self._ocsps,
            revocation_mode="require",
            retroactive_revinfo=True,
        )


def _ask(work: Coroutine[Any, Any, Any], accepts: Callable[[Any], bool]) -> str:
    try:
        status = run_at_once(work)
    except _ERRORS as error:
        return str(error)[:200] or type(error).__name__
    return "" if accepts(status) else str(status.summary())


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
