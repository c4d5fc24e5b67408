"""E-mail about notices, where an SMTP server is configured."""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Sequence
from itertools import groupby

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone, translation

from lienthong.apps.accounts import api as accounts
from lienthong.apps.notices import queries
from lienthong.apps.notices.models import Notice
from lienthong.apps.notices.rules import MAIL_LINES_MAX
from lienthong.apps.outbox import api as outbox

log = logging.getLogger(__name__)


@outbox.job("notices.mail", schedule="*/5 * * * *")
def mail() -> None:
    """Send each person one letter about what they have not read.

    A letter that the server took is marked at once, so a crash sends at most one of them again.
    """
    if not settings.EMAIL_HOST:
        return
    now = timezone.now()
    with accounts.everywhere(), get_connection() as smtp:
        for _, found in groupby(queries.to_mail(now), key=lambda one: one.person_id):
            notices = list(found)
            message = _letter(notices)
            message.connection = smtp
            try:
                message.send()
            except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as error:
                log.warning("no letter to person %s: %s", notices[0].person_id, error)
                continue
            Notice.objects.filter(pk__in=[one.pk for one in notices]).update(mailed_at=now)


def _letter(notices: Sequence[Notice]) -> EmailMessage:
    """The letter in Vietnamese: sentences and the address of the box, nothing to click blindly."""
    with translation.override("vi"):
        lines = [f"- {one.sentence}" for one in notices[:MAIL_LINES_MAX]]
    if len(notices) > MAIL_LINES_MAX:
        lines.append(f"… và {len(notices) - MAIL_LINES_MAX} thông báo khác.")
    where = f"{settings.WEB_URL}/thong-bao/" if settings.WEB_URL else settings.NODE_TITLE
    is_alarm = any(one.is_alarm for one in notices)
    mark = "[Cần xử lý ngay] " if is_alarm else ""
    return EmailMessage(
        subject=f"{mark}{settings.NODE_TITLE}: {len(notices)} thông báo chưa đọc",
        body="\n".join([*lines, "", f"Đăng nhập và xem tại: {where}"]),
        to=[notices[0].person.email],
    )
