"""The table of algorithms with its dates, and the legal regimes (SG 9, SG-1, R13-R15)."""

from __future__ import annotations

import hashlib
import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from lienthong.core.signing import policy
from lienthong.core.signing.authority import Authority, make_ec_key, make_key
from lienthong.core.signing.keys import PREHASHED, PSS
from lienthong.core.signing.path import Trouble, check_path
from lienthong.core.signing.policy import Algorithm, AlgorithmRefused
from lienthong.core.signing.trust import Trust
from lienthong.core.tests.pki_fixture import NOW, START
from lienthong.core.tests.test_signing_path import certify, lists_of

DIGEST = hashlib.sha256(b"content").digest()
PKCS1 = Algorithm("rsassa_pkcs1v15", "sha256")
LATE = datetime(2031, 1, 2, tzinfo=UTC)


@pytest.fixture(scope="module")
def rsa_key() -> rsa.RSAPrivateKey:
    return make_key(2048)


@pytest.mark.parametrize(
    ("signed", "regime"),
    [
        (datetime(2017, 5, 1, tzinfo=UTC), "L05"),
        (datetime(2018, 2, 4, 17, 0, tzinfo=UTC), "C41"),  # 5 February in Viet Nam
        (datetime(2026, 11, 14, 16, 59, tzinfo=UTC), "C41"),
        (datetime(2026, 11, 14, 17, 0, tzinfo=UTC), "C15"),  # 15 November in Viet Nam
        (datetime(2040, 1, 1, tzinfo=UTC), "C15"),
    ],
)
def test_the_regime_is_that_of_the_day_of_signing(signed: datetime, regime: str) -> None:  # SG-1
    found = policy.regime_at(signed)

    assert found
    assert found.name == regime
    assert found.legal_basis


def test_before_the_first_law_there_is_no_regime() -> None:
    assert policy.regime_at(datetime(2000, 1, 1, tzinfo=UTC)) is None


def test_the_rows_of_regimes_follow_each_other_without_a_gap() -> None:
    regimes = policy.table().regimes

    for one, following in itertools.pairwise(regimes):
        assert one.valid_to is not None
        assert following.valid_from == one.valid_to + timedelta(days=1)
    assert regimes[-1].valid_to is None


def test_pkcs1_is_legacy_until_its_date(rsa_key: rsa.RSAPrivateKey) -> None:  # A2
    signature = rsa_key.sign(DIGEST, padding.PKCS1v15(), PREHASHED)
    public = rsa_key.public_key()

    policy.verify(public, PKCS1, DIGEST, signature, at=NOW)
    assert policy.is_legacy(PKCS1, public)
    with pytest.raises(AlgorithmRefused, match="31/12/2030"):
        policy.verify(public, PKCS1, DIGEST, signature, at=LATE)
    assert policy.table().families["rsassa_pkcs1v15"] == date(2030, 12, 31)


def test_a_short_rsa_key_ends_with_its_date_and_a_long_one_does_not(
    rsa_key: rsa.RSAPrivateKey,
) -> None:
    pss = Algorithm("rsassa_pss", "sha256", 32)

    signature = rsa_key.sign(DIGEST, PSS, PREHASHED)
    policy.verify(rsa_key.public_key(), pss, DIGEST, signature, at=NOW)
    with pytest.raises(AlgorithmRefused, match="2048 bit"):
        policy.verify(rsa_key.public_key(), pss, DIGEST, signature, at=LATE)
    long_key = make_key(3072)
    signature = long_key.sign(DIGEST, PSS, PREHASHED)
    policy.verify(long_key.public_key(), pss, DIGEST, signature, at=LATE)
    assert not policy.is_legacy(pss, long_key.public_key())


@pytest.mark.parametrize("digest", ["md5", "sha1", "sha224", "nonsense"])  # R13
def test_weak_digests_are_never_believed(rsa_key: rsa.RSAPrivateKey, digest: str) -> None:
    with pytest.raises(AlgorithmRefused):
        policy.verify(
            rsa_key.public_key(), Algorithm("rsassa_pkcs1v15", digest), DIGEST, b"", at=NOW
        )
    with pytest.raises(AlgorithmRefused):
        policy.algorithm_of("1.2.840.113549.1.1.11", digest)


def _weak_keys() -> list[object]:
    modulus = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    number = modulus.public_key().public_numbers().n
    return [
        rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key(),  # noqa: S505  on purpose
        rsa.RSAPublicNumbers(2**40 + 1, number).public_key(),
        ec.generate_private_key(ec.SECP256K1()).public_key(),
        ec.generate_private_key(ec.SECP224R1()).public_key(),
        dsa.generate_private_key(2048).public_key(),
        ed25519.Ed25519PrivateKey.generate().public_key(),
        "no key",
    ]


@pytest.mark.parametrize("key", _weak_keys(), ids=lambda key: type(key).__name__)  # R14
def test_keys_outside_the_table_are_refused(key: object) -> None:
    with pytest.raises(AlgorithmRefused):
        policy.check_key(key)


@pytest.mark.parametrize("salt", [0, 20, 31, 64])  # R15
def test_pss_with_another_salt_is_refused(rsa_key: rsa.RSAPrivateKey, salt: int) -> None:
    sha256 = hashes.SHA256()
    signature = rsa_key.sign(
        DIGEST, padding.PSS(padding.MGF1(sha256), salt_length=salt), Prehashed(sha256)
    )

    with pytest.raises(AlgorithmRefused):
        policy.verify(
            rsa_key.public_key(), Algorithm("rsassa_pss", "sha256", salt), DIGEST, signature
        )
    with pytest.raises(InvalidSignature):
        policy.verify(
            rsa_key.public_key(), Algorithm("rsassa_pss", "sha256", 32), DIGEST, signature
        )


def test_an_algorithm_of_another_kind_of_key_is_refused(rsa_key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(AlgorithmRefused):
        policy.verify(rsa_key.public_key(), Algorithm("ecdsa", "sha256"), DIGEST, b"")
    with pytest.raises(AlgorithmRefused):
        policy.verify(make_ec_key().public_key(), PKCS1, DIGEST, b"")


def test_a_certificate_signed_with_another_pss_salt_spoils_its_path(
    rsa_key: rsa.RSAPrivateKey,
) -> None:
    root = Authority(rsa_key, certify("root", rsa_key, None))
    key = make_ec_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "leaf")]))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=100))
    )
    trust = Trust((root.certificate,), crls=lists_of(root))
    sha256 = hashes.SHA256()
    for salt, trouble in ((32, None), (20, Trouble.ALGORITHM)):
        pss = padding.PSS(padding.MGF1(sha256), salt_length=salt)
        leaf = builder.sign(rsa_key, sha256, rsa_padding=pss)

        assert check_path(leaf, trust=trust, at=NOW).trouble is trouble


def test_a_path_with_a_legacy_certificate_ends_with_the_row(rsa_key: rsa.RSAPrivateKey) -> None:
    """At the best time the table is asked, not only today (SG 7.2 block 9)."""
    root = Authority(rsa_key, certify("root", rsa_key, None))
    leaf = certify("leaf", make_ec_key(), root, ca=False)
    trust = Trust((root.certificate,), crls=lists_of(root))

    assert check_path(leaf, trust=trust, at=NOW).trouble is None
    with pytest.raises(AlgorithmRefused):
        policy.check_certificate(leaf, LATE)
