"""The status of certificates from lists and OCSP answers (RFC 5280 6.3, RFC 6960, SG 3.6).

Evidence is always required and always checked: who signed it, what it is about, when it was made.
Two views are taken, and the worse one counts: what was known at the control time `at`, and what has
been learnt since, up to `now`. The first finds holds that were lifted later (SG-R-04), the second
revocations that reach back (SG-R-05). "Could not check" is never good.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp as ocsp_objects

from lienthong.core.signing import crl, ocsp
from lienthong.core.signing.crl import NameKey, RevocationList
from lienthong.core.signing.der import NotDER
from lienthong.core.signing.revoked import HOLD, REMOVED, Revocation
from lienthong.core.signing.x509_names import (
    common_name,
    issuer_key,
    local,
    name_key,
    raw_fields,
    subject_key,
)

TOLERANCE = timedelta(minutes=5)
_TICK = timedelta(microseconds=1)
LISTS_MAX = 50  # of one issuer that are looked at for one certificate
ANSWERS_MAX = 20  # OCSP answers about one serial that are looked at
SIGNATURE_CHECKS_MAX = 200
CPU_SECONDS_MAX = 0.25
HASH = hashes.SHA256()


class Exhausted(Exception):  # noqa: N818
    """The bounds of SG 3.5 are used up (R42)."""


@dataclass
class Budget:
    """What one validation may cost: signature checks, and seconds of this thread's CPU."""

    checks: int = SIGNATURE_CHECKS_MAX
    seconds: float = CPU_SECONDS_MAX
    _started: float = field(default_factory=time.thread_time)

    def spend(self) -> None:
        """Count one signature check. Raises Exhausted."""
        self.checks -= 1
        if self.checks < 0 or time.thread_time() - self._started > self.seconds:
            raise Exhausted

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Work that is bounded by other means does not count."""
        begun = time.thread_time()
        try:
            yield
        finally:
            self._started += time.thread_time() - begun


class State(Enum):
    """What the evidence says together."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StatusUsed:
    """Which piece of evidence decided the status of one certificate of a path (SG 7.8)."""

    certificate: str  # SHA-256, hexadecimal
    name: str
    source: str  # "crl" or "ocsp"
    produced_at: datetime
    next_update: datetime | None
    evidence: str  # SHA-256 of the list or answer
    status: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What one view found. `since` and `until`: at which control times it would be the same."""

    state: State
    text: str
    used: StatusUsed | None = None
    revocation: Revocation | None = None
    since: datetime | None = None
    until: datetime | None = None


# Asks whether a certificate that is not in the path may sign lists for it: (signer) -> bool.
SignerCheck = Callable[[x509.Certificate], bool]


class Revocations:
    """All lists and answers at hand, by issuer and serial. Built once for a Trust or a question.

    any_strength: believe signatures that the table of algorithms refuses, but for MD5.
    """

    def __init__(
        self,
        lists: Iterable[x509.CertificateRevocationList],
        answers: Iterable[bytes] = (),
        *,
        any_strength: bool = False,
    ) -> None:
        self.any_strength = any_strength
        self.lists: dict[bytes, list[RevocationList]] = {}
        self.answers: dict[int, list[bytes]] = {}
        self.times: list[datetime] = []  # when each piece was made
        for one in lists:
            read = crl.read(one)
            self.lists.setdefault(read.issuer, []).append(read)
            self.times.append(read.this_update)
        for data in answers:
            self._add_answer(data)
        self._signed: dict[tuple[str, bytes], bool] = {}

    def joined(self, other: Revocations) -> Revocations:
        """Both together."""
        joined = Revocations((), any_strength=self.any_strength)
        for source in (self, other):
            for issuer, lists in source.lists.items():
                joined.lists.setdefault(issuer, []).extend(lists)
            for serial, answers in source.answers.items():
                joined.answers.setdefault(serial, []).extend(answers)
            joined.times += source.times
        joined._signed = self._signed
        return joined

    def _add_answer(self, data: bytes) -> None:
        """Find out which serial the answer is about; one that cannot be read is left out."""
        if len(data) > ocsp.RESPONSE_SIZE_MAX_BYTES:
            return
        try:
            response = ocsp_objects.load_der_ocsp_response(data)
            serial, made = response.serial_number, response.this_update_utc
        except (ValueError, TypeError):
            return
        self.answers.setdefault(serial, []).append(data)
        self.times.append(made)

    def is_signed(self, one: RevocationList, signer: x509.Certificate, budget: Budget) -> bool:
        """Whether `signer`'s key made the list; checked once."""
        key = (one.sha256, raw_fields(signer).key_info)
        known = self._signed.get(key)
        if known is None:
            budget.spend()
            public = signer.public_key()
            known = one.is_signed_with(public, any_strength=self.any_strength)
            self._signed[key] = known
        return known


@dataclass(frozen=True)
class Question:
    """Whose status is asked: at which control time, knowing what was known when.

    issuer: the certificate above in the path, already found good. pool: where signers of lists and
    answers may be found. check_signer: whether another certificate may sign lists for this path.
    """

    certificate: x509.Certificate
    issuer: x509.Certificate
    at: datetime
    now: datetime
    evidence: Revocations
    budget: Budget
    pool: Mapping[bytes, Sequence[x509.Certificate]] = field(default_factory=dict)
    check_signer: SignerCheck = lambda _: False


def status(question: Question) -> Finding:
    """The status at `question.at`: revoked if any evidence says so, good if some does. Raises
    Exhausted."""
    answers = [
        finding
        for view in _answer_views(question)
        if (finding := _from_answers(question, view)) is not None
    ]
    found = [*answers, *(_ListView(question, later=later).finding() for later in (False, True))]
    revoked = [one for one in found if one.state is State.REVOKED]
    if revoked:
        return min(
            revoked, key=lambda one: one.revocation.effective_at if one.revocation else question.at
        )
    unknown = [one for one in answers if one.state is State.UNKNOWN]
    if unknown:
        return unknown[-1]  # an authority that does not know the certificate outweighs a list
    good = [one for one in found if one.state is State.GOOD]
    if not good:
        return next(one for one in found if one.text)
    newest = max(good, key=lambda one: one.used.produced_at if one.used else question.at)
    since = max(one.since for one in good if one.since)
    return Finding(State.GOOD, newest.text, newest.used, since=since, until=newest.until)


# OCSP -------------------------------------------------------------------------------------------


def _answer_views(question: Question) -> Iterator[list[ocsp.Answer]]:
    """The believable answers made up to `at`, and those made after it."""
    answers = _answers(question)
    yield [one for one in answers if one.this_update <= question.at]
    yield [one for one in answers if one.this_update > question.at]


def _answers(question: Question) -> list[ocsp.Answer]:
    found = []
    asked = question.evidence.answers.get(raw_fields(question.certificate).serial, [])
    others = question.pool.get(subject_key(question.issuer), ())
    for data in asked[:ANSWERS_MAX]:
        question.budget.spend()
        try:
            answer = ocsp.check_response(
                data,
                certificate=question.certificate,
                issuer=question.issuer,
                at=question.at,
                now=question.now,
                others=others,
                is_revoked=lambda responder: not _responder_is_good(responder, question),
            )
        except (ocsp.OCSPRefused, ValueError):
            continue  # it proves nothing; whether anything else does is seen at the end
        found.append(answer)
    return found


def _responder_is_good(responder: x509.Certificate, question: Question) -> bool:
    """A responder without ocsp-nocheck must be good by the issuer's lists."""
    if raw_fields(responder).serial == raw_fields(question.certificate).serial:
        return False
    own = Question(
        responder,
        question.issuer,
        question.at,
        question.now,
        _without_answers(question.evidence),
        question.budget,
        question.pool,
        question.check_signer,
    )
    return status(own).state is State.GOOD


def _without_answers(evidence: Revocations) -> Revocations:
    lists_only = Revocations((), any_strength=evidence.any_strength)
    lists_only.lists = evidence.lists
    return lists_only


def _from_answers(question: Question, answers: list[ocsp.Answer]) -> Finding | None:
    if not answers:
        return None
    at, name = question.at, common_name(question.certificate)
    answer = max(answers, key=lambda one: one.this_update)
    used = StatusUsed(
        question.certificate.fingerprint(HASH).hex(),
        name,
        "ocsp",
        answer.produced_at,
        answer.next_update,
        answer.sha256,
        answer.status,
    )
    made = f"OCSP lúc {local(answer.produced_at)}"
    if answer.status == "unknown":
        text = f"Máy chủ OCSP trả lời không biết chứng thư “{name}” ({made})."
        return Finding(State.UNKNOWN, text, used)
    until = max(answer.next_update or answer.this_update, at)
    if answer.revocation is not None:
        since = answer.revocation.effective_at
        if since <= at:
            text = f"Chứng thư “{name}” đã bị thu hồi từ {local(since)} ({made})."
            return Finding(State.REVOKED, text, used, answer.revocation)
        until = min(until, since - _TICK)
    elif not _remembers(question.certificate, answer.this_update, answer.archive_cutoff):
        return None
    text = f"Chưa bị thu hồi, theo câu trả lời {made}."
    start = answer.this_update if answer.this_update <= at else None
    start = start or question.certificate.not_valid_before_utc
    return Finding(State.GOOD, text, used, since=start, until=until)


def _remembers(
    certificate: x509.Certificate, made_at: datetime, remembers_since: datetime | None
) -> bool:
    """Whether evidence made at `made_at` would still tell that the certificate was revoked: an
    authority may forget what has expired, unless it says since when it does not."""
    end = certificate.not_valid_after_utc
    return made_at <= end or (remembers_since is not None and remembers_since <= end)


# Lists ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Point:
    """A distribution point of the certificate; names None means: any."""

    names: frozenset[NameKey] | None
    reasons: frozenset[x509.ReasonFlags]
    issuers: tuple[bytes, ...]  # name_key of each cRLIssuer


class _ListView:
    """What the lists of one view say: those made up to `at`, or those made after it."""

    def __init__(self, question: Question, *, later: bool) -> None:
        self.question, self.later = question, later
        self.certificate, self.at = question.certificate, question.at
        self.stale: RevocationList | None = None
        self.refused = ""

    def finding(self) -> Finding:
        """Go through the certificate's distribution points until every reason is covered."""
        covered: frozenset[x509.ReasonFlags] = frozenset()
        good: list[tuple[RevocationList, datetime]] = []
        for point in _points(self.certificate):
            for one in self._lists(point):
                reasons = point.reasons & one.scope.reasons
                if reasons <= covered or not self._is_believed(one, point):
                    continue
                delta = self._delta(one, point)
                revocation = self._entry(one, delta)
                if revocation is not None and revocation.effective_at <= self.at:
                    return self._revoked(delta or one, revocation)
                end = self._current_until(one, delta, revocation)
                if end is not None:
                    covered |= reasons
                    good.append((delta or one, end))
            if covered >= crl.REASONS_ALL:
                return self._good(good)
        return Finding(State.UNKNOWN, self._why_unknown())

    def _lists(self, point: _Point) -> list[RevocationList]:
        """The full lists of this view that are about the certificate, newest first."""
        found = [
            one
            for issuer in dict.fromkeys((*point.issuers, issuer_key(self.certificate)))
            for one in self.question.evidence.lists.get(issuer, ())[:LISTS_MAX]
            if not one.is_delta and self._is_in_view(one) and self._is_in_scope(one, point)
        ]
        found.sort(key=lambda one: (one.number, one.this_update), reverse=True)
        return [
            one
            for place, one in enumerate(found)
            # A list that was made later than one with a higher number goes back (R45).
            if not any(
                other.this_update < one.this_update and other.number > one.number
                for other in found[:place]
                if other.issuer == one.issuer and other.scope == one.scope
            )
        ]

    def _is_in_view(self, one: RevocationList) -> bool:
        if one.this_update <= self.at:
            return not self.later
        return self.later and one.this_update - TOLERANCE <= self.question.now

    def _is_in_scope(self, one: RevocationList, point: _Point) -> bool:
        """RFC 5280 6.3.3 (b): the list is by the right issuer and about this certificate."""
        scope = one.scope
        if one.unreadable:
            self.refused = self.refused or one.unreadable
            return False
        if point.issuers and one.issuer in point.issuers:
            if not scope.indirect and one.issuer != issuer_key(self.certificate):
                return False
        elif point.issuers or one.issuer != issuer_key(self.certificate):
            return False
        if scope.names is not None:
            wanted = point.names
            if wanted is None:
                wanted = frozenset(("dn", issuer) for issuer in point.issuers)
            if not scope.names & wanted:
                return False
        is_ca = _is_ca(self.certificate)
        return not (
            scope.only_attribute or (scope.only_user and is_ca) or (scope.only_ca and not is_ca)
        )

    def _is_believed(self, one: RevocationList, point: _Point) -> bool:
        """RFC 5280 6.3.3 (f), (g): signed by the issuer, or by another key of the list's issuer
        that a path to the same anchor vouches for."""
        question = self.question
        signers = list(question.pool.get(one.issuer, ()))
        if subject_key(question.issuer) == one.issuer:
            signers.insert(0, question.issuer)
        for signer in dict.fromkeys(signers):
            if not _may_sign_lists(signer) or not _key_fits(signer, one):
                continue
            if question.evidence.is_signed(one, signer, question.budget):
                is_issuer = raw_fields(signer).key_info == raw_fields(question.issuer).key_info
                is_issuer = is_issuer and one.issuer == subject_key(question.issuer)
                if is_issuer or question.check_signer(signer):
                    return True
        return False

    def _delta(self, full: RevocationList, point: _Point) -> RevocationList | None:
        """The newest delta list that goes with this full list (RFC 5280 6.3.3 (c), (h))."""
        deltas = [
            one
            for one in self.question.evidence.lists.get(full.issuer, ())[:LISTS_MAX]
            if one.is_delta
            and not one.unreadable
            and self._is_in_view(one)
            and one.scope == full.scope
            and one.authority_key == full.authority_key
            and one.base_number <= full.number < one.number
        ]
        for one in sorted(deltas, key=lambda each: each.number, reverse=True):
            if self._is_believed(one, point):
                return one
        return None

    def _entry(self, full: RevocationList, delta: RevocationList | None) -> Revocation | None:
        issuer = issuer_key(self.certificate)
        for one in (delta, full):
            if one is None:
                continue
            try:
                found = one.entry(raw_fields(self.certificate).serial, issuer)
            except NotDER:
                # What cannot be read may be a revocation.
                return Revocation(self.certificate.not_valid_before_utc)
            if found is not None:
                return None if found.reason is REMOVED else found
        return None

    def _current_until(
        self, full: RevocationList, delta: RevocationList | None, revocation: Revocation | None
    ) -> datetime | None:
        """Until when the lists speak for the certificate; None when they are too old, or may have
        forgotten it."""
        newest = delta or full
        ends = [one.next_update for one in (full, delta) if one and one.next_update]
        if not ends or (not self.later and max(ends) < self.at):
            self.stale = newest
            return None
        if revocation is not None:
            return min(max(*ends, self.at), revocation.effective_at - _TICK)
        since = full.covers_expired_since
        if not _remembers(self.certificate, newest.this_update, since):
            return None
        return max(*ends, self.at)

    def _revoked(self, one: RevocationList, revocation: Revocation) -> Finding:
        since = revocation.effective_at
        word = "đang bị tạm dừng" if revocation.reason is HOLD else "đã bị thu hồi"
        name = common_name(self.certificate)
        text = f"Chứng thư “{name}” {word} từ {local(since)} (CRL số {one.number})."
        return Finding(State.REVOKED, text, self._used(one, "revoked"), revocation)

    def _good(self, good: list[tuple[RevocationList, datetime]]) -> Finding:
        newest = max((one for one, _ in good), key=lambda one: one.this_update)
        issued = f"CRL số {newest.number} phát hành {local(newest.this_update)}"
        start = newest.this_update if not self.later else self.certificate.not_valid_before_utc
        return Finding(
            State.GOOD,
            f"Chưa bị thu hồi, theo {issued}.",
            self._used(newest, "good"),
            since=start,
            until=min(end for _, end in good),
        )

    def _used(self, one: RevocationList, word: str) -> StatusUsed:
        return StatusUsed(
            self.certificate.fingerprint(HASH).hex(),
            common_name(self.certificate),
            "crl",
            one.this_update,
            one.next_update,
            one.sha256,
            word,
        )

    def _why_unknown(self) -> str:
        issuer, name = common_name(self.question.issuer), common_name(self.certificate)
        if self.later:
            return ""
        if self.stale is not None:
            end = local(self.stale.next_update)
            return f"Danh sách thu hồi (CRL) của “{issuer}” đã quá hạn ({end})."
        if self.refused:
            return f"Không dùng được danh sách thu hồi (CRL) của “{issuer}”: {self.refused}."
        return (
            f"Không có danh sách thu hồi (CRL) của “{issuer}” nên chưa biết "
            f"chứng thư “{name}” có bị thu hồi hay không."
        )


def _points(certificate: x509.Certificate) -> Iterator[_Point]:
    """The distribution points, and last the one that every certificate has: its issuer."""
    try:
        listed = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    except x509.ExtensionNotFound:
        listed = ()  # type: ignore[assignment]
    for one in listed:
        issuers = tuple(
            name_key(name.value.public_bytes())
            for name in one.crl_issuer or ()
            if isinstance(name, x509.DirectoryName)
        )
        names = None
        if one.full_name or one.relative_name:
            names = crl.point_names(
                one.full_name, one.relative_name, _completing(one, certificate.issuer)
            )
        reasons = frozenset(one.reasons) & crl.REASONS_ALL if one.reasons else crl.REASONS_ALL
        yield _Point(names, reasons, issuers)
    own = issuer_key(certificate)
    yield _Point(frozenset({("dn", own)}), crl.REASONS_ALL, ())


def _completing(point: x509.DistributionPoint, issuer: x509.Name) -> x509.Name:
    """The name that a relative one is added to: the list's issuer's, else the certificate's."""
    for name in point.crl_issuer or ():
        if isinstance(name, x509.DirectoryName):
            return name.value
    return issuer


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        found = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    return found.ca


def _may_sign_lists(signer: x509.Certificate) -> bool:
    try:
        return signer.extensions.get_extension_for_class(x509.KeyUsage).value.crl_sign
    except x509.ExtensionNotFound:
        return True
    except ValueError:
        return False


def _key_fits(signer: x509.Certificate, one: RevocationList) -> bool:
    """The key identifiers do not speak against it: cheaper than a signature check."""
    if one.authority_key is None:
        return True
    try:
        found = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return True
    return found.digest == one.authority_key
