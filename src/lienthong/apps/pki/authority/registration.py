"""The registration service: a registrar's signed request in, a certificate or a status out (SG 4).

The order of checks: shape, known already, signature of the registrar, mandate, two persons, clock,
and then what the kind asks for. A refusal changes nothing. The same request again gives the same
answer, for its certificate is found under its identifier even when the first answer was lost.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from lienthong.apps.pki import ceremony, deadlines
from lienthong.apps.pki.authority import audit, ledger, mandates, queries, registry, status, wire
from lienthong.apps.pki.authority.models import (
    CertificateAuthority,
    IssuedCertificate,
    Mandate,
    ReceivedRequest,
)
from lienthong.apps.pki.authority.renewal import check_renewal
from lienthong.apps.pki.authority.rules import (
    CERTIFICATE_LOG,
    PROFILE_OF,
    CertificateStateWrong,
    CertificateUnknown,
    KeyPurpose,
    MandateExceeded,
    MandateNotInForce,
    Reason,
    RegistrarRefused,
    RegistrationInvalid,
    RequestReused,
    SecondPersonNeeded,
    Status,
)
from lienthong.apps.pki.authority.wire import Registration, Signed
from lienthong.apps.pki.contract import (
    CLOCK,
    CONFIRM_HOLD_WITHIN,
    ISSUING,
    OFFICER_PREFIX,
    RequestKind,
    SubjectKind,
)
from lienthong.core import signing
from lienthong.core.signing.authority import SHAPES, Profile, read_certificate_request
from lienthong.core.signing.keys import SHA256, PublicKey
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.validate import DOCUMENT
from lienthong.core.workclock import VIETNAM

APPROVED_AHEAD_MAX = timedelta(minutes=5)
APPROVED_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: 201 with the certificate, 200 with the new status."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """The node that hands a request over: its name and the codes of its agencies."""

    node_id: str
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Case:
    """One request while it is decided."""

    asked: Registration
    token: str
    registrar: IssuedCertificate
    mandate: Mandate
    caller: Caller
    at: datetime
    directory: Path


def receive(
    token: str, *, caller: Caller, trust: Trust, at: datetime, directory: Path | None = None
) -> Answer:
    """Decide on a registration. Raises a Problem when it is refused; then nothing changed.

    token: the compact JWS, or a row of a table (`wire.opened`). trust: for the registrar's
    certificate. at: now.
    """
    directory = directory or registry.authority_directory()
    registry.sync(directory, at=at)
    signed = wire.opened(token)
    asked = wire.read(signed.payload)
    with transaction.atomic():
        if (known := _known(asked, token)) is not None:
            return known
        registrar = _registrar(signed, asked, trust, at)
        mandate = _mandate(asked, registrar, caller, at)
        case = _Case(asked, token, registrar, mandate, caller, at, directory)
        _check_two_persons(asked)
        _check_times(asked, at)
        return _DECIDE[asked.kind](case)


def _known(asked: Registration, token: str) -> Answer | None:
    """The first answer to this very request. Raises RequestReused for another of its id."""
    row = ReceivedRequest.objects.filter(pk=asked.id).select_related("certificate").first()
    if row is None:
        return None
    if row.record_sha256 != _digest(token):
        raise RequestReused
    if row.kind in ISSUING and row.certificate is not None:
        return _issued_answer(row.certificate)
    return Answer(200, row.answer)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("ascii")).hexdigest()


def _registrar(
    signed: Signed, asked: Registration, trust: Trust, at: datetime
) -> IssuedCertificate:
    """The certificate that signed: issued here, good now, of the person who approved (SG-D-01)."""
    certificate = signing.read_jws(signed.jws).certificate
    if certificate is None:
        raise RegistrarRefused(detail="không kèm chứng thư")
    row = IssuedCertificate.objects.filter(sha256=certificate.fingerprint(SHA256).hex()).first()
    if row is None or row.profile != Profile.PERSON:
        raise RegistrarRefused(detail="không phải chứng thư cá nhân do hệ thống này cấp")
    if row.status != Status.ACTIVE:
        raise RegistrarRefused(detail=f"chứng thư {Status(row.status).label.lower()}")
    try:
        signing.verify_jws(signed.jws, trust=trust, at=at, typ=signed.typ, purpose=DOCUMENT)
    except signing.JWSInvalid as error:
        raise RegistrarRefused(detail=str(error.facts.get("detail", "chữ ký sai"))) from error
    if row.holder != f"{OFFICER_PREFIX}{asked.approved_by}":
        raise RegistrarRefused(detail="người ký không phải người duyệt nêu trong yêu cầu")
    return row


def _mandate(
    asked: Registration, registrar: IssuedCertificate, caller: Caller, at: datetime
) -> Mandate:
    """The mandate, locked, when it covers this request. Raises MandateNotInForce, …Exceeded."""
    mandate = Mandate.objects.select_for_update().filter(pk=asked.mandate).first()
    if mandate is None:
        raise MandateNotInForce
    mandates.check_signed(mandate, at)
    rules = {
        "nút gửi không thuộc cơ quan được ủy quyền": mandate.agency_code in caller.codes,
        "cán bộ không được nêu trong giấy ủy quyền": mandates.names(mandate, registrar),
        "loại đối tượng không được ủy quyền": asked.profile in mandate.subjects,
        "loại yêu cầu không được ủy quyền": asked.kind in mandate.kinds
        or asked.kind is RequestKind.HOLD,  # SG-D-06: any registrar of the subtree
        "cơ quan của chủ thể ngoài phạm vi": mandates.is_within(asked.agency, mandate.root_code),
        "mã cơ quan của chủ thể không khớp": asked.subject.organization_code == asked.agency,
        "mã cán bộ của chủ thể không thuộc cơ quan": _is_holder_of(asked.agency, asked),
    }
    for text, holds in rules.items():
        if not holds:
            raise MandateExceeded(detail=text)
    if asked.kind in ISSUING:
        _check_daily_limit(mandate, at)
    return mandate


def _is_holder_of(agency: str, asked: Registration) -> bool:
    """Whether the subject's officer code is one of its agency; a seal or service has none.

    Mandates name officers by this code, so nobody may get one of another agency certified.
    """
    if asked.profile is SubjectKind.PERSON:
        return asked.subject.serial.startswith(f"{OFFICER_PREFIX}{agency}-")
    return not asked.subject.serial


def _check_daily_limit(mandate: Mandate, at: datetime) -> None:
    midnight = at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    done = mandate.requests.filter(kind__in=ISSUING, received_at__gte=midnight).count()
    if done >= mandate.per_day:
        raise MandateExceeded(detail=f"đã cấp đủ {mandate.per_day} chứng thư trong ngày")


def _check_two_persons(asked: Registration) -> None:
    """SG 4.3: who enters does not approve, and nobody approves about themselves.

    An emergency hold may be one person's act; a second confirms it within a day (SG 4.1).
    """
    if asked.kind is RequestKind.HOLD:
        return
    if asked.entered_by == asked.approved_by:
        raise SecondPersonNeeded(detail="người nhập không được tự duyệt")
    if asked.subject.serial == f"{OFFICER_PREFIX}{asked.approved_by}":
        raise SecondPersonNeeded(detail="không ai duyệt yêu cầu về chính mình")


def _check_times(asked: Registration, at: datetime) -> None:
    if asked.approved_at > at + APPROVED_AHEAD_MAX:
        raise RegistrationInvalid(detail="thời điểm duyệt ở tương lai")
    if asked.approved_at < at - APPROVED_WITHIN:
        raise RegistrationInvalid(detail="đã duyệt quá lâu, phải duyệt lại")
    if asked.file_valid_at > asked.approved_at + APPROVED_AHEAD_MAX:
        raise RegistrationInvalid(detail="hồ sơ hợp lệ sau khi duyệt")


# -- issuing ------------------------------------------------------------------------------------


def _issue_new(case: _Case) -> Answer:
    return _issue(case, replaces=None, lifetime=_lifetime(case), until=None)


def _renew(case: _Case) -> Answer:
    """A new term for the same subject; the certificate before stays until its own end."""
    old = _target(case)
    rule = check_renewal(old, case.at)
    _check_same_holder(case, old, also_name=True)
    lifetime = min(rule.lifetime, _lifetime(case))
    return _issue(case, replaces=old, lifetime=lifetime, until=None, renewals=old.renewals + 1)


def _change(case: _Case) -> Answer:
    """New content until the end of the old term. The old certificate is revoked by a request of
    its own, after the holder has taken the new one over (SG 4.1)."""
    old = _target(case)
    if old.status != Status.ACTIVE:
        raise CertificateStateWrong(detail="chứng thư cần thay đổi không còn hiệu lực")
    _check_same_holder(case, old, also_name=False)
    return _issue(
        case, replaces=old, lifetime=_lifetime(case), until=old.not_after, renewals=old.renewals
    )


def _lifetime(case: _Case) -> timedelta:
    profile = PROFILE_OF[SubjectKind(case.asked.profile)]
    return min(SHAPES[profile].lifetime, timedelta(days=case.mandate.lifetime_days))


def _issue(
    case: _Case,
    *,
    replaces: IssuedCertificate | None,
    lifetime: timedelta,
    until: datetime | None,
    renewals: int = 0,
) -> Answer:
    asked, at = case.asked, case.at
    key = read_certificate_request(asked.csr, asked.subject)
    profile = PROFILE_OF[SubjectKind(asked.profile)]
    authority = _authority_for(profile)
    registry.check_clock(authority, at)
    row = _issued_before_a_crash(asked, key)
    if row is None:
        certificate, _ = ceremony.issue(
            case.directory,
            authority.name,
            profile,
            asked.subject,
            key,
            at=at,
            lifetime=lifetime,
            until=until,
            level=asked.key_level,
            request=str(asked.id),
        )
        index = ledger.append(CERTIFICATE_LOG, [registry.log_entry(certificate)])
        row = registry.certificate_row(
            authority, certificate, profile, request=str(asked.id), log_index=index
        )
    row.mandate, row.replaces, row.renewals = case.mandate, replaces, renewals
    row.issued_at = at
    row.save()
    authority.last_signed_at = at
    authority.save(update_fields=["last_signed_at"])
    _received(case, row, done_at=at)
    audit.used(
        f"ca/{authority.name}",
        KeyPurpose.ISSUE,
        at=at,
        subject=f"{asked.subject.common_name} ({asked.agency})",
        actor_name=f"{case.registrar.subject} ({case.mandate.agency_code})",
        digest=row.sha256,
    )
    return _issued_answer(row)


def _issued_before_a_crash(asked: Registration, key: PublicKey) -> IssuedCertificate | None:
    """The certificate that was on disk before the machine stopped; `sync` made its row."""
    row = IssuedCertificate.objects.filter(request_id=asked.id).first()
    if row is None:
        return None
    if x509.load_pem_x509_certificate(row.pem.encode("ascii")).public_key() != key:
        raise RequestReused
    return row


def _authority_for(profile: Profile) -> CertificateAuthority:
    """The authority that issues a profile, locked: one serial and one clock at a time."""
    people = profile in {Profile.PERSON, Profile.AGENCY}
    name = ceremony.PEOPLE if people else ceremony.SERVICES
    return CertificateAuthority.objects.select_for_update().get(name=name)


def _issued_answer(row: IssuedCertificate) -> Answer:
    certificate = x509.load_pem_x509_certificate(row.pem.encode("ascii"))
    issuer = x509.load_pem_x509_certificate(row.authority.pem.encode("ascii"))
    body = {
        "certificate": _b64(certificate),
        "chain": [_b64(issuer)],
        "log": ledger.evidence(CERTIFICATE_LOG, row.log_index or 0),
    }
    return Answer(201, body)


def _b64(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode("ascii")


# -- status -------------------------------------------------------------------------------------


def _revoke(case: _Case) -> Answer:
    old = _target(case)
    reason = case.asked.reason_code
    changed = status.revoke(
        case.directory,
        old,
        at=case.at,
        reason=reason,
        invalidity_at=case.asked.invalidity_at if reason is Reason.KEY_COMPROMISE else None,
    )
    return _status_answer(case, changed)


def _hold(case: _Case) -> Answer:
    """At once. When one person asked alone a second confirms within a day (SG 4.1, SG-D-06): an
    officer here, or another registrar by asking for the same hold again.
    """
    asked, row = case.asked, _target(case)
    alone = asked.entered_by == asked.approved_by
    waiting = list(queries.open_holds().filter(certificate=row))
    changed = status.hold(case.directory, row, at=case.at)
    for one in waiting:
        if one.approved_by != asked.approved_by:
            status.confirmed_by_registrar(one, f"{case.registrar.subject}", at=case.at)
    is_first = alone and not waiting
    confirm_before = case.at + CONFIRM_HOLD_WITHIN if is_first else None
    return _status_answer(case, changed, confirm_before=confirm_before)


def _release(case: _Case) -> Answer:
    return _status_answer(case, status.release(case.directory, _target(case), at=case.at))


def _status_answer(
    case: _Case, row: IssuedCertificate, confirm_before: datetime | None = None
) -> Answer:
    moment = row.status_at or case.at
    body = {"status": row.status, "at": moment.isoformat()}
    _received(case, row, done_at=case.at, answer=body, confirm_before=confirm_before)
    return Answer(200, body)


def _target(case: _Case) -> IssuedCertificate:
    """The certificate spoken of, of the subject named. Raises CertificateUnknown."""
    row = (
        IssuedCertificate.objects.select_for_update(of=("self",))
        .select_related("authority")
        .filter(sha256=case.asked.certificate)
        .first()
    )
    if row is None:
        raise CertificateUnknown
    if row.organization_code != case.asked.agency or row.profile != case.asked.profile:
        raise MandateExceeded(detail="chứng thư không thuộc chủ thể nêu trong yêu cầu")
    return row


def _check_same_holder(case: _Case, old: IssuedCertificate, *, also_name: bool) -> None:
    subject = case.asked.subject
    same = old.holder == subject.serial
    if also_name:
        same = same and old.subject == subject.common_name
    if not same:
        raise CertificateStateWrong(detail="chứng thư thuộc về người khác")


def _received(
    case: _Case,
    certificate: IssuedCertificate,
    *,
    done_at: datetime,
    answer: Mapping[str, Any] | None = None,
    confirm_before: datetime | None = None,
) -> None:
    asked = case.asked
    clock = deadlines.rule_for(CLOCK[asked.kind], asked.file_valid_at)
    ReceivedRequest.objects.create(
        id=asked.id,
        kind=asked.kind,
        profile=asked.profile,
        mandate=case.mandate,
        node_id=case.caller.node_id,
        agency_code=asked.agency,
        registrar_code=case.mandate.agency_code,
        registrar=case.registrar.subject[:200],
        entered_by=asked.entered_by,
        approved_by=asked.approved_by,
        subject=asked.subject.common_name,
        reason=asked.reason,
        record=case.token,
        record_sha256=_digest(case.token),
        file_valid_at=asked.file_valid_at,
        approved_at=asked.approved_at,
        received_at=case.at,
        due_at=clock.due(asked.file_valid_at),
        target_at=clock.target(asked.approved_at),
        basis=clock.basis,
        done_at=done_at,
        certificate=certificate,
        answer=dict(answer or {}),
        confirm_before=confirm_before,
    )


_DECIDE: Mapping[RequestKind, Callable[[_Case], Answer]] = {
    RequestKind.NEW: _issue_new,
    RequestKind.RENEW: _renew,
    RequestKind.CHANGE: _change,
    RequestKind.REVOKE: _revoke,
    RequestKind.HOLD: _hold,
    RequestKind.RELEASE: _release,
}
