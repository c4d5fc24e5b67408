"""Certificate profiles as data: policies, uses, lifetimes, names (SG 3.2-3.4).

`authority` writes certificates by these tables and `lint` checks them by the same ones, so a new
profile is one row here. All texts of a name are NFC, UTF8String, without control characters.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.x509.oid import NameOID

from lienthong.core.signing.problems import CertificateProfileBroken

# The arc for examples (RFC 5612); a deployment puts its own here (SG 3.4).
ARC = "1.3.6.1.4.1.32473.84"
POLICY_PERSON = f"{ARC}.1.1"
POLICY_AGENCY = f"{ARC}.1.2"
POLICY_SERVICE = f"{ARC}.1.3"
POLICY_PUBLIC_PERSON = f"{ARC}.2.1"
POLICY_PUBLIC_LEGAL = f"{ARC}.2.2"
POLICY_GOVERNMENT_TSA = f"{ARC}.3.1"
POLICY_NATIONAL_TSA = f"{ARC}.3.2"
GOVERNMENT_POLICIES = (POLICY_PERSON, POLICY_AGENCY, POLICY_SERVICE, POLICY_GOVERNMENT_TSA)
PUBLIC_POLICIES = (POLICY_PUBLIC_PERSON, POLICY_PUBLIC_LEGAL, POLICY_NATIONAL_TSA)
# Pairs (government, national) that promise the same and are mapped onto each other in
# cross-certificates (SG 3.5): tokens of both time-stamp authorities are equally good.
EQUAL_POLICIES = ((POLICY_GOVERNMENT_TSA, POLICY_NATIONAL_TSA),)

DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336
# Readers built on NSS (poppler, so most Linux desktops) trust a document signer only with this use.
EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
PACKET_SIGNING = f"{ARC}.8.1"
REQUEST_SIGNING = f"{ARC}.8.2"
RECEIPT_SIGNING = f"{ARC}.8.3"

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
TSA_KEY_USE = YEAR  # a time-stamp key signs for a year, its certificate lives on (SG 3.7)
NAME_LENGTH_MAX = 200


class KeyLevel(StrEnum):
    """Where a subject's key lies: the last arc of its policy (SG 3.4)."""

    TOKEN = "1"  # noqa: S105  a device, no password
    HSM = "2"  # a hardware module, here or at a remote service
    SOFTWARE = "3"  # a file, for demonstration only (SG-K-04)


SOFTWARE_KEY = KeyLevel.SOFTWARE


class Profile(StrEnum):
    """What a certificate is for."""

    PERSON = "person"
    AGENCY = "agency"
    SERVICE = "service"
    NODE = "node"
    RECEIPT = "receipt"
    PUBLIC_PERSON = "public_person"
    PUBLIC_LEGAL = "public_legal"
    TSA = "tsa"
    NATIONAL_TSA = "national_tsa"
    OCSP = "ocsp"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of a profile that differ (SG 3.3). An empty `policy`: no CertificatePolicies."""

    policy: str
    usage: str
    commits: bool
    lifetime: timedelta
    usage_is_critical: bool = False
    status_services: bool = True  # CRLDistributionPoints and OCSP; not for the responder itself

    @property
    def usages(self) -> tuple[str, ...]:
        """Every extended use, the meant one first."""
        return (self.usage, EMAIL_PROTECTION) if self.usage == DOCUMENT_SIGNING else (self.usage,)


SHAPES = {
    Profile.PERSON: Shape(POLICY_PERSON, DOCUMENT_SIGNING, True, 5 * YEAR),
    Profile.AGENCY: Shape(POLICY_AGENCY, DOCUMENT_SIGNING, True, 5 * YEAR),
    Profile.SERVICE: Shape(POLICY_SERVICE, PACKET_SIGNING, False, 3 * YEAR),
    Profile.NODE: Shape(POLICY_SERVICE, REQUEST_SIGNING, False, 3 * YEAR),
    Profile.RECEIPT: Shape(POLICY_SERVICE, RECEIPT_SIGNING, False, 3 * YEAR),
    Profile.PUBLIC_PERSON: Shape(POLICY_PUBLIC_PERSON, DOCUMENT_SIGNING, True, 3 * YEAR),
    Profile.PUBLIC_LEGAL: Shape(POLICY_PUBLIC_LEGAL, DOCUMENT_SIGNING, True, 3 * YEAR),
    Profile.TSA: Shape(
        POLICY_GOVERNMENT_TSA, TIME_STAMPING, False, 5 * YEAR, usage_is_critical=True
    ),
    Profile.NATIONAL_TSA: Shape(
        POLICY_NATIONAL_TSA, TIME_STAMPING, False, 5 * YEAR, usage_is_critical=True
    ),
    Profile.OCSP: Shape("", OCSP_SIGNING, False, 90 * DAY, status_services=False),
    Profile.TLS: Shape(POLICY_SERVICE, SERVER_AUTH, False, 3 * YEAR),
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a certificate names (SG 3.2). `organization_code` is the agency's identification code.

    `uri` and `hosts` (DNS names, TLS only) go to the subject's alternative names.
    """

    common_name: str
    organization: str = ""
    organization_code: str = ""
    unit: str = ""
    title: str = ""
    serial: str = ""
    place: str = ""
    uri: str = ""
    hosts: tuple[str, ...] = ()


def authority_name(name: str) -> x509.Name:
    """The name of an authority: country and common name."""
    return _name([(NameOID.COUNTRY_NAME, "VN"), (NameOID.COMMON_NAME, name)])


def subject_name(subject: Subject) -> x509.Name:
    """The distinguished name of a subject. Raises CertificateProfileBroken (SG-P-02)."""
    code = f"GO:VN-{subject.organization_code}" if subject.organization_code else ""
    return _name(
        [
            (NameOID.COUNTRY_NAME, "VN"),
            (NameOID.STATE_OR_PROVINCE_NAME, subject.place),
            (NameOID.ORGANIZATION_NAME, subject.organization),
            (NameOID.ORGANIZATION_IDENTIFIER, code),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.unit),
            (NameOID.TITLE, subject.title),
            (NameOID.SERIAL_NUMBER, subject.serial),
            (NameOID.COMMON_NAME, subject.common_name),
        ]
    )


def name_text_problem(text: str) -> str:
    """Why a text may not stand in a name, in Vietnamese; empty when it may (SG-P-02).

    Refused: more than 200 characters, control and bidirectional marks, private and unassigned
    code points, digits that are no ASCII digits (they look like others).
    """
    if len(text) > NAME_LENGTH_MAX:
        return f"dài quá {NAME_LENGTH_MAX} ký tự"
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cn", "Co", "Cs"} for char in text):
        return "có ký tự điều khiển hoặc ký tự ẩn"
    if any(char.isnumeric() and not char.isascii() and char.isdigit() for char in text):
        return "có chữ số không phải 0-9"
    return ""


def _name(parts: Sequence[tuple[x509.ObjectIdentifier, str]]) -> x509.Name:
    """The name in UTF8String and NFC, without empty parts.

    The library counts the 64 characters of X.520 in bytes, which is too few for Vietnamese, so the
    length is checked here.
    """
    attributes = []
    for kind, value in parts:
        text = unicodedata.normalize("NFC", value).strip()
        if not text:
            continue
        if reason := name_text_problem(text):
            raise CertificateProfileBroken(
                detail=f"giá trị tên không dùng được: {text[:40]!r} {reason}"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            attributes.append(x509.NameAttribute(kind, text, _validate=False))
    return x509.Name(attributes)
