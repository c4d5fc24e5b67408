"""What the authority's officers are told: holds that nobody confirmed in time (SG 4.1)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.notices import api as notices
from lienthong.apps.notices.api import Kind
from lienthong.apps.pki.authority import queries
from lienthong.apps.pki.authority.models import IssuedCertificate

UNCONFIRMED = Kind(
    "pki.unconfirmed_hold",
    _("Việc tạm dừng chứng thư của %(holder)s chưa có người thứ hai xác nhận, đã quá hạn."),
    is_alarm=True,
)
notices.register(UNCONFIRMED)


def holds(*, at: datetime) -> None:
    """Alarm the certificate officers about each hold that is overdue, once a day."""
    officers = list(accounts.seats_with(Role.CERTIFICATE_OFFICER))
    waiting = queries.open_holds().filter(confirm_before__lt=at)
    proposed = queries.open_proposals().filter(confirm_before__lt=at)
    overdue = Q(requests__in=waiting) | Q(proposals__in=proposed)
    for certificate in IssuedCertificate.objects.filter(overdue).distinct():
        notices.tell(
            UNCONFIRMED,
            officers,
            key=f"{certificate.sha256}:{timezone.localdate(at)}",
            link=reverse("authority:certificate", args=[certificate.sha256]),
            facts={"holder": certificate.subject},
        )
