"""Lines that the clerk writes into a register by hand."""

from __future__ import annotations

from django.db import transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.models import CopyUse, PostedDocument
from lienthong.apps.journal import api as journal


@transaction.atomic
def enter(actor: Actor, line: PostedDocument | CopyUse) -> None:
    """Write a line that was checked for shape into its register, and into the journal."""
    accounts.check(actor, "documents.registers_enter")
    line.organization_id = actor.organization_id
    line.entered_by_id = actor.seat_id
    line.save(force_insert=True)
    journal.record(
        organization_id=actor.organization_id,
        act="documents.register_entered",
        subject=f"register:{line._meta.model_name}",
        actor=actor,
        facts={"reference": line.reference},
    )
