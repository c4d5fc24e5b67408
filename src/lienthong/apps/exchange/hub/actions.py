"""Writes of the operator. What the hot path writes is in `store.py`."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.apps.registry import api as registry
from lienthong.core.errors import Problem

from .circulation_rules import EventKind
from .models import Delivery, Event, Node, NodeOrganization
from .rules import UNDELIVERABLE, WAITING, DeliveryState

NOT_OVER = (*WAITING, *UNDELIVERABLE)


class NodeKeyRefused(Problem):
    code = "hub.node_key_refused"
    status = 422
    text = "Chứng thư của điểm kết nối {node} phải dùng khoá P-256."


class DeadLetterUnknown(Problem):
    code = "hub.dead_letter_unknown"
    status = 404
    text = "Không có lượt chuyển không giao được nào với mã này."


class AgencyHeld(Problem):
    code = "hub.agency_held"
    status = 409
    text = "Cơ quan {code} đang gửi nhận qua điểm kết nối {node}."


@transaction.atomic
def register_node(
    node_id: str, name: str, certificate_pem: str, organization_codes: Iterable[str]
) -> Node:
    """Let a node speak for these agencies, named by any of their codes. Safe to repeat.

    Raises OrganizationUnknown, NodeKeyRefused.
    """
    key = x509.load_pem_x509_certificate(certificate_pem.encode()).public_key()
    if not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise NodeKeyRefused(node=node_id)
    node, _ = Node.objects.update_or_create(
        node_id=node_id, defaults={"name": name, "certificate": certificate_pem, "active": True}
    )
    codes = list(organization_codes)
    assign(node, codes, takes_over=True)
    registry.tell_node(node_id, certificate_pem, codes)
    return node


def assign(node: Node, organization_codes: Iterable[str], *, takes_over: bool = False) -> None:
    """Let a node speak for these agencies and no others, named by any of their codes.

    takes_over: agencies that another node speaks for move to this one; else that is refused.
    Raises OrganizationUnknown, AgencyHeld.
    """
    wanted = set()
    for code in organization_codes:
        organization = directory.find(code)
        if organization is None:
            raise directory.OrganizationUnknown(code=code)
        wanted.add(organization.code)
    held = NodeOrganization.objects.filter(agency_code__in=wanted).exclude(node=node).first()
    if held is not None and not takes_over:
        raise AgencyHeld(code=held.agency_code, node=held.node_id)
    node.organizations.exclude(agency_code__in=wanted).delete()
    for code in sorted(wanted):
        NodeOrganization.objects.update_or_create(agency_code=code, defaults={"node": node})


def deactivate_node(node_id: str) -> None:
    """No longer answer this node."""
    Node.objects.filter(node_id=node_id).update(active=False)
    registry.tell_node(node_id, "", ())


def deliver_again(delivery_id: UUID) -> bool:
    """Offer a delivery at once, its schedule from the beginning. False when it is over."""
    return bool(_offer(Delivery.objects.filter(pk=delivery_id, state__in=NOT_OVER)))


def deliver_dead_letter_again(delivery_id: UUID) -> None:
    """Queue one dead letter again. Raises DeadLetterUnknown."""
    if not _offer(Delivery.objects.filter(pk=delivery_id, state__in=UNDELIVERABLE)):
        raise DeadLetterUnknown


def deliver_dead_letters_again(agency_code: str = "") -> int:
    """Queue the dead letters again: those to one agency, or all. Return how many."""
    dead = Delivery.objects.filter(state__in=UNDELIVERABLE)
    return _offer(dead.filter(agency_code=agency_code) if agency_code else dead)


@transaction.atomic
def _offer(deliveries: QuerySet[Delivery]) -> int:
    now = timezone.now()
    offered = list(deliveries.select_for_update(of=("self",)).select_related("packet"))
    Event.objects.bulk_create(
        Event(
            at=now,
            kind=EventKind.REQUEUED,
            document_id=each.packet.document_id,
            agency_code=each.agency_code,
            other_code=each.sender_code,
            facts={"delivery_id": str(each.pk), "attempts": each.attempts},
        )
        for each in offered
    )
    ids = [each.pk for each in offered]
    return Delivery.objects.filter(pk__in=ids).update(
        attempts=0, next_at=now, state=DeliveryState.QUEUED
    )
