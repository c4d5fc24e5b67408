"""A certification authority, small and real: roots, sub-authorities, certificates, CRLs.

The profiles are those of SG 3.2 and 3.3. Every certificate is checked against its profile before
it is signed (SG-P-01). The authority keeps what it revoked; storing keys and state is the caller's.
"""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID

from lienthong.core.signing import der
from lienthong.core.signing.keys import PSS, SHA256, PrivateKey, PublicKey
from lienthong.core.signing.lint import check_authority, lint
from lienthong.core.signing.policy import RSA_SIZE_SIGN, AlgorithmRefused, check_key
from lienthong.core.signing.problems import CertificateProfileBroken, CertificateRequestRefused
from lienthong.core.signing.profiles import (
    ARC,
    DAY,
    DOCUMENT_SIGNING,
    EMAIL_PROTECTION,
    EQUAL_POLICIES,
    GOVERNMENT_POLICIES,
    OCSP_SIGNING,
    PACKET_SIGNING,
    POLICY_AGENCY,
    POLICY_GOVERNMENT_TSA,
    POLICY_NATIONAL_TSA,
    POLICY_PERSON,
    POLICY_PUBLIC_LEGAL,
    POLICY_PUBLIC_PERSON,
    POLICY_SERVICE,
    PUBLIC_POLICIES,
    RECEIPT_SIGNING,
    REQUEST_SIGNING,
    SHAPES,
    SOFTWARE_KEY,
    TIME_STAMPING,
    TSA_KEY_USE,
    YEAR,
    KeyLevel,
    Profile,
    Shape,
    Subject,
    authority_name,
    subject_name,
)

__all__ = [
    "ARC",
    "BASE_URL",
    "DOCUMENT_SIGNING",
    "EMAIL_PROTECTION",
    "EQUAL_POLICIES",
    "GOVERNMENT_POLICIES",
    "OCSP_SIGNING",
    "PACKET_SIGNING",
    "POLICY_AGENCY",
    "POLICY_GOVERNMENT_TSA",
    "POLICY_NATIONAL_TSA",
    "POLICY_PERSON",
    "POLICY_PUBLIC_LEGAL",
    "POLICY_PUBLIC_PERSON",
    "POLICY_SERVICE",
    "PUBLIC_POLICIES",
    "RECEIPT_SIGNING",
    "REQUEST_SIGNING",
    "SHAPES",
    "SOFTWARE_KEY",
    "TIME_STAMPING",
    "Authority",
    "KeyLevel",
    "Profile",
    "Shape",
    "Subject",
    "authority_name",
    "key_identifier",
    "lint",
    "make_certificate_request",
    "make_ec_key",
    "make_key",
    "read_certificate_request",
    "subject_name",
]

BASE_URL = "http://pki.lienthong.example"
EXPIRED_CERTS_ON_CRL = x509.ObjectIdentifier("2.5.29.60")
POLICY_MAPPINGS = x509.ObjectIdentifier("2.5.29.33")
RESPONSIBILITY = "Chứng thư chỉ có giá trị trong phạm vi và mục đích ghi tại chứng thư; "
KEY_TEXTS = {
    KeyLevel.TOKEN: "khóa trong thiết bị của chủ thể.",
    KeyLevel.HSM: "khóa trong mô-đun bảo mật phần cứng.",
    KeyLevel.SOFTWARE: "khóa phần mềm, chỉ dùng để trình diễn.",
}
_PLACEHOLDER_KEY = ec.generate_private_key(ec.SECP256R1())  # signs drafts for the profile check


@dataclass
class Authority:
    """A CA key with its certificate. `chain` leads from this certificate up, without the root.

    names_responder: whether certificates carry the address of OCSP. Readers built on NSS trust a
    certificate with an address only while it answers, so a passing installation leaves it out.
    """

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    base_url: str = BASE_URL
    revoked: dict[int, tuple[datetime, x509.ReasonFlags]] = field(default_factory=dict)
    crl_number: int = 0
    invalidity: dict[int, datetime] = field(default_factory=dict)
    names_responder: bool = True

    @classmethod
    def root(
        cls,
        name: str,
        *,
        key: PrivateKey,
        at: datetime,
        years: int = 20,
        base_url: str = BASE_URL,
        names_responder: bool = True,
    ) -> Authority:
        """A self-signed root."""
        subject = authority_name(name)
        builder = _builder(subject, subject, key.public_key(), at, at + years * YEAR)
        builder = _ca_extensions(builder, path_length=None)
        return cls(key, _sign(builder, key), base_url=base_url, names_responder=names_responder)

    @property
    def identifier(self) -> str:
        """16 hexadecimal digits that name this authority's key in addresses."""
        return key_identifier(self.certificate)

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
        certificate = self.certify_authority(
            authority_name(name), key.public_key(), at=at, years=years, policies=policies
        )
        return Authority(
            key,
            certificate,
            (certificate, *self.chain),
            self.base_url,
            names_responder=self.names_responder,
        )

    def certify_authority(
        self,
        subject: x509.Name,
        public_key: PublicKey,
        *,
        at: datetime,
        years: int = 10,
        policies: Sequence[str] = GOVERNMENT_POLICIES,
    ) -> x509.Certificate:
        """A sub-authority's certificate for a key that stays elsewhere."""
        end = min(at + years * YEAR, self.certificate.not_valid_after_utc)
        builder = self._under_this(subject, public_key, at, end)
        builder = _ca_extensions(builder, path_length=0)
        builder = builder.add_extension(_policies(_of_all_levels(policies)), critical=False)
        return self._checked(builder, path_length=0)

    def cross_certify(
        self,
        other: x509.Certificate,
        *,
        at: datetime,
        policies: Sequence[str],
        years: int = 5,
        mappings: Sequence[tuple[str, str]] = (),
    ) -> x509.Certificate:
        """Certify another root's key: same subject and key, this authority as issuer (SG 3.5).

        mappings: pairs (policy of this authority, equal policy of the other).
        """
        public = other.public_key()
        if not isinstance(public, PublicKey):
            raise CertificateProfileBroken(detail="khóa của gốc kia không phải RSA hoặc EC")
        end = min(
            at + years * YEAR, other.not_valid_after_utc, self.certificate.not_valid_after_utc
        )
        builder = self._under_this(other.subject, public, at, end)
        builder = _ca_extensions(builder, path_length=1)
        builder = builder.add_extension(_policies(_of_all_levels(policies)), critical=False)
        if mappings:
            builder = builder.add_extension(_mappings(mappings), critical=False)
        builder = builder.add_extension(x509.InhibitAnyPolicy(0), critical=True)
        return self._checked(builder, path_length=1)

    def link(self, newer: x509.Certificate, *, at: datetime) -> x509.Certificate:
        """Certify the next key of this very root: old signs new (SG-K-10, RFC 4210 4.4).

        Raises CertificateProfileBroken when `newer` bears another name.
        """
        public = newer.public_key()
        if newer.subject != self.certificate.subject or not isinstance(public, PublicKey):
            raise CertificateProfileBroken(detail="chứng thư nối phải cùng tên với gốc")
        end = min(newer.not_valid_after_utc, self.certificate.not_valid_after_utc)
        builder = self._under_this(newer.subject, public, at, end)
        return self._checked(_ca_extensions(builder, path_length=None), path_length=None)

    def issue(
        self,
        profile: Profile,
        subject: Subject,
        public_key: PublicKey,
        *,
        at: datetime,
        lifetime: timedelta | None = None,
        until: datetime | None = None,
        level: KeyLevel = KeyLevel.SOFTWARE,
    ) -> x509.Certificate:
        """Issue an end certificate. Raises CertificateProfileBroken.

        level: where the subject's key lies, told in the policy (SG 3.4). until: an earlier end, as
        for a changed certificate that keeps the end of the old one.
        """
        shape = SHAPES[profile]
        end = min(at + (lifetime or shape.lifetime), self.certificate.not_valid_after_utc)
        end = min(end, until or end)
        builder = self._under_this(
            subject_name(subject), public_key, at, end, services=shape.status_services, leaf=True
        )
        builder = _end_extensions(builder, profile, at, f"{self.base_url}/cps", level)
        names = _alternative_names(subject)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        lint(_sign(builder, _PLACEHOLDER_KEY), profile, self.certificate)
        return _sign(builder, self.key)

    def revoke(
        self,
        certificate: x509.Certificate,
        *,
        at: datetime,
        reason: x509.ReasonFlags = x509.ReasonFlags.unspecified,
        invalidity_at: datetime | None = None,
    ) -> None:
        """Put the certificate on the next CRL. The first revocation of a serial stands.

        A hold may become a revocation; it keeps its time, for nothing signed since is good.
        invalidity_at: since when the key may be in other hands (SG-R-05).
        """
        serial = certificate.serial_number
        known = self.revoked.get(serial)
        if known is None:
            self.revoked[serial] = (at, reason)
        elif known[1] is x509.ReasonFlags.certificate_hold:
            self.revoked[serial] = (known[0], reason)
        else:
            return
        if invalidity_at is not None:
            self.invalidity[serial] = invalidity_at

    def release(self, certificate: x509.Certificate) -> None:
        """Take a certificate on hold off the list (SG-R-04); what is revoked stays revoked."""
        known = self.revoked.get(certificate.serial_number)
        if known is not None and known[1] is x509.ReasonFlags.certificate_hold:
            del self.revoked[certificate.serial_number]

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
            if serial in self.invalidity:
                since = x509.InvalidityDate(self.invalidity[serial].astimezone(UTC))
                entry = entry.add_extension(since, critical=False)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, _digest(self.key), rsa_padding=_padding(self.key))

    def _under_this(
        self,
        subject: x509.Name,
        public_key: PublicKey,
        at: datetime,
        end: datetime,
        *,
        services: bool = True,
        leaf: bool = False,
    ) -> x509.CertificateBuilder:
        """A builder with what every certificate under this authority carries (SG 3.3)."""
        point = x509.UniformResourceIdentifier(f"{self.base_url}/crl/{self.identifier}.crl")
        issuer = x509.UniformResourceIdentifier(f"{self.base_url}/ca/{self.identifier}.cer")
        access = [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, issuer)]
        if leaf and services and self.names_responder:
            responder = x509.UniformResourceIdentifier(f"{self.base_url}/ocsp")
            access.insert(0, x509.AccessDescription(AuthorityInformationAccessOID.OCSP, responder))
        builder = _builder(self.certificate.subject, subject, public_key, at, end)
        builder = builder.add_extension(_authority_key_id(self.certificate), critical=False)
        builder = builder.add_extension(x509.AuthorityInformationAccess(access), critical=False)
        if services:
            points = x509.CRLDistributionPoints([x509.DistributionPoint([point], None, None, None)])
            builder = builder.add_extension(points, critical=False)
        return builder

    def _checked(
        self, builder: x509.CertificateBuilder, *, path_length: int | None
    ) -> x509.Certificate:
        """Sign a CA certificate after its profile check (SG-P-01)."""
        check_authority(_sign(builder, _PLACEHOLDER_KEY), self.certificate, path_length=path_length)
        return _sign(builder, self.key)


def make_certificate_request(key: PrivateKey, subject: Subject) -> bytes:
    """A PKCS#10 request in DER by which the holder of `key` asks to be certified as `subject`."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject_name(subject))
    request = builder.sign(key, _digest(key), rsa_padding=_padding(key))
    return request.public_bytes(serialization.Encoding.DER)


def read_certificate_request(data: bytes, subject: Subject) -> PublicKey:
    """The public key of a PKCS#10 request made by the holder of its key for exactly `subject`.

    Raises CertificateRequestRefused: not DER, a signature that proves no possession of the key, a
    name other than the approved one, a key the table of algorithms does not allow for signing.
    """
    try:
        der.check_strict(data)
        request = x509.load_der_x509_csr(data)
        holds = request.is_signature_valid
        with warnings.catch_warnings():  # the library counts the 64 characters of X.520 in bytes
            warnings.simplefilter("ignore", UserWarning)
            name, public = request.subject, request.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise CertificateRequestRefused(detail="không đọc được PKCS#10") from error
    if not holds:
        raise CertificateRequestRefused(
            detail="chữ ký của yêu cầu không chứng minh được việc giữ khóa"
        )
    wanted = {(one.oid.dotted_string, one.value) for one in subject_name(subject)}
    found = [(one.oid.dotted_string, str(one.value)) for one in name]
    if len(found) != len(set(found)) or set(found) != wanted:
        raise CertificateRequestRefused(detail="tên trong yêu cầu không phải tên đã được phê duyệt")
    try:
        key = check_key(public)
    except AlgorithmRefused as error:
        raise CertificateRequestRefused(detail=str(error)) from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < RSA_SIZE_SIGN:
        raise CertificateRequestRefused(detail=f"khóa RSA phải từ {RSA_SIZE_SIGN} bit")
    return key


def key_identifier(certificate: x509.Certificate) -> str:
    """16 hexadecimal digits of the subject key identifier, as addresses of services use it."""
    return _key_id(certificate).hex()[:16]


def make_key(bits: int = 3072) -> rsa.RSAPrivateKey:
    """A new RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def make_ec_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


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
    builder: x509.CertificateBuilder, *, path_length: int | None
) -> x509.CertificateBuilder:
    usage = _key_usage(certifies=True)
    return builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=path_length), critical=True
    ).add_extension(usage, critical=True)


def _end_extensions(
    builder: x509.CertificateBuilder,
    profile: Profile,
    at: datetime,
    statement: str,
    level: KeyLevel,
) -> x509.CertificateBuilder:
    shape = SHAPES[profile]
    usages = x509.ExtendedKeyUsage([x509.ObjectIdentifier(use) for use in shape.usages])
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(commits=shape.commits), critical=True)
        .add_extension(usages, critical=shape.usage_is_critical)
    )
    if shape.policy:
        responsibility = RESPONSIBILITY + KEY_TEXTS[level] if shape.commits else ""
        policies = _policies([f"{shape.policy}.{level}"], statement, responsibility)
        builder = builder.add_extension(policies, critical=False)
    if shape.usage == OCSP_SIGNING:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if shape.usage == TIME_STAMPING:
        period = x509.PrivateKeyUsagePeriod(at, at + TSA_KEY_USE)
        builder = builder.add_extension(period, critical=False)
    return builder


def _alternative_names(subject: Subject) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = [_host(host) for host in subject.hosts]
    if subject.uri:
        names.append(x509.UniformResourceIdentifier(subject.uri))
    return names


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


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


def _policies(
    policies: Iterable[str], statement: str = "", responsibility: str = ""
) -> x509.CertificatePolicies:
    """Policies, each with its qualifiers; `statement` is the address of the practice statement."""
    qualifiers: list[str | x509.UserNotice] = [statement] if statement else []
    if responsibility:
        qualifiers.append(x509.UserNotice(None, responsibility))
    return x509.CertificatePolicies(
        [x509.PolicyInformation(x509.ObjectIdentifier(one), qualifiers or None) for one in policies]
    )


def _of_all_levels(arcs: Iterable[str]) -> list[str]:
    """What an authority may issue under: keys of every level."""
    return [f"{arc}.{level}" for arc in arcs for level in KeyLevel]


def _mappings(pairs: Sequence[tuple[str, str]]) -> x509.UnrecognizedExtension:
    """PolicyMappings (RFC 5280 4.2.1.5); the library can read it but not write it."""
    value = der.sequence(
        *(
            der.sequence(*(der.oid(f"{policy}.{level}") for policy in pair))
            for pair in pairs
            for level in KeyLevel
        )
    )
    return x509.UnrecognizedExtension(POLICY_MAPPINGS, value)


def _key_id(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _authority_key_id(certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier(_key_id(certificate), None, None)


def _padding(key: PrivateKey) -> padding.PSS | None:
    return PSS if isinstance(key, rsa.RSAPrivateKey) else None


def _sign(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    return builder.sign(key, _digest(key), rsa_padding=_padding(key))


def _digest(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The digest that goes with a key (SG 9): SHA-384 with P-384, SHA-256 with all others."""
    large = isinstance(key, ec.EllipticCurvePrivateKey) and key.key_size == 384
    return hashes.SHA384() if large else SHA256
