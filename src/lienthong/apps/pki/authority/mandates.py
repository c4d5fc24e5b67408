"""Mandates: one officer proposes, another signs, either ends at once (SG 4.4).

A mandate is a signed record. What decides on a request is the record as signed, compared with the
row each time; a row changed behind our back makes the mandate useless, not wider (SG-D-01).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory_api
from lienthong.apps.pki import queries
from lienthong.apps.pki.authority import audit, policy
from lienthong.apps.pki.authority.models import IssuedCertificate, Mandate
from lienthong.apps.pki.authority.rules import (
    CertificateUnknown,
    KeyPurpose,
    MandateInvalid,
    MandateNotInForce,
    MandateState,
    SecondPersonNeeded,
    Status,
)
from lienthong.apps.pki.contract import AT_AUTHORITY, OFFICER_PREFIX, RequestKind, SubjectKind
from lienthong.core import signing
from lienthong.core.signing.authority import Profile
from lienthong.core.signing.keys import SHA256, DigestSigner

__all__ = ["Officer", "Terms", "approve", "check_signed", "end", "policy", "propose", "reject"]

TYPE = "lienthong-mandate+jws"
PER_DAY_MAX = 5000
YEARS_MAX = timedelta(days=5 * 366)
LIFETIME_DAYS_MAX = 5 * 365


@dataclass(frozen=True, slots=True)
class Officer:
    """A registrar by officer code and name.

    certificate: SHA-256 (hexadecimal) of the one by which the officers knew the person; any valid
    certificate of the person proves them afterwards (`names`).
    """

    code: str
    name: str
    certificate: str

    def to_json(self) -> dict[str, str]:
        return {"code": self.code, "name": self.name, "certificate": self.certificate}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a mandate says. `root_code` is the top of the subtree that is registered."""

    agency_code: str
    root_code: str
    subjects: tuple[SubjectKind, ...]
    kinds: tuple[RequestKind, ...]
    officers: tuple[Officer, ...]
    per_day: int
    lifetime_days: int
    valid_from: datetime
    valid_to: datetime


def officer_of(certificate_sha256: str) -> Officer:
    """The registrar whose personal certificate this is. Raises CertificateUnknown."""
    found = IssuedCertificate.objects.filter(
        sha256=certificate_sha256, profile=Profile.PERSON, status=Status.ACTIVE
    ).first()
    if found is None:
        raise CertificateUnknown
    return Officer(found.holder.removeprefix(OFFICER_PREFIX), found.subject, found.sha256)


def usual_terms(agency_code: str, registrar: str, *, at: datetime) -> Terms:
    """A year's mandate over the agency and everything under it, for one registrar by name.

    Raises CertificateUnknown when nobody of that name there has a certificate in force.
    """
    found = IssuedCertificate.objects.filter(
        organization_code=agency_code,
        subject=registrar,
        profile=Profile.PERSON,
        status=Status.ACTIVE,
    ).first()
    if found is None:
        raise CertificateUnknown
    return Terms(
        agency_code=agency_code,
        root_code=agency_code,
        subjects=tuple(SubjectKind),
        kinds=AT_AUTHORITY,
        officers=(officer_of(found.sha256),),
        per_day=200,
        lifetime_days=LIFETIME_DAYS_MAX,
        valid_from=at - timedelta(minutes=1),
        valid_to=at + timedelta(days=365),
    )


@transaction.atomic
def propose(actor: Actor, terms: Terms, *, at: datetime) -> Mandate:
    """Write a mandate down; it is worth nothing until another officer signs it.

    Raises MandateInvalid, OrganizationUnknown.
    """
    accounts.check(actor, "pki.certify")
    agency = directory_api.find(terms.agency_code)
    root = directory_api.find(terms.root_code)
    if agency is None or root is None:
        raise MandateInvalid(detail="mã cơ quan không có trong danh bạ")
    if not is_within(terms.root_code, terms.agency_code):
        raise MandateInvalid(detail="phạm vi phải là cơ quan đăng ký hoặc cấp dưới của cơ quan đó")
    _check_terms(terms)
    return Mandate.objects.create(
        agency_code=agency.code,
        agency_name=agency.name,
        root_code=root.code,
        subjects=sorted(terms.subjects),
        kinds=sorted(terms.kinds),
        officers=[one.to_json() for one in terms.officers],
        per_day=terms.per_day,
        lifetime_days=terms.lifetime_days,
        valid_from=terms.valid_from.astimezone(UTC).replace(microsecond=0),
        valid_to=terms.valid_to.astimezone(UTC).replace(microsecond=0),
        proposed_by_id=actor.person_id,
        proposed_at=at,
    )


def _check_terms(terms: Terms) -> None:
    rules = {
        "cần ít nhất một cán bộ đăng ký": bool(terms.officers),
        "cần ít nhất một loại đối tượng và một loại yêu cầu": bool(terms.subjects and terms.kinds),
        "số chứng thư mỗi ngày không hợp lệ": 1 <= terms.per_day <= PER_DAY_MAX,
        "thời hạn chứng thư không hợp lệ": 1 <= terms.lifetime_days <= LIFETIME_DAYS_MAX,
        "thời gian ủy quyền không hợp lệ": timedelta(0)
        < terms.valid_to - terms.valid_from
        <= YEARS_MAX,
        "một cán bộ được nêu hai lần": len({one.code for one in terms.officers})
        == len(terms.officers),
    }
    for text, holds in rules.items():
        if not holds:
            raise MandateInvalid(detail=text)


@transaction.atomic
def approve(actor: Actor, mandate: Mandate, signer: DigestSigner, *, at: datetime) -> Mandate:
    """Sign a proposed mandate with the officer's own key; it is in force from then on.

    Raises SecondPersonNeeded for the one who proposed it, MandateInvalid in another state.
    """
    accounts.check(actor, "pki.certify")
    mandate = _locked(mandate, MandateState.PROPOSED)
    if mandate.proposed_by_id == actor.person_id:
        raise SecondPersonNeeded(detail="người đề nghị không tự phê duyệt giấy ủy quyền")
    mandate.decided_by_id, mandate.decided_at = actor.person_id, at.replace(microsecond=0)
    mandate.record = signing.sign_jws(content(mandate), key=signer, at=at, typ=TYPE)
    mandate.state = MandateState.IN_FORCE
    mandate.save()
    audit.used(
        "person",
        KeyPurpose.MANDATE,
        at=at,
        subject=f"giấy ủy quyền {mandate.pk} cho {mandate.agency_code}",
        actor=actor,
    )
    return mandate


@transaction.atomic
def reject(actor: Actor, mandate: Mandate, *, at: datetime) -> Mandate:
    """Turn a proposal down. Raises MandateInvalid when it is no proposal any more."""
    accounts.check(actor, "pki.certify")
    mandate = _locked(mandate, MandateState.PROPOSED)
    mandate.state = MandateState.REJECTED
    if mandate.proposed_by_id != actor.person_id:
        mandate.decided_by_id = actor.person_id
    mandate.decided_at = at
    mandate.save()
    return mandate


@transaction.atomic
def end(actor: Actor, mandate: Mandate, *, reason: str, at: datetime) -> Mandate:
    """End a mandate at once; what was issued under it stays (SG-D-03)."""
    accounts.check(actor, "pki.certify")
    mandate = _locked(mandate, MandateState.IN_FORCE)
    mandate.state = MandateState.ENDED
    mandate.ended_by_id, mandate.ended_at, mandate.ended_for = actor.person_id, at, reason[:500]
    mandate.save()
    return mandate


def _locked(mandate: Mandate, state: MandateState) -> Mandate:
    found = Mandate.objects.select_for_update().get(pk=mandate.pk)
    if found.state != state:
        raise MandateInvalid(detail=f"đang ở trạng thái “{MandateState(found.state).label}”")
    return found


def content(mandate: Mandate) -> dict[str, Any]:
    """What is signed of a mandate, from its row."""
    return {
        "version": 1,
        "id": str(mandate.pk),
        "agency": mandate.agency_code,
        "scope": {
            "root": mandate.root_code,
            "subjects": list(mandate.subjects),
            "kinds": list(mandate.kinds),
        },
        "limits": {"per_day": mandate.per_day, "lifetime_days": mandate.lifetime_days},
        "officers": list(mandate.officers),
        "from": mandate.valid_from.astimezone(UTC).isoformat(),
        "to": mandate.valid_to.astimezone(UTC).isoformat(),
        "proposed_by": str(mandate.proposed_by_id),
        "approved_by": str(mandate.decided_by_id),
        "transferable": False,  # SG-D-02
    }


def check_signed(mandate: Mandate, at: datetime) -> None:
    """Raise MandateNotInForce unless it is in force at `at` and says what was signed (SG-D-01)."""
    if mandate.state != MandateState.IN_FORCE or not (mandate.valid_from <= at <= mandate.valid_to):
        raise MandateNotInForce
    try:
        found = signing.read_jws(mandate.record)
        if found.certificate is None:
            raise MandateNotInForce
        signing.verify_jws(
            mandate.record,
            trust=None,
            public_key=found.certificate.public_key(),  # type: ignore[arg-type]
            typ=TYPE,
        )
    except signing.JWSInvalid as error:
        raise MandateNotInForce from error
    if found.payload != content(mandate) or not _is_officers(found, mandate):
        raise MandateNotInForce


def _is_officers(found: signing.JWS, mandate: Mandate) -> bool:
    """Whether the certificate was issued here to a person and was good when the mandate was made.

    A revocation later does not undo the mandate; one before does.
    """
    if found.certificate is None or mandate.decided_at is None:
        return False
    known = IssuedCertificate.objects.filter(
        sha256=found.certificate.fingerprint(SHA256).hex(), profile=Profile.PERSON
    ).first()
    if known is None:
        return False
    ended = known.status_at if known.status != Status.ACTIVE else None
    return known.not_before <= mandate.decided_at <= known.not_after and not (
        ended is not None and ended <= mandate.decided_at
    )


def names(mandate: Mandate, certificate: IssuedCertificate) -> bool:
    """Whether the person of this certificate is one of the mandate's officers (SG-D-01).

    The person is named by officer code, so a renewed certificate needs no new mandate. The code
    must be one of the agency that the certificate itself names.
    """
    code = certificate.holder.removeprefix(OFFICER_PREFIX)
    named = {one["code"] for one in mandate.officers}
    return code in named and code.rpartition("-")[0] == certificate.organization_code


def certificates_of(mandate: Mandate) -> QuerySet[IssuedCertificate]:
    """The certificates by which its officers may act now, newest first: for the officers to see."""
    holders = [f"{OFFICER_PREFIX}{one['code']}" for one in mandate.officers]
    found = IssuedCertificate.objects.filter(
        holder__in=holders, profile=Profile.PERSON, status=Status.ACTIVE
    )
    return found.order_by("holder", "-not_before")


def is_within(code: str, root_code: str) -> bool:
    """Whether the agency with `code` is `root_code`'s or lies under it in the directory."""
    organization = directory_api.find(code)
    root = directory_api.find(root_code)
    if organization is None or root is None:
        return False
    for _ in range(20):
        if organization.pk == root.pk:
            return True
        if organization.parent is None:
            return False
        organization = organization.parent
    return False


def in_force(agency_codes: frozenset[str], at: datetime) -> list[Mandate]:
    """The mandates in force of some agencies, for their node."""
    return list(
        Mandate.objects.filter(
            agency_code__in=agency_codes,
            state=MandateState.IN_FORCE,
            valid_from__lte=at,
            valid_to__gte=at,
        ).order_by("-decided_at")
    )


def own_signer(actor: Actor, pin: str) -> DigestSigner:
    """The personal key of the officer who signs. Raises KeyMissing, KeyPasswordWrong."""
    return queries.person_signer(actor.person_id, pin)
