"""Tokens: made, shown once, kept as a digest, counted, revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.models import ApiToken
from lienthong.apps.documents.rest.problems import BodyInvalid, TokenInvalid, TooManyRequests
from lienthong.apps.journal import api as journal

PREFIX = "lt_"
A_MINUTE_MAX = 300  # requests of one token
YEARS_MAX = 2
SCOPES: Mapping[str, Any] = {
    "documents.read": _("Đọc văn bản, tệp và trạng thái gửi"),
    "documents.search": _("Tìm kiếm"),
    "documents.register": _("Tiếp nhận văn bản đến"),
    "documents.direct": _("Phân công, xử lý, hoàn thành"),
    "documents.draft": _("Soạn, sửa và trình dự thảo"),
}
COUNT = """
UPDATE documents_apitoken SET
    used = CASE WHEN minute = date_trunc('minute', %(now)s::timestamptz) THEN used + 1 ELSE 1 END,
    minute = date_trunc('minute', %(now)s::timestamptz), last_used_at = %(now)s
WHERE id = %(id)s RETURNING used
"""


@accounts.rule("documents.api_tokens")
def may_make(actor: Actor, _object: Any) -> bool:
    """The administrator lets software in."""
    return Role.ADMINISTRATOR in actor.roles


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """Every token of the actor's organization, newest first."""
    found = ApiToken.objects.filter(organization_id=actor.organization_id)
    return found.select_related("seat__person", "made_by__person")


@transaction.atomic
def make(
    actor: Actor, *, name: str, seat_id: int, scopes: Sequence[str], ends_on: date
) -> tuple[ApiToken, str]:
    """Return a new token and its secret, which is nowhere kept. Raises BodyInvalid, Forbidden."""
    accounts.check(actor, "documents.api_tokens")
    seat = accounts.seats(actor.organization_id).filter(pk=seat_id).first()
    today = timezone.localdate()
    if seat is None or not scopes or not set(scopes) <= SCOPES.keys():
        raise BodyInvalid(reason="vị trí hoặc phạm vi")
    if not today <= ends_on <= today + timedelta(days=366 * YEARS_MAX):
        raise BodyInvalid(reason=f"ngày hết hạn, nhiều nhất {YEARS_MAX} năm")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        organization_id=actor.organization_id,
        name=name,
        seat=seat,
        scopes=sorted(scopes),
        digest=digest(secret),
        beginning=secret[: len(PREFIX) + 6],
        made_by_id=actor.seat_id,
        ends_on=ends_on,
    )
    _record(actor, token, "documents.token_made")
    return token, secret


@transaction.atomic
def revoke(actor: Actor, pk: int) -> None:
    """End a token now. One that has ended already stays as it is."""
    accounts.check(actor, "documents.api_tokens")
    token = tokens_of(actor).select_for_update(of=("self",)).filter(pk=pk, revoked_at=None).first()
    if token is None:
        return
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at"])
    _record(actor, token, "documents.token_revoked")


def enter(secret: str) -> ApiToken:
    """The token of a request, counted. Raises TokenInvalid, TooManyRequests."""
    with accounts.everywhere():
        token = ApiToken.objects.filter(digest=digest(secret), revoked_at=None).first()
        if token is None or token.ends_on < timezone.localdate():
            raise TokenInvalid
        held = accounts.seats(token.organization_id).filter(pk=token.seat_id)
        if not held.exists():
            raise TokenInvalid
        with connection.cursor() as cursor:
            cursor.execute(COUNT, {"now": timezone.now(), "id": token.pk})
            (used,) = cursor.fetchone()
    if used > A_MINUTE_MAX:
        raise TooManyRequests(most=A_MINUTE_MAX)
    return token


def digest(secret: str) -> str:
    """Of 256 random bits a plain digest is enough: there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _record(actor: Actor, token: ApiToken, act: str) -> None:
    journal.record(
        organization_id=actor.organization_id,
        act=act,
        subject=f"api_token:{token.pk}",
        actor=actor,
        facts={"name": token.name, "seat": token.seat_id, "scopes": list(token.scopes)},
    )
