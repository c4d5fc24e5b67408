"""The national trust list of this node's authorities, signed and published (SG 3.8).

`trust-list.xml` in the directory of authorities; the scheme operator's key is `operator/`. What a
service was before stays in the list: a withdrawal adds a status and removes none.
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority import audit
from lienthong.apps.pki.authority.models import ServiceProposal, TrustListIssue
from lienthong.apps.pki.authority.rules import KeyPurpose, ServiceAct
from lienthong.apps.pki.rules import AuthorityMissing
from lienthong.core.signing import Trust
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
LIFETIME = timedelta(days=180)
RENEWED_AFTER = timedelta(days=30)
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


def publish(directory: Path, *, at: datetime) -> bool:
    """Sign a new list when services changed or the last one is a month old. Whether it was.

    What officers decided about services stands in rows; a list that was signed and not noted in
    them, because the machine stopped in between, is noted now.
    """
    with (directory / "trust-list.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _publish(directory, at.replace(microsecond=0))


def _publish(directory: Path, at: datetime) -> bool:
    signer = ceremony.operator(directory, at=at)
    last = current(directory, at=at)
    if last is not None:
        _note(last, published(directory) or b"")
    services = _as_decided(_with_history(_services(directory), last))
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
    _note(found, data)
    audit.used(
        ceremony.OPERATOR,
        KeyPurpose.TRUST_LIST,
        at=at,
        subject=f"danh sách tin cậy số {found.sequence}",
        digest=hashlib.sha256(data).hexdigest(),
    )
    return True


def published(directory: Path) -> bytes | None:
    """The list published now as its bytes; None when there is none."""
    try:
        return (directory / FILE).read_bytes()
    except FileNotFoundError:
        return None


def current(directory: Path, *, at: datetime) -> TrustList | None:
    """The list published now, checked; None when there is none. Raises as `read_trust_list`."""
    data = published(directory)
    if data is None:
        return None
    return read_trust_list(data, pinned=[ceremony.operator(directory, at=at).certificate], at=at)


def _note(found: TrustList, data: bytes) -> None:
    TrustListIssue.objects.get_or_create(
        sequence=found.sequence,
        defaults={
            "issued_at": found.issued_at,
            "next_update": found.next_update,
            "services": len(found.services),
            "granted": sum(one.granted_at(found.issued_at) for one in found.services),
            "sha256": hashlib.sha256(data).hexdigest(),
            "xml": data,
        },
    )


def _services(directory: Path) -> dict[str, list[TrustedService]]:
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
            found[root].append(_service(known[ceremony.NAMES[name]], CA_SERVICE))
        for certificate in _certificate(directory, f"ocsp/{name}"):
            found[root].append(_service(certificate, OCSP_SERVICE))
    for name, (issuer, _, _) in ceremony.TSAS.items():
        for certificate in _certificate(directory, f"tsa/{name}"):
            found[provider_of[issuer]].append(_service(certificate, TSA_SERVICE))
    return found


def _root_titles() -> set[str]:
    return {ceremony.NAMES[root] for root in PROVIDERS}


def _certificate(directory: Path, path: str) -> Iterator[x509.Certificate]:
    try:
        yield ceremony.service_signer(directory, path).certificate
    except AuthorityMissing:
        return


def _service(certificate: x509.Certificate, kind: str) -> TrustedService:
    begun = ServiceStatus(certificate.not_valid_before_utc, True)
    return TrustedService(certificate, kind, (begun,), name=common_name(certificate))


def _with_history(
    services: dict[str, list[TrustedService]], last: TrustList | None
) -> dict[str, list[TrustedService]]:
    """Services of the last list that are gone from disk stay; statuses told once stay told."""
    if last is None:
        return services
    told = {_key(one): one for one in last.services}
    for root, provider in zip(PROVIDERS, last.providers, strict=True):
        here = {_key(one) for one in services[root]}
        services[root] = [_remembered(one, told.get(_key(one))) for one in services[root]]
        services[root] += [one for one in provider.services if _key(one) not in here]
    return services


def _remembered(now: TrustedService, told: TrustedService | None) -> TrustedService:
    return replace(now, statuses=_in_order((*now.statuses, *(told.statuses if told else ()))))


def _as_decided(services: dict[str, list[TrustedService]]) -> dict[str, list[TrustedService]]:
    """With what officers decided about each service, from the second they decided it."""
    decided: dict[tuple[str, str], list[ServiceStatus]] = {}
    for one in ServiceProposal.objects.filter(accepted=True).order_by("decided_at"):
        since = (one.decided_at or one.proposed_at).replace(microsecond=0)
        status = ServiceStatus(since, one.act == ServiceAct.RESTORE)
        decided.setdefault((one.kind, one.certificate_sha256), []).append(status)
    return {
        root: [
            replace(one, statuses=_in_order((*one.statuses, *found)))
            if (found := decided.get((one.kind, one.sha256)))
            else one
            for one in listed
        ]
        for root, listed in services.items()
    }


def _key(one: TrustedService) -> tuple[str, bytes]:
    return one.kind, one.certificate.fingerprint(HASH)


def _in_order(statuses: Iterable[ServiceStatus]) -> tuple[ServiceStatus, ...]:
    """By time; of two at one moment the last counts."""
    by_time = {status.since: status for status in statuses}
    return tuple(by_time[since] for since in sorted(by_time))


def _same(last: TrustList, services: dict[str, list[TrustedService]]) -> bool:
    def facts(found: Iterator[TrustedService]) -> set[tuple[str, bytes, frozenset[object]]]:
        return {(*_key(one), frozenset(one.statuses)) for one in found}

    return facts(iter(last.services)) == facts(one for each in services.values() for one in each)
