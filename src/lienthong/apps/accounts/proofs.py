"""Codes that prove a person: those of an application (TOTP, RFC 6238), and recovery codes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from io import BytesIO

import segno
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from lienthong.apps.accounts import rules, vault
from lienthong.apps.accounts.models import Authenticator, Person, RecoveryCode
from lienthong.apps.accounts.rules import Factor, SecondFactor

SECRET_BYTES = 20  # RFC 4226 §4: 160 bits
DIGITS, STEP_S = 6, 30
DRIFT_STEPS = 1  # a clock that is half a minute off is forgiven
RECOVERY_CODES = 10
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that is misread
GROUPS, GROUP_SIZE = 4, 4  # 79 bits


def new_secret() -> str:
    """A secret for an application, in Base32 as people may type it."""
    return base64.b32encode(os.urandom(SECRET_BYTES)).decode("ascii")


def address(person: Person, secret: str) -> str:
    """The `otpauth:` address that an application reads."""
    return _totp(secret).get_provisioning_uri(person.username, settings.NODE_TITLE)


def picture(text: str) -> bytes:
    """A QR code as SVG, without styles of its own."""
    drawn = BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", scale=4, border=4, xmldecl=False, light="#fff", omitsize=False
    )
    return drawn.getvalue()


@transaction.atomic
def add_application(person: Person, secret: str, code: str, name: str) -> Authenticator:
    """Register an application that shows it has the secret. Raises AuthenticatorRefused."""
    step = _step_of(secret, code, after=0)
    if step is None:
        raise rules.AuthenticatorRefused
    return Authenticator.objects.create(
        person=person,
        factor=Factor.TOTP,
        name=name,
        key=vault.close(secret.encode("ascii"), person.pk),
        counter=step,
        used_at=timezone.now(),
    )


def use_code(person: Person, code: str) -> Factor:
    """Take a code of an application or a recovery code, each once. Raises ProofRefused."""
    typed = "".join(code.split()).replace("-", "").upper()
    found = _use_application(person, typed) if typed.isdecimal() else _use_recovery(person, typed)
    if not found:
        raise rules.ProofRefused
    return Factor.TOTP


def _use_application(person: Person, code: str) -> bool:
    for held in Authenticator.objects.filter(person=person, factor=Factor.TOTP):
        secret = vault.open_(bytes(held.key), person.pk).decode("ascii")
        step = _step_of(secret, code, after=held.counter)
        # Of two who send the same code at once, one changes the row.
        if step is not None and _same(held, counter__lt=step).update(
            counter=step, used_at=timezone.now()
        ):
            return True
    return False


def _same(held: Authenticator, **more: int) -> QuerySet[Authenticator]:
    return Authenticator.objects.filter(pk=held.pk, **more)


def _use_recovery(person: Person, code: str) -> bool:
    unused = RecoveryCode.objects.filter(person=person, digest=_digest(code), used_at=None)
    return bool(unused.update(used_at=timezone.now()))


@transaction.atomic
def new_recovery_codes(person: Person) -> list[str]:
    """Make ten codes in place of those before. They are shown once; only digests are kept."""
    RecoveryCode.objects.filter(person=person).delete()
    codes = [
        "-".join(
            "".join(secrets.choice(ALPHABET) for _ in range(GROUP_SIZE)) for _ in range(GROUPS)
        )
        for _ in range(RECOVERY_CODES)
    ]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(person=person, digest=_digest(code.replace("-", ""))) for code in codes
    )
    return codes


def codes_left(person: Person) -> int:
    """How many recovery codes were not used yet."""
    return RecoveryCode.objects.filter(person=person, used_at=None).count()


@transaction.atomic
def remove(person: Person, pk: int) -> Authenticator:
    """Remove an authenticator. Raises AuthenticatorUnknown, LastAuthenticator."""
    held = list(Authenticator.objects.select_for_update().filter(person=person))
    found = next((each for each in held if each.pk == pk), None)
    if found is None:
        raise rules.AuthenticatorUnknown
    if len(held) == 1 and settings.SECOND_FACTOR == SecondFactor.REQUIRED:
        raise rules.LastAuthenticator
    Authenticator.objects.filter(pk=pk).delete()
    if len(held) == 1:
        RecoveryCode.objects.filter(person=person).delete()
    return found


def reset(person: Person) -> None:
    """Forget every second factor of a person who lost them; they begin anew."""
    Authenticator.objects.filter(person=person).delete()
    RecoveryCode.objects.filter(person=person).delete()


def _step_of(secret: str, code: str, *, after: int) -> int | None:
    """The time step a code is of, among those now and not yet used; None for a wrong code."""
    now = int(timezone.now().timestamp()) // STEP_S
    totp, found = _totp(secret), None
    for step in range(max(now - DRIFT_STEPS, after + 1), now + DRIFT_STEPS + 1):
        if hmac.compare_digest(totp.generate(step * STEP_S), code.encode()):
            found = step
    return found


def _totp(secret: str) -> TOTP:
    # SHA-1 inside HMAC, which RFC 6238 names first: many applications know no other.
    return TOTP(base64.b32decode(secret), DIGITS, SHA1(), STEP_S)  # noqa: S303


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
