"""Algorithms of other programs: SHA-3 is believed, what has no row is undecided (SG 9, R13)."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from functools import cache

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lienthong.core import signing
from lienthong.core.signing import Indication, SignatureReport, fast, policy
from lienthong.core.signing.authority import make_ec_key
from lienthong.core.signing.policy import Algorithm, AlgorithmRefused
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, rsa_keys, test_pki

AT = NOW + timedelta(days=367)  # pyHanko claims the time of this machine
Key = (
    rsa.RSAPrivateKey
    | ec.EllipticCurvePrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)


@cache
def of_key(key: Key) -> tuple[x509.Certificate, tuple[x509.Certificate, ...]]:
    """A person's certificate for any kind of key: a sound one with the key changed."""
    model = test_pki().person()
    source = model.certificate
    builder = (
        x509.CertificateBuilder()
        .issuer_name(source.issuer)
        .subject_name(source.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(source.not_valid_before_utc)
        .not_valid_after(source.not_valid_after_utc)
    )
    for extension in source.extensions:
        if not isinstance(extension.value, x509.SubjectKeyIdentifier):
            builder = builder.add_extension(extension.value, extension.critical)
    authority = test_pki().people.key
    return builder.sign(authority, hashes.SHA256()), model.chain


def signed_with(key: Key, digest: str) -> bytes:
    certificate, chain = of_key(key)
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    for one in chain:
        store.register(asn1_x509.Certificate.load(one.public_bytes(Encoding.DER)))
    pkcs8 = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(pkcs8),
        cert_registry=store,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name="Signature1", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm=digest
    )
    out, source = io.BytesIO(), io.BytesIO(samples.make_pdf(pages=1))
    signers.sign_pdf(IncrementalPdfFileWriter(source), metadata, signer, output=out)
    return out.getvalue()


def judged(data: bytes) -> SignatureReport:
    (found,) = signing.verify_pdf(
        data, trust=test_pki().trust, at=AT, second_opinion=True
    ).signatures
    return found


@pytest.mark.parametrize("digest", ["sha3_256", "sha3_512"])
def test_sha3_is_believed_by_the_reference_path_and_left_to_it(digest: str) -> None:
    data = signed_with(make_ec_key(), digest)

    found = judged(data)

    assert found.indication is Indication.PASSED, found.checks
    assert digest.upper().replace("_", "-") in " ".join(found.algorithms)
    assert fast.check_pdf(data, trust=test_pki().trust, at=AT) is None


@pytest.mark.parametrize("family", ["rsassa_pss", "rsassa_pkcs1v15"])
def test_sha3_is_believed_with_rsa(family: str) -> None:
    """pyHanko makes no such signature with our salt, so the table is asked directly."""
    key, digest = rsa_keys()[0], hashes.SHA3_256()
    assert isinstance(key, rsa.RSAPrivateKey)
    pss = family == "rsassa_pss"
    scheme = padding.PSS(padding.MGF1(digest), salt_length=32) if pss else padding.PKCS1v15()
    signature = key.sign(b"content", scheme, digest)
    algorithm = Algorithm(family, "sha3_256", 32 if pss else 0)

    policy.verify_by(
        key.public_key(), algorithm, hashlib.new("sha3_256", b"content").digest(), signature
    )
    with pytest.raises(InvalidSignature):
        policy.verify_by(
            key.public_key(), algorithm, hashlib.sha256(b"content").digest(), signature
        )


@pytest.mark.parametrize(
    ("key", "digest"),
    [
        (ed25519.Ed25519PrivateKey.generate(), "sha512"),
        (ed448.Ed448PrivateKey.generate(), "shake256"),
    ],
    ids=["Ed25519", "Ed448"],
)
def test_an_algorithm_without_a_row_is_undecided_and_never_a_broken_file(
    key: Key, digest: str
) -> None:
    data = signed_with(key, digest)

    found = judged(data)

    assert found.indication is Indication.INDETERMINATE
    assert "CRYPTO_CONSTRAINTS_FAILURE" in found.sub_indications
    assert fast.check_pdf(data, trust=test_pki().trust, at=AT) is None


@pytest.mark.parametrize("family", ["ecdsa", "rsassa_pss", "rsassa_pkcs1v15"])
def test_a_digest_is_believed_only_with_a_family_whose_row_names_it(family: str) -> None:
    key = make_ec_key().public_key()

    assert "sha3_384" in policy.table().digests[family]
    for wrong in (Algorithm(family, "sha3_224"), Algorithm("eddsa", "sha512")):
        with pytest.raises(AlgorithmRefused):
            policy.verify_by(key, wrong, bytes(28), b"")
