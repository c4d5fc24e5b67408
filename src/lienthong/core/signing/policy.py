"""The table of algorithms and of legal regimes (SG 9, SG-1). Nothing else decides.

The algorithm in a signature picks a row here, and must agree with the key and the digest; what has
no row is never accepted. Rows have dates, kept in `core/data/signature_policy.toml`: what is
"legacy" is believed only of signatures proved to be made before the row ends.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from lienthong.core.signing.identity import by_identity
from lienthong.core.signing.keys import PublicKey

POLICY_ID = "lienthong-1"

RSA_SIZE_MIN = 2048
RSA_SIZE_MAX = 8192  # checking with a longer key takes time that an attacker chooses
RSA_EXPONENT_MAX = 2**33
RSA_SIZE_SIGN = 3072
CURVES = {"secp256r1", "secp384r1"}
DIGESTS: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
    "sha3_256": hashes.SHA3_256,
    "sha3_384": hashes.SHA3_384,
    "sha3_512": hashes.SHA3_512,
}


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a signature says it was made: family, digest, and for PSS its salt."""

    family: str  # "rsassa_pss", "rsassa_pkcs1v15", "ecdsa"; any other has no row in the table
    digest: str
    salt: int = 0

    @property
    def label(self) -> str:
        return _label(self.family, self.digest)


@cache
def _label(family: str, digest: str) -> str:
    names = {"rsassa_pss": "RSA-PSS", "rsassa_pkcs1v15": "RSA PKCS#1 v1.5", "ecdsa": "ECDSA"}
    return f"{names.get(family, family)} {digest.upper().replace('_', '-')}"


class AlgorithmRefused(ValueError):  # noqa: N818
    """The table has no row for this; the text is Vietnamese."""


def check_key(key: object) -> PublicKey:
    """Return the key when the table knows its kind and size. Raises AlgorithmRefused (R14)."""
    if isinstance(key, rsa.RSAPublicKey):
        exponent = key.public_numbers().e
        if key.key_size < RSA_SIZE_MIN or exponent < 3 or exponent % 2 == 0:
            raise AlgorithmRefused(f"khóa RSA {key.key_size} bit không đủ mạnh")
        if key.key_size > RSA_SIZE_MAX or exponent > RSA_EXPONENT_MAX:
            raise AlgorithmRefused(f"khóa RSA {key.key_size} bit quá lớn")
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in CURVES:
            raise AlgorithmRefused(f"đường cong {key.curve.name} không được phép")
        return key
    raise AlgorithmRefused(f"loại khóa {type(key).__name__} không được phép")


@by_identity
def key_of(certificate: x509.Certificate) -> PublicKey:
    """The certificate's key, read and checked once. Raises what check_key raises, ValueError,
    cryptography's UnsupportedAlgorithm."""
    return check_key(certificate.public_key())


# Algorithm identifiers of signatures: the digest is in the name, or in the parameters for PSS.
_FAMILIES = {
    "1.2.840.113549.1.1.10": "rsassa_pss",
    "1.2.840.113549.1.1.11": "rsassa_pkcs1v15",
    "1.2.840.113549.1.1.12": "rsassa_pkcs1v15",
    "1.2.840.113549.1.1.13": "rsassa_pkcs1v15",
    "1.2.840.10045.4.3.2": "ecdsa",
    "1.2.840.10045.4.3.3": "ecdsa",
    "1.2.840.10045.4.3.4": "ecdsa",
}


def algorithm_of(identifier: str, digest: str) -> Algorithm:
    """The row for a signature by its OID (dotted) and digest; PSS with the only salt we take.

    Raises AlgorithmRefused when there is none.
    """
    family, maker = _FAMILIES.get(identifier), DIGESTS.get(digest)
    if family is None or maker is None:
        raise AlgorithmRefused("thuật toán chữ ký không có trong bảng")
    return Algorithm(family, digest, maker().digest_size if family == "rsassa_pss" else 0)


def verify(
    key: object,
    algorithm: Algorithm,
    digest: bytes,
    signature: bytes,
    *,
    at: datetime | None = None,
) -> None:
    """Check a signature over a digest.

    at: when it was made, as far as that is proved; its row in the table must reach so far.

    Raises AlgorithmRefused when the table does not allow it, and cryptography's InvalidSignature
    when the signature is not by this key over this digest.
    """
    public = check_key(key)
    if at is not None:
        check_dates(algorithm.family, public, at)
    verify_by(public, algorithm, digest, signature)


def verify_by(key: PublicKey, algorithm: Algorithm, digest: bytes, signature: bytes) -> None:
    """As `verify`, with a key that `check_key` or `key_of` has returned."""
    scheme = _scheme(algorithm)
    if isinstance(key, ec.EllipticCurvePublicKey):
        if isinstance(scheme, ec.ECDSA):
            key.verify(signature, digest, scheme)
            return
    elif not isinstance(scheme, ec.ECDSA):
        key.verify(signature, digest, *scheme)
        return
    raise AlgorithmRefused("thuật toán trong chữ ký không khớp với loại khóa")


@lru_cache(maxsize=64)
def _scheme(algorithm: Algorithm) -> ec.ECDSA | tuple[padding.AsymmetricPadding, Prehashed]:
    """How the library is asked to verify by this row. Raises AlgorithmRefused (R13, R15)."""
    if algorithm.family not in table().digests:
        raise AlgorithmRefused(f"thuật toán chữ ký {algorithm.family} không có trong bảng")
    maker = DIGESTS.get(algorithm.digest)
    if maker is None or algorithm.digest not in table().digests[algorithm.family]:
        raise AlgorithmRefused(f"thuật toán băm {algorithm.digest} không được phép")
    digester = maker()
    prehashed = Prehashed(digester)
    if algorithm.family == "ecdsa":
        return ec.ECDSA(prehashed)
    if algorithm.family == "rsassa_pkcs1v15":
        return padding.PKCS1v15(), prehashed
    if algorithm.family != "rsassa_pss":
        raise AlgorithmRefused("thuật toán trong chữ ký không khớp với loại khóa")
    if algorithm.salt != digester.digest_size:
        raise AlgorithmRefused("tham số PSS không đúng bảng thuật toán")
    return padding.PSS(padding.MGF1(digester), salt_length=algorithm.salt), prehashed


# Dates --------------------------------------------------------------------------------------------

_VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


@dataclass(frozen=True, slots=True)
class Regime:
    """A rule of law in force from a day to a day (None: no end), both in Viet Nam (SG-1)."""

    name: str
    title: str
    legal_basis: str
    valid_from: date
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """The dated rows. `families`: last day of each signature family (None: no end).

    digests: those that each family is believed with. legacy: families shown as "legacy".
    short_rsa: keys below so many bits end on so many days.
    """

    policy: str
    families: dict[str, date | None]
    digests: dict[str, frozenset[str]]
    legacy: frozenset[str]
    short_rsa: tuple[int, date]
    regimes: tuple[Regime, ...]


@cache
def table() -> Table:
    """The rows of `signature_policy.toml`, read once."""
    text = files("lienthong.core.data").joinpath("signature_policy.toml").read_text("utf-8")
    found = tomllib.loads(text)
    rsa_row = next(row for row in found["key"] if row["kind"] == "rsa")
    return Table(
        policy=found["policy"],
        families={row["family"]: row.get("verify_to") for row in found["signature"]},
        digests={
            row["family"]: frozenset((*row["digests"], *row.get("verify_digests", ())))
            for row in found["signature"]
        },
        legacy=frozenset(row["family"] for row in found["signature"] if row.get("legacy")),
        short_rsa=(rsa_row["legacy_below_bits"], rsa_row["verify_to"]),
        regimes=tuple(Regime(**row) for row in found["regime"]),
    )


def is_legacy(algorithm: Algorithm, key: object) -> bool:
    """Whether the table still believes this, but only for a time: to be shown, and renewed."""
    is_short = isinstance(key, rsa.RSAPublicKey) and key.key_size < table().short_rsa[0]
    return algorithm.family in table().legacy or is_short


def check_dates(family: str, key: PublicKey, at: datetime) -> None:
    """Raise AlgorithmRefused when the row for this family or key size had ended at `at`."""
    day = at.astimezone(_VIETNAM).date()
    rows = table()
    if family not in rows.families:
        raise AlgorithmRefused(f"thuật toán chữ ký {family} không có trong bảng")
    end = rows.families[family]
    if end is not None and day > end:
        raise AlgorithmRefused(f"thuật toán {family} chỉ được chấp nhận đến hết {end:%d/%m/%Y}")
    bits, last = rows.short_rsa
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < bits and day > last:
        raise AlgorithmRefused(
            f"khóa RSA {key.key_size} bit chỉ được chấp nhận đến hết {last:%d/%m/%Y}"
        )


def check_certificate(
    certificate: x509.Certificate, at: datetime, *, is_root: bool = False
) -> None:
    """The certificate's own key, and how it was signed, against the table at `at`.

    is_root: the signature of a root on itself proves nothing and is not looked at. Raises
    AlgorithmRefused (R13-R15), or cryptography's UnsupportedAlgorithm.
    """
    key = check_key(certificate.public_key())
    if is_root:
        return
    digest = certificate.signature_hash_algorithm
    if digest is None or digest.name not in DIGESTS:
        raise AlgorithmRefused("được ký bằng thuật toán băm không an toàn")
    algorithm = algorithm_of(certificate.signature_algorithm_oid.dotted_string, digest.name)
    parameters = certificate.signature_algorithm_parameters
    if isinstance(parameters, padding.PSS) and not _is_pss_of_table(parameters, digest):
        raise AlgorithmRefused("tham số PSS không đúng bảng thuật toán")
    check_dates(algorithm.family, key, at)


def _is_pss_of_table(parameters: padding.PSS, digest: hashes.HashAlgorithm) -> bool:
    """MGF1 with the same digest, and a salt as long as it (R15)."""
    salt, mask = parameters._salt_length, parameters.mgf
    same = isinstance(mask, padding.MGF1) and mask._algorithm.name == digest.name
    return same and salt == digest.digest_size


def regime_at(signed_at: datetime) -> Regime | None:
    """The legal regime of a document signed at this moment; None before the first (SG-1)."""
    return _regime_on(signed_at.astimezone(_VIETNAM).date())


@lru_cache(maxsize=1024)
def _regime_on(day: date) -> Regime | None:
    begun = [
        one
        for one in table().regimes
        if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)
    ]
    return max(begun, key=lambda one: one.valid_from, default=None)


def key_label(key: object) -> str:
    """The kind and size of a key, for people: "RSA 3072" or "EC P-256"."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC P-{key.key_size}"
    return type(key).__name__
