"""Reads of the registry. Everything in it is public among participants."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory
from lienthong.apps.registry import rules
from lienthong.apps.registry.models import Change, Entry, NodeKey, PaperRule, SignedHead


def head() -> SignedHead:
    """The newest signed head. Raises RegistryNotSigned."""
    found = SignedHead.objects.filter(pk=1).first()
    if found is None or not found.token:
        raise rules.RegistryNotSigned
    return found


def changes(after: int, limit: int = rules.CHANGES_MAX) -> list[Change]:
    """The changes after number `after`, in their order."""
    return list(Change.objects.filter(sequence__gt=after).order_by("sequence")[:limit])


def state() -> str:
    """The digest of all entries."""
    return rules.state_of(Entry.objects.order_by("key").values_list("key", "body").iterator(5000))


def count() -> int:
    """How many entries there are."""
    return Entry.objects.count()


def entries() -> list[str]:
    """Every entry as it is told, in the order of keys."""
    return list(Entry.objects.order_by("key").values_list("body", flat=True))


def paper_lists() -> Callable[[frozenset[str], date], frozenset[int] | None]:
    """The lists as they stand, to be asked without the database: sender's codes and day."""
    rules_now = list(PaperRule.objects.all())

    def types(sender_codes: frozenset[str], on: date) -> frozenset[int] | None:
        held = [each for each in rules_now if _holds(each, on)]
        if not held:
            return None
        mine = [each for each in held if not each.agency_code or each.agency_code in sender_codes]
        never = {each.type_code for each in mine if each.list == rules.Paper.WITHOUT}
        allowed = {each.type_code for each in mine if each.list == rules.Paper.WITH}
        return frozenset(allowed - never)

    return types


def _holds(rule: PaperRule, on: date) -> bool:
    return rule.valid_from <= on and (rule.valid_to is None or on < rule.valid_to)


def paper_types(sender_codes: frozenset[str], on: date | None = None) -> frozenset[int] | None:
    """The types that this sender may accompany with paper on that day; None without any list.

    A type on the list "without" never goes with paper, whoever sends it (DX-17).
    """
    return paper_lists()(sender_codes, on or timezone.localdate())


def found(text: str) -> QuerySet[directory.Organization]:
    """Agencies, also those that ended, whose name or code has every word, accents aside."""
    rows = directory.Organization.objects.prefetch_related("codes")
    for word in directory.plain(text).split():
        rows = rows.filter(Q(search_text__contains=word) | Q(codes__value__icontains=word))
    return rows.distinct() if text.strip() else rows


@accounts.rule("registry.operate")
def may_operate(actor: Actor, _object: object) -> bool:
    """The registry is kept by the operator of the axis."""
    return Role.AXIS_OPERATOR in actor.roles


def successions(organization: directory.Organization) -> QuerySet[directory.Succession]:
    """Whom it succeeded and who succeeded it."""
    return directory.Succession.objects.filter(
        Q(predecessor=organization) | Q(successor=organization)
    ).select_related("predecessor", "successor")


def key_of(organization: directory.Organization) -> NodeKey | None:
    """The node that speaks for it."""
    return NodeKey.objects.filter(pk=organization.pk).first()
