"""The check of a certificate before it is signed: our own profiles, as zlint does for the web.

Each rule is one function over the draft, signed with a throw-away key; a certificate that breaks
one is not issued (SG-P-01, SG-P-02). The same rules can be run over a certificate found elsewhere.
"""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import gcd, prod
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from lienthong.core.signing import der
from lienthong.core.signing.policy import AlgorithmRefused, check_key
from lienthong.core.signing.problems import CertificateProfileBroken
from lienthong.core.signing.profiles import (
    OCSP_SIGNING,
    SERVER_AUTH,
    SHAPES,
    TIME_STAMPING,
    KeyLevel,
    Profile,
    Shape,
    name_text_problem,
)

T = TypeVar("T", bound=x509.ExtensionType)

SERIAL_BITS_MIN = 64
RSA_EXPONENT_MIN = 65537
_SMALL_PRIMES = prod(n for n in range(3, 752, 2) if all(n % d for d in range(3, n, 2)))


@dataclass(frozen=True, slots=True)
class _Draft:
    """What the rules look at; the issuer is the certificate that will sign."""

    certificate: x509.Certificate
    issuer: x509.Certificate
    shape: Shape

    def find(self, kind: type[T]) -> x509.Extension[T] | None:
        try:
            return self.certificate.extensions.get_extension_for_class(kind)
        except x509.ExtensionNotFound:
            return None


def lint(certificate: x509.Certificate, profile: Profile, issuer: x509.Certificate) -> None:
    """Check an end certificate against its profile. Raises CertificateProfileBroken."""
    broken = findings(certificate, profile, issuer)
    if broken:
        raise CertificateProfileBroken(detail="; ".join(broken))


def findings(
    certificate: x509.Certificate, profile: Profile, issuer: x509.Certificate
) -> tuple[str, ...]:
    """Every rule of the profile that an end certificate breaks, in Vietnamese."""
    with warnings.catch_warnings():  # the library counts the 64 characters of X.520 in bytes
        warnings.simplefilter("ignore", UserWarning)
        return tuple(_broken(_Draft(certificate, issuer, SHAPES[profile]), COMMON + END))


def check_authority(
    certificate: x509.Certificate, issuer: x509.Certificate, *, path_length: int | None
) -> None:
    """Check a sub-authority's or cross-certificate. Raises CertificateProfileBroken."""
    draft = _Draft(certificate, issuer, SHAPES[Profile.SERVICE])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        broken = list(_broken(draft, COMMON))
    basic, usage = draft.find(x509.BasicConstraints), draft.find(x509.KeyUsage)
    if basic is None or not basic.critical or not basic.value.ca:
        broken.append("BasicConstraints phải là CA:TRUE")
    elif basic.value.path_length != path_length:
        broken.append("độ dài đường dẫn (pathLen) sai")
    if usage is None or not (usage.value.key_cert_sign and usage.value.crl_sign):
        broken.append("mục đích khóa (KeyUsage) sai")
    if broken:
        raise CertificateProfileBroken(detail="; ".join(broken))


def _broken(draft: _Draft, rules: Sequence[tuple[str, Callable[[_Draft], bool]]]) -> Iterator[str]:
    for text, holds in rules:
        if not holds(draft):
            yield text


def _serial(draft: _Draft) -> bool:
    return SERIAL_BITS_MIN <= draft.certificate.serial_number.bit_length() <= 159


def _period(draft: _Draft) -> bool:
    certificate, issuer = draft.certificate, draft.issuer
    return (
        issuer.not_valid_before_utc <= certificate.not_valid_before_utc
        and certificate.not_valid_before_utc < certificate.not_valid_after_utc
        and certificate.not_valid_after_utc <= issuer.not_valid_after_utc
    )


def _issuer(draft: _Draft) -> bool:
    return draft.certificate.issuer == draft.issuer.subject


def _key(draft: _Draft) -> bool:
    key = draft.certificate.public_key()
    try:
        check_key(key)
    except AlgorithmRefused:
        return False
    if not isinstance(key, rsa.RSAPublicKey):
        return True
    numbers = key.public_numbers()
    return numbers.e >= RSA_EXPONENT_MIN and gcd(numbers.n, 2 * _SMALL_PRIMES) == 1


def _key_ids(draft: _Draft) -> bool:
    own, above = draft.find(x509.SubjectKeyIdentifier), draft.find(x509.AuthorityKeyIdentifier)
    issuer = draft.issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return (
        own is not None
        and above is not None
        and not own.critical
        and not above.critical
        and above.value.key_identifier == issuer.value.digest
    )


def _names(draft: _Draft) -> bool:
    """NFC, no strange characters, country first, no kind twice, one common name (SG-P-02)."""
    name = draft.certificate.subject
    kinds = [attribute.oid for attribute in name]
    texts = [str(attribute.value) for attribute in name]
    return (
        len(kinds) == len(set(kinds))
        and NameOID.COMMON_NAME in kinds
        and kinds[0] == NameOID.COUNTRY_NAME
        and all(text and text == unicodedata.normalize("NFC", text).strip() for text in texts)
        and not any(name_text_problem(text) for text in texts)
    )


def _strings(draft: _Draft) -> bool:
    """Names are UTF8String, but where X.520 knows only PrintableString (RFC 5280 appendix A)."""
    printable = {NameOID.COUNTRY_NAME, NameOID.SERIAL_NUMBER}
    return all(
        attribute._type.name == ("PrintableString" if attribute.oid in printable else "UTF8String")
        for attribute in draft.certificate.subject  # the library shows the type nowhere else
    )


def _encoding(draft: _Draft) -> bool:
    """Strict DER; times UTCTime to 2049 and GeneralizedTime after."""
    try:
        der.check_strict(draft.certificate.public_bytes(Encoding.DER))
    except der.NotDER:
        return False
    times = draft.certificate.not_valid_before_utc, draft.certificate.not_valid_after_utc
    body = draft.certificate.tbs_certificate_bytes
    return der.sequence(*(der.time(one) for one in times)) in body


def _extensions(draft: _Draft) -> bool:
    found = [one.oid for one in draft.certificate.extensions]
    return len(found) == len(set(found)) and draft.certificate.version is x509.Version.v3


def _lifetime(draft: _Draft) -> bool:
    certificate = draft.certificate
    lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return timedelta(0) < lifetime <= draft.shape.lifetime


def _usage(draft: _Draft) -> bool:
    usage = draft.find(x509.KeyUsage)
    return (
        usage is not None
        and usage.critical
        and usage.value.digital_signature
        and usage.value.content_commitment == draft.shape.commits
        and not (usage.value.key_encipherment or usage.value.data_encipherment)
        and not (usage.value.key_cert_sign or usage.value.crl_sign or usage.value.key_agreement)
    )


def _no_authority(draft: _Draft) -> bool:
    basic = draft.find(x509.BasicConstraints)
    return basic is not None and basic.critical and not basic.value.ca


def _extended_usage(draft: _Draft) -> bool:
    extended = draft.find(x509.ExtendedKeyUsage)
    return (
        extended is not None
        and tuple(use.dotted_string for use in extended.value) == draft.shape.usages
        and extended.critical == draft.shape.usage_is_critical
    )


def _policy(draft: _Draft) -> bool:
    policies = draft.find(x509.CertificatePolicies)
    if not draft.shape.policy:
        return policies is None
    if policies is None or len(list(policies.value)) != 1:
        return False
    found = policies.value[0].policy_identifier.dotted_string
    return found in {f"{draft.shape.policy}.{level}" for level in KeyLevel}


def _services(draft: _Draft) -> bool:
    """CRL and OCSP addresses, but none for a responder, which nobody asks about (SG 3.3).

    An authority of a passing installation leaves the address of OCSP out.
    """
    access = draft.find(x509.AuthorityInformationAccess)
    if access is None:
        return False
    methods = {one.access_method for one in access.value}
    if draft.shape.status_services:
        methods.discard(AuthorityInformationAccessOID.OCSP)
    has_points = draft.find(x509.CRLDistributionPoints) is not None
    return methods == {AuthorityInformationAccessOID.CA_ISSUERS} and (
        has_points == draft.shape.status_services
    )


def _special(draft: _Draft) -> bool:
    """ocsp-nocheck for responders alone, a key-use period for time-stamp keys alone."""
    nocheck = draft.find(x509.OCSPNoCheck) is not None
    period = draft.find(x509.PrivateKeyUsagePeriod) is not None
    return nocheck == (draft.shape.usage == OCSP_SIGNING) and period == (
        draft.shape.usage == TIME_STAMPING
    )


def _hosts(draft: _Draft) -> bool:
    """A TLS certificate names hosts, others never do."""
    names = draft.find(x509.SubjectAlternativeName)
    hosts = names is not None and any(
        isinstance(one, x509.DNSName | x509.IPAddress) for one in names.value
    )
    return hosts == (draft.shape.usage == SERVER_AUTH)


COMMON: tuple[tuple[str, Callable[[_Draft], bool]], ...] = (
    ("số sê-ri phải dương, có ít nhất 64 bit và không quá 20 byte", _serial),
    ("thời hạn vượt chứng thư của cơ quan cấp", _period),
    ("tên cơ quan cấp không khớp", _issuer),
    ("khóa yếu hơn bảng thuật toán", _key),
    ("mã định danh khóa (SKI, AKI) sai", _key_ids),
    ("tên chủ thể sai quy cách", _names),
    ("kiểu chuỗi của tên phải là UTF8String", _strings),
    ("mã hóa DER hoặc kiểu thời gian sai", _encoding),
    ("phần mở rộng lặp lại hoặc sai phiên bản", _extensions),
)
END: tuple[tuple[str, Callable[[_Draft], bool]], ...] = (
    ("thời hạn vượt khuôn mẫu", _lifetime),
    ("mục đích khóa (KeyUsage) sai", _usage),
    ("BasicConstraints phải là CA:FALSE", _no_authority),
    ("mục đích mở rộng (EKU) sai", _extended_usage),
    ("chính sách chứng thư sai", _policy),
    ("địa chỉ CRL, OCSP, chứng thư cơ quan cấp thiếu hoặc thừa", _services),
    ("phần mở rộng riêng của OCSP hoặc dấu thời gian sai", _special),
    ("tên máy chủ thiếu hoặc thừa", _hosts),
)
