"""Certificate requests (PKCS#10) by any key that signs digests, with proof of possession (SG 4.3).

The key may lie in a token or behind a remote service: only the digest of the request goes there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lienthong.core.signing import der
from lienthong.core.signing.cms import ECDSA_SHA256_ID, PSS_ID
from lienthong.core.signing.keys import PublicKey, verify_digest
from lienthong.core.signing.problems import SignatureNotMade


def make_csr(
    subject: x509.Name, public_key: PublicKey, sign_digest: Callable[[bytes], bytes]
) -> bytes:
    """Return the request in DER. sign_digest: as in DigestSigner, by the key being certified.

    Raises SignatureNotMade when the signature is not by `public_key`: the wrong slot or a fault.
    """
    spki = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    info = der.sequence(der.integer(0), subject.public_bytes(), spki, der.tlv(0xA0, b""))
    digest = hashlib.sha256(info).digest()
    signature = sign_digest(digest)
    try:
        verify_digest(public_key, digest, signature)
    except InvalidSignature as error:
        raise SignatureNotMade(detail="khóa trên thiết bị không khớp khóa công khai") from error
    algorithm = PSS_ID if isinstance(public_key, rsa.RSAPublicKey) else ECDSA_SHA256_ID
    return der.sequence(info, algorithm, der.tlv(0x03, b"\x00" + signature))
