"""Keys of WebAuthn: phishing cannot take them away, for they answer to our own address alone.

User verification is always asked for (TM-X-01). A challenge lives in the session, for one answer.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import webauthn
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from lienthong.apps.accounts import rules
from lienthong.apps.accounts.models import Authenticator, Person
from lienthong.apps.accounts.rules import Factor

PASSKEYS_MAX = 10
VERIFIED = UserVerificationRequirement.REQUIRED


def origin(request: HttpRequest) -> str:
    """Where this page is, as browsers write it; the setting decides where there is one."""
    place = urlsplit(settings.WEB_URL or request.build_absolute_uri("/"))
    return f"{place.scheme}://{place.netloc}"


def _site(request: HttpRequest) -> str:
    return urlsplit(origin(request)).hostname or ""


def ask_to_register(request: HttpRequest, person: Person) -> str:
    """What a browser needs to make a key, as JSON; the challenge stays in the session."""
    options = webauthn.generate_registration_options(
        rp_id=_site(request),
        rp_name=settings.NODE_TITLE,
        user_id=str(person.pk).encode(),
        user_name=person.username,
        user_display_name=person.full_name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=VERIFIED
        ),
        exclude_credentials=_described(person),
    )
    _keep(request, "register", person, options.challenge)
    return webauthn.options_to_json(options)


@transaction.atomic
def register(request: HttpRequest, person: Person, answer: str, name: str) -> Authenticator:
    """Take the key that a browser made. Raises StepExpired, AuthenticatorRefused."""
    challenge = _take(request, "register", person)
    if Authenticator.objects.filter(person=person, factor=Factor.PASSKEY).count() >= PASSKEYS_MAX:
        raise rules.AuthenticatorRefused
    try:
        found = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=_site(request),
            expected_origin=origin(request),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise rules.AuthenticatorRefused from error
    if Authenticator.objects.filter(credential_id=found.credential_id).exists():
        raise rules.AuthenticatorRefused
    return Authenticator.objects.create(
        person=person,
        factor=Factor.PASSKEY,
        name=name,
        key=found.credential_public_key,
        credential_id=found.credential_id,
        counter=found.sign_count,
        used_at=timezone.now(),
    )


def ask_to_prove(request: HttpRequest, person: Person) -> str:
    """What a browser needs to use one of the person's keys, as JSON; "" without keys."""
    known = _described(person)
    if not known:
        return ""
    options = webauthn.generate_authentication_options(
        rp_id=_site(request), allow_credentials=known, user_verification=VERIFIED
    )
    _keep(request, "prove", person, options.challenge)
    return webauthn.options_to_json(options)


@transaction.atomic
def prove(request: HttpRequest, person: Person, answer: str) -> Factor:
    """Check the answer of one of the person's keys. Raises StepExpired, ProofRefused.

    Refused: another origin or site, an old challenge, no user verification, a counter that does not
    grow, a key of somebody else.
    """
    challenge = _take(request, "prove", person)
    try:
        credential = _read(answer)
        wanted = base64url_to_bytes(str(credential["rawId"]))
        held = Authenticator.objects.select_for_update().filter(
            person=person, factor=Factor.PASSKEY, credential_id=wanted
        )
        key = held.get()
        found = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_site(request),
            expected_origin=origin(request),
            credential_public_key=bytes(key.key),
            credential_current_sign_count=key.counter,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, Authenticator.DoesNotExist) as error:
        raise rules.ProofRefused from error
    held.update(counter=found.new_sign_count, used_at=timezone.now())
    return Factor.PASSKEY


def _described(person: Person) -> list[PublicKeyCredentialDescriptor]:
    held = Authenticator.objects.filter(person=person, factor=Factor.PASSKEY)
    return [
        PublicKeyCredentialDescriptor(id=bytes(credential_id))
        for credential_id in held.values_list("credential_id", flat=True)
        if credential_id is not None
    ]


def _read(answer: str) -> dict[str, Any]:
    """The answer of a browser. Raises ValueError for anything but a JSON object."""
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def _keep(request: HttpRequest, purpose: str, person: Person, challenge: bytes) -> None:
    request.session[f"passkey_{purpose}"] = {
        "challenge": bytes_to_base64url(challenge),
        "person": person.pk,
        "at": int(timezone.now().timestamp()),
    }


def _take(request: HttpRequest, purpose: str, person: Person) -> bytes:
    """The challenge that was given for this, once. Raises StepExpired."""
    kept = request.session.pop(f"passkey_{purpose}", None)
    age = timezone.now().timestamp() - kept["at"] if kept else 0
    if not kept or kept["person"] != person.pk or age > rules.STEP_MAX.total_seconds():
        raise rules.StepExpired
    return base64url_to_bytes(kept["challenge"])
