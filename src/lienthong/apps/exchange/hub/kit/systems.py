"""The operator's writes about systems of the kit: their secrets, agencies and proposals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.pki import api as pki
from lienthong.core import edxml
from lienthong.core.errors import Problem

from ..actions import assign
from ..models import AgencyProposal, Node
from ..rules import Door, ProposalKind, ProposalState
from .door import parent
from .vault import new_secret, seal


class SystemIdTaken(Problem):
    code = "hub.system_id_taken"
    status = 409
    text = "Mã hệ thống {system} đã được dùng."


class SystemUnknown(Problem):
    code = "hub.system_unknown"
    status = 404
    text = "Không có hệ thống kết nối này."


class ProposalUnknown(Problem):
    code = "hub.proposal_unknown"
    status = 404
    text = "Không có đề nghị này."


class ProposalDecided(Problem):
    code = "hub.proposal_decided"
    status = 409
    text = "Đề nghị này đã được quyết định."


@dataclass(frozen=True, slots=True)
class NewSystem:
    """A system and its secret, which is shown once."""

    system: Node
    secret: str


@transaction.atomic
def register(
    system_id: str,
    name: str,
    codes: Iterable[str],
    *,
    profile: edxml.Profile = edxml.Profile.COMPAT,
    fresh_time: bool = False,
) -> NewSystem:
    """Let a system send and fetch for these agencies through the kit.

    Raises SystemIdTaken, OrganizationUnknown, AgencyHeld.
    """
    if Node.objects.filter(pk=system_id).exists():
        raise SystemIdTaken(system=system_id)
    secret = new_secret()
    system = Node.objects.create(
        node_id=system_id,
        name=name,
        door=Door.KIT,
        sealed_secret=seal(pki.kit_key(), system_id, secret),
        profile=profile,
        fresh_time=fresh_time,
    )
    assign(system, codes)
    return NewSystem(system, secret)


@transaction.atomic
def change(
    system_id: str,
    *,
    name: str,
    codes: Iterable[str],
    profile: edxml.Profile,
    fresh_time: bool,
    active: bool,
) -> Node:
    """Change a system; not active means locked out. Raises SystemUnknown and what register does."""
    system = _locked(system_id)
    system.name, system.profile, system.fresh_time, system.active = (
        name,
        profile,
        fresh_time,
        active,
    )
    system.save(update_fields=["name", "profile", "fresh_time", "active"])
    assign(system, codes)
    return system


@transaction.atomic
def renew_secret(system_id: str) -> NewSystem:
    """Give a system another secret; the old one ends at once. Raises SystemUnknown."""
    system = _locked(system_id)
    secret = new_secret()
    system.sealed_secret = seal(pki.kit_key(), system_id, secret)
    system.save(update_fields=["sealed_secret"])
    return NewSystem(system, secret)


def _locked(system_id: str) -> Node:
    system = Node.objects.select_for_update().filter(pk=system_id, door=Door.KIT).first()
    if system is None:
        raise SystemUnknown
    return system


def find(system_id: str) -> Node:
    """One system. Raises SystemUnknown."""
    system = systems().filter(pk=system_id).first()
    if system is None:
        raise SystemUnknown
    return system


def systems() -> QuerySet[Node]:
    """Every system of the kit, by name."""
    return Node.objects.filter(door=Door.KIT).prefetch_related("organizations").order_by("name")


def proposals() -> QuerySet[AgencyProposal]:
    """What systems ask about their agencies, the oldest first."""
    found = AgencyProposal.objects.filter(state=ProposalState.WAITING)
    return found.select_related("node").order_by("asked_at")


@transaction.atomic
def decide(proposal_id: int, *, approved: bool) -> AgencyProposal:
    """Carry out a proposal, or refuse it (DX-97).

    An approved agency enters the directory below its parent and belongs to the system that asked; a
    deleted one is locked, for its documents stay. Raises ProposalDecided and the directory's own.
    """
    found = AgencyProposal.objects.select_for_update(of=("self",)).select_related("node")
    proposal = found.filter(pk=proposal_id).first()
    if proposal is None:
        raise ProposalUnknown
    if proposal.state != ProposalState.WAITING:
        raise ProposalDecided
    proposal.state = ProposalState.APPROVED if approved else ProposalState.REFUSED
    proposal.decided_at = timezone.now()
    proposal.save(update_fields=["state", "decided_at"])
    if approved and proposal.kind == ProposalKind.REGISTER:
        _enter(proposal)
    if approved and proposal.kind == ProposalKind.DELETE:
        organization = directory.find(proposal.agency_code)
        if organization is not None:
            directory.lock(organization)
    return proposal


def _enter(proposal: AgencyProposal) -> None:
    code = proposal.agency_code
    directory.register(
        name=proposal.facts["name"],
        codes={directory.Scheme.QD20: code},
        parent=directory.find(parent(code)),
        email=proposal.facts.get("mail", ""),
    )
    held = [row.agency_code for row in proposal.node.organizations.all()]
    assign(proposal.node, [*held, code])
