"""The inputs of path validation that are not certificates (RFC 5280 6.1.1)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PathRules:
    """What the relying party asks of a path.

    policies: the user-initial-policy-set, dotted; empty means any policy. any_strength: take
    algorithms that the product's table refuses (but never MD5).
    """

    policies: frozenset[str] = frozenset()
    explicit_policy: bool = False
    inhibit_any: bool = False
    inhibit_mapping: bool = False
    any_strength: bool = False
