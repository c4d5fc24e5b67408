"""Plain names read and compare as with the general decoder (RFC 5280 7.1)."""

from __future__ import annotations

import warnings

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.core.signing import plain_names
from lienthong.core.signing.x509_names import name_key
from lienthong.core.tests.pki_fixture import test_pki

KINDS = (
    NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME, NameOID.SERIAL_NUMBER, NameOID.TITLE,
    NameOID.ORGANIZATION_IDENTIFIER, NameOID.STREET_ADDRESS, NameOID.EMAIL_ADDRESS,
)  # fmt: skip
VIETNAMESE = "aăâbcdđeêghiklmnoôơpqrstuưvxyÀẢÃÁẠẰẲẴẮẶẦẨẪẤẬỆỒỘỢỪỰỸỴ  .-:0"
LETTERS = st.one_of(st.sampled_from(VIETNAMESE), st.characters(codec="utf-8"))
VALUES = st.text(LETTERS, min_size=1, max_size=12)


def attribute(kind: x509.ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    is_printable = value.isascii() and value.isalnum()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return x509.NameAttribute(
            kind,
            value,
            _ASN1Type.PrintableString if is_printable else _ASN1Type.UTF8String,
            _validate=False,
        )


NAMES = st.lists(st.builds(attribute, st.sampled_from(KINDS), VALUES), min_size=1, max_size=4).map(
    lambda parts: x509.Name(parts).public_bytes()
)


def generally(der: bytes) -> bytes:
    try:
        return str(asn1_x509.Name.load(der, strict=True).hashable).encode()
    except (ValueError, UnicodeError):
        return der


@given(NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_name_is_prepared_as_by_the_general_decoder(der: bytes) -> None:
    assert name_key(der) == generally(der)


@given(NAMES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_attributes_are_those_of_the_general_decoder(der: bytes) -> None:
    attributes = plain_names.read(der)

    if attributes is not None and len(dict(attributes)) == len(attributes):
        assert dict(attributes) == asn1_x509.Name.load(der).native


def test_names_of_our_authorities_are_plain() -> None:
    """A9: Vietnamese letters too; otherwise nothing would be gained."""
    for one in (test_pki().government.certificate, test_pki().person().certificate):
        attributes = plain_names.read(one.subject.public_bytes())

        assert attributes is not None
        assert plain_names.prepared(attributes) is not None


def test_what_is_not_plain_is_left_to_the_general_decoder() -> None:
    two_in_one = x509.Name(
        [x509.RelativeDistinguishedName([attribute(kind, "a") for kind in KINDS[:2]])]
    )
    whole = x509.Name([attribute(NameOID.COMMON_NAME, "a")]).public_bytes()

    assert plain_names.read(two_in_one.public_bytes()) is None
    assert plain_names.read(whole + b"\x00") is None
    assert plain_names.read(whole[:-1]) is None
    assert plain_names.prepared([("common_name", "\u0301a")]) is None
