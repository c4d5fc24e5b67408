"""Reads for the operator's pages. The hot path has its own, in `store.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from lienthong.apps.directory import api as directory

from .models import Delivery, LogHead, Node, NodeOrganization, Packet, Refusal
from .rules import DEAD_LETTER_AFTER, LOG_NAME, DeliveryState


@dataclass(frozen=True, slots=True)
class Queue:
    """What waits for one agency."""

    agency_code: str
    name: str
    node_id: str
    waiting: int
    urgent: int
    dead_letters: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Participant:
    """An agency as the axis knows it."""

    agency_code: str
    codes: tuple[str, ...]
    name: str
    active: bool
    locked: bool
    node_id: str
    node_name: str
    last_seen_at: datetime | None
    sent: int
    received: int


def packets(
    *, sender: str = "", recipient: str = "", kind: str = "", text: str = ""
) -> QuerySet[Packet]:
    """The packets taken in, newest first; narrow as wanted, and page the result."""
    found = Packet.objects.order_by("-received_at").prefetch_related("deliveries")
    if sender:
        found = found.filter(agency_code=sender)
    if recipient:
        found = found.filter(deliveries__agency_code=recipient)
    if kind:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(Q(document_id__icontains=text) | Q(reference__icontains=text))
    return found


def packet(packet_id: UUID) -> Packet | None:
    """One packet with its deliveries."""
    return Packet.objects.prefetch_related("deliveries").filter(pk=packet_id).first()


def related(found: Packet) -> QuerySet[Packet]:
    """The packets about the same document: itself, its statuses, its recall; oldest first."""
    return (
        Packet.objects.filter(document_id=found.document_id)
        .order_by("received_at")
        .prefetch_related("deliveries")
    )


def refusals() -> QuerySet[Refusal]:
    """What was not taken in, newest first."""
    return Refusal.objects.order_by("-at")


def queues() -> list[Queue]:
    """The agencies for which something waits, the longest wait first."""
    names = names_by_code()
    nodes = dict(NodeOrganization.objects.values_list("agency_code", "node_id"))
    rows = (
        Delivery.objects.exclude(state=DeliveryState.DELIVERED)
        .values("agency_code")
        .annotate(
            waiting=Count("pk"),
            urgent=Count("pk", filter=Q(urgency__gt=0)),
            dead_letters=Count("pk", filter=Q(attempts__gte=DEAD_LETTER_AFTER)),
            oldest=Min("packet__received_at"),
        )
        .order_by("oldest")
    )
    return [
        Queue(
            agency_code=row["agency_code"],
            name=names.get(row["agency_code"], row["agency_code"]),
            node_id=nodes.get(row["agency_code"], ""),
            waiting=row["waiting"],
            urgent=row["urgent"],
            dead_letters=row["dead_letters"],
            oldest=row["oldest"],
        )
        for row in rows
    ]


def participants() -> list[Participant]:
    """Every agency of the directory, with the node that speaks for it."""
    nodes = {node.node_id: node for node in Node.objects.all()}
    speaks = dict(NodeOrganization.objects.values_list("agency_code", "node_id"))
    sent = _counts(Packet.objects.all())
    received = _counts(Delivery.objects.filter(state=DeliveryState.DELIVERED))
    found = []
    for entry in sorted(directory.snapshot(), key=lambda each: each.code):
        node_id = next((speaks[code] for code in entry.codes if code in speaks), "")
        node = nodes.get(node_id)
        found.append(
            Participant(
                agency_code=entry.code,
                codes=tuple(sorted(entry.codes)),
                name=entry.name,
                active=entry.active,
                locked=entry.locked,
                node_id=node_id,
                node_name=node.name if node else "",
                last_seen_at=node.last_seen_at if node else None,
                sent=sent.get(entry.code, 0),
                received=received.get(entry.code, 0),
            )
        )
    return found


def names_by_code() -> dict[str, str]:
    """The name of every agency under each of its codes."""
    return {code: entry.name for entry in directory.snapshot() for code in entry.codes}


def figures() -> Mapping[str, Any]:
    """The few numbers an operator looks at first."""
    head = LogHead.objects.filter(name=LOG_NAME).first()
    waiting = Delivery.objects.exclude(state=DeliveryState.DELIVERED)
    return {
        "packets": Packet.objects.count(),
        "refusals": Refusal.objects.count(),
        "waiting": waiting.count(),
        "dead_letters": waiting.filter(attempts__gte=DEAD_LETTER_AFTER).count(),
        "oldest_waiting": waiting.aggregate(oldest=Min("packet__received_at"))["oldest"],
        "last_received": Packet.objects.aggregate(last=Max("received_at"))["last"],
        "log_size": head.size if head else 0,
        "checkpoint": head.checkpoint if head else "",
    }


def _counts(rows: QuerySet[Any]) -> dict[str, int]:
    counted = rows.values("agency_code").annotate(number=Count("pk"))
    return {row["agency_code"]: row["number"] for row in counted}
