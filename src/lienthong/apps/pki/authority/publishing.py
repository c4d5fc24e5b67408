"""The national trust list of this node's authorities, signed and published (SG 3.8).

`trust-list.xml` in the directory of authorities; the scheme operator's key is `operator/`. What a
service was before stays in the list: a withdrawal adds a status and removes none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority import audit
from lienthong.apps.pki.authority.rules import KeyPurpose
from lienthong.apps.pki.keyfiles import write_secret
from lienthong.apps.pki.rules import AuthorityMissing
from lienthong.core.signing import KeySigner, Trust
from lienthong.core.signing.authority import authority_name, make_ec_key
from lienthong.core.signing.path import common_name
from lienthong.core.signing.trust import (
    CA_SERVICE,
    HASH,
    OCSP_SERVICE,
    TSA_SERVICE,
    ServiceStatus,
    TrustedService,
)
from lienthong.core.signing.trust_list import (
    Provider,
    Scheme,
    TrustList,
    Words,
    read_trust_list,
    write_trust_list,
)

FILE = "trust-list.xml"
OPERATOR = "Vận hành danh sách tin cậy (trình diễn)"
LIFETIME = timedelta(days=180)
RENEWED_AFTER = timedelta(days=30)
OPERATOR_LIFETIME = timedelta(days=10 * 365)
SCHEME = Scheme(
    operator=Words("Đơn vị vận hành danh sách tin cậy (trình diễn)", "Scheme operator (demo)"),
    name=Words("Danh sách tin cậy quốc gia (trình diễn)", "National trust list (demo)"),
    url="http://pki.lienthong.example/trust-list",
)
PROVIDERS: Mapping[str, tuple[Words, str]] = {
    ceremony.GOVERNMENT_ROOT: (
        Words("Dịch vụ chứng thực chuyên dùng công vụ", "Government certification service"),
        "GO:VN-G98",
    ),
    ceremony.NATIONAL_ROOT: (
        Words("Dịch vụ chứng thực điện tử quốc gia", "National certification service"),
        "GO:VN-NEAC",
    ),
}


def publish(
    directory: Path, *, at: datetime, withdrawn: Mapping[str, datetime] | None = None
) -> bool:
    """Sign a new list when services changed or the last one is a month old. Whether it was.

    withdrawn: services that are trusted no longer, by SHA-256 of their certificate, and since when.
    """
    at = at.replace(microsecond=0)
    signer = operator(directory, at=at)
    last = current(directory, at=at)
    services = _with_history(_services(directory, withdrawn or {}), last)
    is_fresh = last is not None and at - last.issued_at < RENEWED_AFTER
    if last is not None and is_fresh and _same(last, services):
        return False
    found = TrustList(
        scheme=SCHEME,
        sequence=(last.sequence if last else 0) + 1,
        issued_at=at,
        next_update=at + LIFETIME,
        providers=tuple(
            Provider(name, trade_name, SCHEME.url, tuple(services[root]))
            for root, (name, trade_name) in PROVIDERS.items()
        ),
        signers=(signer.certificate,),
    )
    data = write_trust_list(found, signer=signer)
    fresh = directory / f".{FILE}"
    fresh.write_bytes(data)
    fresh.replace(directory / FILE)
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    audit.used(
        "operator",
        KeyPurpose.TRUST_LIST,
        at=at,
        subject=f"danh sách tin cậy số {found.sequence}",
        digest=digest.finalize().hex(),
    )
    return True


def current(directory: Path, *, at: datetime) -> TrustList | None:
    """The list published now, checked; None when there is none. Raises as `read_trust_list`."""
    try:
        data = (directory / FILE).read_bytes()
    except FileNotFoundError:
        return None
    return read_trust_list(data, pinned=[operator(directory, at=at).certificate], at=at)


def operator(directory: Path, *, at: datetime) -> KeySigner:
    """The scheme operator's key; its certificate stands for itself and is pinned by everybody."""
    try:
        return ceremony.service_signer(directory, "operator")
    except AuthorityMissing:
        key = make_ec_key()
    name = authority_name(OPERATOR)
    start = at - ceremony.BACKDATED
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
        .not_valid_after(start + OPERATOR_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(TSL_SIGNING)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = directory / "operator"
    write_secret(folder / "key.pem", ceremony.private_pem(key))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "chain.pem").write_bytes(b"")
    return KeySigner(key, certificate)


TSL_SIGNING = "0.4.0.2231.3.0"


def _services(
    directory: Path, withdrawn: Mapping[str, datetime]
) -> dict[str, list[TrustedService]]:
    """What each provider runs now, each since the start of its certificate."""
    trust = Trust.from_directory(directory / "trust")
    found: dict[str, list[TrustedService]] = {root: [] for root in PROVIDERS}
    provider_of = {root: root for root in PROVIDERS} | {
        name: root for name, (root, _) in ceremony.SUBS.items()
    }
    known = {
        common_name(one): one
        for one in (*trust.intermediates, *trust.anchors)
        if one.issuer == one.subject or common_name(one) not in _root_titles()
    }
    for name, root in provider_of.items():
        if ceremony.NAMES[name] in known:
            found[root].append(_service(known[ceremony.NAMES[name]], CA_SERVICE, withdrawn))
        for certificate in _certificate(directory, f"ocsp/{name}"):
            found[root].append(_service(certificate, OCSP_SERVICE, withdrawn))
    for name, (issuer, _, _) in ceremony.TSAS.items():
        for certificate in _certificate(directory, f"tsa/{name}"):
            found[provider_of[issuer]].append(_service(certificate, TSA_SERVICE, withdrawn))
    return found


def _root_titles() -> set[str]:
    return {ceremony.NAMES[root] for root in PROVIDERS}


def _certificate(directory: Path, path: str) -> Iterator[x509.Certificate]:
    try:
        yield ceremony.service_signer(directory, path).certificate
    except AuthorityMissing:
        return


def _service(
    certificate: x509.Certificate, kind: str, withdrawn: Mapping[str, datetime]
) -> TrustedService:
    statuses = [ServiceStatus(certificate.not_valid_before_utc, True)]
    since = withdrawn.get(certificate.fingerprint(HASH).hex())
    if since is not None:
        statuses.append(ServiceStatus(since.replace(microsecond=0), False))
    return TrustedService(certificate, kind, tuple(statuses), name=common_name(certificate))


def _with_history(
    services: dict[str, list[TrustedService]], last: TrustList | None
) -> dict[str, list[TrustedService]]:
    """Services of the last list that are gone from disk stay; statuses told once stay told."""
    if last is None:
        return services
    told = {_key(one): one for one in last.services}
    for root, provider in zip(PROVIDERS, last.providers, strict=True):
        here = {_key(one) for one in services[root]}
        services[root] = [
            replace(one, statuses=_merged(told[_key(one)], one)) if _key(one) in told else one
            for one in services[root]
        ]
        services[root] += [one for one in provider.services if _key(one) not in here]
    return services


def _key(one: TrustedService) -> tuple[str, bytes]:
    return one.kind, one.certificate.fingerprint(HASH)


def _merged(told: TrustedService, now: TrustedService) -> tuple[ServiceStatus, ...]:
    known = {status.since: status for status in (*now.statuses, *told.statuses)}
    return tuple(known[since] for since in sorted(known))


def _same(last: TrustList, services: dict[str, list[TrustedService]]) -> bool:
    def facts(found: Iterator[TrustedService]) -> set[tuple[str, bytes, frozenset[object]]]:
        return {(*_key(one), frozenset(one.statuses)) for one in found}

    return facts(iter(last.services)) == facts(one for each in services.values() for one in each)
