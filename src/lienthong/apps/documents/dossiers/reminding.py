"""Keepers are told when a file goes to the archive soon, and when it is late (DX-79)."""

from __future__ import annotations

from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Role
from lienthong.apps.documents.dossiers import queries, retention
from lienthong.apps.documents.models import Dossier
from lienthong.apps.notices import api as notices
from lienthong.apps.notices.api import Kind

NEAR = Kind("documents.hand_over_near", _("Hồ sơ %(code)s “%(title)s” phải nộp lưu trước %(due)s."))
LATE = Kind(
    "documents.hand_over_late",
    _("Hồ sơ %(code)s “%(title)s” đã quá hạn nộp lưu (%(due)s)."),
    is_alarm=True,
)
notices.register(NEAR, LATE)


def remind(on: date) -> None:
    """Tell the keeper of each file that is due; each once ahead and once when late.

    Archivists are told of late ones too. Safe to repeat.
    """
    near = on + timedelta(days=retention.duties(on).remind_days)
    waiting = queries.to_hand_over(Dossier.objects.all()).filter(due_on__lte=near)
    for dossier in waiting.select_related("creator__person").iterator(chunk_size=500):
        is_late = dossier.due_on is not None and dossier.due_on < on
        seats = [dossier.creator] if dossier.creator else []
        if is_late:
            seats += accounts.seats(dossier.organization_id, Role.ARCHIVIST)
        notices.tell(
            LATE if is_late else NEAR,
            seats,
            key=f"{dossier.pk}:{dossier.due_on}",
            link=reverse("documents:dossier_detail", args=[dossier.pk]),
            facts={
                "code": dossier.code,
                "title": dossier.title[:100],
                "due": f"{dossier.due_on:%d/%m/%Y}",
            },
        )
