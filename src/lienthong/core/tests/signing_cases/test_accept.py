"""What must be accepted: guards against being too strict (SG 8, A1 to A10).

A5 stands with the OCSP cases in `test_path_documents`.
"""

from __future__ import annotations

import io
import unicodedata
from datetime import timedelta

import pikepdf
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from lienthong.core import signing
from lienthong.core.signing import Indication, KeySigner, Verdict
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key, make_key
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, PERSON_NAME, START, make_pki, test_pki
from lienthong.core.tests.signing_cases import forger, judge, receipts
from lienthong.core.tests.signing_cases.rules import rule

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def _other_half(value: bytes, *, high: bool) -> bytes:
    """The same ECDSA signature with s in the upper or lower half; both are valid."""
    r, s = decode_dss_signature(value)
    if (s > P256_ORDER // 2) != high:
        s = P256_ORDER - s
    return encode_dss_signature(r, s)


@rule("A1")
@pytest.mark.parametrize("high", [True, False])
def test_both_halves_of_ecdsa_signatures_are_accepted(high: bool) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        return forger.forge(
            signer,
            content,
            value=lambda text: _other_half(forger.sign_message(signer, text), high=high),
        )

    judge.accepted(forger.in_document(make))
    assert judge.packet(make).indication is Indication.PASSED


@rule("A1")
def test_both_halves_are_accepted_in_receipts() -> None:
    first, second, third = receipts.token().split(".")
    value = signing.jws._decode(third)
    r, s = int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big")
    other = r.to_bytes(32, "big") + (P256_ORDER - s).to_bytes(32, "big")

    assert receipts.verify_token(f"{first}.{second}.{receipts.encode(other)}") == receipts.PAYLOAD


@rule("A2")
def test_rsa_2048_with_pkcs_1_and_sha_256_is_accepted() -> None:
    signer = test_pki().person(key=make_key(2048))

    def make(_: KeySigner, content: bytes) -> bytes:
        key = signer._key
        assert isinstance(key, rsa.RSAPrivateKey)
        return forger.forge(
            signer,
            content,
            algorithm=forger.RSA_SHA256_ID,
            value=lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256()),
        )

    judge.accepted(forger.in_document(make))


@rule("A3")
def test_the_old_detached_kind_is_accepted_and_named() -> None:
    """Without the attribute that PAdES asks for, as the kind allows (SG 7.3)."""

    def make(signer: KeySigner, content: bytes) -> bytes:
        members = forger.usual_attributes(signer, content)
        members.remove(forger.names(signer.certificate))
        return forger.forge(signer, content, attributes=members)

    data = forger.sign(forger.document(), make=make, subfilter=b"/adbe.pkcs7.detached")

    report = judge.accepted(data)
    assert any("không phải PAdES" in note for note in report.signatures[0].notes)


@rule("A4")
@pytest.mark.parametrize("order", ["signer last", "reversed", "with strangers", "with the root"])
def test_certificates_in_any_order_and_unrelated_ones_are_accepted(order: str) -> None:
    strangers = tuple(
        Authority.root(name, key=make_ec_key(), at=START).certificate for name in ("Một", "Hai")
    )

    def make(signer: KeySigner, content: bytes) -> bytes:
        chain = signer.chain
        bags = {
            "signer last": (*chain, signer.certificate),
            "reversed": (*chain[::-1], signer.certificate),
            "with strangers": (strangers[0], *chain, signer.certificate, strangers[1]),
            "with the root": (test_pki().government.certificate, signer.certificate, *chain),
        }
        return forger.forge(signer, content, certificates=bags[order])

    judge.accepted(forger.in_document(make))
    assert judge.packet(make).indication is Indication.PASSED


@rule("A6")
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("then", [True, False])
def test_cross_reference_streams_are_accepted(first: bool, then: bool) -> None:
    data = forger.both(forger.document(xref_stream=first), xref_stream=then)

    # pyHanko refuses tables and streams mixed; readers do not, and neither do we.
    judge.accepted(data, second_opinion=first == then)


@rule("A6")
def test_object_streams_are_accepted() -> None:
    judge.accepted(samples.official(samples.make_pdf(object_streams=True, version="1.7")))


@rule("A8")
def test_a_document_is_accepted_through_the_cross_certificate() -> None:
    pki = make_pki()
    signed = forger.sign(forger.document(), signer=pki.person())
    everything = pki.trust_at(NOW)
    only_national = signing.Trust(
        (pki.national.certificate,), everything.intermediates, everything.crls
    )

    report = judge.accepted(signed, trust=only_national)

    assert report.signatures[0].signer is not None
    assert report.signatures[0].signer.way == "chéo"


@rule("A9")
def test_a_long_vietnamese_name_is_accepted_and_shown_whole() -> None:
    name = unicodedata.normalize(
        "NFC",
        "Sở Khoa học, Công nghệ và Chuyển đổi số tỉnh Bắc Trung Nguyên, cơ sở hai, phường Thượng",
    )
    assert len(name) > 64
    pki = test_pki()
    agency = pki.issue(pki.people, Profile.AGENCY, Subject(name, organization_code="G09"))

    report = judge.accepted(samples.sign_agency(samples.signed_once(), agency))

    assert report.signatures[1].signer is not None
    assert report.signatures[1].signer.name == name


@rule("A9")
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_name_on_the_document_may_be_composed_or_not(form: str) -> None:
    report = judge.accepted(samples.signed_twice())
    name = unicodedata.normalize(form, PERSON_NAME)  # type: ignore[arg-type]

    judged = signing.check_official(report, agency_codes={"G09"}, signer_name=name)

    assert judged.verdict is Verdict.VALID


def test_the_signed_file_opens_without_a_warning() -> None:
    with pikepdf.open(io.BytesIO(samples.signed_twice()), attempt_recovery=False) as pdf:
        assert pdf.check_pdf_syntax() == []


@rule("A7")
def test_a_certificate_revoked_later_does_not_change_what_held_before() -> None:
    pki = make_pki()
    person = pki.person()
    signed = forger.sign(forger.document(), signer=person)
    pki.people.revoke(person.certificate, at=NOW + timedelta(hours=1))

    judge.accepted(signed, trust=pki.trust_at(NOW + timedelta(hours=2)), at=NOW)
