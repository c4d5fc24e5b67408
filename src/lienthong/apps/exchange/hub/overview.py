"""What the operator of the axis sees: packets, what waits for whom, who takes part. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory

from .models import (
    Circulation,
    Delivery,
    Event,
    Lateness,
    LogHead,
    Node,
    NodeOrganization,
    Packet,
    Refusal,
)
from .problems import PacketNotFound
from .rules import LOG_NAME, UNDELIVERABLE, WAITING, DeliveryState, Door

REFUSALS_SHOWN = 30
EXPRESS = 3
OPEN = Q(state__in=(*WAITING, *UNDELIVERABLE))
STUCK = Q(state__in=UNDELIVERABLE)


@accounts.rule("hub.operate")
def may_operate(actor: Actor, _object: object) -> bool:
    """The operator's pages are for the operator's seats."""
    return Role.AXIS_OPERATOR in actor.roles


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one agency."""

    code: str
    name: str
    waiting: int
    fetched: int
    urgent: int
    stuck: int
    oldest_at: datetime
    node_id: str
    node_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Participant:
    """An agency of the directory and the node that speaks for it, if any."""

    code: str
    other_codes: tuple[str, ...]
    name: str
    is_active: bool
    is_locked: bool
    is_axis: bool
    node_id: str
    node_name: str
    node_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Totals:
    """The axis at a glance."""

    packets: int
    waiting: int
    stuck: int
    log_size: int


def names() -> Mapping[str, str]:
    """The name of every agency by each of its codes."""
    return {
        code: entry.name for entry in directory.snapshot() for code in (entry.code, *entry.codes)
    }


def packets() -> QuerySet[Packet]:
    """Every packet taken in, newest first, with how many of its deliveries are done."""
    mine = Delivery.objects.filter(packet=OuterRef("pk")).order_by().values("packet")
    done = mine.filter(state=DeliveryState.DELIVERED)
    return Packet.objects.annotate(  # counted for the rows of a page, not for all of the table
        total=Coalesce(Subquery(mine.values(n=Count("pk"))), 0),
        done=Coalesce(Subquery(done.values(n=Count("pk"))), 0),
    ).order_by("-received_at", "-leaf_index")


def packet(pk: UUID) -> Packet:
    """One packet. Raises PacketNotFound."""
    found = packets().filter(pk=pk).first()
    if found is None:
        raise PacketNotFound
    return found


def related(packet: Packet) -> QuerySet[Packet]:
    """The other packets about the same document: the document itself and every status of it."""
    return (
        Packet.objects.filter(document_id=packet.document_id)
        .exclude(pk=packet.pk)
        .order_by("received_at")
    )


def places(packet: Packet) -> QuerySet[Circulation]:
    """Where the document of a packet stands at each receiver, in the order in which it went on."""
    return Circulation.objects.filter(document_id=packet.document_id).order_by("pk")


def events(packet: Packet) -> QuerySet[Event]:
    """What happened around the document of a packet besides packets."""
    return Event.objects.filter(document_id=packet.document_id).order_by("pk")


def lateness() -> QuerySet[Lateness]:
    """Every clock that ran out: what is still awaited first, then the newest."""
    return Lateness.objects.order_by(F("ended_at").desc(nulls_first=True), "-raised_at")


def totals() -> Totals:
    """The figures above the list of packets."""
    log = LogHead.objects.filter(name=LOG_NAME).first()
    return Totals(
        packets=Packet.objects.count(),
        waiting=Delivery.objects.filter(state__in=WAITING).count(),
        stuck=Delivery.objects.filter(STUCK).count(),
        log_size=log.size if log else 0,
    )


def queues() -> list[Queue]:
    """What waits for each agency, the longest wait first."""
    known, nodes = names(), _nodes_by_agency()
    rows = (
        Delivery.objects.filter(OPEN)
        .values("agency_code")
        .annotate(
            waiting=Count("id", filter=Q(state__in=WAITING)),
            fetched=Count("id", filter=Q(state=DeliveryState.FETCHED)),
            urgent=Count("id", filter=Q(urgency__gte=EXPRESS)),
            stuck=Count("id", filter=STUCK),
            oldest_at=Min("queued_at"),
        )
        .order_by("oldest_at")
    )
    return [_queue(row, known, nodes) for row in rows]


def _queue(row: Mapping[str, object], known: Mapping[str, str], nodes: Mapping[str, Node]) -> Queue:
    code = str(row["agency_code"])
    node = nodes.get(code)
    return Queue(
        name=known.get(code, code),
        code=code,
        node_id=node.node_id if node else "",
        node_seen_at=node.last_seen_at if node else None,
        **{name: row[name] for name in ("waiting", "fetched", "urgent", "stuck", "oldest_at")},  # type: ignore[arg-type]
    )


def dead_letters() -> QuerySet[Delivery]:
    """What could not be delivered and waits for the operator's decision, the oldest first."""
    return Delivery.objects.filter(STUCK).select_related("packet").order_by("next_at", "id")


def last_delivered_at() -> datetime | None:
    """When an agency last confirmed a delivery."""
    found: datetime | None = Delivery.objects.aggregate(at=Max("delivered_at"))["at"]
    return found


def participants() -> list[Participant]:
    """Every agency of the directory, in Vietnamese order, with its node."""
    nodes = _nodes_by_agency()
    return [_participant(organization, nodes) for organization in _agencies()]


def _agencies() -> QuerySet[directory.Organization]:
    return directory.Organization.objects.prefetch_related("codes")


def _participant(organization: directory.Organization, nodes: Mapping[str, Node]) -> Participant:
    codes = [held.value for held in organization.codes.all()]
    node = next((nodes[code] for code in codes if code in nodes), None)
    return Participant(
        code=organization.code,
        other_codes=tuple(code for code in codes if code != organization.code),
        name=organization.name,
        is_active=organization.active,
        is_locked=organization.locked,
        is_axis=organization.kind == directory.Kind.AXIS,
        node_id=node.node_id if node else "",
        node_name=node.name if node else "",
        node_seen_at=node.last_seen_at if node else None,
    )


def _nodes_by_agency() -> dict[str, Node]:
    rows = NodeOrganization.objects.select_related("node")
    return {row.agency_code: row.node for row in rows}


def refusals() -> QuerySet[Refusal]:
    """The last packets that were not taken in, and why."""
    return Refusal.objects.order_by("-at")[:REFUSALS_SHOWN]


def node_keys() -> dict[str, tuple[str, frozenset[str]]]:
    """The certificate (PEM) of each active node and the codes of its agencies, by node id.

    Systems of the client kit have none: they are known by a secret.
    """
    rows = Node.objects.filter(active=True, door=Door.NATIVE).prefetch_related("organizations")
    return {
        row.node_id: (
            row.certificate,
            frozenset(one.agency_code for one in row.organizations.all()),
        )
        for row in rows
    }
