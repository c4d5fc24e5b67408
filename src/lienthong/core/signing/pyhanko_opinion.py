"""The second opinion: pyHanko, revocation required, our Trust, no network."""

from __future__ import annotations

import io
from datetime import datetime

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.general import SigningError
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import ValidationContext

from lienthong.core.signing.reference_path import run_at_once
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import REPORT_FIELD

_USAGE = KeyUsageConstraints(key_usage={"non_repudiation"})
_REPORT_USAGE = KeyUsageConstraints(key_usage={"digital_signature"})


def refusals(data: bytes, *, trust: Trust, at: datetime) -> dict[str, str]:
    """Return field → reason for each signature that pyHanko does not accept."""
    refused: dict[str, str] = {}
    try:
        reader = PdfFileReader(io.BytesIO(data))
        embedded = list(reader.embedded_regular_signatures)
    except (PdfError, ValueError, KeyError) as error:
        return {"": f"không đọc được tệp ({error})"}
    for signature in embedded:
        usage = _REPORT_USAGE if signature.field_name == REPORT_FIELD else _USAGE
        context = ValidationContext(
            trust_roots=[_asn1(one) for one in trust.anchors],
            other_certs=[_asn1(one) for one in trust.intermediates],
            moment=at,
            allow_fetching=False,
            crls=[
                asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER)) for one in trust.crls
            ],
            revocation_mode="require",
            retroactive_revinfo=True,
        )
        try:
            status = run_at_once(
                async_validate_pdf_signature(
                    signature,
                    signer_validation_context=context,
                    key_usage_settings=usage,
                )
            )
        except (SignatureValidationError, SigningError, PdfError, ValueError) as error:
            refused[signature.field_name] = str(error)[:200]
            continue
        if not status.bottom_line:
            refused[signature.field_name] = status.summary()
    return refused


def _asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
