"""Who may do what at the authority."""

from __future__ import annotations

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role


@accounts.rule("pki.certify")
def may_certify(actor: Actor, _object: object) -> bool:
    """The pages and acts of the authority are for its officers."""
    return Role.CERTIFICATE_OFFICER in actor.roles
