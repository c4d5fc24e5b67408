"""What other contexts may use of the directory."""

from lienthong.apps.directory.actions import add_unit, give_code, lock, register, succeed, unlock
from lienthong.apps.directory.models import Kind, Organization, OrganizationCode, Scheme, Unit
from lienthong.apps.directory.queries import (
    Entry,
    all_active,
    find,
    get,
    search,
    snapshot,
    successors,
    units,
)
from lienthong.apps.directory.rules import (
    CodeTaken,
    OrganizationUnknown,
    composed,
    plain,
    sort_key,
)
from lienthong.core.identifiers import CodeInvalid

__all__ = [
    "CodeInvalid",
    "CodeTaken",
    "Entry",
    "Kind",
    "Organization",
    "OrganizationCode",
    "OrganizationUnknown",
    "Scheme",
    "Unit",
    "add_unit",
    "all_active",
    "composed",
    "find",
    "get",
    "give_code",
    "lock",
    "plain",
    "register",
    "search",
    "snapshot",
    "sort_key",
    "succeed",
    "successors",
    "units",
    "unlock",
]
