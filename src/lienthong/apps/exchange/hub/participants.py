"""Who takes part: agencies of the directory and the nodes that speak for them, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from .config import DirectoryEntry
from .store import NodeRow


@dataclass(frozen=True, slots=True)
class Agency:
    """An agency. `code` is the one under which the hub keeps everything of it."""

    code: str
    codes: frozenset[str]
    name: str
    active: bool
    locked: bool
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A registered node: its request key and its agencies."""

    node_id: str
    name: str
    public_key: ec.EllipticCurvePublicKey
    codes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Participants:
    """Everything known at one moment."""

    agencies: Mapping[str, Agency]
    nodes: Mapping[str, Node]

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


def combine(entries: Iterable[DirectoryEntry], rows: Iterable[NodeRow]) -> Participants:
    """Join the directory with the registered nodes."""
    agencies: dict[str, Agency] = {}
    for entry in entries:
        agency = Agency(
            entry.code, entry.codes | {entry.code}, entry.name, entry.active, entry.locked
        )
        agencies.update(dict.fromkeys((entry.code, *entry.codes), agency))
    nodes: dict[str, Node] = {}
    for row in rows:
        key = x509.load_pem_x509_certificate(row.certificate.encode()).public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise TypeError(f"the key of node {row.node_id} is not an elliptic-curve key")
        canonical = {agencies[code].code for code in row.codes if code in agencies}
        nodes[row.node_id] = Node(row.node_id, row.name, key, frozenset(canonical))
        for code in canonical:
            owner = replace(agencies[code], node_id=row.node_id)
            agencies.update(dict.fromkeys((owner.code, *owner.codes), owner))
    return Participants(agencies, nodes)
