"""The one policy function: who may do what to which object. What no rule allows is refused.

Each context registers its rules in code; the seats of persons are the data they decide on. Pages
ask `check` before they act, lists are filtered by the same facts, and the database refuses rows of
other organizations once more (TM-X-10, TM-X-11).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from lienthong.apps.accounts.rules import Forbidden, NotSignedIn, Power, Role

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in the seat they act from. A person with two seats acts from one at a time.

    Who stands in for another acts from that person's seat, under their own name: `seat_id`, `roles`
    and `position` are the giver's, `powers` is what may be done for them, `stands_in_for` is whom.
    """

    person_id: int
    name: str
    organization_id: int
    seat_id: int
    roles: frozenset[Role]
    position: str = ""
    delegation_id: int | None = None
    powers: frozenset[Power] | None = None
    stands_in_for: str = ""


Rule = Callable[[Actor, Any], bool]
_rules: dict[str, Rule] = {}
_powers: dict[str, Power] = {}


def rule(action: str) -> Callable[[Rule], Rule]:
    """Register the decorated `(actor, object) -> bool` as the rule of `action`, once."""

    def register(decide: Rule) -> Rule:
        known = _rules.get(action)
        if known is not None and _name(known) != _name(decide):
            raise ValueError(f"action {action} has the rule {_name(known)} already")
        _rules[action] = decide
        return decide

    return register


def delegable(power: Power, *actions_: str) -> None:
    """Say which power lets somebody who stands in do these actions. Safe to call again.

    What no power names stays with the person of the seat: signing, drafting, every grant.
    """
    _powers.update(dict.fromkeys(actions_, power))


def _name(decide: Rule) -> str:
    return f"{decide.__module__}.{getattr(decide, '__qualname__', decide)}"


def actions() -> frozenset[str]:
    """Every action that has a rule."""
    return frozenset(_rules)


def can(actor: Actor | None, action: str, object: Any = None) -> bool:  # noqa: A002  reads as the policy is written
    """Say whether `actor` may do `action` to `object`.

    False without an actor, without a rule, and for an object whose `organization_id` is another's.
    """
    decide = _rules.get(action)
    if decide is None:
        logger.error("no rule for action %s: refused", action)
        return False
    if actor is None:
        return False
    if actor.powers is not None and _powers.get(action) not in actor.powers:
        return False
    owner = getattr(object, "organization_id", actor.organization_id)
    if owner != actor.organization_id:
        return False
    return bool(decide(actor, object))


def check(actor: Actor | None, action: str, object: Any = None) -> None:  # noqa: A002  as `can`
    """Raise Forbidden unless `actor` may do `action` to `object`."""
    if not can(actor, action, object):
        raise Forbidden(action=action)


def actor_of(request: HttpRequest) -> Actor:
    """Return who makes this request. Raises NotSignedIn."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None:
        raise NotSignedIn
    return actor
