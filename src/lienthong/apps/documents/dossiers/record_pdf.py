"""The record of a hand-over (biên bản giao nhận) with the list of files, ready to be signed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from lienthong.apps.documents.common.listing import Column, Listing, Signer, Table, printed_to_sign
from lienthong.apps.documents.dossiers import queries
from lienthong.apps.documents.models import Dossier, HandOver
from lienthong.apps.documents.outgoing import marks
from lienthong.apps.documents.rules import date_words
from lienthong.apps.documents.rules.dossiers import HandOverKind
from lienthong.core.signing.pdf_prepare import prepare_fields

GIVER, TAKER = "BenGiao", "BenNhan"

_COLUMNS = (
    Column("STT", align="right"),
    Column("Số, ký hiệu hồ sơ", 2),
    Column("Tiêu đề hồ sơ", 5),
    Column("Từ ngày", align="center"),
    Column("Đến ngày", align="center"),
    Column("Thời hạn bảo quản", 1.6),
    Column("Số văn bản", align="right"),
    Column("Số trang", align="right"),
)


def made(hand_over: HandOver, dossiers: Sequence[Dossier]) -> bytes:
    """The PDF with the two empty fields."""
    organization = hand_over.organization
    today = timezone.localdate(hand_over.prepared_at)
    rows = [_row(number, dossier) for number, dossier in enumerate(dossiers, start=1)]
    giver, taker = hand_over.giver, hand_over.taker
    what = (
        "nộp vào Lưu trữ cơ quan"
        if hand_over.kind == HandOverKind.ARCHIVE
        else f"bàn giao toàn bộ hồ sơ do {hand_over.keeper.person.full_name} lập và giữ"
    )
    listing = Listing(
        agency=organization.name,
        superior=organization.parent.name if organization.parent else "",
        place_and_day=f"{organization.place}, {date_words(today)}",
        title="Biên bản giao nhận hồ sơ, tài liệu",
        subtitle=[hand_over.get_kind_display()],
        intro=[
            f"Bên giao: {giver.person.full_name}{', ' + giver.position if giver.position else ''}.",
            f"Bên nhận: {taker.person.full_name}{', ' + taker.position if taker.position else ''}.",
            f"Hai bên thống nhất {what}: {len(dossiers)} hồ sơ, gồm "
            f"{sum(int(row[6]) for row in rows)} văn bản, {sum(int(row[7]) for row in rows)} "
            "trang, theo mục lục dưới đây. Mỗi hồ sơ được đối chiếu bằng mã băm.",
        ],
        tables=[Table(_COLUMNS, rows, caption="Mục lục hồ sơ")],
        signers=[
            Signer(GIVER, "Đại diện bên giao", giver.person.full_name),
            Signer(TAKER, "Đại diện bên nhận", taker.person.full_name),
        ],
    )
    pdf, places = printed_to_sign(listing)
    return prepare_fields(pdf, places, title="Biên bản giao nhận hồ sơ")


def mark_of(name: str) -> bytes:
    """The picture of a name that stands in a signed field; it proves nothing."""
    return marks.handwriting(name)


def _row(number: int, dossier: Dossier) -> list[str]:
    documents = [item.incoming or item.outgoing for item in queries.items(dossier)]
    return [
        str(number),
        f"{dossier.code} ({dossier.year})",
        dossier.title,
        f"{dossier.opened_on:%d/%m/%Y}",
        f"{dossier.closed_on:%d/%m/%Y}" if dossier.closed_on else "đang mở",
        dossier.retention,
        str(len(documents)),
        str(sum(one.page_amount for one in documents if one)),
    ]
