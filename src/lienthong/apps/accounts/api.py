"""What other contexts may use of accounts."""

from lienthong.apps.accounts.events import SeatTaken, SignedIn, SignInFailed
from lienthong.apps.accounts.models import Person, Seat
from lienthong.apps.accounts.policy import Actor, actor_of, can, check, rule
from lienthong.apps.accounts.queries import actor_in, actor_of_seat, seats, seats_of, seats_with
from lienthong.apps.accounts.rules import Forbidden, NotSignedIn, Role
from lienthong.apps.accounts.scope import also_seen_by, everywhere, row_security, scope

__all__ = [
    "Actor",
    "Forbidden",
    "NotSignedIn",
    "Person",
    "Role",
    "Seat",
    "SeatTaken",
    "SignInFailed",
    "SignedIn",
    "actor_in",
    "actor_of",
    "actor_of_seat",
    "also_seen_by",
    "can",
    "check",
    "everywhere",
    "row_security",
    "rule",
    "scope",
    "seats",
    "seats_of",
    "seats_with",
]
