"""Tables of accounts: persons, their seats and delegations, the door."""

from lienthong.apps.accounts.models.doors import (
    KnownAddress,
    KnownDevice,
    SessionRecord,
    SignInTries,
)
from lienthong.apps.accounts.models.factors import Authenticator, Identity, RecoveryCode
from lienthong.apps.accounts.models.people import Person, PersonManager, normal_username
from lienthong.apps.accounts.models.seats import DateRange, Delegation, Seat
from lienthong.apps.accounts.rules import Role

__all__ = [
    "Authenticator",
    "DateRange",
    "Delegation",
    "Identity",
    "KnownAddress",
    "KnownDevice",
    "Person",
    "PersonManager",
    "RecoveryCode",
    "Role",
    "Seat",
    "SessionRecord",
    "SignInTries",
    "normal_username",
]
