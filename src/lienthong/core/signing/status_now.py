"""Ask the authority, now, whether the certificates of a path are good: OCSP with a nonce (SG-S-05).

Nothing is decided here. The answers are evidence for `check_path`, which checks each of them again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID

from lienthong.core.signing import ocsp
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence

LOCATIONS_MAX = 4
NONCE_BYTES = 32
CLOCKS_DIFFER = timedelta(minutes=5)

# Given an address and, for OCSP, a request to post; returns the body, None when nobody answered.
Fetch = Callable[[str, bytes | None], bytes | None]


def ask(path: Sequence[x509.Certificate], *, at: datetime, fetch: Fetch) -> Evidence:
    """The answers about every certificate of `path` but the last, its root.

    at: now. An answer that is not about the certificate, not signed by who may, or without our
    nonce is left out: it may be an old one, played again (SG-R-06).
    """
    found = NO_EVIDENCE
    for certificate, issuer in pairwise(path):
        found += _answer(certificate, issuer, at, fetch)
    return found


def _answer(
    certificate: x509.Certificate, issuer: x509.Certificate, at: datetime, fetch: Fetch
) -> Evidence:
    for url in access_locations(certificate, AuthorityInformationAccessOID.OCSP):
        nonce = secrets.token_bytes(NONCE_BYTES)
        answer = fetch(url, ocsp.build_request(certificate, issuer, nonce=nonce))
        if answer is None:
            continue
        try:
            ocsp.check_response(
                answer,
                certificate=certificate,
                issuer=issuer,
                at=at,
                now=at + CLOCKS_DIFFER,
                nonce=nonce,
            )
        except ocsp.OCSPRefused:
            continue
        return Evidence(ocsps=(answer,), certificates=ocsp.responder_certificates(answer))
    return NO_EVIDENCE


def access_locations(certificate: x509.Certificate, method: x509.ObjectIdentifier) -> list[str]:
    """The addresses of one kind in AuthorityInformationAccess, the first few."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        one.access_location.value
        for one in found.value
        if one.access_method == method
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    ][:LOCATIONS_MAX]
