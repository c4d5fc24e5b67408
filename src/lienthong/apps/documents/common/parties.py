"""Which codes, names and addresses belong to one organization or person."""

from __future__ import annotations

import unicodedata

from django.utils import timezone

from lienthong.apps.directory import api as directory
from lienthong.core import edxml


def organization_of(organization: directory.Organization) -> edxml.Organization:
    """Return the agency as a packet names it."""
    return edxml.Organization(
        code=organization.code,
        name=organization.name,
        in_charge=organization.parent.name if organization.parent else "",
        address=organization.place,
        email=organization.email,
    )


def agency_codes(organization: directory.Organization) -> set[str]:
    """Every code the organization holds today."""
    return {str(code) for code in organization.codes_on(timezone.localdate()).values()}


def same_name(one: str, other: str) -> bool:
    """Whether two names are one, whatever their case, spaces or way of composing letters."""
    return _folded(one) == _folded(other)


def _folded(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
