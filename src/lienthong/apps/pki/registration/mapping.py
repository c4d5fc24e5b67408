"""Between our rows and the wire: subjects, the signed request, what the subject must be called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

from lienthong.apps.accounts.api import Person, Role, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.pki import devices
from lienthong.apps.pki.contract import OFFICER_PREFIX, SUBJECT_FIELDS, VERSION
from lienthong.apps.pki.registration.models import CertificateRequest
from lienthong.apps.pki.rules import KeyKind, KeyPlace
from lienthong.core.signing.authority import Subject

SLIP_TYPE = "lienthong-handover+jws"

KEY_KINDS = {
    "person": KeyKind.PERSON,
    "agency": KeyKind.AGENCY,
    "service": KeyKind.SERVICE,
}


def officer_code(organization: directory.Organization, person_id: int) -> str:
    """The officer code that stands in certificates after OFFICER_PREFIX (SG 3.2)."""
    return f"{organization.code}-{person_id}"


def person_subject(person: Person, seat: Seat) -> dict[str, str]:
    """Who an official person's certificate names: name, agency, unit, position (SG 3.2)."""
    organization = seat.organization
    return {
        "common_name": person.full_name,
        "organization": organization.name,
        "organization_code": organization.code,
        "unit": seat.unit.name if seat.unit else "",
        "title": seat.position or str(Role(seat.role).label),
        "serial": f"{OFFICER_PREFIX}{officer_code(organization, person.pk)}",
        "place": organization.place,
    }


def agency_subject(organization: directory.Organization) -> dict[str, str]:
    """Whom an agency's seal names; its parent stands as organization (SG 3.2)."""
    parent = organization.parent
    return {
        "common_name": organization.name,
        "organization": parent.name if parent else "",
        "organization_code": organization.code,
        "unit": "",
        "title": "",
        "serial": "",
        "place": organization.place,
    }


def service_subject(organization: directory.Organization) -> dict[str, str]:
    """The service by which an agency signs packets."""
    return {
        "common_name": f"Dịch vụ liên thông - {organization.code}",
        "organization": organization.name,
        "organization_code": organization.code,
        "unit": "",
        "title": "",
        "serial": "",
        "place": organization.place,
    }


def subject_of(request: CertificateRequest) -> Subject:
    """The subject as the certificate library wants it."""
    told = {name: str(request.subject.get(name, "")) for name in SUBJECT_FIELDS}
    return Subject(
        told["common_name"],
        organization=told["organization"],
        organization_code=told["organization_code"],
        unit=told["unit"],
        title=told["title"],
        serial=told["serial"],
        place=told["place"],
    )


def payload(
    request: CertificateRequest, *, mandate: str, approver: Seat, at: datetime
) -> dict[str, Any]:
    """What the registrar signs (the wire contract of the registration service)."""
    entered = request.entered_by
    return {
        "version": VERSION,
        "id": str(request.pk),
        "kind": request.kind,
        "profile": request.profile,
        "agency": request.organization.code,
        "subject": {name: str(request.subject.get(name, "")) for name in SUBJECT_FIELDS},
        "csr": request.csr,
        "certificate": request.certificate.sha256 if request.certificate else "",
        "reason": request.reason or str(request.get_ground_display()),
        "ground": request.ground,
        "invalidity_at": _moment(request.invalidity_at),
        "entered_by": officer_code(entered.organization, entered.person_id),
        "approved_by": officer_code(approver.organization, approver.person_id),
        "file_valid_at": _moment(request.submitted_at),
        "approved_at": _moment(at),
        "evidence": [
            {"name": one.name, "sha256": one.sha256}
            for one in sorted(request.evidence.all(), key=lambda one: one.pk)
        ],
        "mandate": mandate,
        "key_level": _key_level(request),
    }


def confirmation(
    request: CertificateRequest, *, mandate: str, approver: Seat, at: datetime
) -> dict[str, Any]:
    """What the second registrar signs: the same hold again, under an identifier made from it."""
    body = payload(request, mandate=mandate, approver=approver, at=at)
    return {**body, "id": str(uuid5(request.pk, "second"))}


def slip(request: CertificateRequest, certificate_sha256: str, at: datetime) -> dict[str, Any]:
    """The handing-over slip that the holder signs with the new key (SG 4.3)."""
    return {
        "version": VERSION,
        "request": str(request.pk),
        "certificate": certificate_sha256,
        "holder": request.holder,
        "organization_code": request.subject.get("organization_code", ""),
        "device_serial": request.device_serial,
        "accepted_at": _moment(at),
        "text": "Tôi đã nhận chứng thư chữ ký số và khóa bí mật tương ứng, đã kiểm tra thông tin "
        "trên chứng thư và chịu trách nhiệm giữ khóa.",
    }


def _key_level(request: CertificateRequest) -> str:
    place = KeyPlace(request.key_place)
    return devices.level_of(place, request.key_device).name.lower()


def _moment(value: datetime | None) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="seconds") if value else None
