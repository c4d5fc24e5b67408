"""Slows down who guesses passwords, without letting them lock out the owner (TM-X-03).

Wrong tries are counted in windows of a minute: for each address, and for each account as tried from
addresses where it never signed in. An address where the account did sign in lately counts apart, so
whoever attacks from elsewhere uses up their own allowance and not the owner's.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from lienthong.apps.accounts import rules
from lienthong.apps.accounts.models import KnownAddress, Person, SignInTries, normal_username

NOWHERE = "0.0.0.0"  # noqa: S104  the name of "no address", not one to listen on

COUNT = """
INSERT INTO accounts_signintries AS known (key, window_started_at, tries)
VALUES (%(key)s, %(now)s, 1)
ON CONFLICT (key) DO UPDATE SET
    tries = CASE WHEN known.window_started_at <= %(old)s THEN 1 ELSE known.tries + 1 END,
    window_started_at =
        CASE WHEN known.window_started_at <= %(old)s THEN %(now)s ELSE known.window_started_at END
RETURNING tries, window_started_at
"""


@dataclass(frozen=True, slots=True)
class Try:
    """A try that has been counted as wrong until it proves right."""

    username: str
    address: str
    keys: tuple[str, ...]


def address_of(request: HttpRequest) -> str:
    """The address of the caller: an IPv6 one stands for its /64, which one caller has to itself."""
    try:
        address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return NOWHERE
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def begin(username: str, address: str) -> Try:
    """Count a try before the password is looked at. Raises SignInThrottled when it is one too many.

    Counting first bounds tries that arrive at the same time.
    """
    username = normal_username(username)
    now = timezone.now()
    is_known = KnownAddress.objects.filter(
        person__username=username,
        address=address,
        last_at__gt=now - rules.KNOWN_ADDRESS_FOR,
    ).exists()
    if is_known:
        keys: tuple[str, ...] = (_key("account at", username, address),)
    else:
        keys = (_key("account", username), _key("address", address))
    with transaction.atomic():
        for key in sorted(keys):
            _count(key, now)
    return Try(username, address, keys)


def _count(key: str, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": key, "now": now, "old": now - rules.TRIES_WINDOW})
        tries, started_at = cursor.fetchone()
    if tries > rules.TRIES_MAX:
        rest = started_at + rules.TRIES_WINDOW - now
        raise rules.SignInThrottled(seconds=max(1, round(rest.total_seconds())))


def forgive(attempt: Try) -> None:
    """Take back what `begin` counted: the try was right, though more must follow."""
    SignInTries.objects.filter(key__in=attempt.keys, tries__gt=0).update(tries=F("tries") - 1)


@transaction.atomic
def succeed(attempt: Try, person: Person) -> None:
    """Take back what `begin` counted, and know the address from now on."""
    forgive(attempt)
    now = timezone.now()
    KnownAddress.objects.update_or_create(
        person=person, address=attempt.address, defaults={"last_at": now}
    )


def forget() -> None:
    """Remove windows that ended and addresses not used for long. Personal data is not kept."""
    now = timezone.now()
    SignInTries.objects.filter(window_started_at__lt=now - rules.TRIES_WINDOW).delete()
    KnownAddress.objects.filter(last_at__lt=now - rules.KNOWN_ADDRESS_FOR).delete()


def _key(*parts: str) -> str:
    # Hashed, because people type passwords into the field of the username.
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
