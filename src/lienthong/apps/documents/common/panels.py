"""What a page offers to do: one panel for one move."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms as django_forms
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from lienthong.apps.accounts.api import Actor
from lienthong.apps.pki import api as pki
from lienthong.apps.pki.api import KeyKind
from lienthong.core.signing import SignerCard
from lienthong.core.signing.validate import signer_card

MakeForm = Callable[[Actor, Any], django_forms.Form]


@dataclass(frozen=True, slots=True)
class Offer:
    """How a move looks on the page."""

    page: str
    label: Any
    hint: Any
    button: Any
    icon: str
    form: MakeForm | None = None
    is_link: bool = False
    is_bad: bool = False
    signs_as: KeyKind | None = None


@dataclass(frozen=True, slots=True)
class KeyCard:
    """The key that will sign, as its certificate says (SG-S-04), and whether it may (SG-S-03)."""

    card: SignerCard
    state: pki.KeyState
    state_text: str
    where: str


@dataclass(frozen=True, slots=True)
class Panel:
    """An offer for one document, with its form."""

    move: str
    offer: Offer
    url: str
    form: django_forms.Form | None
    key: KeyCard | None


def panel(
    move: str, offer: Offer, actor: Actor, document: Model, bound: django_forms.Form | None
) -> Panel:
    """The offer of `move` for this document.

    bound: a form that came back with errors takes the place of the empty one of its class.
    """
    return Panel(
        move=move,
        offer=offer,
        url=reverse(offer.page, args=[document.pk]),
        form=_form(offer, actor, document, bound),
        key=key_card(offer.signs_as, actor) if offer.signs_as else None,
    )


def key_of(kind: KeyKind, actor: Actor) -> pki.Key | None:
    """The key that signs for this actor: one's own, or the seal of one's organization."""
    if kind is KeyKind.PERSON:
        return pki.place_of(kind, person_id=actor.person_id)
    return pki.place_of(kind, organization_id=actor.organization_id)


def key_card(kind: KeyKind, actor: Actor) -> KeyCard | None:
    """The key that signs, as a page shows it; None where there is none."""
    key = key_of(kind, actor)
    if key is None:
        return None
    found = pki.state_of(key.certificate, timezone.now())
    where = pki.ConsentForm.for_key(key).where
    return KeyCard(signer_card(key.certificate.certificate), found.state, found.text, where)


def _form(
    offer: Offer, actor: Actor, document: Model, bound: django_forms.Form | None
) -> django_forms.Form | None:
    if offer.form is None:
        return None
    fresh = offer.form(actor, document)
    return bound if bound is not None and type(bound) is type(fresh) else fresh
