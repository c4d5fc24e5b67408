"""What other contexts and the node's tools may use of the axis."""

from .actions import NodeKeyRefused, deactivate_node, deliver_again, register_node
from .models import Delivery, Node, Packet, Refusal
from .queries import (
    Participant,
    Queue,
    figures,
    names_by_code,
    packet,
    packets,
    participants,
    queues,
    refusals,
    related,
)
from .rules import DeliveryState, Kind

__all__ = [
    "Delivery",
    "DeliveryState",
    "Kind",
    "Node",
    "NodeKeyRefused",
    "Packet",
    "Participant",
    "Queue",
    "Refusal",
    "deactivate_node",
    "deliver_again",
    "figures",
    "names_by_code",
    "packet",
    "packets",
    "participants",
    "queues",
    "refusals",
    "register_node",
    "related",
]
