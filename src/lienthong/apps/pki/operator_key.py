"""The key of whoever runs the trust list (SG 3.8); its certificate stands for itself."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from lienthong.apps.pki.keyfiles import write_secret
from lienthong.core.signing import KeySigner
from lienthong.core.signing.authority import authority_name, make_ec_key

OPERATOR = "Vận hành danh sách tin cậy (trình diễn)"
LIFETIME = timedelta(days=10 * 365)
TSL_SIGNING = x509.ObjectIdentifier("0.4.0.2231.3.0")


def make_operator_key(folder: Path, *, start: datetime) -> KeySigner:
    """Make key.pem, certificate.pem and an empty chain.pem in `folder`; valid from `start`."""
    key, name = make_ec_key(), authority_name(OPERATOR)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([TSL_SIGNING]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_secret(folder / "key.pem", pem)
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "chain.pem").write_bytes(b"")
    return KeySigner(key, certificate)
