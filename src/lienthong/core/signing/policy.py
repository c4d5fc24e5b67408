"""The table of algorithms (SG 9). Signer and verifier read it; nothing else decides.

The algorithm in a signature picks a row here, and must agree with the key and the digest; what has
no row is never accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

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
}


@dataclass(frozen=True, slots=True)
class Algorithm:
    """How a signature says it was made: family, digest, and for PSS its salt."""

    family: str  # "rsassa_pss", "rsassa_pkcs1v15" or "ecdsa"
    digest: str
    salt: int = 0

    @property
    def label(self) -> str:
        names = {"rsassa_pss": "RSA-PSS", "rsassa_pkcs1v15": "RSA PKCS#1 v1.5", "ecdsa": "ECDSA"}
        return f"{names[self.family]} {self.digest.upper()}"


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


def verify(key: object, algorithm: Algorithm, digest: bytes, signature: bytes) -> None:
    """Check a signature over a digest.

    Raises AlgorithmRefused when the table does not allow it, and cryptography's InvalidSignature
    when the signature is not by this key over this digest.
    """
    public = check_key(key)
    maker = DIGESTS.get(algorithm.digest)
    if maker is None:
        raise AlgorithmRefused(f"thuật toán băm {algorithm.digest} không được phép")
    digester = maker()
    prehashed = Prehashed(digester)
    if isinstance(public, rsa.RSAPublicKey):
        if algorithm.family == "rsassa_pss":
            if algorithm.salt != digester.digest_size:
                raise AlgorithmRefused("tham số PSS không đúng bảng thuật toán")
            pss = padding.PSS(padding.MGF1(digester), salt_length=algorithm.salt)
            public.verify(signature, digest, pss, prehashed)
            return
        if algorithm.family == "rsassa_pkcs1v15":
            public.verify(signature, digest, padding.PKCS1v15(), prehashed)
            return
    elif isinstance(public, ec.EllipticCurvePublicKey) and algorithm.family == "ecdsa":
        public.verify(signature, digest, ec.ECDSA(prehashed))
        return
    raise AlgorithmRefused("thuật toán trong chữ ký không khớp với loại khóa")


def key_label(key: object) -> str:
    """The kind and size of a key, for people: "RSA 3072" or "EC P-256"."""
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC P-{key.key_size}"
    return type(key).__name__
