"""Paths so plain that the rules of RFC 5280 leave nothing to judge (SG 11.2, decision 0011).

Most certificates have a path of authorities without policy mappings, constraints or anything else
that the general validator is needed for. The fast path takes such a path on its own word while its
certificates are met for the first time; the reference path always asks the general validator.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing.der import NotDER
from lienthong.core.signing.der_read import Reader
from lienthong.core.signing.x509_names import raw_fields

_EVERYBODY = (
    x509.BasicConstraints,
    x509.KeyUsage,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
)
_ISSUED = (
    *_EVERYBODY,
    x509.CRLDistributionPoints,
    x509.AuthorityInformationAccess,
    x509.CertificatePolicies,
)
_LEAF = (*_ISSUED, x509.ExtendedKeyUsage)
_MAY_BE_CRITICAL = (x509.BasicConstraints, x509.KeyUsage)

_Kind = TypeVar("_Kind", bound=x509.ExtensionType)
_enough: ContextVar[bool] = ContextVar("plain_paths_are_enough", default=False)


@contextmanager
def plain_is_enough() -> Iterator[None]:
    """Within this, `check_path` asks the general validator only about paths that are not plain."""
    token = _enough.set(True)
    try:
        yield
    finally:
        _enough.reset(token)


def is_enough() -> bool:
    return _enough.get()


def is_plain(path: Sequence[x509.Certificate]) -> bool:
    """Whether nothing in `path` (leaf first, anchor last) but signatures, periods, revocation and
    algorithms could make it bad; those are judged elsewhere, and have been."""
    try:
        return all(
            _is_plain_place(one, place, issuer)
            for place, (one, issuer) in enumerate(zip(path, [*path[1:], path[-1]], strict=True))
        )
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return False


def _is_plain_place(one: x509.Certificate, place: int, issuer: x509.Certificate) -> bool:
    is_root = issuer is one
    known = _EVERYBODY if is_root else _ISSUED if place else _LEAF
    extensions = one.extensions
    return (
        one.version is x509.Version.v3
        and all(
            isinstance(extension.value, known)
            and (not extension.critical or isinstance(extension.value, _MAY_BE_CRITICAL))
            for extension in extensions
        )
        and raw_fields(one).issuer == raw_fields(issuer).subject
        and (is_root or raw_fields(one).issuer != raw_fields(one).subject)
        and _names_one_algorithm(one)
        and (_is_authority(extensions, below=place - 1) if place else _is_end(extensions))
    )


def _is_authority(extensions: x509.Extensions, *, below: int) -> bool:
    """May issue certificates, with at most `below` authorities between itself and the leaf."""
    constraints = _find(extensions, x509.BasicConstraints)
    usage = _find(extensions, x509.KeyUsage)
    return (
        constraints is not None
        and constraints.ca
        and (constraints.path_length is None or constraints.path_length >= below)
        and usage is not None
        and usage.key_cert_sign
    )


def _is_end(extensions: x509.Extensions) -> bool:
    constraints = _find(extensions, x509.BasicConstraints)
    return constraints is None or not constraints.ca


def _find(extensions: x509.Extensions, kind: type[_Kind]) -> _Kind | None:
    return next((one.value for one in extensions if isinstance(one.value, kind)), None)


def _names_one_algorithm(one: x509.Certificate) -> bool:
    """Whether the algorithm inside what is signed is the one beside the signature."""
    try:
        inside = Reader(one.tbs_certificate_bytes).enter(0x30)
        inside.skip(0xA0)
        inside.content(0x02)
        named = inside.whole()
    except NotDER:
        return False
    return one.public_bytes(Encoding.DER).partition(one.tbs_certificate_bytes)[2].startswith(named)
