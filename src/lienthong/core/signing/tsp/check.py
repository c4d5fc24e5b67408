"""Whether a time-stamp is to be believed (SG 7.2 block 10)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from lienthong.core.signing import cms, policy
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.path import HASH, PathResult, Trouble, check_path, common_name, local
from lienthong.core.signing.report import Findings, TimestampReport
from lienthong.core.signing.trust import TSA_SERVICE, Trust
from lienthong.core.signing.tsp.token import Token, parse_token, token_fault

OWN_CLOCK_TOLERANCE = timedelta(minutes=5)


def check_token(
    data: bytes,
    digest_of: Callable[[str], bytes],
    *,
    trust: Trust,
    at: datetime,
    now: datetime | None = None,
    evidence: Evidence = NO_EVIDENCE,
    kind: str = "signature",
    field: str = "",
    nonce: int | None = None,
    policy_oid: str = "",
) -> TimestampReport:
    """Check a token: in itself, and its authority's path at the time `at` (SG 7.2 block 10).

    at: the control time of the authority's certificate: now, or when the token was proved to exist.
    nonce, policy_oid: what was asked for, when this is the answer to a request of ours (R54).
    """
    findings = Findings()
    try:
        token = parse_token(data)
    except cms.CMSInvalid as error:
        findings.failed("timestamp", "FORMAT_FAILURE", f"Dấu thời gian sai định dạng: {error}.")
        return _report(None, None, findings, kind, field)
    wrong, reason = token_fault(token, digest_of)
    if wrong:
        findings.failed("timestamp", wrong, f"Dấu thời gian không dùng được: {reason}.")
        return _report(token, None, findings, kind, field)
    if nonce is not None and token.nonce != nonce:
        text = "Dấu thời gian không phải trả lời cho yêu cầu này (nonce khác)."
        findings.failed("timestamp", "SIG_CONSTRAINTS_FAILURE", text)
    if policy_oid and token.policy != policy_oid:
        text = f"Dấu thời gian theo chính sách {token.policy}, không phải chính sách đã yêu cầu."
        findings.failed("timestamp", "SIG_CONSTRAINTS_FAILURE", text)
    if token.at > (now or at) + OWN_CLOCK_TOLERANCE:
        text = f"Dấu thời gian ghi thời điểm {local(token.at)}, ở sau thời điểm kiểm tra."
        findings.doubtful("timestamp", "TIMESTAMP_ORDER_FAILURE", text)
    path = check_path(
        token.signed.certificate,
        trust=trust,
        at=at,
        others=token.signed.others,
        evidence=evidence,
    )
    _tell_path(token, path, at, findings)
    _check_at(token, trust, at, findings)
    return _report(token, path, findings, kind, field)


def _tell_path(token: Token, path: PathResult, at: datetime, findings: Findings) -> None:
    name = common_name(token.signed.certificate)
    if path.trouble is None:
        text = f"Dấu thời gian {local(token.at)} do “{name}” cấp. {path.path_text}"
        findings.good("timestamp", text)
    elif path.trouble is Trouble.NOT_YET:
        text = f"Chứng thư của nơi cấp dấu thời gian “{name}” chưa có hiệu lực tại {local(at)}."
        findings.doubtful("timestamp", "NOT_YET_VALID", text)
    else:
        text = f"Chưa tin được nơi cấp dấu thời gian “{name}”: {path.trouble_text}"
        findings.doubtful("timestamp", path.trouble.value, text)


def _check_at(token: Token, trust: Trust, at: datetime, findings: Findings) -> None:
    """The algorithm at the control time; the service in the trust list at the token's own time."""
    certificate = token.signed.certificate
    try:
        key = policy.check_key(certificate.public_key())
        policy.check_dates(token.signed.algorithm.family, key, at)
    except policy.AlgorithmRefused as error:
        text = f"Dấu thời gian: {error}."
        findings.doubtful("timestamp", "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", text)
    if trust.service_granted(certificate, TSA_SERVICE, token.at) is False:
        text = "Danh sách tin cậy không công nhận nơi cấp dấu thời gian tại thời điểm đó."
        findings.doubtful("timestamp", "CHAIN_CONSTRAINTS_FAILURE", text)


def _report(
    token: Token | None, path: PathResult | None, findings: Findings, kind: str, field: str
) -> TimestampReport:
    certificate = token.signed.certificate if token else None
    return TimestampReport(
        kind=kind,
        field=field,
        indication=findings.indication,
        sub_indication=findings.sub_indication,
        at=token.at if token else None,
        authority=common_name(certificate) if certificate else "",
        policy=token.policy if token else "",
        serial=f"{token.serial:X}" if token else "",
        sha256=hashlib.sha256(token.data).hexdigest() if token else "",
        certificate_sha256=certificate.fingerprint(HASH).hex() if certificate else "",
        way=path.way if path else "",
        checks=tuple(findings.checks),
    )
