"""A certification authority, small and real: roots, sub-authorities, certificates, CRLs.

The profiles are those of SG 3.2 and 3.3. Every certificate is checked against its profile before
it is signed (SG-P-01). The authority keeps what it revoked; storing keys and state is the caller's.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from lienthong.core.signing import der
from lienthong.core.signing.keys import PSS, SHA256, PrivateKey, PublicKey
from lienthong.core.signing.problems import CertificateProfileBroken

# The arc for examples (RFC 5612); a deployment puts its own here (SG 3.4).
ARC = "1.3.6.1.4.1.32473.84"
POLICY_PERSON = f"{ARC}.1.1"
POLICY_AGENCY = f"{ARC}.1.2"
POLICY_SERVICE = f"{ARC}.1.3"
POLICY_PUBLIC_PERSON = f"{ARC}.2.1"
POLICY_PUBLIC_LEGAL = f"{ARC}.2.2"
SOFTWARE_KEY = "3"  # the last arc: a key in a file, for demonstration only (SG-K-04)
GOVERNMENT_POLICIES = (POLICY_PERSON, POLICY_AGENCY, POLICY_SERVICE)
PUBLIC_POLICIES = (POLICY_PUBLIC_PERSON, POLICY_PUBLIC_LEGAL)

DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336
# Readers built on NSS (poppler, so most Linux desktops) trust a document signer only with this use.
EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
PACKET_SIGNING = f"{ARC}.8.1"
REQUEST_SIGNING = f"{ARC}.8.2"
RECEIPT_SIGNING = f"{ARC}.8.3"

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
EXPIRED_CERTS_ON_CRL = x509.ObjectIdentifier("2.5.29.60")
_PLACEHOLDER_KEY = ec.generate_private_key(ec.SECP256R1())  # signs drafts for the profile check


class Profile(StrEnum):
    """What a certificate is for."""

    PERSON = "person"
    AGENCY = "agency"
    SERVICE = "service"
    NODE = "node"
    RECEIPT = "receipt"
    PUBLIC_PERSON = "public_person"
    PUBLIC_LEGAL = "public_legal"


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of a profile that differ (SG 3.3)."""

    policy: str
    usage: str
    commits: bool
    lifetime: timedelta

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
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Who a certificate names (SG 3.2). `organization_code` is the agency's identification code."""

    common_name: str
    organization: str = ""
    organization_code: str = ""
    unit: str = ""
    title: str = ""
    serial: str = ""
    place: str = ""
    uri: str = ""


@dataclass
class Authority:
    """A CA key with its certificate. `chain` leads from this certificate up, without the root."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    base_url: str = "http://pki.lienthong.example"
    revoked: dict[int, tuple[datetime, x509.ReasonFlags]] = field(default_factory=dict)
    crl_number: int = 0

    @classmethod
    def root(cls, name: str, *, key: PrivateKey, at: datetime, years: int = 20) -> Authority:
        """A self-signed root."""
        subject = _ca_name(name)
        builder = _builder(subject, subject, key.public_key(), at, at + years * YEAR)
        builder = _ca_extensions(builder, key.public_key(), path_length=None)
        return cls(key, _sign(builder, key))

    def sub_authority(
        self,
        name: str,
        *,
        key: PrivateKey,
        at: datetime,
        years: int = 10,
        policies: Sequence[str] = GOVERNMENT_POLICIES,
    ) -> Authority:
        """An authority under this one that issues end certificates only (pathLen 0)."""
        builder = self._under_this(_ca_name(name), key.public_key(), at, at + years * YEAR)
        builder = _ca_extensions(builder, key.public_key(), path_length=0)
        builder = builder.add_extension(_policies(policies), critical=False)
        certificate = _sign(builder, self.key)
        chain = (certificate, *self.chain)
        return Authority(key, certificate, chain, self.base_url)

    def cross_certify(
        self, other: x509.Certificate, *, at: datetime, policies: Sequence[str], years: int = 5
    ) -> x509.Certificate:
        """Certify another root's key: same subject and key, this authority as issuer (SG 3.5)."""
        public = other.public_key()
        if not isinstance(public, PublicKey):
            raise CertificateProfileBroken(detail="khóa của gốc kia không phải RSA hoặc EC")
        end = min(
            at + years * YEAR, other.not_valid_after_utc, self.certificate.not_valid_after_utc
        )
        builder = self._under_this(other.subject, public, at, end)
        builder = _ca_extensions(builder, public, path_length=1)
        builder = builder.add_extension(_policies(policies), critical=False)
        builder = builder.add_extension(x509.InhibitAnyPolicy(0), critical=True)
        return _sign(builder, self.key)

    def issue(
        self,
        profile: Profile,
        subject: Subject,
        public_key: PublicKey,
        *,
        at: datetime,
        lifetime: timedelta | None = None,
    ) -> x509.Certificate:
        """Issue an end certificate. Raises CertificateProfileBroken."""
        shape = SHAPES[profile]
        end = min(at + (lifetime or shape.lifetime), self.certificate.not_valid_after_utc)
        builder = self._under_this(_subject_name(subject), public_key, at, end)
        builder = _end_extensions(builder, shape)
        if subject.uri:
            names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(subject.uri)])
            builder = builder.add_extension(names, critical=False)
        lint(_sign(builder, _PLACEHOLDER_KEY), profile, self.certificate)
        return _sign(builder, self.key)

    def revoke(
        self,
        certificate: x509.Certificate,
        *,
        at: datetime,
        reason: x509.ReasonFlags = x509.ReasonFlags.unspecified,
    ) -> None:
        """Put the certificate on the next CRL. The first revocation of a serial stands."""
        self.revoked.setdefault(certificate.serial_number, (at, reason))

    def crl(self, *, at: datetime, lifetime: timedelta = 2 * DAY) -> x509.CertificateRevocationList:
        """The next CRL: its number is one more than the last (SG-R-03)."""
        self.crl_number += 1
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(at)
            .next_update(at + lifetime)
            .add_extension(_authority_key_id(self.certificate), critical=False)
            .add_extension(x509.CRLNumber(self.crl_number), critical=False)
            .add_extension(
                x509.UnrecognizedExtension(
                    EXPIRED_CERTS_ON_CRL,
                    der.generalized_time(self.certificate.not_valid_before_utc),
                ),
                critical=False,
            )
        )
        for serial, (revoked_at, reason) in sorted(self.revoked.items()):
            entry = (
                x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at)
            )
            if reason is not x509.ReasonFlags.unspecified:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, SHA256, rsa_padding=_padding(self.key))

    def _under_this(
        self, subject: x509.Name, public_key: PublicKey, at: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        """A builder with what every certificate under this authority carries."""
        here = f"{self.base_url}/{_key_id(self.certificate).hex()[:16]}"
        location = x509.UniformResourceIdentifier(f"{here}.crl")
        point = x509.DistributionPoint([location], None, None, None)
        issuers = x509.AccessDescription(
            AuthorityInformationAccessOID.CA_ISSUERS,
            x509.UniformResourceIdentifier(f"{here}.cer"),
        )
        return (
            _builder(self.certificate.subject, subject, public_key, at, end)
            .add_extension(_authority_key_id(self.certificate), critical=False)
            .add_extension(x509.CRLDistributionPoints([point]), critical=False)
            .add_extension(x509.AuthorityInformationAccess([issuers]), critical=False)
        )


def lint(certificate: x509.Certificate, profile: Profile, issuer: x509.Certificate) -> None:
    """Check an end certificate against its profile. Raises CertificateProfileBroken (SG-P-01)."""
    shape = SHAPES[profile]
    extensions = certificate.extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    basic = extensions.get_extension_for_class(x509.BasicConstraints)
    extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    policies = extensions.get_extension_for_class(x509.CertificatePolicies).value
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    rules = {
        "số sê-ri phải dương và có ít nhất 64 bit": certificate.serial_number.bit_length() >= 64,
        "thời hạn vượt khuôn mẫu": timedelta(0) < lifetime <= shape.lifetime,
        "thời hạn vượt chứng thư của cơ quan cấp": (
            issuer.not_valid_before_utc <= certificate.not_valid_before_utc
            and certificate.not_valid_after_utc <= issuer.not_valid_after_utc
        ),
        "mục đích khóa (KeyUsage) sai": usage.critical
        and usage.value.digital_signature
        and usage.value.content_commitment == shape.commits
        and not usage.value.key_cert_sign
        and not usage.value.crl_sign,
        "BasicConstraints phải là CA:FALSE": basic.critical and not basic.value.ca,
        "mục đích mở rộng (EKU) sai": tuple(use.dotted_string for use in extended) == shape.usages,
        "chính sách chứng thư sai": [p.policy_identifier.dotted_string for p in policies]
        == [f"{shape.policy}.{SOFTWARE_KEY}"],
        "khóa yếu hơn bảng thuật toán": _key_is_allowed(certificate),
    }
    for text, kept in rules.items():
        if not kept:
            raise CertificateProfileBroken(detail=text)


def make_key(bits: int = 3072) -> rsa.RSAPrivateKey:
    """A new RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def make_ec_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def _key_is_allowed(certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size >= 2048
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256


def _builder(
    issuer: x509.Name, subject: x509.Name, public_key: PublicKey, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _ca_extensions(
    builder: x509.CertificateBuilder, public_key: PublicKey, *, path_length: int | None
) -> x509.CertificateBuilder:
    usage = _key_usage(certifies=True)
    return builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=path_length), critical=True
    ).add_extension(usage, critical=True)


def _end_extensions(builder: x509.CertificateBuilder, shape: Shape) -> x509.CertificateBuilder:
    usages = x509.ExtendedKeyUsage([x509.ObjectIdentifier(use) for use in shape.usages])
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(commits=shape.commits), critical=True)
        .add_extension(usages, critical=False)
        .add_extension(_policies([shape.policy]), critical=False)
    )


def _key_usage(*, certifies: bool = False, commits: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _policies(arcs: Sequence[str]) -> x509.CertificatePolicies:
    return x509.CertificatePolicies(
        [
            x509.PolicyInformation(x509.ObjectIdentifier(f"{arc}.{SOFTWARE_KEY}"), None)
            for arc in arcs
        ]
    )


def _key_id(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _authority_key_id(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(_key_id(certificate), None, None)


def _padding(key: PrivateKey) -> padding.PSS | None:
    return PSS if isinstance(key, rsa.RSAPrivateKey) else None


def _sign(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    return builder.sign(key, SHA256, rsa_padding=_padding(key))


def _ca_name(name: str) -> x509.Name:
    return _name([(NameOID.COUNTRY_NAME, "VN"), (NameOID.COMMON_NAME, name)])


def _subject_name(subject: Subject) -> x509.Name:
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
        if len(text) > 200 or any(
            unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs"} for c in text
        ):
            raise CertificateProfileBroken(detail=f"giá trị tên không dùng được: {text[:40]!r}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            attributes.append(x509.NameAttribute(kind, text, _validate=False))
    return x509.Name(attributes)
