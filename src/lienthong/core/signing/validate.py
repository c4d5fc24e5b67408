"""One signature against a Trust and a time: the order of work of SG 7.2, for PDF and packets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from lienthong.core.signing import policy
from lienthong.core.signing.authority import (
    DOCUMENT_SIGNING,
    PACKET_SIGNING,
    POLICY_AGENCY,
    POLICY_PERSON,
    POLICY_PUBLIC_LEGAL,
    POLICY_PUBLIC_PERSON,
    POLICY_SERVICE,
    RECEIPT_SIGNING,
)
from lienthong.core.signing.cms import SignedCMS
from lienthong.core.signing.path import (
    HASH,
    PathResult,
    Trouble,
    check_path,
    common_name,
    local,
    subject_fields,
)
from lienthong.core.signing.report import Findings, SignerCard
from lienthong.core.signing.trust import Trust

CLAIM_TOLERANCE = timedelta(minutes=5)
KINDS = {
    POLICY_PERSON: "person",
    POLICY_AGENCY: "agency",
    POLICY_SERVICE: "service",
    POLICY_PUBLIC_PERSON: "public_person",
    POLICY_PUBLIC_LEGAL: "public_legal",
}


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the certificate must be for."""

    usages: frozenset[str]
    commits: bool
    name: str


DOCUMENT = Purpose(frozenset({DOCUMENT_SIGNING}), True, "ký văn bản")
# A node's own key signs the reports it makes; such a signature makes no document official.
REPORT = Purpose(
    frozenset({DOCUMENT_SIGNING, PACKET_SIGNING, RECEIPT_SIGNING}), False, "ký báo cáo kiểm tra"
)
REPORT_FIELD = "BaoCao"


def purpose_of(field: str) -> Purpose:
    """What the certificate behind a PDF's signature field must be for."""
    return REPORT if field == REPORT_FIELD else DOCUMENT


def check_signature(
    signed: SignedCMS, digest_of: Callable[[str], bytes], findings: Findings
) -> None:
    """Blocks 2-4: the certificate is named, the content is the one signed, the key made it."""
    if not signed.names_certificate:
        findings.unknown(
            "signing_certificate",
            "NO_SIGNING_CERTIFICATE_FOUND",
            "Chữ ký không gắn với chứng thư người ký (thiếu thuộc tính signing-certificate-v2).",
        )
    if signed.digest not in policy.DIGESTS:
        findings.unknown(
            "algorithm",
            "CRYPTO_CONSTRAINTS_FAILURE",
            f"Thuật toán băm {signed.digest} không còn được chấp nhận.",
        )
        return
    if digest_of(signed.digest) == signed.message_digest:
        findings.good("integrity", "Nội dung không thay đổi kể từ khi ký.")
    else:
        findings.failed("integrity", "HASH_FAILURE", "Nội dung đã bị thay đổi sau khi ký.")
    digest = hashlib.new(signed.algorithm.digest, signed.signed_attributes).digest()
    try:
        policy.verify(signed.certificate.public_key(), signed.algorithm, digest, signed.signature)
    except InvalidSignature:
        text = "Chữ ký không phải do khóa bí mật của chứng thư này tạo ra."
        findings.failed("signature", "SIG_CRYPTO_FAILURE", text)
    except (policy.AlgorithmRefused, ValueError) as error:
        findings.unknown("algorithm", "CRYPTO_CONSTRAINTS_FAILURE", f"Thuật toán: {error}.")
    else:
        label = f"{policy.key_label(signed.certificate.public_key())}, {signed.algorithm.label}"
        text = f"Chữ ký do đúng khóa bí mật của chứng thư này tạo ra ({label})."
        findings.good("signature", text)


def check_signer(
    certificate: x509.Certificate,
    *,
    others: Collection[x509.Certificate],
    purpose: Purpose,
    claimed_at: datetime | None,
    trust: Trust,
    at: datetime,
    findings: Findings,
) -> PathResult:
    """Blocks 5-8: period, purpose, path and revocation of the signer's certificate at `at`."""
    _check_claim(certificate, claimed_at, at, findings)
    _check_purpose(certificate, purpose, findings)
    path = check_path(certificate, trust=trust, at=at, others=tuple(others))
    _tell_path(certificate, path, claimed_at, at, findings)
    _check_bag(certificate, others, trust, findings)
    return path


def _check_claim(
    certificate: x509.Certificate, claimed_at: datetime | None, at: datetime, findings: Findings
) -> None:
    """The claimed time proves nothing; but an impossible one spoils the signature (R51)."""
    if claimed_at is None:
        return
    if claimed_at > at + CLAIM_TOLERANCE:
        text = f"Thời điểm ký do người ký khai ({local(claimed_at)}) ở sau thời điểm kiểm tra."
        findings.doubtful("claimed_time", "SIG_CONSTRAINTS_FAILURE", text)
    elif claimed_at < certificate.not_valid_before_utc - CLAIM_TOLERANCE:
        claim = f"Thời điểm ký do người ký khai ({local(claimed_at)})"
        text = f"{claim} ở trước khi chứng thư có hiệu lực."
        findings.doubtful("claimed_time", "SIG_CONSTRAINTS_FAILURE", text)


def _check_purpose(certificate: x509.Certificate, purpose: Purpose, findings: Findings) -> None:
    """Key usage and extended key usage (DX-64b, R38)."""
    text, is_met = _purpose_met(certificate, purpose)
    if is_met:
        findings.good("purpose", text)
    else:
        findings.doubtful("purpose", "CHAIN_CONSTRAINTS_FAILURE", text)


@lru_cache(maxsize=4096)
def _purpose_met(certificate: x509.Certificate, purpose: Purpose) -> tuple[str, bool]:
    """Whether the certificate is for `purpose`, in words."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        names = {one.dotted_string for one in extended}
    except (x509.ExtensionNotFound, ValueError):
        return "Chứng thư không ghi mục đích sử dụng khóa.", False
    signs = usage.content_commitment if purpose.commits else usage.digital_signature
    if signs and names & purpose.usages:
        return f"Chứng thư được cấp để {purpose.name}.", True
    return f"Chứng thư không được cấp để {purpose.name}.", False


def _check_bag(
    certificate: x509.Certificate,
    others: Collection[x509.Certificate],
    trust: Trust,
    findings: Findings,
) -> None:
    """No certificate sent along may be a damaged copy of a known one. Strangers are ignored (A4).

    The bag is not signed: what looks like a known authority (its name or its key) must be that
    very certificate, or be signed by somebody known, as a cross-certificate is.
    """
    strangers = [one for one in others if one not in trust.known]
    if strangers and not all(_is_sound(one, certificate, trust) for one in strangers):
        text = "Chứng thư gửi kèm chữ ký không nguyên vẹn."
        findings.doubtful("certificates", "SIG_CONSTRAINTS_FAILURE", text)


def _is_sound(one: x509.Certificate, certificate: x509.Certificate, trust: Trust) -> bool:
    relatives = [*trust.known, certificate]
    try:
        looks_known = any(
            one.subject == other.subject or one.public_key() == other.public_key()
            for other in relatives
        )
        return not looks_known or any(_is_issued_by(one, other) for other in relatives)
    except (ValueError, UnsupportedAlgorithm):
        return False


def _is_issued_by(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _tell_path(
    certificate: x509.Certificate,
    path: PathResult,
    claimed_at: datetime | None,
    at: datetime,
    findings: Findings,
) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if start <= at <= end:
        text = f"Chứng thư còn hiệu lực tại {local(at)} (từ {local(start)} đến {local(end)})."
        findings.good("period", text)
    elif at < start:
        text = f"Chứng thư chưa có hiệu lực tại {local(at)}."
        findings.failed("period", "NOT_YET_VALID", text)
    elif claimed_at is not None and claimed_at > end:
        text = f"Chứng thư đã hết hạn ({local(end)}) trước thời điểm ký."
        findings.failed("period", "EXPIRED", text)
    else:
        text = (
            f"Chứng thư đã hết hạn ({local(end)}) và không có bằng chứng văn bản được ký trước đó."
        )
        findings.unknown("period", "OUT_OF_BOUNDS_NO_POE", text)

    if path.trouble is None:
        findings.good("revocation", path.revocation_text)
        findings.good("path", path.path_text)
        return
    if path.path_text and path.trouble not in {Trouble.CONSTRAINTS, Trouble.ALGORITHM}:
        findings.good("path", path.path_text)
    if path.trouble in {Trouble.REVOKED, Trouble.REVOKED_CA}:
        _tell_revoked(path, claimed_at, findings)
    elif path.trouble is Trouble.NO_STATUS:
        findings.unknown("revocation", path.trouble.value, path.trouble_text)
    elif path.trouble not in {Trouble.NOT_YET, Trouble.EXPIRED}:
        findings.doubtful("path", path.trouble.value, path.trouble_text)


def _tell_revoked(path: PathResult, claimed_at: datetime | None, findings: Findings) -> None:
    """Revoked before the signing time it claims itself: failed. Else nobody can tell the order."""
    if path.trouble is Trouble.REVOKED_CA:
        findings.doubtful("revocation", "REVOKED_CA_NO_POE", path.trouble_text)
    elif claimed_at is None or path.revoked_at is None or claimed_at >= path.revoked_at:
        findings.failed("revocation", "REVOKED", path.trouble_text)
    else:
        text = f"{path.trouble_text} Không có bằng chứng văn bản được ký trước khi thu hồi."
        findings.doubtful("revocation", "REVOKED_NO_POE", text)


@lru_cache(maxsize=4096)
def signer_card(certificate: x509.Certificate, way: str = "") -> SignerCard:
    """What the certificate says about its holder (DX-63, SG-V-07)."""
    fields = subject_fields(certificate)

    def text(name: str) -> str:
        value = fields.get(name, "")
        return ", ".join(value) if isinstance(value, list) else str(value)

    return SignerCard(
        name=common_name(certificate),
        organization=text("organization_name"),
        organization_code=text("organization_identifier").removeprefix("GO:VN-"),
        position=text("title"),
        serial=f"{certificate.serial_number:X}",
        issuer=_issuer_name(certificate),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        algorithm=policy.key_label(certificate.public_key()),
        way=way,
        kind=_kind(certificate),
        sha256=certificate.fingerprint(HASH).hex(),
    )


def _issuer_name(certificate: x509.Certificate) -> str:
    names = certificate.issuer.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.issuer.rfc4514_string()


def _kind(certificate: x509.Certificate) -> str:
    """Person, agency or service, by the certificate policy (SG 3.4)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    for one in found:
        arc = one.policy_identifier.dotted_string.rpartition(".")[0]
        if arc in KINDS:
            return KINDS[arc]
    return ""
