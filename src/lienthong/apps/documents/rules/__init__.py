"""States and transitions of the document desk. No rows are read or written here.

One module a table: the outgoing document, the incoming document, the delivery to one recipient as
its sender knows it (edXML specification §9.1). What they share stands here.
"""

from __future__ import annotations

from datetime import date

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _

from lienthong.core.errors import Problem


class LegalValue(TextChoices):
    """DX-06: a document with valid signatures replaces paper, another one only informs."""

    EQUIVALENT = "equivalent", _("Có giá trị pháp lý như bản giấy")
    INFORMATION_ONLY = "information_only", _("Chỉ để biết, tham khảo")


class UrgencyLevel(IntegerChoices):
    """The urgencies of D28 Art. 10(2)(k) as stored; on the wire they are edxml.Urgency."""

    NORMAL = 0, _("Thường")
    URGENT = 1, _("Khẩn")
    VERY_URGENT = 2, _("Thượng khẩn")
    EXPRESS = 3, _("Hỏa tốc")
    EXPRESS_TIMED = 4, _("Hỏa tốc hẹn giờ")


class MoveNotAllowed(Problem):
    """The document cannot make this move from the state it is in."""

    code = "documents.move_not_allowed"
    status = 409
    text = "Văn bản đang ở trạng thái “{state}” nên không thực hiện được thao tác “{move}”."


def date_words(on: date) -> str:
    """Return "ngày 05 tháng 02 năm 2026": zero before days under 10, and months 1 and 2 (F-08)."""
    month = f"{on.month:02d}" if on.month <= 2 else str(on.month)
    return f"ngày {on.day:02d} tháng {month} năm {on.year}"


def number_text(number: int) -> str:
    """Return the number as written on a document: Arabic, a leading zero below 10 (F-07)."""
    return f"{number:02d}"
