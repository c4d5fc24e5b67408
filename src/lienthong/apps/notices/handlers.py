"""What people are told because others said that it happened."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts.api import NewDevice, seats
from lienthong.apps.notices.actions import tell
from lienthong.apps.notices.rules import Kind, register

NEW_DEVICE = Kind(
    "accounts.new_device",
    _("Tài khoản của bạn vừa được mở trên thiết bị mới: %(device)s, từ %(address)s."),
    is_alarm=True,
)
register(NEW_DEVICE)


def take_new_device(event: NewDevice) -> None:
    """Tell the owner of an account that it was opened on a device not seen before."""
    tell(
        NEW_DEVICE,
        seats(event.organization_id).filter(person_id=event.person_id)[:1],
        key=event.at.isoformat(),
        link=reverse("accounts:security"),
        facts={"device": event.device or "?", "address": event.address},
    )
