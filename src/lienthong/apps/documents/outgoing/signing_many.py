"""A leader signs several documents with one PIN."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing.issuing import sign
from lienthong.apps.documents.problems import FieldMissing, KeySignsOneByOne
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.errors import Problem

MANY_MAX = 50
ONE_CONSENT = frozenset({pki.KeyPlace.FILE, pki.KeyPlace.TOKEN})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One document: signed, or why not."""

    document: OutgoingDocument
    problem: Problem | None = None


def may_sign_many(actor: Actor) -> bool:
    """Whether one consent opens this person's key for several documents."""
    key = pki.place_of(pki.KeyKind.PERSON, person_id=actor.person_id)
    return key is not None and key.place in ONE_CONSENT


def sign_many(
    actor: Actor,
    documents: Sequence[OutgoingDocument],
    consent: pki.Consent | str,
    *,
    at: datetime | None = None,
) -> list[Outcome]:
    """Sign each in a transaction of its own: one that cannot be signed holds up no other.

    A wrong PIN is tried once and ends all (a device counts its tries): raises KeyPasswordWrong.
    Raises FieldMissing without documents, KeySignsOneByOne for a key that asks each time.
    """
    if not documents:
        raise FieldMissing(field="văn bản cần ký")
    if not may_sign_many(actor):
        raise KeySignsOneByOne
    outcomes = []
    for document in documents[:MANY_MAX]:
        try:
            outcomes.append(Outcome(sign(actor, document, consent, at=at)))
        except signing.KeyPasswordWrong:
            raise
        except Problem as problem:
            outcomes.append(Outcome(document, problem))
    return outcomes
