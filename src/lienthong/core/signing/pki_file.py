"""The objects of a PKI as files: certificates, revocation lists, status answers, time-stamps.

Each is judged alone: a certificate by its path and revocation, a list by the issuer that signed it
and its period, a time-stamp by its authority and the content it was made for.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import pem
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import ocsp

from lienthong.core.errors import Problem
from lienthong.core.signing import cms, policy, tsp
from lienthong.core.signing.evidence import Evidence
from lienthong.core.signing.ocsp import OCSPRefused, check_response
from lienthong.core.signing.path import HASH, check_path, common_name, local
from lienthong.core.signing.report import Check, Verdict, lowest, verdict_of
from lienthong.core.signing.trust import Trust, crl_number

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_TST_INFO = bytes.fromhex("060b2a864886f70d0109100104")
_HEAD_BYTES = 80


@dataclass(frozen=True, slots=True)
class PkiVerdict:
    """What one object is and how it was judged. The title is Vietnamese."""

    kind: str
    title: str
    checks: tuple[Check, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        return lowest(verdict_of(one.ok) for one in self.checks)

    def to_json(self) -> dict[str, Any]:
        checks = [{"id": one.id, "ok": one.ok, "text": one.text} for one in self.checks]
        return {**self.facts, "checks": checks}


def is_cms(data: bytes) -> bool:
    """Whether the bytes begin as CMS SignedData, in DER or PEM."""
    return _SIGNED_DATA in cms_of(data)[:24]


def is_timestamp(data: bytes) -> bool:
    """Whether the bytes are CMS SignedData around the content of a time-stamp."""
    return is_cms(data) and _TST_INFO in cms_of(data)[: 2 * _HEAD_BYTES]


def cms_of(data: bytes) -> bytes:
    """The DER inside PEM; anything else as it is."""
    if not data.lstrip().startswith(b"-----BEGIN "):
        return data
    try:
        return bytes(pem.unarmor(data.lstrip())[2])
    except ValueError:
        return data


def check(
    data: bytes, *, trust: Trust, at: datetime, content: bytes | None = None
) -> PkiVerdict | None:
    """Judge a certificate, list, status answer or time-stamp; None when it is none of these.

    content: what a time-stamp was made for, or the certificate that a status answer is about.
    """
    der = cms_of(data)
    if is_timestamp(data):
        return _timestamp(der, content, trust, at)
    certificate, crl, answer = _certificate(der), _crl(der), _ocsp(der)
    if certificate is not None:
        return _judge_certificate(certificate, trust, at)
    if crl is not None:
        return _judge_crl(crl, trust, at)
    if answer is not None:
        return _judge_ocsp(der, answer, content, trust, at)
    try:
        token = tsp.read_response(der)
    except Problem:
        return None
    return _timestamp(token, content, trust, at)


def describe(data: bytes) -> dict[str, Any] | None:
    """What an object says, judged by nobody; None when it is none of a PKI's."""
    der = cms_of(data)
    certificate, crl, answer = _certificate(der), _crl(der), _ocsp(der)
    if certificate is not None:
        return {"kind": "certificate", **_certificate_facts(certificate), **_uses(certificate)}
    if crl is not None:
        return {"kind": "crl", **_crl_facts(crl)}
    if answer is not None:
        return {"kind": "ocsp", **_ocsp_facts(answer)}
    try:
        token = tsp.parse_token(der if is_timestamp(data) else tsp.read_response(der))
    except (Problem, cms.CMSInvalid):
        return None
    return {
        "kind": "timestamp",
        "at": token.at.isoformat(),
        "authority": common_name(token.signed.certificate),
        "policy": token.policy,
        "serial": f"{token.serial:X}",
        "imprint": f"{token.algorithm} {token.imprint.hex()}",
    }


def _certificate_facts(found: x509.Certificate) -> dict[str, Any]:
    return {
        "subject": found.subject.rfc4514_string(),
        "issuer": found.issuer.rfc4514_string(),
        "serial": f"{found.serial_number:X}",
        "not_before": found.not_valid_before_utc.isoformat(),
        "not_after": found.not_valid_after_utc.isoformat(),
        "sha256": found.fingerprint(HASH).hex(),
    }


def _uses(found: x509.Certificate) -> dict[str, Any]:
    """Key, uses, policies and addresses: what the certificate may be used for."""
    extensions = {one.value.__class__: one.value for one in found.extensions}
    extended = extensions.get(x509.ExtendedKeyUsage, ())
    policies = extensions.get(x509.CertificatePolicies, ())
    basic = extensions.get(x509.BasicConstraints)
    return {
        "key": policy.key_label(found.public_key()),
        "is_authority": bool(isinstance(basic, x509.BasicConstraints) and basic.ca),
        "extended_uses": [one.dotted_string for one in extended],
        "policies": [one.policy_identifier.dotted_string for one in policies],
    }


def _crl_facts(found: x509.CertificateRevocationList) -> dict[str, Any]:
    return {
        "issuer": found.issuer.rfc4514_string(),
        "number": crl_number(found),
        "this_update": found.last_update_utc.isoformat(),
        "next_update": found.next_update_utc.isoformat() if found.next_update_utc else None,
        "entries": len(found),
    }


def _ocsp_facts(found: ocsp.OCSPResponse) -> dict[str, Any]:
    if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return {"response": found.response_status.name.lower()}
    return {
        "response": "successful",
        "serial": f"{found.serial_number:X}",
        "status": found.certificate_status.name.lower(),
        "this_update": found.this_update_utc.isoformat(),
        "next_update": found.next_update_utc.isoformat() if found.next_update_utc else None,
    }


def _certificate(der: bytes) -> x509.Certificate | None:
    try:
        found = x509.load_der_x509_certificate(der)
        _ = found.subject, found.issuer, found.extensions, found.public_key()
    except (*cms.UNREADABLE, UnsupportedAlgorithm):
        return None
    return found


def _crl(der: bytes) -> x509.CertificateRevocationList | None:
    try:
        found = x509.load_der_x509_crl(der)
        _ = found.issuer, found.extensions, found.next_update_utc
    except (*cms.UNREADABLE, UnsupportedAlgorithm):
        return None
    return found


def _ocsp(der: bytes) -> ocsp.OCSPResponse | None:
    try:
        return ocsp.load_der_ocsp_response(der)
    except ValueError:
        return None


def _judge_certificate(found: x509.Certificate, trust: Trust, at: datetime) -> PkiVerdict:
    facts = _certificate_facts(found)
    title = f"Chứng thư số của “{common_name(found)}”"
    if found.fingerprint(HASH).hex() in trust.anchor_fingerprints:
        checks = (Check("path", True, "Đây là một chứng thư gốc bạn tin cậy."), _period(found, at))
        return PkiVerdict("certificate", title, checks, facts)
    path = check_path(found, trust=trust, at=at)
    if path.trouble is None:
        checks = (
            Check("path", True, path.path_text),
            Check("revocation", True, path.revocation_text),
        )
        return PkiVerdict("certificate", title, checks, facts)
    proven = path.trouble.name in {"REVOKED", "EXPIRED", "NOT_YET"}
    refusal = Check("path", False if proven else None, path.trouble_text)
    return PkiVerdict("certificate", title, (refusal,), facts)


def _period(found: x509.Certificate, at: datetime) -> Check:
    start, end = found.not_valid_before_utc, found.not_valid_after_utc
    return Check("period", start <= at <= end, f"Hiệu lực từ {local(start)} đến {local(end)}.")


def _judge_crl(found: x509.CertificateRevocationList, trust: Trust, at: datetime) -> PkiVerdict:
    title = f"Danh sách thu hồi số {crl_number(found)} của “{_name(found.issuer)}”"
    facts = _crl_facts(found)
    issuer = next((one for one in _issuers(trust, found) if _signed_by(found, one)), None)
    if issuer is None:
        text = "Không tìm được cơ quan cấp chứng thư tin cậy đã ký danh sách này."
        return PkiVerdict("crl", title, (Check("signature", None, text),), facts)
    text = f"Danh sách do “{common_name(issuer)}” ký."
    checks = [Check("signature", True, text), _issuer_check(issuer, trust, at)]
    end = found.next_update_utc
    current = end is not None and found.last_update_utc <= at <= end
    text = f"Phát hành {local(found.last_update_utc)}, dùng đến {local(end)}."
    checks.append(Check("period", True if current else None, text))
    return PkiVerdict("crl", title, tuple(checks), facts)


def _issuers(trust: Trust, crl: x509.CertificateRevocationList) -> list[x509.Certificate]:
    known = (*trust.anchors, *trust.intermediates)
    return [one for one in known if one.subject == crl.issuer]


def _signed_by(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    digest = crl.signature_hash_algorithm
    if digest is None or digest.name in {"md5", "sha1"}:
        return False
    try:
        return crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False


def _issuer_check(issuer: x509.Certificate, trust: Trust, at: datetime) -> Check:
    if issuer.fingerprint(HASH).hex() in trust.anchor_fingerprints:
        return Check("path", True, "Người ký là một gốc bạn tin cậy.")
    path = check_path(issuer, trust=trust, at=at)
    if path.trouble is None:
        return Check("path", True, path.path_text)
    return Check("path", None, path.trouble_text)


def _judge_ocsp(
    der: bytes, found: ocsp.OCSPResponse, content: bytes | None, trust: Trust, at: datetime
) -> PkiVerdict:
    """A status answer says something about one certificate only, which must stand beside it."""
    title = "Trả lời trạng thái chứng thư (OCSP)"
    if found.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        text = f"Nơi trả lời từ chối: {found.response_status.name}."
        return PkiVerdict("ocsp", title, (Check("status", None, text),))
    certificate = _certificate(cms_of(content)) if content is not None else None
    if certificate is None:
        text = "Chỉ kiểm tra được cùng với chứng thư mà câu trả lời nói tới (--content)."
        return PkiVerdict("ocsp", title, (Check("status", None, text),))
    path = check_path(certificate, trust=trust, at=at)
    if len(path.certificates) < 2:
        return PkiVerdict("ocsp", title, (Check("path", None, path.trouble_text),))
    try:
        answer = check_response(
            der,
            certificate=certificate,
            issuer=path.certificates[1],
            at=at,
            others=path.certificates,
        )
    except OCSPRefused as error:
        return PkiVerdict("ocsp", title, (Check("status", False, f"{error}."),))
    facts = {
        "status": answer.status,
        "this_update": answer.this_update.isoformat(),
        "responder": common_name(answer.responder),
    }
    name = common_name(certificate)
    status = _STATUSES.get(answer.status, "không rõ")
    text = f"Chứng thư “{name}”: {status}, theo câu trả lời lúc {local(answer.this_update)}."
    ok = True if answer.status == "good" else False if answer.status == "revoked" else None
    return PkiVerdict("ocsp", title, (Check("status", ok, text),), facts)


_STATUSES = {"good": "còn hiệu lực", "revoked": "đã bị thu hồi hoặc tạm dừng"}


def _timestamp(der: bytes, content: bytes | None, trust: Trust, at: datetime) -> PkiVerdict:
    title = "Dấu thời gian"

    def digest(name: str) -> bytes:
        return hashlib.new(name, content or b"").digest()

    if content is None:
        try:
            token = tsp.parse_token(der)
        except cms.CMSInvalid as error:
            text = f"Dấu thời gian sai định dạng: {error}."
            return PkiVerdict("timestamp", title, (Check("timestamp", False, text),))
        text = f"Dấu thời gian ghi {local(token.at)}; không có tệp nội dung nên chưa kiểm tra được."
        facts: dict[str, Any] = {"at": token.at.isoformat(), "imprint": token.imprint.hex()}
        return PkiVerdict("timestamp", title, (Check("timestamp", None, text),), facts)
    report = tsp.check_token(der, digest, trust=trust, at=at, evidence=Evidence())
    facts = {"at": report.at.isoformat() if report.at else None, "authority": report.authority}
    return PkiVerdict("timestamp", title, report.checks, facts)


def _name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()
