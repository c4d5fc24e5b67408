"""Questions that a person keeps."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.models import SavedSearch
from lienthong.apps.documents.problems import SavedSearchesFull

SAVED_MAX = 30


def saved_by(actor: Actor) -> QuerySet[SavedSearch]:
    """The questions that were kept from this seat."""
    return SavedSearch.objects.filter(organization_id=actor.organization_id, seat_id=actor.seat_id)


@transaction.atomic
def save(actor: Actor, name: str, query: str) -> SavedSearch:
    """Keep the question; a name that is taken gets the new one. Raises SavedSearchesFull."""
    if not saved_by(actor).filter(name=name).exists() and saved_by(actor).count() >= SAVED_MAX:
        raise SavedSearchesFull(most=SAVED_MAX)
    kept, _ = SavedSearch.objects.update_or_create(
        seat_id=actor.seat_id,
        name=name,
        defaults={"query": query, "organization_id": actor.organization_id},
    )
    return kept


def forget(actor: Actor, pk: int) -> None:
    """Remove a question of one's own; another's stays."""
    saved_by(actor).filter(pk=pk).delete()
