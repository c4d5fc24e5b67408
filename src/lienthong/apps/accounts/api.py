"""What other contexts may use of accounts."""

from lienthong.apps.accounts.delegating import delegate, revoke
from lienthong.apps.accounts.devices import end_sessions
from lienthong.apps.accounts.events import (
    NewDevice,
    ProofChanged,
    SeatTaken,
    SignedIn,
    SignInFailed,
)
from lienthong.apps.accounts.models import (
    Authenticator,
    Delegation,
    Identity,
    Person,
    Seat,
    normal_username,
)
from lienthong.apps.accounts.policy import Actor, actor_of, can, check, delegable, rule
from lienthong.apps.accounts.proofs import reset as reset_proofs
from lienthong.apps.accounts.queries import (
    actor_in,
    actor_of_seat,
    actor_standing_in,
    delegations_held,
    in_force,
    seats,
    seats_held,
    seats_of,
    seats_with,
    vacant_seats,
)
from lienthong.apps.accounts.rules import (
    GIVERS,
    DelegationKind,
    DelegationRefused,
    Forbidden,
    NotSignedIn,
    Power,
    Role,
    StepUpNeeded,
)
from lienthong.apps.accounts.scope import also_seen_by, everywhere, row_security, scope
from lienthong.apps.accounts.sessions import check_fresh

__all__ = [
    "GIVERS",
    "Actor",
    "Authenticator",
    "Delegation",
    "DelegationKind",
    "DelegationRefused",
    "Forbidden",
    "Identity",
    "NewDevice",
    "NotSignedIn",
    "Person",
    "Power",
    "ProofChanged",
    "Role",
    "Seat",
    "SeatTaken",
    "SignInFailed",
    "SignedIn",
    "StepUpNeeded",
    "actor_in",
    "actor_of",
    "actor_of_seat",
    "actor_standing_in",
    "also_seen_by",
    "can",
    "check",
    "check_fresh",
    "delegable",
    "delegate",
    "delegations_held",
    "end_sessions",
    "everywhere",
    "in_force",
    "normal_username",
    "reset_proofs",
    "revoke",
    "row_security",
    "rule",
    "scope",
    "seats",
    "seats_held",
    "seats_of",
    "seats_with",
    "vacant_seats",
]
