"""Who is told what about requests and certificates (SG 4.1: who is late is visible)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role, Seat
from lienthong.apps.notices import api as notices
from lienthong.apps.notices.api import Kind
from lienthong.apps.pki.models import Certificate, CertificateRequest
from lienthong.apps.pki.registration import policy, queries
from lienthong.apps.pki.registration.rules import Move

RETURNED = Kind("pki.request_returned", _("“%(what)s” bị trả lại: %(detail)s"))
TO_ACCEPT = Kind("pki.request_delivered", _("“%(what)s”: chứng thư đã cấp, mời bạn nhận."))
CARRIED_OUT = Kind("pki.request_done", _("“%(what)s” đã được thực hiện."))
REFUSED = Kind(
    "pki.request_refused", _("Tổ chức cấp từ chối “%(what)s”: %(detail)s"), is_alarm=True
)
PROPOSED = Kind("pki.revocation_proposed", _("Cần duyệt “%(what)s”: %(detail)s"))
HELD = Kind(
    "pki.held_at_once",
    _("“%(what)s” khẩn cấp do %(by)s. Một người khác cần xác nhận trước %(before)s."),
    is_alarm=True,
)
HOLD_OVERDUE = Kind(
    "pki.hold_overdue",
    _("Quá 24 giờ chưa ai xác nhận “%(what)s” khẩn cấp do %(by)s."),
    is_alarm=True,
)
LATE = Kind("pki.request_late", _("“%(what)s” đã quá hạn. Đang chờ %(waits)s."), is_alarm=True)
ENDS = Kind(
    "pki.certificate_ends",
    _("Chứng thư của %(holder)s hết hạn sau %(days)s ngày. Hãy đề nghị gia hạn."),
)
notices.register(
    RETURNED, TO_ACCEPT, CARRIED_OUT, REFUSED, PROPOSED, HELD, HOLD_OVERDUE, LATE, ENDS
)


def acted(request: CertificateRequest, act: str, detail: str) -> None:
    """Tell those who should know that `act` was done to the request; most acts tell nobody."""
    if act == Move.RETURN:
        _tell(RETURNED, request, [request.entered_by], detail=detail)
    elif act == Move.DELIVER:
        _tell(TO_ACCEPT, request, _holders(request))
    elif act == Move.EXECUTE:
        _tell(CARRIED_OUT, request, _holders(request))
    elif act == Move.REFUSE and request.approved_by is not None:
        _tell(REFUSED, request, [request.approved_by], detail=detail)
    elif act == "proposed":
        _tell(PROPOSED, request, queries.seats_to_act(request), detail=detail)


def held(request: CertificateRequest, by: str) -> None:
    """An emergency hold waits for its second person: alarm the registrars."""
    before = timezone.localtime(request.second_by_at).strftime("%H:%M %d/%m/%Y")
    _tell(HELD, request, queries.seats_to_act(request), by=by, before=before)


def hold_overdue(request: CertificateRequest, *, at: datetime) -> None:
    """Nobody confirmed an emergency hold within the day: alarm the leaders too, once a day."""
    leaders = [
        *accounts.seats(request.authority_id, Role.LEADER),
        *accounts.seats(request.organization_id, Role.LEADER),
    ]
    seats = [*queries.seats_to_act(request), *leaders]
    by = (request.approved_by or request.entered_by).person.full_name
    _tell(HOLD_OVERDUE, request, seats, day=at, by=by)


def late(request: CertificateRequest, *, at: datetime) -> None:
    """A request is past its legal time: alarm whoever has to act, once a day."""
    waits = policy.waits_for(request)
    _tell(LATE, request, queries.seats_to_act(request), day=at, waits=waits)


def ends(certificate: Certificate, days: int) -> None:
    """A certificate in use ends in that many days: remind its holder."""
    notices.tell(
        ENDS,
        queries.holders(certificate.organization_id or 0, certificate.person_id),
        key=f"{certificate.sha256}:{days}",
        link=reverse("pki:mine"),
        facts={"holder": certificate.subject, "days": days},
    )


def _holders(request: CertificateRequest) -> list[Seat]:
    return queries.holders(request.organization_id, request.person_id)


def _tell(
    kind: Kind,
    request: CertificateRequest,
    seats: Iterable[Seat],
    *,
    day: datetime | None = None,
    **facts: str,
) -> None:
    """One notice about a request; with `day` again each day."""
    stamp = timezone.localdate(day) if day else request.steps.count()
    notices.tell(
        kind,
        seats,
        key=f"{request.pk}:{stamp}",
        link=reverse("pki:request", args=[request.pk]),
        facts={"what": str(request), **facts},
    )
