"""A seal used outside office hours is told to the agency's leaders (SG-K-08)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.documents.common import deadlines
from lienthong.apps.notices import api as notices
from lienthong.apps.notices.api import Kind
from lienthong.core.signing.path import local
from lienthong.core.workclock import VIETNAM

OUTSIDE_HOURS = Kind(
    "documents.seal_outside_hours",
    _("Con dấu của cơ quan được dùng ngoài giờ làm việc: %(by)s, %(what)s, lúc %(at)s."),
    is_alarm=True,
)
notices.register(OUTSIDE_HOURS)


def is_outside(at: datetime) -> bool:
    """Whether `at` is on no working day, or before its beginning or after its end; the break at
    noon counts as office hours."""
    calendar, on = deadlines.calendar(), at.astimezone(VIETNAM).date()
    return not (calendar.is_working_day(on) and calendar.opening(on) <= at <= calendar.close(on))


def tell(
    actor: Actor, organization_id: int, *, at: datetime, what: str, key: str, link: str
) -> bool:
    """Tell the leaders when the seal was used outside office hours, in the caller's transaction.

    Returns whether it was, for the journal. what: what was sealed, in words; key: of this one use.
    """
    if not is_outside(at):
        return False
    leaders = accounts.seats(organization_id, Role.LEADER, on=timezone.localdate(at))
    facts = {"by": actor.name, "what": what, "at": local(at)}
    notices.tell(OUTSIDE_HOURS, leaders, key=key, link=link, facts=facts)
    return True
