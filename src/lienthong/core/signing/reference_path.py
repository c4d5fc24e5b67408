"""The reference validator of paths: pyhanko-certvalidator (RFC 5280, policies, constraints)."""

from __future__ import annotations

from collections.abc import Collection, Coroutine, Iterable, Sequence
from datetime import datetime
from typing import Any

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.validate import async_validate_path


def objection(
    path: Sequence[asn1_x509.Certificate],
    *,
    trust_roots: Iterable[asn1_x509.Certificate],
    other_certs: Iterable[asn1_x509.Certificate],
    crls: Iterable[asn1_crl.CertificateList],
    forbidden_hashes: Collection[str],
    at: datetime,
) -> str | None:
    """What the validator has against `path` (leaf first, root last); None when it agrees."""
    context = ValidationContext(
        trust_roots=list(trust_roots),
        other_certs=list(other_certs),
        moment=at,
        allow_fetching=False,
        crls=list(crls),
        revocation_mode="require",
        retroactive_revinfo=True,
        weak_hash_algos=set(forbidden_hashes),
    )
    anchor = CertTrustAnchor(path[-1], derive_default_quals_from_cert=True)
    chain = ValidationPath(anchor, list(reversed(path[1:-1])), path[0])
    try:
        run_at_once(async_validate_path(context, chain))
    except (ValidationError, PathError) as error:
        return str(error)
    return None


def run_at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never waits, in any thread, with or without an event loop.

    The reference validators are written as coroutines for fetching; we never let them fetch.
    Raises RuntimeError when it does want to wait.
    """
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    work.close()
    raise RuntimeError("the reference validator tried to wait")
