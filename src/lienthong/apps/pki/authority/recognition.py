"""Which services the trust list recognizes: an officer proposes, a second one decides (SG 3.8).

A decision is published at once as the next list; what a service was before stays in its history, so
verdicts about what was signed and proved earlier do not change (SG-X-02).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.authority import policy, publishing
from lienthong.apps.pki.authority.models import ServiceProposal
from lienthong.apps.pki.authority.rules import (
    SecondPersonNeeded,
    ServiceAct,
    ServiceStateWrong,
)
from lienthong.core.signing.trust import ServiceStatus, TrustedService

__all__ = ["Listed", "decide", "listed", "policy", "propose"]


@dataclass(frozen=True, slots=True)
class Listed:
    """A service of the published list, for people. `proposals`: newest first."""

    service: TrustedService
    granted: bool
    since: datetime | None
    history: tuple[ServiceStatus, ...]
    proposals: tuple[ServiceProposal, ...]

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was withdrawn for good."""
        return any(one.accepted and one.act == ServiceAct.WITHDRAW for one in self.proposals)

    @property
    def waiting(self) -> ServiceProposal | None:
        """The proposal that waits for its second person."""
        return next((one for one in self.proposals if one.accepted is None), None)

    @property
    def acts(self) -> tuple[ServiceAct, ...]:
        """What may be proposed now."""
        if self.is_withdrawn or self.waiting:
            return ()
        if self.granted:
            return (ServiceAct.SUSPEND, ServiceAct.WITHDRAW)
        return (ServiceAct.RESTORE, ServiceAct.WITHDRAW)


def listed(directory: Path, *, at: datetime) -> Iterator[Listed]:
    """The services of the published list with their status at `at` and their history."""
    found = publishing.current(directory, at=at)
    by_service: dict[tuple[str, str], list[ServiceProposal]] = {}
    for one in ServiceProposal.objects.select_related("proposed_by", "decided_by"):
        by_service.setdefault((one.kind, one.certificate_sha256), []).append(one)
    for service in found.services if found else ():
        yield Listed(
            service,
            service.granted_at(at),
            service.last_change(at),
            tuple(sorted(service.statuses, key=lambda one: one.since, reverse=True)),
            tuple(by_service.get((service.kind, service.sha256), ())),
        )


@transaction.atomic
def propose(
    actor: Actor,
    directory: Path,
    *,
    kind: str,
    certificate_sha256: str,
    act: ServiceAct,
    why: str,
    at: datetime,
) -> ServiceProposal:
    """An officer asks a second one to change what the list says of a service.

    Raises ServiceStateWrong when it is in no list, or the act does not fit its status.
    """
    accounts.check(actor, "pki.certify")
    found = next(
        (
            one
            for one in listed(directory, at=at)
            if (one.service.kind, one.service.sha256) == (kind, certificate_sha256)
        ),
        None,
    )
    if found is None:
        raise ServiceStateWrong(detail="không có trong danh sách đang công bố")
    if found.waiting is not None:
        raise ServiceStateWrong(detail="đang có một đề nghị chờ quyết định")
    if act not in found.acts:
        raise ServiceStateWrong(detail=f"trạng thái hiện tại không cho phép “{act.label}”")
    return ServiceProposal.objects.create(
        certificate_sha256=certificate_sha256,
        kind=kind,
        name=found.service.name[:250],
        act=act,
        why=why[:500],
        proposed_by_id=actor.person_id,
        proposed_at=at,
    )


@transaction.atomic
def decide(
    actor: Actor, proposal: ServiceProposal, *, accept: bool, at: datetime, directory: Path
) -> ServiceProposal:
    """The second officer publishes the next list with the change, or drops it; the first may drop
    it too. Raises SecondPersonNeeded, ServiceStateWrong.
    """
    accounts.check(actor, "pki.certify")
    found = ServiceProposal.objects.select_for_update().get(pk=proposal.pk)
    if found.accepted is not None:
        raise ServiceStateWrong(detail="đề nghị đã được quyết định")
    if accept and found.proposed_by_id == actor.person_id:
        raise SecondPersonNeeded(detail="người đề nghị không tự quyết định")
    found.accepted, found.decided_by_id, found.decided_at = accept, actor.person_id, at
    found.save(update_fields=["accepted", "decided_by", "decided_at"])
    if accept:
        publishing.publish(directory, at=at)
    return found
