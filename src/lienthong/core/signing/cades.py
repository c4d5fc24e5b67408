"""Packet signatures: detached CAdES over the exact bytes, beside them (SG 5.3)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from lienthong.core.signing import cms
from lienthong.core.signing.authority import PACKET_SIGNING
from lienthong.core.signing.fast.signed_data import read_message
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.report import Findings, Indication, SignatureReport
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import Purpose, check_signature, check_signer, signer_card

PACKET_FIELD = "GoiTin"
PACKET = Purpose(frozenset({PACKET_SIGNING}), False, "ký gói tin")


@dataclass(frozen=True, slots=True)
class SHA256Digest:
    """A SHA-256 digest in place of the content, for content hashed while it arrived."""

    value: bytes


def sign_detached(data: bytes | SHA256Digest, *, signer: DigestSigner, at: datetime) -> bytes:
    """Return the detached CAdES-B-B signature over `data`, in DER."""
    digest = data.value if isinstance(data, SHA256Digest) else hashlib.sha256(data).digest()
    return cms.build(signer, digest, signing_time=at)


def verify_detached(
    data: bytes | SHA256Digest,
    signature: bytes,
    *,
    trust: Trust,
    at: datetime,
    purpose: Purpose = PACKET,
) -> SignatureReport:
    """Verify a packet signature at the time `at`. Never raises for a bad signature.

    purpose: what the signer's certificate must be for; a packet's unless said otherwise.
    """
    findings = Findings()

    def digest_of(name: str) -> bytes:
        if isinstance(data, SHA256Digest):
            return data.value if name == "sha256" else b""
        return hashlib.new(name, data).digest()

    try:
        signed = read_message(signature)
    except cms.CMSInvalid as error:
        text = f"Chữ ký gói tin sai định dạng: {error}."
        findings.failed("format", "FORMAT_FAILURE", text)
        return SignatureReport(
            PACKET_FIELD, Indication.FAILED, "FORMAT_FAILURE", checks=tuple(findings.checks)
        )
    check_signature(signed, digest_of, findings)
    path = check_signer(
        signed.certificate,
        others=signed.others,
        purpose=purpose,
        claimed_at=signed.signing_time,
        trust=trust,
        at=at,
        findings=findings,
    )
    return SignatureReport(
        PACKET_FIELD,
        findings.indication,
        findings.sub_indication,
        signer_card(signed.certificate, path.way),
        signed.signing_time,
        True,
        tuple(findings.checks),
    )
