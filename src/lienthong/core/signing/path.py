"""The way from a certificate up to a root, and whether it held at a time (SG 7.2 blocks 6-8).

Candidates are gathered within bounds (SG 3.5), revocation is decided from the CRLs of the Trust
(always required), and a path that looks good is then given to the reference validator
(pyhanko-certvalidator: RFC 5280 with policies, name constraints and critical extensions). Both must
agree. A good result is kept until the first moment at which it could change.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing.policy import AlgorithmRefused, check_key
from lienthong.core.signing.trust import Trust, crl_number

CANDIDATES_MAX = 50
LENGTH_MAX = 6
SIGNATURE_CHECKS_MAX = 200
TOLERANCE = timedelta(minutes=5)
KEPT_MAX = 10_000
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

HASH = hashes.SHA256()
_FORBIDDEN_HASHES = {"md5", "sha1"}
_ONE_AT_A_TIME = threading.Lock()


class Trouble(Enum):
    """Why a path does not hold."""

    NO_PATH = "NO_CERTIFICATE_CHAIN_FOUND"
    BROKEN = "CERTIFICATE_CHAIN_GENERAL_FAILURE"
    CONSTRAINTS = "CHAIN_CONSTRAINTS_FAILURE"
    EXPIRED = "OUT_OF_BOUNDS_NO_POE"
    NOT_YET = "NOT_YET_VALID"
    CA_OUT_OF_PERIOD = "OUT_OF_BOUNDS_NOT_REVOKED"
    NO_STATUS = "TRY_LATER"
    REVOKED = "REVOKED"
    REVOKED_CA = "REVOKED_CA_NO_POE"
    ALGORITHM = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"


@dataclass(frozen=True, slots=True)
class PathResult:
    """The path found (leaf first, root last) and how it did. The texts are Vietnamese."""

    certificates: tuple[x509.Certificate, ...]
    trouble: Trouble | None
    way: str = ""
    path_text: str = ""
    revocation_text: str = ""
    trouble_text: str = ""
    revoked_at: datetime | None = None
    until: datetime | None = None  # the first moment at which a good result could change


@dataclass
class _Memory:
    """What one Trust has led to so far."""

    results: dict[bytes, tuple[datetime, PathResult]]
    crl_signatures: dict[tuple[bytes, bytes], bool]
    asn1_crls: list[asn1_crl.CertificateList]
    asn1_certificates: dict[bytes, asn1_x509.Certificate]


_MEMORY: WeakKeyDictionary[Trust, _Memory] = WeakKeyDictionary()


def check_path(
    leaf: x509.Certificate,
    *,
    trust: Trust,
    at: datetime,
    others: Sequence[x509.Certificate] = (),
) -> PathResult:
    """Find the best path from `leaf` to a root of `trust` and check it at the time `at`.

    others: certificates that came with the signature; they may help, they are not believed.
    """
    memory = _memory(trust)
    key = leaf.fingerprint(HASH)
    kept = memory.results.get(key)
    if kept is not None and kept[1].until is not None and kept[0] <= at <= kept[1].until:
        return kept[1]
    best: PathResult | None = None
    for certificates in _candidates(leaf, trust, others):
        found = _check_one(certificates, trust, memory, at)
        if found.trouble is None:
            best = found
            break
        if best is None or _rank(found) > _rank(best):
            best = found
    if best is None:
        text = "Không tìm được đường dẫn chứng thư tới chứng thư gốc tin cậy"
        return PathResult((leaf,), Trouble.NO_PATH, trouble_text=f"{text}.")
    if best.trouble is None:
        if len(memory.results) >= KEPT_MAX:
            memory.results.clear()
        memory.results[key] = (at, best)
    return best


def holds(fingerprint: bytes, *, trust: Trust, at: datetime) -> bool:
    """Whether a good path of this certificate is known that still stands at `at`."""
    kept = _memory(trust).results.get(fingerprint)
    return kept is not None and kept[1].until is not None and kept[0] <= at <= kept[1].until


def _memory(trust: Trust) -> _Memory:
    memory = _MEMORY.get(trust)
    if memory is None:
        lists = [
            asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER)) for one in trust.crls
        ]
        memory = _MEMORY.setdefault(trust, _Memory({}, {}, lists, {}))
    return memory


def _rank(result: PathResult) -> int:
    """Which failed path tells most: a proven revocation before missing evidence."""
    order = (
        Trouble.BROKEN,
        Trouble.NO_STATUS,
        Trouble.EXPIRED,
        Trouble.REVOKED_CA,
        Trouble.REVOKED,
    )
    return order.index(result.trouble) if result.trouble in order else 0


def _candidates(
    leaf: x509.Certificate, trust: Trust, others: Sequence[x509.Certificate]
) -> Iterator[tuple[x509.Certificate, ...]]:
    """Paths by name and signature, shortest first, within the bounds of SG 3.5 (R42)."""
    known = {one.fingerprint(HASH) for one in (*trust.anchors, *trust.intermediates)}
    extra = [one for one in others if one.fingerprint(HASH) not in known]
    issuers = [*trust.intermediates, *extra[: max(0, CANDIDATES_MAX - len(trust.intermediates))]]
    checks = 0
    waiting: list[tuple[x509.Certificate, ...]] = [(leaf,)]
    while waiting:
        path = waiting.pop(0)
        wanted = path[-1].issuer
        for issuer in (*trust.anchors, *issuers):
            if issuer.subject != wanted or issuer in path:
                continue
            checks += 1
            if checks > SIGNATURE_CHECKS_MAX:
                return
            if not _is_issued_by(path[-1], issuer):
                continue
            if issuer in trust.anchors:
                yield (*path, issuer)
            elif len(path) < LENGTH_MAX - 1:
                waiting.append((*path, issuer))


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _check_one(
    path: tuple[x509.Certificate, ...], trust: Trust, memory: _Memory, at: datetime
) -> PathResult:
    way = "chéo" if any(_is_cross(one) for one in path[1:-1]) else "trực tiếp"
    root = common_name(path[-1])
    issuers = " → ".join(common_name(one) for one in path[1:-1])
    kind = "qua chứng thư chéo" if way == "chéo" else "trực tiếp"
    text = f"Đường dẫn {kind} tới gốc “{root}” ({issuers or 'cấp bởi gốc'})."

    def trouble(kind: Trouble, reason: str, revoked_at: datetime | None = None) -> PathResult:
        return PathResult(path, kind, way, text, trouble_text=reason, revoked_at=revoked_at)

    weak = _weakness(path)
    if weak:
        return trouble(Trouble.ALGORITHM, weak)
    for certificate in path:
        early = at < certificate.not_valid_before_utc
        if early or at > certificate.not_valid_after_utc:
            name, is_leaf = common_name(certificate), certificate is path[0]
            word = "chưa có hiệu lực" if early else "đã hết hạn"
            kind_of = Trouble.NOT_YET if early else Trouble.EXPIRED
            reason = f"Chứng thư “{name}” {word} tại {local(at)}."
            return trouble(kind_of if is_leaf else Trouble.CA_OUT_OF_PERIOD, reason)
    until = min(one.not_valid_after_utc for one in path)
    statuses = []
    for certificate, issuer in pairwise(path):
        status = _status(certificate, issuer, trust, memory, at)
        if status.trouble is not None:
            is_ca = certificate is not path[0] and status.trouble is Trouble.REVOKED
            kind_of = Trouble.REVOKED_CA if is_ca else status.trouble
            return trouble(kind_of, status.text, status.revoked_at)
        statuses.append(status.text)
        until = min(until, status.until)
    refused = _ask_reference(path, trust, memory, at)
    if refused is not None:
        return trouble(*refused)
    return PathResult(path, None, way, text, statuses[0] if statuses else "", until=until)


def _is_cross(certificate: x509.Certificate) -> bool:
    """A root's key certified by another root: ours carry inhibitAnyPolicy (SG 3.5)."""
    try:
        certificate.extensions.get_extension_for_class(x509.InhibitAnyPolicy)
    except x509.ExtensionNotFound:
        return False
    return certificate.issuer != certificate.subject


def _weakness(path: Sequence[x509.Certificate]) -> str:
    for certificate in path:
        try:
            check_key(certificate.public_key())
        except (AlgorithmRefused, UnsupportedAlgorithm, ValueError) as error:
            return f"Chứng thư “{common_name(certificate)}”: {error}."
        digest = certificate.signature_hash_algorithm
        if certificate is not path[-1] and (digest is None or digest.name in _FORBIDDEN_HASHES):
            return (
                f"Chứng thư “{common_name(certificate)}” được ký bằng thuật toán băm không an toàn."
            )
    return ""


@dataclass(frozen=True, slots=True)
class _Status:
    trouble: Trouble | None
    text: str
    until: datetime
    revoked_at: datetime | None = None


def _status(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    trust: Trust,
    memory: _Memory,
    at: datetime,
) -> _Status:
    """Whether `issuer` had revoked `certificate` at `at`, by its newest usable CRL (SG-R-03)."""
    name = common_name(certificate)
    lists = [
        one
        for one in trust.lists.get(issuer.subject.public_bytes(), ())
        if _is_usable(one, issuer, memory)
    ]
    if not lists:
        text = (
            f"Không có danh sách thu hồi (CRL) của “{common_name(issuer)}” nên chưa biết "
            f"chứng thư “{name}” có bị thu hồi hay không."
        )
        return _Status(Trouble.NO_STATUS, text, at)
    newest = max(lists, key=lambda one: (crl_number(one), one.last_update_utc))
    until = newest.next_update_utc
    if until is None or until < at:
        text = f"Danh sách thu hồi (CRL) của “{common_name(issuer)}” đã quá hạn ({local(until)})."
        return _Status(Trouble.NO_STATUS, text, at)
    entry = newest.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if entry is not None:
        since = _effective(entry)
        if since <= at:
            text = (
                f"Chứng thư “{name}” đã bị thu hồi từ {local(since)} (CRL số {crl_number(newest)})."
            )
            return _Status(Trouble.REVOKED, text, at, since)
        until = min(until, since)
    issued = f"CRL số {crl_number(newest)} phát hành {local(newest.last_update_utc)}"
    text = f"Chưa bị thu hồi, theo {issued}."
    return _Status(None, text, until)


def _is_usable(
    crl: x509.CertificateRevocationList, issuer: x509.Certificate, memory: _Memory
) -> bool:
    """Signed by this issuer's key, for all its certificates, without what we cannot read (R45)."""
    key = (crl.fingerprint(HASH), issuer.fingerprint(HASH))
    known = memory.crl_signatures.get(key)
    if known is None:
        digest = crl.signature_hash_algorithm
        public = issuer.public_key()
        known = (
            digest is not None
            and digest.name not in _FORBIDDEN_HASHES
            and not any(one.critical for one in crl.extensions)
            and crl.is_signature_valid(public)  # type: ignore[arg-type]
        )
        memory.crl_signatures[key] = known
    return known


def _effective(entry: x509.RevokedCertificate) -> datetime:
    """When the revocation takes effect: the invalidity date when it is earlier (SG-R-05)."""
    since = entry.revocation_date_utc
    try:
        found = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
    except x509.ExtensionNotFound:
        return since
    return min(since, found.invalidity_date_utc)


def _ask_reference(
    path: tuple[x509.Certificate, ...], trust: Trust, memory: _Memory, at: datetime
) -> tuple[Trouble, str] | None:
    """What the reference validator has against the path; None when it agrees."""

    def parsed(certificate: x509.Certificate) -> asn1_x509.Certificate:
        key = certificate.fingerprint(HASH)
        if key not in memory.asn1_certificates:
            data = certificate.public_bytes(Encoding.DER)
            memory.asn1_certificates[key] = asn1_x509.Certificate.load(data)
        return memory.asn1_certificates[key]

    from lienthong.core.signing import reference_path  # noqa: PLC0415  slow to import

    # asn1crypto's objects read themselves when they are first asked: never in two threads at once.
    with _ONE_AT_A_TIME:
        objection = reference_path.objection(
            [parsed(one) for one in path],
            trust_roots=[parsed(one) for one in trust.anchors],
            other_certs=[parsed(one) for one in (*trust.intermediates, *path[1:-1])],
            crls=memory.asn1_crls,
            forbidden_hashes=_FORBIDDEN_HASHES,
            at=at,
        )
    if objection is None:
        return None
    return Trouble.CONSTRAINTS, f"Đường dẫn chứng thư không đạt quy tắc RFC 5280: {objection}"[:300]


@lru_cache(maxsize=4096)
def common_name(certificate: x509.Certificate) -> str:
    """The CN, or the whole name when there is none; long names do not disturb."""
    fields = subject_fields(certificate)
    return str(fields.get("common_name") or ", ".join(str(v) for v in fields.values()))


def subject_fields(certificate: x509.Certificate) -> dict[str, Any]:
    """The subject by attribute name, as asn1crypto calls them."""
    parsed = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return dict(parsed.subject.native)


def local(moment: datetime | None) -> str:
    """A moment as people here read it: 21/11/2026 16:30:00."""
    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M:%S") if moment else "không rõ"
