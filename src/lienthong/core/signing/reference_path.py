"""The reference validator of paths: pyhanko-certvalidator (RFC 5280 6.1).

It decides names, periods, policies, mappings, constraints and critical extensions of one given
path. Building the path, its signatures and algorithms are `path`'s work, its revocations
`revocation`'s.
"""

from __future__ import annotations

import threading
from collections.abc import Coroutine, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from asn1crypto import algos, keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator.authority import CertTrustAnchor
from pyhanko_certvalidator.context import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import (
    NO_REVOCATION,
    AlgorithmUsageConstraint,
    AlgorithmUsagePolicy,
    CertRevTrustPolicy,
    PKIXValidationParams,
)
from pyhanko_certvalidator.sig_validate import SignatureValidator
from pyhanko_certvalidator.validate import async_validate_path

from lienthong.core.signing.path_rules import PathRules

CERTIFICATE_SIZE_MAX_BYTES = 64 * 1024
POLICIES_MAX = 100  # in one certificate
MAPPINGS_MAX = 4096  # bytes
NAME_COMPARISONS_MAX = 4000  # constraints in the path, times names in it

_POLICY_MAPPINGS = x509.ObjectIdentifier("2.5.29.33")
# asn1crypto's objects read themselves when they are first asked: never in two threads at once.
_ONE_AT_A_TIME = threading.Lock()


def objection(path: Sequence[x509.Certificate], *, rules: PathRules, at: datetime) -> str | None:
    """What the validator has against `path` (leaf first, anchor last); None when it agrees."""
    heavy = _heaviness(path)
    if heavy:
        return heavy
    with _ONE_AT_A_TIME:
        try:
            run_at_once(_validate([parsed(one) for one in path], rules, at))
        except (ValidationError, PathError) as error:
            return str(error)
        except (ValueError, TypeError, KeyError, NotImplementedError) as error:
            # asn1crypto reports malformed extensions so, and the validator what it cannot do.
            return f"certificate not understood: {error}"
    return None


def _validate(
    path: Sequence[asn1_x509.Certificate], rules: PathRules, at: datetime
) -> Coroutine[Any, Any, Any]:
    context = ValidationContext(
        trust_roots=[path[-1]],
        other_certs=[],
        moment=at,
        allow_fetching=False,
        revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=NO_REVOCATION),
        algorithm_usage_policy=_AlgorithmsChecked(),
        signature_validator=_SignaturesChecked(),
        time_tolerance=timedelta(0),
    )
    anchor = CertTrustAnchor(path[-1], derive_default_quals_from_cert=True)
    chain = ValidationPath(anchor, list(reversed(path[1:-1])), path[0])
    parameters = PKIXValidationParams(
        user_initial_policy_set=rules.policies or frozenset(["any_policy"]),
        initial_policy_mapping_inhibit=rules.inhibit_mapping,
        initial_explicit_policy=rules.explicit_policy,
        initial_any_policy_inhibit=rules.inhibit_any,
    )
    return async_validate_path(context, chain, parameters)


class _SignaturesChecked(SignatureValidator):
    """Every signature of the path was verified over the bytes as they came. asn1crypto encodes a
    certificate again once it was looked into, which changes some that are valid (unique ids)."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: keys.PublicKeyInfo,
        signature_algorithm: algos.SignedDigestAlgorithm,
        context: object = None,
    ) -> None:
        return None


class _AlgorithmsChecked(AlgorithmUsagePolicy):
    """The table of algorithms has been applied to the path before."""

    def digest_algorithm_allowed(
        self, algo: algos.DigestAlgorithm, moment: datetime | None
    ) -> AlgorithmUsageConstraint:
        return AlgorithmUsageConstraint(allowed=True)

    def signature_algorithm_allowed(
        self,
        algo: algos.SignedDigestAlgorithm,
        moment: datetime | None,
        public_key: keys.PublicKeyInfo | None,
    ) -> AlgorithmUsageConstraint:
        return AlgorithmUsageConstraint(allowed=True)


@lru_cache(maxsize=2048)
def parsed(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The certificate as the validator reads it. Use it under the lock only."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _heaviness(path: Sequence[x509.Certificate]) -> str:
    """Why the path would take too long to check, or nothing (R42)."""
    constraints = names = 0
    for one in path:
        if len(one.tbs_certificate_bytes) > CERTIFICATE_SIZE_MAX_BYTES:
            return "certificate too large"
        for extension in one.extensions:
            value = extension.value
            if isinstance(value, x509.NameConstraints):
                constraints += _count(value.permitted_subtrees) + _count(value.excluded_subtrees)
            elif isinstance(value, x509.SubjectAlternativeName):
                names += _count(value)
            elif isinstance(value, x509.CertificatePolicies) and _count(value) > POLICIES_MAX:
                return "too many policies"
            elif extension.oid == _POLICY_MAPPINGS and len(value.public_bytes()) > MAPPINGS_MAX:
                return "too many policy mappings"
    if constraints * (names + len(path)) > NAME_COMPARISONS_MAX:
        return "too many name constraints"
    return ""


def _count(values: Iterable[object] | None) -> int:
    return sum(1 for _ in values or ())


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
