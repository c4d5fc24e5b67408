"""The second opinion: pyHanko, revocation required, our Trust, no network."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

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

from lienthong.core.signing.path import run_at_once
from lienthong.core.signing.report import Indication, SignatureReport
from lienthong.core.signing.trust import Trust

SAMPLE_OF = 100
SEEN_MAX = 10_000
_USAGE = KeyUsageConstraints(key_usage={"non_repudiation"})


_SEEN: WeakKeyDictionary[Trust, set[str]] = WeakKeyDictionary()


def is_asked_for(sha256: str, signatures: Sequence[SignatureReport], trust: Trust) -> bool:
    """Whether to ask pyHanko: signers not met under this Trust yet, or one document in a hundred.

    The sample is taken by the document's digest, so the same document is always treated alike.
    """
    return int(sha256[:8], 16) % SAMPLE_OF == 0 or _signers(signatures) not in _SEEN.get(trust, ())


def note_opinion(signatures: Sequence[SignatureReport], trust: Trust) -> None:
    """Remember that pyHanko agreed about these signers."""
    if all(one.indication is Indication.PASSED for one in signatures):
        seen = _SEEN.setdefault(trust, set())
        if len(seen) >= SEEN_MAX:
            seen.clear()
        seen.add(_signers(signatures))


def _signers(signatures: Sequence[SignatureReport]) -> str:
    return " ".join(one.signer.sha256 if one.signer else "" for one in signatures)


def second_opinion_of(data: bytes, *, trust: Trust, at: datetime) -> dict[str, str]:
    """Return field → reason for each signature that pyHanko does not accept."""
    refused: dict[str, str] = {}
    try:
        reader = PdfFileReader(io.BytesIO(data))
        embedded = list(reader.embedded_regular_signatures)
    except (PdfError, ValueError, KeyError) as error:
        return {"": f"không đọc được tệp ({error})"}
    for signature in embedded:
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
                    key_usage_settings=_USAGE,
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
