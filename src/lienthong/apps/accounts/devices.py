"""The browsers a person signs in from, and the sessions that are open in them."""

from __future__ import annotations

import hashlib
import re
import secrets

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from lienthong.apps.accounts import rules
from lienthong.apps.accounts.events import NewDevice
from lienthong.apps.accounts.models import KnownDevice, Person, SessionRecord
from lienthong.apps.outbox import api as outbox

TOKEN = re.compile(r"[\w-]{43}")
# The first name that fits is the browser's: others borrow the names after theirs.
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")
SPOKEN = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}


def name_of(request: HttpRequest) -> str:
    """What a person would call the device: "Firefox, Windows"; "" when it does not tell."""
    told = request.headers.get("User-Agent", "")
    found = [next((name for name in names if name in told), None) for names in (BROWSERS, SYSTEMS)]
    return ", ".join(SPOKEN.get(name, name) for name in found if name)


def meet(request: HttpRequest, person: Person, organization_id: int, address: str) -> None:
    """Know the device from now on; tell the person when it is not their first and was not known."""
    token = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    if not TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(32)
    now, device = timezone.now(), name_of(request)
    had_devices = KnownDevice.objects.filter(person=person).exists()
    _, is_new = KnownDevice.objects.update_or_create(
        person=person,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        defaults={"device": device, "last_at": now},
        create_defaults={"device": device, "last_at": now, "first_at": now},
    )
    request.device_token = token  # type: ignore[attr-defined]
    if is_new and had_devices:
        outbox.publish(NewDevice(organization_id, person.pk, device, address, now))


def remember(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the browser keep the token that `meet` gave it."""
    if token := getattr(request, "device_token", ""):
        response.set_cookie(
            settings.DEVICE_COOKIE_NAME,
            token,
            max_age=rules.KNOWN_DEVICE_FOR,
            httponly=True,
            samesite="Lax",
            secure=bool(settings.SESSION_COOKIE_SECURE),
        )
    return response


def sessions_of(person: Person) -> QuerySet[SessionRecord]:
    """The open sessions of a person, the one used last first."""
    oldest = timezone.now() - rules.SESSION_MAX
    return SessionRecord.objects.filter(person=person, begun_at__gt=oldest)


def public_name(record: SessionRecord) -> str:
    """What a page calls a session: its key would open it."""
    return hashlib.sha256(record.session_key.encode()).hexdigest()[:24]


@transaction.atomic
def end_sessions(person: Person, *, key: str | None = None, keep: str | None = None) -> int:
    """End one session of a person, or all but `keep`; returns how many. They end at once."""
    found = SessionRecord.objects.filter(person=person)
    found = found.filter(pk=key) if key is not None else found.exclude(pk=keep)
    keys = list(found.values_list("pk", flat=True))
    Session.objects.filter(pk__in=keys).delete()
    found.filter(pk__in=keys).delete()
    return len(keys)


def forget() -> None:
    """Remove sessions that are over and devices not used for long."""
    now = timezone.now()
    Session.objects.filter(expire_date__lt=now).delete()
    SessionRecord.objects.filter(begun_at__lt=now - rules.SESSION_MAX).delete()
    KnownDevice.objects.filter(last_at__lt=now - rules.KNOWN_DEVICE_FOR).delete()
