"""The audit of key use: one row for each use, or for each stretch of counted uses (SG-K-09)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki.authority.models import KeyUse
from lienthong.apps.pki.authority.rules import KeyPurpose


def used(
    key: str,
    purpose: KeyPurpose,
    *,
    at: datetime,
    subject: str,
    actor: Actor | None = None,
    actor_name: str = "",
    digest: str = "",
    count: int = 1,
    succeeded: bool = True,
) -> None:
    """Note that a key was used. Without an actor the node itself, or `actor_name`, used it.

    key: the folder of the key under the directory of authorities, such as "ca/government-a".
    digest: SHA-256 of what was signed, in hexadecimal; never the content.
    """
    KeyUse.objects.create(
        at=at,
        key=key,
        purpose=purpose,
        person_id=actor.person_id if actor else None,
        actor=(actor.name if actor else actor_name or str(settings.NODE_NAME))[:200],
        subject=subject[:250],
        digest=digest,
        count=count,
        succeeded=succeeded,
    )
