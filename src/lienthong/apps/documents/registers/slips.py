"""Papers about one incoming document: handling slip and the stamp "ĐẾN" (D30 Annex IV; DX-33)."""

from __future__ import annotations

import json

import typst
from django.utils import timezone

from lienthong.apps.documents.common.listing import Column, Listing, Table, printed
from lienthong.apps.documents.common.typeset import FONTS, TEMPLATES
from lienthong.apps.documents.models import IncomingDocument
from lienthong.apps.documents.rules import number_text


def handling_slip(document: IncomingDocument) -> bytes:
    """Phiếu giải quyết văn bản đến, with what the leader and the lead have written so far."""
    lead = document.lead
    unit = lead.unit.name if lead and lead.unit else ""
    helpers = ", ".join(seat.person.full_name for seat in document.supporting.all())
    due = f"{timezone.localdate(document.due_at):%d/%m/%Y}" if document.due_at else ""
    assigned = (
        f"{timezone.localdate(document.assigned_at):%d/%m/%Y}" if document.assigned_at else ""
    )
    done = f"{timezone.localdate(document.completed_at):%d/%m/%Y}" if document.completed_at else ""
    return printed(
        Listing(
            agency=document.organization.name,
            title="Phiếu giải quyết văn bản đến",
            intro=[
                f"{document.type_name} số {document.reference} ngày {document.issued_on:%d/%m/%Y} "
                f"của {document.sender_name}. Số đến: "
                f"{number_text(document.arrival_number) if document.arrival_number else ''}.",
                f"Về việc: {document.subject}",
            ],
            tables=[
                Table(
                    [Column("Nội dung", 2), Column("Ghi", 4)],
                    [
                        ["Đơn vị chủ trì", unit],
                        ["Đơn vị, người phối hợp", helpers],
                        ["Ý kiến chỉ đạo", document.directive],
                        ["Thời hạn giải quyết", due],
                        ["Ngày cho ý kiến", assigned],
                    ],
                    caption="Ý kiến của lãnh đạo cơ quan",
                ),
                Table(
                    [Column("Nội dung", 2), Column("Ghi", 4)],
                    [
                        ["Giao cho", lead.person.full_name if lead else ""],
                        ["Thời hạn", due],
                        ["Ngày cho ý kiến", assigned],
                    ],
                    caption="Ý kiến của lãnh đạo đơn vị",
                ),
                Table(
                    [Column("Nội dung", 2), Column("Ghi", 4)],
                    [["Đề xuất, kết quả", document.result_note], ["Ngày", done]],
                    caption="Ý kiến đề xuất của người giải quyết",
                ),
            ],
        )
    )


def arrival_stamp(document: IncomingDocument) -> bytes:
    """The stamp "ĐẾN", 35 × 50 mm, alone on a page of that size."""
    lead = document.lead
    data = {
        "agency": document.organization.name,
        "number": number_text(document.arrival_number) if document.arrival_number else "",
        "day": f"{timezone.localdate(document.registered_at):%d/%m/%Y}"
        if document.registered_at
        else "",
        "to": lead.unit.name if lead and lead.unit else "",
        "file": document.dossier.code if document.dossier else "",
    }
    pdf = typst.compile(
        str(TEMPLATES / "arrival_stamp.typ"),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"stamp": json.dumps(data, ensure_ascii=False)},
    )
    if not isinstance(pdf, bytes):
        raise TypeError("typst gave no single PDF")
    return pdf
