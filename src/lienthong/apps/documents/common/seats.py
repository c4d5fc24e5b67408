"""Who may be chosen for what."""

from __future__ import annotations

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role, Seat


def with_roles(organization_id: int, roles: frozenset[Role]) -> list[Seat]:
    """Seats of the organization with one of `roles`, in Vietnamese order of names."""
    return list(accounts.seats(organization_id).filter(role__in=roles))
