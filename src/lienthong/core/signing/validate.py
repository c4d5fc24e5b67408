"""One signature against a Trust and a time: the order of work of SG 7.2, for PDF and packets."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from lienthong.core.signing import policy, tsp
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
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.identity import by_identity
from lienthong.core.signing.path import (
    PathResult,
    StatusUsed,
    Trouble,
    check_path,
    common_name,
    local,
    subject_fields,
)
from lienthong.core.signing.poe import Poe, PoeKind
from lienthong.core.signing.report import Findings, SignerCard, StatusReport, TimestampReport
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.x509_names import fingerprint

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
        key = policy.key_of(signed.certificate)
        policy.verify_by(key, signed.algorithm, digest, signed.signature)
    except InvalidSignature:
        text = "Chữ ký không phải do khóa bí mật của chứng thư này tạo ra."
        findings.failed("signature", "SIG_CRYPTO_FAILURE", text)
    except (policy.AlgorithmRefused, UnsupportedAlgorithm, ValueError) as error:
        findings.unknown("algorithm", "CRYPTO_CONSTRAINTS_FAILURE", f"Thuật toán: {error}.")
    else:
        label = f"{key_name(signed.certificate)}, {signed.algorithm.label}"
        text = f"Chữ ký do đúng khóa bí mật của chứng thư này tạo ra ({label})."
        findings.good("signature", text)


@dataclass(frozen=True, slots=True)
class Context:
    """What a signature is judged by. `now` is the time of the check, evidence what counts of it."""

    trust: Trust
    now: datetime
    evidence: Evidence = NO_EVIDENCE
    evidence_dropped: bool = False  # some did not count, for nothing proves its age


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
    """`check_signer_at` for what nothing but this check, at `at`, proves to exist."""
    return check_signer_at(
        certificate,
        others=others,
        purpose=purpose,
        claimed_at=claimed_at,
        context=Context(trust, at),
        best=Poe(at, PoeKind.CHECK),
        findings=findings,
    )


def check_signer_at(
    certificate: x509.Certificate,
    *,
    others: Collection[x509.Certificate],
    purpose: Purpose,
    claimed_at: datetime | None,
    context: Context,
    best: Poe,
    findings: Findings,
) -> PathResult:
    """Blocks 5-9: claim, period, purpose, path, revocation and algorithms at the best time."""
    _check_claim(certificate, claimed_at, best, findings)
    _check_purpose(certificate, purpose, findings)
    path = check_path(
        certificate,
        trust=context.trust,
        at=best.at,
        others=tuple(others),
        evidence=context.evidence,
    )
    _tell_period(certificate, claimed_at, best, findings)
    _tell_path(path, claimed_at, best, context, findings)
    _check_bag(certificate, others, context, findings)
    return path


def _check_claim(
    certificate: x509.Certificate, claimed_at: datetime | None, best: Poe, findings: Findings
) -> None:
    """The claimed time proves nothing; but an impossible one spoils the signature (R51)."""
    if claimed_at is None:
        return
    claim = f"Thời điểm ký do người ký khai ({local(claimed_at)})"
    if claimed_at > best.at + CLAIM_TOLERANCE:
        text = f"{claim} ở sau {best.kind.label} ({local(best.at)})."
        findings.doubtful("claimed_time", "SIG_CONSTRAINTS_FAILURE", text)
    elif claimed_at < certificate.not_valid_before_utc - CLAIM_TOLERANCE:
        text = f"{claim} ở trước khi chứng thư có hiệu lực."
        findings.doubtful("claimed_time", "SIG_CONSTRAINTS_FAILURE", text)


def _check_purpose(certificate: x509.Certificate, purpose: Purpose, findings: Findings) -> None:
    """Key usage and extended key usage (DX-64b, R38)."""
    text, is_met = _purpose_met(certificate, purpose)
    if is_met:
        findings.good("purpose", text)
    else:
        findings.doubtful("purpose", "CHAIN_CONSTRAINTS_FAILURE", text)


@by_identity
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
    context: Context,
    findings: Findings,
) -> None:
    """No certificate sent along may be a damaged copy of a known one. Strangers are ignored (A4).

    The bag is not signed: what looks like a known authority (its name or its key) must be that
    very certificate, or be signed by somebody known, as a cross-certificate is.
    """
    strangers = [one for one in others if fingerprint(one) not in context.trust.known_fingerprints]
    if strangers and not all(_is_sound(one, certificate, context.trust) for one in strangers):
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


def _tell_period(
    certificate: x509.Certificate, claimed_at: datetime | None, best: Poe, findings: Findings
) -> None:
    """Block 7. A time-stamp made after the end does not tell when the signature was made (R53)."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if start <= best.at <= end:
        text = f"Chứng thư còn hiệu lực tại {local(best.at)} (từ {local(start)} đến {local(end)})."
        findings.good("period", text)
    elif best.at < start:
        text = f"Chứng thư chưa có hiệu lực tại {local(best.at)}."
        findings.failed("period", "NOT_YET_VALID", text)
    elif claimed_at is not None and claimed_at > end:
        text = f"Chứng thư đã hết hạn ({local(end)}) trước thời điểm ký."
        findings.failed("period", "EXPIRED", text)
    else:
        text = (
            f"Chứng thư đã hết hạn ({local(end)}) và không có bằng chứng văn bản được ký trước đó."
        )
        findings.unknown("period", "OUT_OF_BOUNDS_NO_POE", text)


def _tell_path(
    path: PathResult,
    claimed_at: datetime | None,
    best: Poe,
    context: Context,
    findings: Findings,
) -> None:
    if path.trouble is None:
        findings.good("revocation", path.revocation_text)
        findings.good("path", path.path_text)
        return
    if path.path_text and path.trouble not in {Trouble.CONSTRAINTS, Trouble.ALGORITHM}:
        findings.good("path", path.path_text)
    if path.trouble in {Trouble.REVOKED, Trouble.REVOKED_CA}:
        _tell_revoked(path, claimed_at, best, findings)
    elif path.trouble is Trouble.NO_STATUS and context.evidence_dropped:
        text = "Bằng chứng kèm theo không được dấu thời gian nào bảo vệ khi nó còn giá trị."
        findings.unknown("revocation", "NO_POE", f"{path.trouble_text} {text}")
    elif path.trouble is Trouble.NO_STATUS:
        findings.unknown("revocation", path.trouble.value, path.trouble_text)
    elif path.trouble not in {Trouble.NOT_YET, Trouble.EXPIRED}:
        findings.doubtful("path", path.trouble.value, path.trouble_text)


def _tell_revoked(
    path: PathResult, claimed_at: datetime | None, best: Poe, findings: Findings
) -> None:
    """Block 8: revoked at or before the best time.

    Proved by a time-stamp, or claimed by the signer: failed. Else nobody can tell the order.
    """
    if path.trouble is Trouble.REVOKED_CA:
        findings.doubtful("revocation", "REVOKED_CA_NO_POE", path.trouble_text)
    elif (
        best.is_proved
        or claimed_at is None
        or path.revoked_at is None
        or claimed_at >= path.revoked_at
    ):
        findings.failed("revocation", "REVOKED", path.trouble_text)
    else:
        text = f"{path.trouble_text} Không có bằng chứng văn bản được ký trước khi thu hồi."
        findings.doubtful("revocation", "REVOKED_NO_POE", text)


def check_stamps(
    signed: SignedCMS, *, context: Context, control_at: datetime, findings: Findings
) -> tuple[tuple[TimestampReport, ...], list[Poe]]:
    """Block 10: the signature time-stamps, and the times they prove.

    control_at: until when the tokens are known to have existed: now, or an archive time-stamp's
    time. A token that is false in itself spoils the signature (R49, R50, R54); one whose authority
    is not trusted is ignored, with the reason in its report.
    """
    reports, proofs = [], []
    for token in signed.timestamps:
        report = tsp.check_token(
            token,
            lambda name: hashlib.new(name, signed.signature).digest(),
            trust=context.trust,
            at=control_at,
            now=context.now,
            evidence=context.evidence,
        )
        reports.append(report)
        if report.is_good and report.at is not None:
            proofs.append(Poe(report.at, PoeKind.SIGNATURE_TIMESTAMP))
            findings.good("timestamp", report.checks[-1].text)
        elif report.is_false:
            findings.doubtful("timestamp", report.sub_indication, report.checks[-1].text)
        if report.at is not None and report.at > control_at + CLAIM_TOLERANCE:
            text = f"Dấu thời gian trên chữ ký ({local(report.at)}) muộn hơn dấu thời gian lưu trữ."
            findings.doubtful("timestamp", "TIMESTAMP_ORDER_FAILURE", text)
    return tuple(reports), proofs


def check_algorithm(signed: SignedCMS, best: Poe, findings: Findings) -> None:
    """Block 9: the signature's row in the table of algorithms must reach the best time."""
    try:
        key = policy.key_of(signed.certificate)
        policy.check_dates(signed.algorithm.family, key, best.at)
    except policy.AlgorithmRefused as error:
        sub = (
            "CRYPTO_CONSTRAINTS_FAILURE" if best.is_proved else "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
        )
        findings.unknown("algorithm", sub, f"Thuật toán: {error}.")
    except (ValueError, UnsupportedAlgorithm):
        pass  # a key that cannot be read has been told already


def legacy_notes(signed: SignedCMS) -> tuple[str, ...]:
    """A note on what the table believes only for some years more (SG 9)."""
    try:
        if not policy.is_legacy(signed.algorithm, signed.certificate.public_key()):
            return ()
    except (ValueError, UnsupportedAlgorithm):
        return ()
    return ("Thuật toán hoặc độ dài khóa cũ: cần bổ sung dấu thời gian lưu trữ trước khi hết hạn.",)


@lru_cache(maxsize=1024)
def _regime_text(found: policy.Regime | None) -> str:
    return f"{found.title} ({found.legal_basis})" if found else ""


def regime_text(signed_at: datetime) -> str:
    """The legal regime of a signature made at this moment, as one line (SG-1)."""
    return _regime_text(policy.regime_at(signed_at))


@by_identity
def path_digests(certificates: tuple[x509.Certificate, ...]) -> tuple[str, ...]:
    """SHA-256 of the certificates of a path, for the report (SG 7.8)."""
    return tuple(fingerprint(one).hex() for one in certificates)


@by_identity
def statuses_of(statuses: tuple[StatusUsed, ...]) -> tuple[StatusReport, ...]:
    """The revocation statuses a path was judged by, for the report (SG 7.8)."""
    return tuple(
        StatusReport(
            certificate=one.certificate,
            name=one.name,
            source=one.source,
            status=one.status,
            produced_at=one.produced_at,
            next_update=one.next_update,
            evidence=one.evidence,
        )
        for one in statuses
    )


@by_identity
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
        algorithm=key_name(certificate),
        way=way,
        kind=_kind(certificate),
        sha256=fingerprint(certificate).hex(),
    )


@by_identity
def key_name(certificate: x509.Certificate) -> str:
    """Kind and size of the certificate's key, "" for a key that is none."""
    try:
        return policy.key_label(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm):
        return ""


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
