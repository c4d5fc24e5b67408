"""The two ends of an AS4 exchange, with the keys of the work folder."""

from __future__ import annotations

from typing import Any

from as4 import AS4LocalPrivateKey, SecurityPolicy, pinned_certificates  # type: ignore[import-not-found]
from as4.peppol import (  # type: ignore[import-not-found]
    create_peppol_external_party,
    create_peppol_internal_party,
)
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12
from wire import HERE  # type: ignore[import-not-found]


def certificate(name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((HERE / f"{name}.pem").read_bytes())


def party(name: str) -> Any:
    found = pkcs12.load_pkcs12((HERE / f"{name}.p12").read_bytes(), b"bench")
    return create_peppol_internal_party(
        party_id=f"PTE-{name}",
        certificate=certificate(name),
        private_key=AS4LocalPrivateKey(found.key),
    )


def stranger(name: str) -> Any:
    return create_peppol_external_party(party_id=f"PTE-{name}", certificate=certificate(name))


def policy(name: str) -> Any:
    return SecurityPolicy(
        signer_resolver=pinned_certificates(certificate(name)), verify_participants=False
    )
