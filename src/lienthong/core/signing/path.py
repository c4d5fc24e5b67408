"""The way from a certificate up to a root, and whether it held at a time (SG 7.2 blocks 6-9).

Candidates are gathered within bounds (SG 3.5). A candidate passes when its algorithms are in the
table, every certificate is in its period and has a good status by evidence, which is always
required, and the reference validator (RFC 5280: names, policies, constraints, critical extensions)
agrees.
A good result is kept for all the times at which it would be the same.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cached_property
from weakref import WeakKeyDictionary

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.path_plain import is_enough, is_plain
from lienthong.core.signing.path_rules import PathRules
from lienthong.core.signing.policy import AlgorithmRefused, check_certificate
from lienthong.core.signing.revocation import (
    Budget,
    Exhausted,
    Finding,
    Question,
    Revocations,
    State,
    StatusUsed,
    status,
)
from lienthong.core.signing.trust import CA_SERVICE, Trust
from lienthong.core.signing.x509_names import (
    VIETNAM,
    common_name,
    fingerprint,
    is_signed_by,
    issuer_key,
    local,
    raw_fields,
    subject_fields,
    subject_key,
)

__all__ = [
    "HASH",
    "VIETNAM",
    "PathResult",
    "PathRules",
    "StatusUsed",
    "Trouble",
    "check_path",
    "common_name",
    "forget",
    "holds",
    "local",
    "subject_fields",
    "validate",
    "weaknesses",
]

CANDIDATES_MAX = 50  # certificates from outside the Trust that are tried in one validation
EXTRA_MAX = 100  # certificates from outside that are looked at
LENGTH_MAX = 6
DEPTH_MAX = 3  # paths of signers of lists, for signers of lists, ...
KEPT_MAX = 10_000
KEPT_EACH_MAX = 4

HASH = hashes.SHA256()
FOREVER = datetime.max.replace(tzinfo=UTC)
_TICK = timedelta(microseconds=1)


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


# Which failed path tells most: a proven revocation before missing evidence.
_RANKS = (
    Trouble.BROKEN,
    Trouble.NO_STATUS,
    Trouble.EXPIRED,
    Trouble.REVOKED_CA,
    Trouble.REVOKED,
)


@dataclass(frozen=True, slots=True)
class PathResult:
    """The path found (leaf first, root last) and how it did. The texts are Vietnamese.

    way: "trực tiếp", "chéo" (through a cross-certificate) or "danh sách" (to an authority that only
    the trust list names). A good result is the same for control times from `since` to `until`.
    statuses: the evidence used, leaf first; none for the root.
    """

    certificates: tuple[x509.Certificate, ...]
    trouble: Trouble | None
    way: str = ""
    path_text: str = ""
    revocation_text: str = ""
    trouble_text: str = ""
    revoked_at: datetime | None = None
    until: datetime | None = None
    since: datetime | None = None
    statuses: tuple[StatusUsed, ...] = ()


# What one Trust has led to so far -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Kept:
    """A good result, and for which `at` and `now` it stands."""

    since: datetime
    until: datetime
    now_from: datetime
    now_until: datetime | None
    result: PathResult

    def stands(self, at: datetime, now: datetime) -> bool:
        if not (self.since <= at <= self.until and self.now_from <= now):
            return False
        return self.now_until is None or now < self.now_until


@dataclass
class _Memory:
    evidence: Revocations
    pool: Mapping[bytes, tuple[x509.Certificate, ...]]
    results: dict[bytes, tuple[_Kept, ...]] = field(default_factory=dict)
    own: dict[bytes, tuple[_Kept, ...]] = field(default_factory=dict)  # by the Trust alone, by leaf

    def keep(self, key: bytes, kept: _Kept, *, by_trust_alone: bool) -> None:
        """Remember a result; of many for one question the newest few."""
        leaf = fingerprint(kept.result.certificates[0])
        for results, name in ((self.results, key), (self.own, leaf)):
            if results is self.results or by_trust_alone:
                if len(results) >= KEPT_MAX:
                    results.clear()
                # A new tuple each time: others may be reading the old one.
                results[name] = (*results.get(name, ())[1 - KEPT_EACH_MAX :], kept)


_MEMORY: WeakKeyDictionary[Trust, _Memory] = WeakKeyDictionary()
_MEMORY_LOCK = threading.Lock()


def forget() -> None:
    """Empty what was remembered of paths (for measuring and for tests)."""
    for memory in list(_MEMORY.values()):
        memory.results.clear()
        memory.own.clear()


def _memory(trust: Trust) -> _Memory:
    memory = _MEMORY.get(trust)
    if memory is None:
        known = (*trust.anchors, *trust.intermediates)
        fresh = _Memory(Revocations(trust.crls, trust.ocsps), _by_subject(known))
        with _MEMORY_LOCK:
            memory = _MEMORY.setdefault(trust, fresh)
    return memory


def _by_subject(
    certificates: Iterable[x509.Certificate],
) -> dict[bytes, tuple[x509.Certificate, ...]]:
    """Certificates by their prepared subject; those that cannot be read are left out."""
    found: dict[bytes, tuple[x509.Certificate, ...]] = {}
    for one in certificates:
        try:
            key = subject_key(one)
        except ValueError:
            continue
        found[key] = (*found.get(key, ()), one)
    return found


def check_path(
    leaf: x509.Certificate,
    *,
    trust: Trust,
    at: datetime,
    others: Sequence[x509.Certificate] = (),
    evidence: Evidence | None = None,
    now: datetime | None = None,
) -> PathResult:
    """Find the best path from `leaf` to a root of `trust` and check it at the time `at`.

    at: the control time, for a signature its best time. now: the time of the validation; evidence
    made after `at` is welcome, evidence made after `now` is not yet there. Without `now` the
    question is how it was at `at` by all that is known. others: certificates that came with the
    signature; evidence: certificates, lists and OCSP answers from anywhere. Both may help, neither
    is believed.
    """
    evidence, now = evidence or NO_EVIDENCE, now or FOREVER
    memory = _memory(trust)
    extra = _strangers((*others, *evidence.certificates), trust)
    key = _question_key(leaf, extra, evidence) + (b"plain" if is_enough() else b"")
    for kept in memory.results.get(key, ()):
        if kept.stands(at, now):
            return kept.result
    revocations = memory.evidence
    if evidence.crls or evidence.ocsps:
        revocations = revocations.joined(Revocations(evidence.crls, evidence.ocsps))
    result = validate(
        leaf, trust=trust, at=at, now=now, extra=extra, revocations=revocations, pool=memory.pool
    )
    if result.trouble is None and result.since and result.until:
        later = [made for made in revocations.times if made > now]
        kept = _Kept(result.since, result.until, now, min(later, default=None), result)
        known = {fingerprint(one) for one in result.certificates[1:]} <= trust.known_fingerprints
        is_own = known and not (evidence.crls or evidence.ocsps)
        memory.keep(key, kept, by_trust_alone=is_own)
    return result


def holds(sha256: bytes, *, trust: Trust, at: datetime, now: datetime | None = None) -> bool:
    """Whether a good path of this certificate (SHA-256) is known that stands at `at`, by the Trust
    alone: what `check_path` answers without evidence, whatever certificates come along."""
    found = _memory(trust).own.get(sha256, ())
    return any(kept.stands(at, now or FOREVER) for kept in found)


def _strangers(
    certificates: Iterable[x509.Certificate], trust: Trust
) -> tuple[x509.Certificate, ...]:
    found: dict[bytes, x509.Certificate] = {}
    for one in certificates:
        key = fingerprint(one)
        if key not in trust.known_fingerprints:
            found.setdefault(key, one)
            if len(found) >= EXTRA_MAX:
                break
    return tuple(found.values())


def _question_key(
    leaf: x509.Certificate, extra: Sequence[x509.Certificate], evidence: Evidence
) -> bytes:
    """What the answer depends on besides the Trust and the times (SG-V-11)."""
    if not extra and not evidence:
        return fingerprint(leaf)
    digest = hashlib.sha256(fingerprint(leaf))
    for one in extra:
        digest.update(fingerprint(one))
    digest.update(b"lists")
    for crl in evidence.crls:
        digest.update(crl.fingerprint(HASH))
    digest.update(b"answers")
    for answer in evidence.ocsps:
        digest.update(hashlib.sha256(answer).digest())
    return digest.digest()


# Validation ---------------------------------------------------------------------------------------


def validate(
    leaf: x509.Certificate,
    *,
    trust: Trust,
    at: datetime,
    extra: Sequence[x509.Certificate],
    revocations: Revocations,
    now: datetime = FOREVER,
    pool: Mapping[bytes, Sequence[x509.Certificate]] | None = None,
    rules: PathRules | None = None,
) -> PathResult:
    """As `check_path`, without memory. rules: the policies asked for and the like."""
    known = dict(pool if pool is not None else _by_subject((*trust.anchors, *trust.intermediates)))
    for subject, certificates in _by_subject(extra).items():
        known[subject] = (*known.get(subject, ()), *certificates)
    validation = _Validation(trust, at, now, revocations, known, rules or PathRules(), Budget())
    return validation.best(leaf, validation.anchors)


@dataclass
class _Validation:
    """One question about one leaf: what may be used, and what it may cost."""

    trust: Trust
    at: datetime
    now: datetime
    revocations: Revocations
    pool: Mapping[bytes, Sequence[x509.Certificate]]
    rules: PathRules
    budget: Budget
    vouched: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)
    signers: tuple[x509.Certificate, ...] = ()  # signers of lists being validated just now
    tried: set[bytes] = field(default_factory=set)
    issued: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)

    @cached_property
    def anchors(self) -> tuple[x509.Certificate, ...]:
        return self.trust.anchors_at(self.at)

    def best(self, leaf: x509.Certificate, anchors: Sequence[x509.Certificate]) -> PathResult:
        """The first path that passes, else the failed one that tells most."""
        best: PathResult | None = None
        try:
            for certificates in self._candidates(leaf, anchors):
                found = self._check(certificates)
                if found.trouble is None:
                    return found
                if best is None or _rank(found) > _rank(best):
                    best = found
        except Exhausted:
            text = "Tìm đường dẫn chứng thư vượt quá giới hạn công việc cho phép."
            return PathResult((leaf,), Trouble.BROKEN, trouble_text=text)
        return best or self._no_path(leaf)

    def _no_path(self, leaf: x509.Certificate) -> PathResult:
        """Why nothing leads to an anchor: perhaps the trust list withdrew the one there was."""
        text = "Không tìm được đường dẫn chứng thư tới chứng thư gốc tin cậy."
        listed = [one.certificate for one in self.trust.services if one.kind == CA_SERVICE]
        try:
            for path in self._candidates(leaf, (*self.trust.anchors, *listed) if listed else ()):
                found = self._withdrawal(path)
                text = found[1] if found else text
        except Exhausted:
            pass
        return PathResult((leaf,), Trouble.NO_PATH, trouble_text=text)

    def _candidates(
        self, leaf: x509.Certificate, anchors: Sequence[x509.Certificate]
    ) -> Iterator[tuple[x509.Certificate, ...]]:
        """Paths by name and signature, shortest first (R42). Raises Exhausted."""
        roots = _by_subject(anchors)
        waiting: deque[tuple[x509.Certificate, ...]] = deque([(leaf,)])
        while waiting:
            path = waiting.popleft()
            wanted = _issuer_key(path[-1])
            for anchor in roots.get(wanted, ()):
                if anchor not in path and self._is_issued(path[-1], anchor):
                    yield (*path, anchor)
            if len(path) >= LENGTH_MAX - 1:
                continue
            for issuer in self.pool.get(wanted, ()) if wanted else ():
                if _loops(issuer, path) or issuer in anchors:
                    continue
                self._count(issuer)
                if self._is_issued(path[-1], issuer):
                    waiting.append((*path, issuer))

    def _count(self, candidate: x509.Certificate) -> None:
        """Every certificate from outside the Trust that is tried counts once."""
        if candidate in self.trust.intermediates:
            return
        self.tried.add(fingerprint(candidate))
        if len(self.tried) > CANDIDATES_MAX:
            raise Exhausted

    def _is_issued(self, certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
        key = (fingerprint(certificate), fingerprint(issuer))
        known = self.issued.get(key)
        if known is None:
            self.budget.spend()
            known = is_signed_by(certificate, issuer, any_strength=self.rules.any_strength)
            self.issued[key] = known
        return known

    def _check(self, path: tuple[x509.Certificate, ...]) -> PathResult:
        """Blocks 6-9 of SG 7.2 for one path."""
        result = self._described(path)
        try:
            trouble = self._weakness(path) or self._withdrawal(path) or self._period(path)
            if trouble is None:
                findings, trouble = self._statuses(path)
            if trouble is None:
                trouble = self._constraints(path)
        except (ValueError, TypeError, UnsupportedAlgorithm, *_UNREADABLE) as error:
            text = f"Chứng thư trong đường dẫn sai cấu trúc: {error}"[:300]
            return replace(result, trouble=Trouble.BROKEN, trouble_text=text)
        if trouble is not None:
            kind, text, revoked_at = trouble
            return replace(result, trouble=kind, trouble_text=text, revoked_at=revoked_at)
        since, until = self._window(path, findings)
        return replace(
            result,
            revocation_text=findings[0].text,
            since=since,
            until=until,
            statuses=tuple(one.used for one in findings if one.used),
        )

    def _described(self, path: tuple[x509.Certificate, ...]) -> PathResult:
        """Which way the path goes, in words."""
        way, kind = "trực tiếp", "trực tiếp"
        if path[-1] not in self.trust.anchors:
            way, kind = "danh sách", "theo danh sách tin cậy"
        elif any(self._is_cross(one) for one in path[1:-1]):
            way, kind = "chéo", "qua chứng thư chéo"
        issuers = " → ".join(common_name(one) for one in path[1:-1]) or "cấp bởi gốc"
        text = f"Đường dẫn {kind} tới gốc “{common_name(path[-1])}” ({issuers})."
        return PathResult(path, None, way, text)

    def _is_cross(self, certificate: x509.Certificate) -> bool:
        """A root's key certified by another root (SG 3.5)."""
        if raw_fields(certificate).issuer == raw_fields(certificate).subject:
            return False
        for root in self.trust.anchors:
            if raw_fields(root).key_info == raw_fields(certificate).key_info:
                return True
        try:  # a root that is not trusted here: our cross-certificates forbid anyPolicy
            certificate.extensions.get_extension_for_class(x509.InhibitAnyPolicy)
        except (x509.ExtensionNotFound, ValueError):
            return False
        return True

    def _weakness(self, path: Sequence[x509.Certificate]) -> _Found:
        if self.rules.any_strength:
            return None
        for certificate in path:
            try:
                check_certificate(certificate, self.at, is_root=certificate is path[-1])
            except (AlgorithmRefused, UnsupportedAlgorithm) as error:
                text = f"Chứng thư “{common_name(certificate)}”: {error}."
                return Trouble.ALGORITHM, text, None
        return None

    def _withdrawal(self, path: Sequence[x509.Certificate]) -> _Found:
        """An authority that the trust list withdrew by then spoils the path (R46)."""
        if not self.trust.services:
            return None
        for certificate in path[1:]:
            if self.trust.is_withdrawn(certificate, self.at):
                name = common_name(certificate)
                text = f"Danh sách tin cậy không công nhận “{name}” tại {local(self.at)}."
                return Trouble.NO_PATH, text, None
        return None

    def _period(self, path: Sequence[x509.Certificate]) -> _Found:
        for certificate in path:
            early = self.at < certificate.not_valid_before_utc
            if early or self.at > certificate.not_valid_after_utc:
                word = "chưa có hiệu lực" if early else "đã hết hạn"
                kind = Trouble.NOT_YET if early else Trouble.EXPIRED
                text = f"Chứng thư “{common_name(certificate)}” {word} tại {local(self.at)}."
                is_leaf = certificate is path[0]
                return kind if is_leaf else Trouble.CA_OUT_OF_PERIOD, text, None
        return None

    def _statuses(self, path: tuple[x509.Certificate, ...]) -> tuple[list[Finding], _Found]:
        """The status of every certificate but the root, from the root down: what a revoked
        authority says about others proves nothing."""
        findings: list[Finding] = []
        for place in range(len(path) - 2, -1, -1):
            found = status(self._question(path[place], path[place + 1], path[-1]))
            if found.state is State.UNKNOWN:
                return findings, (Trouble.NO_STATUS, found.text, None)
            if found.state is State.REVOKED:
                kind = Trouble.REVOKED_CA if place else Trouble.REVOKED
                since = found.revocation.effective_at if found.revocation else None
                return findings, (kind, found.text, since)
            findings.insert(0, found)
        return findings, None

    def _question(
        self, certificate: x509.Certificate, issuer: x509.Certificate, anchor: x509.Certificate
    ) -> Question:
        return Question(
            certificate,
            issuer,
            self.at,
            self.now,
            self.revocations,
            self.budget,
            self.pool,
            lambda signer: self._may_sign_lists(signer, certificate, anchor),
        )

    def _may_sign_lists(
        self, signer: x509.Certificate, asked: x509.Certificate, anchor: x509.Certificate
    ) -> bool:
        """Whether a path to the same anchor vouches for another signer of lists (RFC 5280 6.3.3
        (f)). A signer may list its own status; two signers may not vouch for each other."""
        if signer == anchor:
            return True
        if signer in self.signers:
            return signer == asked
        key = (fingerprint(signer), fingerprint(anchor))
        if key not in self.vouched and len(self.signers) < DEPTH_MAX:
            rules = PathRules(any_strength=self.rules.any_strength)
            inner = replace(self, rules=rules, signers=(*self.signers, signer))
            self.vouched[key] = inner.best(signer, (anchor,)).trouble is None
        return self.vouched.get(key, False)

    def _constraints(self, path: tuple[x509.Certificate, ...]) -> _Found:
        if is_enough() and self.rules == PathRules() and is_plain(path):
            return None
        from lienthong.core.signing import reference_path  # noqa: PLC0415  slow to import

        with self.budget.outside():
            refused = reference_path.objection(path, rules=self.rules, at=self.at)
        if refused is None:
            return None
        text = f"Đường dẫn chứng thư không đạt quy tắc RFC 5280: {refused}"[:300]
        return Trouble.CONSTRAINTS, text, None

    def _window(
        self, path: Sequence[x509.Certificate], findings: Sequence[Finding]
    ) -> tuple[datetime, datetime]:
        """Between which control times the result is the same."""
        services = [s for one in path[1:] for s in self.trust.services_of(one, CA_SERVICE)]
        starts = [one.not_valid_before_utc for one in path]
        starts += [one.since for one in findings if one.since]
        starts += [moment for one in services if (moment := one.last_change(self.at))]
        ends = [one.not_valid_after_utc for one in path]
        ends += [one.until for one in findings if one.until]
        ends += [moment - _TICK for one in services if (moment := one.next_change(self.at))]
        return max(starts), min(ends)


_Found = tuple[Trouble, str, datetime | None] | None
_UNREADABLE = (x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType)


def _rank(result: PathResult) -> int:
    return _RANKS.index(result.trouble) if result.trouble in _RANKS else 0


def _issuer_key(certificate: x509.Certificate) -> bytes:
    try:
        return issuer_key(certificate)
    except ValueError:
        return b""


def _loops(issuer: x509.Certificate, path: Sequence[x509.Certificate]) -> bool:
    """Whether this name and key are in the path already: another certificate of it leads nowhere
    new."""
    fields = raw_fields(issuer)
    return any(
        raw_fields(one).key_info == fields.key_info and raw_fields(one).subject == fields.subject
        for one in path
    )


def weaknesses(path: Sequence[x509.Certificate]) -> list[str]:
    """What the table of algorithms would refuse in a path, one Vietnamese sentence each."""
    found = []
    for one in path:
        try:
            check_certificate(one, one.not_valid_before_utc, is_root=one is path[-1])
        except (AlgorithmRefused, UnsupportedAlgorithm, ValueError) as error:
            found.append(f"Chứng thư “{common_name(one)}”: {error}.")
    return found
