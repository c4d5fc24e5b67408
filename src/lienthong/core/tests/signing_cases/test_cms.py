"""Signatures bent in their CMS: in a document and beside a packet (SG 8, R1 to R18)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.core import signing
from lienthong.core.signing import Indication, KeySigner, Verdict, der
from lienthong.core.signing import cms as written
from lienthong.core.signing.authority import Authority, make_ec_key, make_key
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, START, test_pki
from lienthong.core.tests.signing_cases import forger, judge
from lienthong.core.tests.signing_cases.forger import forge, usual_attributes
from lienthong.core.tests.signing_cases.rules import rule

PACKET = b"goi tin"
Change = Callable[[asn1_keys.PublicKeyInfo], asn1_keys.PublicKeyInfo]


# What is signed


@rule("R1")
@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
def test_one_bit_changed_anywhere_covered_is_refused(data: st.DataObject) -> None:
    signed = bytearray(samples.signed_twice())
    place = data.draw(st.integers(0, len(signed) - 1))

    signed[place] ^= 1 << data.draw(st.integers(0, 7))

    judge.refused(bytes(signed))


@rule("R1", "R2")
def test_any_changed_byte_of_a_sealed_document_is_noticed() -> None:
    """Also in what the signature does not cover: the signature's own container."""
    data = samples.signed_twice()

    unnoticed = []
    for position in range(0, len(data), max(1, len(data) // 400)):
        for mask in (1, 32):
            changed = bytearray(data)
            changed[position] ^= mask
            report = signing.verify_pdf(
                bytes(changed), trust=test_pki().trust, at=NOW, second_opinion=False
            )
            if report.verdict is Verdict.VALID:
                unnoticed.append((position, mask))

    assert unnoticed == []


@rule("R1")
@given(st.integers(0, len(PACKET) * 8 - 1))
def test_one_bit_changed_in_a_packet_is_refused(bit: int) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        return forge(signer, bytes(changed))

    report = judge.packet(make)

    assert (report.indication, report.sub_indication) == (Indication.FAILED, "HASH_FAILURE")


def _other_key(signer: KeySigner, message: bytes) -> bytes:
    return make_ec_key().sign(message, ec.ECDSA(hashes.SHA256()))


def _flipped(signer: KeySigner, message: bytes) -> bytes:
    value = bytearray(forger.sign_message(signer, message))
    value[-1] ^= 1
    return bytes(value)


def _long(signer: KeySigner, message: bytes) -> bytes:
    """r and s with a needless leading zero: BER that some readers take."""
    value = forger.sign_message(signer, message)
    size = value[3]
    return bytes((0x30, value[1] + 1, 2, size + 1, 0)) + value[4:]


@rule("R2")
@pytest.mark.parametrize(
    "value",
    [
        _other_key,
        _flipped,
        _long,
        lambda signer, message: b"",
        lambda signer, message: der.sequence(der.integer(0), der.integer(0)),
        lambda signer, message: forger.sign_message(signer, message) + b"\x00",
        lambda signer, message: forger.sign_message(signer, message[:-1]),
    ],
    ids=["other key", "bit flipped", "not DER", "empty", "zero r and s", "longer", "other message"],
)
def test_another_signature_value_is_refused(value: Callable[[KeySigner, bytes], bytes]) -> None:
    document, beside = judge.refused_everywhere(
        lambda signer, content: forge(signer, content, value=lambda text: value(signer, text))
    )

    assert document.signatures[0].sub_indication == "SIG_CRYPTO_FAILURE"
    assert beside.sub_indication == "SIG_CRYPTO_FAILURE"


@rule("R3")
@pytest.mark.parametrize("changed", ["time", "digest"])
def test_a_changed_signed_attribute_is_refused(changed: str) -> None:
    """Also when the digest in it fits the content: the key signed the attributes as they were."""

    def make(signer: KeySigner, content: bytes) -> bytes:
        then = [
            *usual_attributes(signer, content),
            forger.attribute(written.SIGNING_TIME, der.time(NOW)),
        ]
        if changed == "digest":
            then[:3] = usual_attributes(signer, b"what was signed")
            now = [*usual_attributes(signer, content), then[3]]
        else:
            now = [*then[:3], forger.attribute(written.SIGNING_TIME, der.time(NOW - timedelta(1)))]
        return forge(signer, content, attributes=sorted(now), signed_over=der.set_of(*then))

    document, beside = judge.refused_everywhere(make)

    assert document.signatures[0].sub_indication == "SIG_CRYPTO_FAILURE"
    assert beside.sub_indication == "SIG_CRYPTO_FAILURE"


@rule("R4")
def test_a_digest_of_other_content_is_refused() -> None:
    document, beside = judge.refused_everywhere(lambda signer, content: forge(signer, b"other"))

    assert document.signatures[0].sub_indication == "HASH_FAILURE"
    assert beside.sub_indication == "HASH_FAILURE"


@rule("R4")
def test_a_signature_moved_into_another_document_is_refused() -> None:
    other = samples.sign_person(samples.prepared(samples.make_pdf(pages=3)))
    start = other.index(b"/Contents <") + len(b"/Contents ")
    moved = forger.in_document(forge)
    here = moved.index(b"/Contents <") + len(b"/Contents ")
    size = moved.index(b">", here) - here

    forged = other[:start] + moved[here : here + size] + other[start + size :]

    assert judge.refused(forged).signatures[0].sub_indication == "HASH_FAILURE"


# The shape of the CMS


@rule("R5")
@pytest.mark.parametrize("signs", ["as sent", "as sorted"])
def test_attributes_out_of_order_are_refused(signs: str) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        members = usual_attributes(signer, content)
        over = der.set_of(*members) if signs == "as sorted" else None
        return forge(signer, content, attributes=members[::-1], signed_over=over)

    document, _ = judge.refused_everywhere(make)

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


@rule("R6")
@pytest.mark.parametrize("second", ["the same", "a stranger", "first a stranger"])
def test_two_signer_infos_are_refused(second: str) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        def infos(one: bytes) -> list[bytes]:
            if second == "the same":
                return [one, one]
            false = one[:-8] + bytes(8)
            return [one, false] if second == "a stranger" else [false, one]

        return forge(signer, content, infos=infos)

    document, _ = judge.refused_everywhere(make)

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


@rule("R7")
def test_no_signer_info_is_refused() -> None:
    document, _ = judge.refused_everywhere(
        lambda signer, content: forge(signer, content, infos=lambda one: [])
    )

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


@rule("R8")
@pytest.mark.parametrize("inside", [b"other content", b"", PACKET])
def test_content_inside_a_detached_signature_is_refused(inside: bytes) -> None:
    document, _ = judge.refused_everywhere(
        lambda signer, content: forge(signer, content, inside=inside)
    )

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


@rule("R9")
@pytest.mark.parametrize("kind", ["none", "only the SHA-1 form"])
def test_a_signature_that_names_no_certificate_is_refused(kind: str) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        members = usual_attributes(signer, content)
        members.remove(forger.names(signer.certificate))
        if kind != "none":
            own = signer.certificate.public_bytes(Encoding.DER)
            digest = hashlib.sha1(own, usedforsecurity=False).digest()
            one = der.sequence(der.sequence(der.sequence(der.octets(digest))))
            members.append(forger.attribute(forger.SIGNING_CERTIFICATE, one))
        return forge(signer, content, attributes=sorted(members))

    document, beside = judge.refused_everywhere(make)

    assert document.signatures[0].sub_indication == "NO_SIGNING_CERTIFICATE_FOUND"
    assert beside.indication is Indication.INDETERMINATE


@rule("R10")
@pytest.mark.parametrize("named", ["the other", "none fits"])
def test_another_certificate_of_the_same_key_is_refused(named: str) -> None:
    """Renewed without a new key, or issued to another name: the key alone does not tell who."""

    def make(signer: KeySigner, content: bytes) -> bytes:
        other = Authority.root("Người khác", key=signer._key, at=START).certificate
        if named == "the other":
            members = [
                each
                for each in usual_attributes(signer, content)
                if each != forger.names(signer.certificate)
            ] + [forger.names(other)]
            return forge(
                signer,
                content,
                attributes=sorted(members),
                certificates=[signer.certificate, other, *signer.chain],
            )
        return forge(signer, content, sid=forger.sid_of(other), certificates=[other, *signer.chain])

    judge.refused_everywhere(make)


@rule("R10")
def test_a_certificate_taken_out_of_the_signature_is_refused() -> None:
    judge.refused_everywhere(
        lambda signer, content: forge(signer, content, certificates=signer.chain)
    )


@rule("R11")
@pytest.mark.parametrize("twice", ["attribute", "value"])
def test_two_message_digests_are_refused(twice: str) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        members = usual_attributes(signer, content)
        good = hashlib.sha256(content).digest()
        other = hashlib.sha256(b"other").digest()
        if twice == "attribute":
            return forge(
                signer, content, attributes=sorted([*members, forger.digest_attribute(other)])
            )
        members.remove(forger.digest_attribute(good))
        both = forger.attribute(written.MESSAGE_DIGEST, der.octets(good), der.octets(other))
        return forge(signer, content, attributes=sorted([*members, both]))

    document, _ = judge.refused_everywhere(make)

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


# Algorithms


@rule("R12")
@pytest.mark.parametrize("case", ["signature", "digest", "not listed"])
def test_algorithms_that_disagree_are_refused(case: str) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        if case == "signature":
            return forge(
                signer,
                content,
                algorithm=forger.ECDSA_SHA384_ID,
                value=lambda text: forger.sign_message(signer, text, hashes.SHA384()),
            )
        if case == "digest":
            members = [
                forger.attribute(written.CONTENT_TYPE, written.DATA),
                forger.digest_attribute(hashlib.sha384(content).digest()),
                forger.names(signer.certificate),
            ]
            return forge(signer, content, attributes=sorted(members), digest_id=forger.SHA384_ID)
        return forge(signer, content, listed=[forger.SHA384_ID])

    document, _ = judge.refused_everywhere(make)

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


def _weak(name: str, identifier: bytes) -> forger.Make:
    def make(signer: KeySigner, content: bytes) -> bytes:
        members = [
            forger.attribute(written.CONTENT_TYPE, written.DATA),
            forger.digest_attribute(hashlib.new(name, content, usedforsecurity=False).digest()),
            forger.names(signer.certificate),
        ]
        algorithm = der.sequence(der.oid("1.2.840.10045.4.1"))
        return forge(
            signer,
            content,
            attributes=sorted(members),
            digest_id=identifier,
            algorithm=algorithm,
            value=lambda text: forger.sign_message(signer, text, hashes.SHA1()),  # noqa: S303
        )

    return make


@rule("R13")
@pytest.mark.parametrize(
    "make", [_weak("sha1", forger.SHA1_ID), _weak("md5", forger.MD5_ID)], ids=["SHA-1", "MD5"]
)
def test_broken_digests_are_refused(make: forger.Make) -> None:
    judge.refused_everywhere(make)


@rule("R13")
@pytest.mark.parametrize("digest", ["sha1", "md5"])
def test_rsa_over_a_broken_digest_is_refused(digest: str) -> None:
    oid = {"sha1": "1.2.840.113549.1.1.5", "md5": "1.2.840.113549.1.1.4"}[digest]
    algorithm = {"sha1": hashes.SHA1(), "md5": hashes.MD5()}[digest]  # noqa: S303
    identifier = {"sha1": forger.SHA1_ID, "md5": forger.MD5_ID}[digest]
    signer = _with_key(make_key(2048))

    def make(_: KeySigner, content: bytes) -> bytes:
        members = [
            forger.attribute(written.CONTENT_TYPE, written.DATA),
            forger.digest_attribute(hashlib.new(digest, content, usedforsecurity=False).digest()),
            forger.names(signer.certificate),
        ]
        key = signer._key
        assert isinstance(key, rsa.RSAPrivateKey)
        return forge(
            signer,
            content,
            attributes=sorted(members),
            digest_id=identifier,
            algorithm=der.sequence(der.oid(oid), der.NULL),
            value=lambda text: key.sign(text, padding.PKCS1v15(), algorithm),
        )

    judge.refused_everywhere(make)


@rule("R13")
def test_the_old_pdf_kinds_built_on_sha_1_are_refused() -> None:
    for kind in (b"/adbe.pkcs7.sha1", b"/adbe.x509.rsa_sha1"):
        report = judge.refused(forger.sign(forger.document(), subfilter=kind))

        assert report.signatures[0].sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"


def _with_key(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> KeySigner:
    """An officer with this key, certified whatever the profile says about it."""
    return _certified(key, key.public_key())


def _certified(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey | dsa.DSAPublicKey,
) -> KeySigner:
    people = test_pki().people
    like = test_pki().person().certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(like.subject)
        .issuer_name(people.certificate.subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=365))
    )
    for extension in like.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    signer = KeySigner.__new__(KeySigner)
    signer._key = key
    signer._certificate = builder.sign(people.key, hashes.SHA256())
    signer._chain = people.chain
    return signer


def _resigned(certificate: x509.Certificate, change: Change) -> x509.Certificate:
    """The certificate with another public key inside, signed all the same by the CA."""
    parsed = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    parsed["tbs_certificate"]["subject_public_key_info"] = change(
        parsed["tbs_certificate"]["subject_public_key_info"]
    )
    whole = parsed["tbs_certificate"].dump(force=True)
    key = test_pki().people.key
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    signature = key.sign(whole, ec.ECDSA(hashes.SHA256()))
    return x509.load_der_x509_certificate(
        der.sequence(
            whole, parsed["signature_algorithm"].dump(), der.tlv(0x03, b"\x00" + signature)
        )
    )


def _off_the_curve(info: asn1_keys.PublicKeyInfo) -> asn1_keys.PublicKeyInfo:
    point = bytearray(info["public_key"].native)
    point[-1] ^= 1
    info["public_key"] = bytes(point)
    return info


def _at_infinity(info: asn1_keys.PublicKeyInfo) -> asn1_keys.PublicKeyInfo:
    info["public_key"] = b"\x00"
    return info


def _with_exponent(exponent: int) -> Change:
    def change(info: asn1_keys.PublicKeyInfo) -> asn1_keys.PublicKeyInfo:
        modulus = info["public_key"].native["modulus"]
        key = asn1_keys.RSAPublicKey({"modulus": modulus, "public_exponent": exponent})
        return asn1_keys.PublicKeyInfo.wrap(key, "rsa")

    return change


@rule("R14")
@pytest.mark.parametrize(
    "key",
    [
        lambda: rsa.generate_private_key(65537, 1024),  # noqa: S505
        lambda: ec.generate_private_key(ec.SECP256K1()),
        lambda: ec.generate_private_key(ec.SECP224R1()),
        lambda: ec.generate_private_key(ec.SECP521R1()),
        lambda: ec.generate_private_key(ec.BrainpoolP256R1()),
    ],
    ids=["RSA 1024", "secp256k1", "P-224", "P-521", "brainpool"],
)
def test_a_key_outside_the_table_is_refused(
    key: Callable[[], rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey],
) -> None:
    signer = _with_key(key())

    document, beside = judge.refused_everywhere(lambda _, content: forge(signer, content))

    assert document.signatures[0].sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"
    assert beside.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"


@rule("R14")
def test_a_dsa_key_is_refused() -> None:
    signer = _certified(make_ec_key(), dsa.generate_private_key(2048).public_key())

    judge.refused_everywhere(
        lambda _, content: forge(
            signer, content, value=lambda text: b"\x30\x06\x02\x01\x01\x02\x01\x01"
        )
    )


@rule("R14")
@pytest.mark.parametrize("change", [_off_the_curve, _at_infinity])
def test_a_point_that_is_not_on_the_curve_is_refused(change: Change) -> None:
    signer = _with_key(make_ec_key())
    signer._certificate = _resigned(signer.certificate, change)

    judge.refused_everywhere(lambda _, content: forge(signer, content))


@rule("R14")
@pytest.mark.parametrize("exponent", [1, 2, 65536])
def test_an_rsa_exponent_of_one_or_an_even_one_is_refused(exponent: int) -> None:
    """With exponent 1 the padded digest itself is the signature: anybody makes it."""
    signer = _with_key(make_key(2048))
    signer._certificate = _resigned(signer.certificate, _with_exponent(exponent))

    judge.refused_everywhere(lambda _, content: _padded_only(signer, content))


def _padded_only(signer: KeySigner, content: bytes) -> bytes:
    def value(message: bytes) -> bytes:
        info = der.sequence(
            der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.NULL),
            der.octets(hashlib.sha256(message).digest()),
        )
        return b"\x00\x01" + b"\xff" * (256 - 3 - len(info)) + b"\x00" + info

    return forge(signer, content, algorithm=forger.RSA_SHA256_ID, value=value)


def _pss(digest: bytes, mask: bytes, salt: int) -> bytes:
    return der.sequence(
        der.oid("1.2.840.113549.1.1.10"),
        der.sequence(
            der.tlv(0xA0, digest),
            der.tlv(0xA1, der.sequence(der.oid("1.2.840.113549.1.1.8"), mask)),
            der.tlv(0xA2, der.integer(salt)),
        ),
    )


@rule("R15")
@pytest.mark.parametrize(
    ("salt", "mask", "said"),
    [
        (20, "sha256", 20),
        (0, "sha256", 0),
        (32, "sha1", 32),
        (20, "sha256", 32),
        (32, "sha384", 32),
    ],
)
def test_other_pss_parameters_are_refused(salt: int, mask: str, said: int) -> None:
    signer = _with_key(make_key(2048))
    hash_of = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "sha384": hashes.SHA384()}[mask]  # noqa: S303
    identifier = {
        "sha256": written.SHA256_ID,
        "sha1": forger.SHA1_ID,
        "sha384": forger.SHA384_ID,
    }[mask]

    def make(_: KeySigner, content: bytes) -> bytes:
        key = signer._key
        assert isinstance(key, rsa.RSAPrivateKey)
        pss = padding.PSS(padding.MGF1(hash_of), salt)
        return forge(
            signer,
            content,
            algorithm=_pss(written.SHA256_ID, identifier, said),
            value=lambda text: key.sign(text, pss, hashes.SHA256()),
        )

    judge.refused_everywhere(make)


# Encoding


def _indefinite(whole: bytes) -> bytes:
    size = 2 + (whole[1] & 0x7F)
    return b"\x30\x80" + whole[size:] + b"\x00\x00"


def _long_length(whole: bytes) -> bytes:
    """The outer length with a needless byte."""
    count = whole[1] & 0x7F
    return whole[:1] + bytes((0x80 | (count + 1), 0)) + whole[2:]


def _deep(whole: bytes) -> bytes:
    value = whole
    for _ in range(40):
        value = der.sequence(value)
    return value


@rule("R16")
@pytest.mark.parametrize(
    "change",
    [
        _indefinite,
        _long_length,
        _deep,
        lambda whole: whole + b"\x05\x00",
        lambda whole: whole[:-200],
        lambda whole: b"\x00" + whole,
        lambda whole: b"\x30\x00",
    ],
    ids=["indefinite", "long length", "deep", "trailing value", "cut", "zero before", "empty"],
)
def test_a_cms_that_is_not_strict_der_is_refused(change: Callable[[bytes], bytes]) -> None:
    document, _ = judge.refused_everywhere(lambda signer, content: change(forge(signer, content)))

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


@rule("R16")
def test_a_packet_signature_has_nothing_behind_it() -> None:
    """In a PDF the reserved space is filled with zeros; beside a packet there is none."""
    report = judge.packet(lambda signer, content: forge(signer, content) + b"\x00")

    assert report.sub_indication == "FORMAT_FAILURE"


@rule("R16")
@pytest.mark.parametrize(
    "case", ["digest as text", "constructed octets", "time as text", "value as bits"]
)
def test_values_of_a_wrong_type_are_refused(case: str) -> None:
    def make(signer: KeySigner, content: bytes) -> bytes:
        digest = hashlib.sha256(content).digest()
        members = usual_attributes(signer, content)
        if case == "value as bits":
            whole = forge(signer, content, value=lambda text: b"@" * 70)
            return whole.replace(b"\x04\x46" + b"@" * 70, b"\x03\x46" + b"@" * 70)
        if case == "time as text":
            wrong = forger.attribute(written.SIGNING_TIME, der.tlv(0x0C, b"261121093000Z"))
            return forge(signer, content, attributes=sorted([*members, wrong]))
        members.remove(forger.digest_attribute(digest))
        tagged = (
            der.tlv(0x0C, digest)
            if case == "digest as text"
            else der.tlv(0x24, der.octets(digest[:16]) + der.octets(digest[16:]))
        )
        wrong = forger.attribute(written.MESSAGE_DIGEST, tagged)
        return forge(signer, content, attributes=sorted([*members, wrong]))

    document, _ = judge.refused_everywhere(make)

    assert document.signatures[0].sub_indication in {"FORMAT_FAILURE", "SIG_CRYPTO_FAILURE"}


@rule("R16")
@given(st.binary(max_size=300))
def test_no_bytes_make_the_der_check_crash(data: bytes) -> None:
    try:
        end = der.check_strict(data)
    except der.NotDER:
        return
    assert end == len(data)


# Who signed


@rule("R17")
@pytest.mark.parametrize("name", ["Nguyễn Thị Minh Khai", "Gốc công vụ (thử)"])
def test_a_certificate_that_nobody_vouches_for_is_refused(name: str) -> None:
    key = make_ec_key()
    own = KeySigner(key, Authority.root(name, key=key, at=START).certificate)

    document, beside = judge.refused_everywhere(lambda _, content: forge(own, content))

    assert document.signatures[0].indication is Indication.INDETERMINATE
    assert beside.indication is Indication.INDETERMINATE


@rule("R18")
def test_a_signature_without_signed_attributes_is_refused() -> None:
    document, _ = judge.refused_everywhere(
        lambda signer, content: forge(signer, content, attributes=[])
    )

    assert document.signatures[0].sub_indication == "FORMAT_FAILURE"


@rule("R18")
def test_attributes_passed_off_as_content_are_refused() -> None:
    """The SET of another signature's attributes, sent as the content, has its signature value."""
    signer = test_pki().service()
    attributes = der.set_of(*usual_attributes(signer, b"what was signed"))

    signature = forge(signer, attributes, attributes=[])

    report = signing.verify_detached(attributes, signature, trust=test_pki().trust, at=NOW)
    assert report.indication is not Indication.PASSED
