"""Keys: digest out, signature in.

Everything that signs asks a DigestSigner. A software key is a KeySigner; a token, a hardware
module or a remote signing service fits behind the same three members (SG 10). The key is decoded
once and kept; nothing here signs anything but a SHA-256 digest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol, runtime_checkable

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import pkcs12

from lienthong.core.signing.problems import KeyPasswordWrong

SHA256 = hashes.SHA256()
PREHASHED = Prehashed(SHA256)
PSS = padding.PSS(mgf=padding.MGF1(SHA256), salt_length=32)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@runtime_checkable
class DigestSigner(Protocol):
    """Signs SHA-256 digests with one key. RSA: PSS with salt 32. EC: ECDSA in DER."""

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate of the key."""

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The issuers from the nearest up, without the root."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the signature over a SHA-256 digest of 32 bytes."""


class KeySigner:
    """A DigestSigner over a key in this process's memory."""

    def __init__(
        self,
        key: PrivateKey,
        certificate: x509.Certificate,
        chain: Sequence[x509.Certificate] = (),
    ) -> None:
        if certificate.public_key() != key.public_key():
            raise ValueError("the certificate is not for this key")
        self._key = key
        self._certificate = certificate
        self._chain = tuple(chain)

    @classmethod
    def from_pkcs12(cls, data: bytes, password: str) -> KeySigner:
        """Open a PKCS#12 file. Raises KeyPasswordWrong."""
        try:
            found = pkcs12.load_pkcs12(data, password.encode())
        except ValueError as error:
            raise KeyPasswordWrong from error
        if found.cert is None or not isinstance(found.key, PrivateKey):
            raise ValueError("the PKCS#12 file holds no RSA or EC key with its certificate")
        chain = [extra.certificate for extra in found.additional_certs]
        return cls(found.key, found.cert.certificate, chain)

    def to_pkcs12(self, password: str, *, name: str = "") -> bytes:
        """The key, its certificate and issuers as a PKCS#12 file under `password`."""
        return pkcs12.serialize_key_and_certificates(
            name.encode() or None,
            self._key,
            self._certificate,
            self._chain,
            serialization.BestAvailableEncryption(password.encode()),
        )

    @property
    def certificate(self) -> x509.Certificate:
        return self._certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self._chain

    @cached_property
    def public_key(self) -> PublicKey:
        return self._key.public_key()

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest and check the result with the public key (fault attacks)."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            signature = self._key.sign(digest, PSS, PREHASHED)
        else:
            signature = self._key.sign(digest, ec.ECDSA(PREHASHED))
        verify_digest(self.public_key, digest, signature)
        return signature

    @cached_property
    def unchecked(self) -> VolumeSigner:
        """The same key without the check; see VolumeSigner for where it may be used."""
        return VolumeSigner(self._key, self._certificate, self._chain)


class VolumeSigner(KeySigner):
    """A KeySigner that does not check what it made: a third of the time with an EC key.

    It may be used in two places. For an answer that is given once and lives an hour (OCSP with
    nonce): whoever reads a wrong one refuses it and asks again. And by code that verifies what it
    made before anybody sees it (`PreparedPdf`). Not for what is kept: certificates, lists,
    time-stamps, OCSP answers that are given to many.
    """

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest."""
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(digest, PSS, PREHASHED)
        return self._key.sign(digest, ec.ECDSA(PREHASHED))


def verify_digest(key: PublicKey, digest: bytes, signature: bytes) -> None:
    """Check a signature made by `sign_digest`. Raises cryptography's InvalidSignature."""
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, digest, PSS, PREHASHED)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, digest, ec.ECDSA(PREHASHED))
    else:
        raise InvalidSignature(f"no rule for {type(key).__name__}")
