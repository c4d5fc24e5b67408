"""Packet signatures: detached CAdES over the exact bytes, beside them (SG 5.3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lienthong.core.signing import cms, tsp
from lienthong.core.signing.authority import PACKET_SIGNING
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.fast.signed_data import read_message
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.past import Dated, counted
from lienthong.core.signing.poe import KnownPoe, earliest, known
from lienthong.core.signing.report import Findings, SignatureReport
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.tsp import TimestampSource
from lienthong.core.signing.validate import (
    Context,
    Purpose,
    check_algorithm,
    check_signature,
    check_signer_at,
    check_stamps,
    key_name,
    path_digests,
    regime_text,
    signer_card,
    statuses_of,
)

PACKET_FIELD = "GoiTin"
PACKET = Purpose(frozenset({PACKET_SIGNING}), False, "ký gói tin")


@dataclass(frozen=True, slots=True)
class SHA256Digest:
    """A SHA-256 digest in place of the content, for content hashed while it arrived."""

    value: bytes


def sign_detached(
    data: bytes | SHA256Digest,
    *,
    signer: DigestSigner,
    at: datetime,
    timestamp: TimestampSource | None = None,
    timestamp_required: bool = True,
) -> bytes:
    """Return the detached CAdES signature over `data`, in DER.

    timestamp: where to get a time-stamp over the signature (B-T; without it B-B). When none can be
    had and it is not required, the signature is B-B; `add_timestamp` can put it in later.

    Raises TimestampNotMade.
    """
    digest = data.value if isinstance(data, SHA256Digest) else hashlib.sha256(data).digest()
    stamp = tsp.stamper(timestamp, at, required=timestamp_required) if timestamp else None
    return cms.build(signer, digest, signing_time=at, stamp=stamp)


def add_timestamp(
    signature: bytes, source: TimestampSource, *, at: datetime | None = None
) -> bytes:
    """A B-B signature made B-T. One that has a time-stamp stays as it is.

    at: this machine's time, for the check that the token is of now; None takes any time.
    Raises TimestampNotMade, and cms.CMSInvalid for what is no signature.
    """
    signed = cms.parse(signature)
    if signed.timestamps:
        return signature
    token = tsp.stamper(source, at)(hashlib.sha256(signed.signature).digest())
    return cms.with_timestamp(signature, token)


def verify_detached(
    data: bytes | SHA256Digest,
    signature: bytes,
    *,
    trust: Trust,
    at: datetime,
    purpose: Purpose = PACKET,
    poes: Sequence[KnownPoe] = (),
    evidence: Evidence = NO_EVIDENCE,
) -> SignatureReport:
    """Verify a packet signature at the time `at`. Never raises for a bad signature.

    purpose: what the signer's certificate must be for; a packet's unless said otherwise.
    poes: times that the caller has proved, by the SHA-256 of the signature's bytes or of a piece of
    evidence. evidence: certificates, CRLs and OCSP answers to look at.
    """
    findings = Findings()

    def digest_of(name: str) -> bytes:
        if isinstance(data, SHA256Digest):
            return data.value if name == "sha256" else b""
        return hashlib.new(name, data).digest()

    try:
        signed = read_message(signature)
    except cms.CMSInvalid as error:
        findings.failed("format", "FORMAT_FAILURE", f"Chữ ký gói tin sai định dạng: {error}.")
        return _report(SignatureReport(PACKET_FIELD, findings.indication), findings)
    check_signature(signed, digest_of, findings)
    proofs = known(poes, hashlib.sha256(signature).hexdigest(), at)
    context = _context(trust, at, poes, evidence)
    control_at = earliest(at, proofs).at
    stamps, stamped = check_stamps(
        signed, context=context, control_at=control_at, findings=findings
    )
    best = earliest(at, [*stamped, *proofs])
    path = check_signer_at(
        signed.certificate,
        others=signed.others,
        purpose=purpose,
        claimed_at=signed.signing_time,
        context=context,
        best=best,
        findings=findings,
    )
    check_algorithm(signed, best, findings)
    return SignatureReport(
        PACKET_FIELD,
        findings.indication,
        findings.sub_indication,
        sub_indications=tuple(findings.sub_indications),
        checks=tuple(findings.checks),
        signer=signer_card(signed.certificate, path.way),
        claimed_at=signed.signing_time,
        covers_whole=True,
        format="CAdES",
        level="B-T" if stamped else "B-B",
        best_at=best.at,
        best_kind=best.kind.value,
        timestamps=stamps,
        path=path_digests(path.certificates),
        statuses=statuses_of(path.statuses),
        algorithms=(
            signed.digest,
            signed.algorithm.label,
            key_name(signed.certificate),
        ),
        regime=regime_text(best.at if best.is_proved else signed.signing_time or at),
    )


def _context(trust: Trust, now: datetime, poes: Sequence[KnownPoe], evidence: Evidence) -> Context:
    if not evidence:
        return Context(trust, now)
    dated = [
        Dated(one, earliest(now, known(poes, one.digests()[0][1], now)).at)
        for one in evidence.singles()
    ]
    found = counted(dated, trust=trust)
    return Context(trust, now, found.evidence, found.dropped)


def _report(head: SignatureReport, findings: Findings) -> SignatureReport:
    return replace(
        head,
        indication=findings.indication,
        sub_indication=findings.sub_indication,
        sub_indications=tuple(findings.sub_indications),
        checks=tuple(findings.checks),
    )
