"""What other contexts and the node's tools may use of the axis."""

from .actions import (
    NodeKeyRefused,
    deactivate_node,
    deliver_again,
    deliver_dead_letter_again,
    deliver_dead_letters_again,
    register_node,
)
from .models import Delivery, Node, Packet, Refusal
from .overview import (
    Participant,
    Queue,
    Totals,
    dead_letters,
    node_keys,
    packet,
    packets,
    participants,
    queues,
    refusals,
    related,
    totals,
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
    "Totals",
    "deactivate_node",
    "dead_letters",
    "deliver_again",
    "deliver_dead_letter_again",
    "deliver_dead_letters_again",
    "node_keys",
    "packet",
    "packets",
    "participants",
    "queues",
    "refusals",
    "register_node",
    "related",
    "totals",
]
