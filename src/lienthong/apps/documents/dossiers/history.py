"""The history of a file, as its page shows it: every change, and every time it was given out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from lienthong.apps.documents.common.history import Event
from lienthong.apps.documents.models import Dossier, HandOver
from lienthong.apps.journal import api as journal

# The fact of an entry that a person wants to read.
_TOLD = ("reference", "reason", "code", "until", "basis")


def _texts() -> Mapping[str, str]:
    return {
        "documents.dossier_opened": _("Lập hồ sơ"),
        "documents.dossier_approved": _("Duyệt mở hồ sơ"),
        "documents.dossier_edited": _("Sửa thông tin hồ sơ"),
        "documents.dossier_filled": _("Đưa văn bản vào hồ sơ"),
        "documents.dossier_taken_out": _("Bỏ văn bản ra khỏi hồ sơ"),
        "documents.dossier_ordered": _("Xếp lại thứ tự"),
        "documents.dossier_closed": _("Kết thúc hồ sơ"),
        "documents.dossier_reopened": _("Mở lại hồ sơ"),
        "documents.dossier_kept_longer": _("Cho giữ lại thêm"),
        "documents.dossier_handed_over": _("Bàn giao hồ sơ"),
        "documents.dossier_exported": _("Xuất hồ sơ"),
        "documents.hand_over_prepared": _("Lập biên bản bàn giao"),
        "documents.hand_over_given": _("Bên giao ký biên bản"),
        "documents.hand_over_taken": _("Bên nhận kiểm tra và ký biên bản"),
        "documents.hand_over_returned": _("Bên nhận trả lại biên bản"),
        "documents.hand_over_dropped": _("Bên giao hủy biên bản"),
    }


def timeline(subject: Dossier | HandOver) -> list[Event]:
    """What happened to a file or a record, oldest first."""
    texts = _texts()
    return [
        Event(
            at=entry.at,
            text=texts.get(entry.act, entry.act),
            who=entry.actor_name,
            detail=_detail(entry.facts),
            kind=entry.act,
        )
        for entry in journal.history(subject.journal_subject)
    ]


def _detail(facts: Mapping[str, Any]) -> str:
    return " · ".join(str(facts[name]) for name in _TOLD if facts.get(name))
