"""Who takes part: agencies of the directory and the nodes that speak for them, in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from lienthong.core import edxml

from .config import DirectoryEntry, PaperTypes, nothing_listed
from .rows import NodeRow
from .rules import Door

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency. `code` is the one under which the hub keeps everything of it."""

    code: str
    codes: frozenset[str]
    name: str
    active: bool
    locked: bool
    email: str = ""
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class KitAccess:
    """How a system comes through the client kit's door. The secret is shared with it."""

    secret: str
    profile: edxml.Profile
    fresh_time: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A registered node: its agencies, and its request key or its access by the client kit."""

    node_id: str
    name: str
    public_key: ec.EllipticCurvePublicKey | None
    codes: frozenset[str]
    kit: KitAccess | None = None


@dataclass(frozen=True, slots=True)
class Participants:
    """Everything known at one moment."""

    agencies: Mapping[str, Agency]
    nodes: Mapping[str, Node]
    paper_types: PaperTypes = nothing_listed
    """The types that a sender (by its codes) may accompany with paper; None: no list (DX-17)."""

    def agency(self, code: str) -> Agency | None:
        """The agency with this code, of either scheme. None when unknown or no longer active."""
        found = self.agencies.get(code)
        return found if found is not None and found.active else None

    def key_of(self, node_id: str) -> ec.EllipticCurvePublicKey | None:
        """The key that signs a node's requests."""
        node = self.nodes.get(node_id)
        return node.public_key if node else None

    def listed(self) -> list[Agency]:
        """Each agency once, by code."""
        return [each for code, each in sorted(self.agencies.items()) if code == each.code]


NOBODY = Participants({}, {})


def combine(
    entries: Iterable[DirectoryEntry],
    rows: Iterable[NodeRow],
    unseal: Callable[[str, bytes], str | None],
) -> Participants:
    """Join the directory with the registered nodes. unseal: opens a system's secret."""
    agencies: dict[str, Agency] = {}
    for entry in entries:
        agency = Agency(
            entry.code,
            entry.codes | {entry.code},
            entry.name,
            entry.active,
            entry.locked,
            entry.email,
        )
        agencies.update(dict.fromkeys((entry.code, *entry.codes), agency))
    nodes: dict[str, Node] = {}
    for row in rows:
        canonical = frozenset(agencies[code].code for code in row.codes if code in agencies)
        if row.door == Door.KIT:
            access = _access(row, unseal)
            nodes[row.node_id] = Node(row.node_id, row.name, None, canonical, access)
        else:
            nodes[row.node_id] = Node(row.node_id, row.name, _key(row), canonical)
        for code in canonical:
            owner = replace(agencies[code], node_id=row.node_id)
            agencies.update(dict.fromkeys((owner.code, *owner.codes), owner))
    return Participants(agencies, nodes)


def _key(row: NodeRow) -> ec.EllipticCurvePublicKey:
    key = x509.load_pem_x509_certificate(row.certificate.encode()).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TypeError(f"the key of node {row.node_id} is not an elliptic-curve key")
    return key


def _access(row: NodeRow, unseal: Callable[[str, bytes], str | None]) -> KitAccess | None:
    """None when the secret cannot be opened here: then the system is answered as unknown."""
    secret = unseal(row.node_id, row.sealed_secret)
    if secret is None:
        logger.error("the secret of system %s cannot be opened with this node's key", row.node_id)
        return None
    return KitAccess(secret, edxml.Profile(row.profile), row.fresh_time)
