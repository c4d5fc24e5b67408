"""The monitoring indices M-01 to M-13 as data: what is counted, out of what, and by which time.

An index counts rows of one table whose `moment` lies in the period. `base` is the denominator,
`hit` the part of it in the numerator; without `hit` the index is a count. Both are filters, so that
the rows behind a figure are found by the same words as the figure (DX-109).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import (
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Value,
)
from django.db.models.functions import Cast, Concat, LPad, Now, TruncDate
from django.utils.translation import gettext_lazy as _

from lienthong.apps.documents.models import (
    IncomingDocument,
    OutgoingDocument,
    OutgoingRecipient,
    PostedDocument,
    StatusReport,
)
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.delivery import Delivery
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.core.edxml import StatusCode

Counted = IncomingDocument | OutgoingDocument | OutgoingRecipient | PostedDocument
STUCK_AFTER = timedelta(hours=24)  # DX-15


@dataclass(frozen=True, slots=True)
class Index:
    """One figure. code: "M-04"; a letter behind it tells parts of one index apart.

    denominator, numerator: what `base` and `hit` are, in words. basis: the rule it watches.
    """

    code: str
    title: Any
    model: type[Counted]
    moment: str
    denominator: Any
    base: Q = field(default_factory=Q)
    hit: Q | None = None
    numerator: Any = ""
    basis: str = ""

    @property
    def slug(self) -> str:
        """The code as an address has it."""
        return self.code.lower()


def _has_same_day_notice() -> Q:
    notices = StatusReport.objects.filter(
        document=OuterRef("pk"), status=StatusCode.ARRIVED.value
    ).annotate(day=TruncDate("at"))
    arrived = ExpressionWrapper(OuterRef("arrived_at"), output_field=DateTimeField())
    return Q(Exists(notices.filter(day=TruncDate(arrived))))


def _went_electronically_too() -> Q:
    number = Cast("number", CharField())
    written = Concat(number, Value("/"), "notation", output_field=CharField())
    padded = Concat(LPad(number, 2, Value("0")), Value("/"), "notation", output_field=CharField())
    sent = OutgoingDocument.objects.annotate(written=written, padded=padded).filter(
        Q(written=OuterRef("reference")) | Q(padded=OuterRef("reference")),
        organization_id=OuterRef("organization_id"),
        dispatched_at__isnull=False,
    )
    return Q(Exists(sent))


_COMPLETE = (
    ~Q(document_id="")
    & ~Q(number="")
    & ~Q(notation="")
    & ~Q(type_name="")
    & ~Q(subject="")
    & ~Q(sender_code="")
    & ~Q(signer_name="")
    & ~Q(signer_position="")
)
_DUE_TO_SEND = Q(send_by__isnull=False) & (Q(dispatched_at__isnull=False) | Q(send_by__lt=Now()))
_SENT_IN_TIME = Q(dispatched_at__isnull=False, dispatched_at__lte=F("send_by"))

_ALL = (
    Index(
        "M-01a", _("Văn bản đã gửi"), OutgoingDocument, "dispatched_at", _("văn bản đã phát hành")
    ),
    Index(
        "M-01b",
        _("Lượt gửi"),
        OutgoingRecipient,
        "document__dispatched_at",
        _("nơi nhận của văn bản đã phát hành"),
    ),
    Index("M-01c", _("Văn bản đã nhận"), IncomingDocument, "arrived_at", _("văn bản đến")),
    Index(
        "M-02",
        _("Tỷ lệ gửi điện tử"),
        OutgoingDocument,
        "signed_at",
        _("văn bản đã ký, cấp số"),
        Q(number__isnull=False),
        Q(dispatched_at__isnull=False),
        _("đã gửi qua trục"),
        "DX-03",
    ),
    Index(
        "M-03",
        _("Tỷ lệ ký số hợp lệ"),
        IncomingDocument,
        "arrived_at",
        _("văn bản đến"),
        Q(),
        Q(legal_value=LegalValue.EQUIVALENT),
        _("đủ chữ ký số hợp lệ"),
        "DX-12",
    ),
    Index(
        "M-04",
        _("Gửi đúng hạn"),
        OutgoingDocument,
        "signed_at",
        _("văn bản thường đã gửi hoặc đã quá hạn gửi"),
        _DUE_TO_SEND & Q(urgency=0),
        _SENT_IN_TIME,
        _("gửi trước 12 giờ ngày làm việc tiếp theo"),
        "DX-09",
    ),
    Index(
        "M-04k",
        _("Gửi đúng hạn văn bản khẩn"),
        OutgoingDocument,
        "signed_at",
        _("văn bản khẩn đã gửi hoặc đã quá hạn gửi"),
        _DUE_TO_SEND & Q(urgency__gt=0),
        _SENT_IN_TIME,
        _("gửi trong 15 phút"),
        "DX-10",
    ),
    Index(
        "M-05",
        _("Báo nhận trong ngày"),
        IncomingDocument,
        "arrived_at",
        _("văn bản đến"),
        Q(),
        _has_same_day_notice(),
        _("đã báo “đã đến” trong cùng ngày"),
        "DX-22",
    ),
    Index(
        "M-07",
        _("Trạng thái đi đến cuối đúng hạn"),
        OutgoingRecipient,
        "document__dispatched_at",
        _("lượt gửi có hạn trả lời đã qua"),
        Q(document__due_on__lt=TruncDate(Now())),
        Q(
            delivery__in=[Delivery.COMPLETED, Delivery.REJECTED],
            status_at__date__lte=F("document__due_on"),
        ),
        _("báo hoàn thành hoặc từ chối trong hạn"),
        "DX-28",
    ),
    Index(
        "M-07d",
        _("Lượt gửi dừng ở “đã đến”"),
        OutgoingRecipient,
        "document__dispatched_at",
        _("lượt gửi"),
        Q(),
        Q(delivery=Delivery.ARRIVED, status_at__lt=Now() - STUCK_AFTER),
        _("quá 24 giờ chưa được tiếp nhận"),
        "DX-15",
    ),
    Index(
        "M-08",
        _("Văn bản đến bị từ chối"),
        IncomingDocument,
        "arrived_at",
        _("văn bản đến"),
        Q(),
        Q(state=IncomingState.REFUSED),
        _("đã trả lại nơi gửi"),
        "DX-21",
    ),
    Index(
        "M-08g",
        _("Lượt gửi bị từ chối"),
        OutgoingRecipient,
        "document__dispatched_at",
        _("lượt gửi"),
        Q(),
        Q(delivery=Delivery.REJECTED),
        _("nơi nhận trả lại"),
        "DX-21",
    ),
    Index(
        "M-09",
        _("Đủ thông tin mô tả"),
        IncomingDocument,
        "arrived_at",
        _("văn bản đến"),
        Q(),
        _COMPLETE,
        _("không trống trường bắt buộc nào"),
        "DX-14",
    ),
    Index(
        "M-10",
        _("Gói tin đúng quy cách"),
        IncomingDocument,
        "arrived_at",
        _("văn bản đến"),
        Q(),
        Q(report__parts__completeness=True, report__parts__integrity=True, report__warnings=[]),
        _("đầy đủ, toàn vẹn và không có cảnh báo"),
        "DX-13",
    ),
    Index(
        "M-11",
        _("Gửi kèm bản giấy"),
        PostedDocument,
        "posted_on",
        _("dòng trong sổ gửi bưu điện"),
        Q(),
        _went_electronically_too(),
        _("văn bản đã gửi điện tử"),
        "DX-16",
    ),
    Index(
        "M-12",
        _("Thu hồi được trả lời đúng hạn"),
        OutgoingRecipient,
        "recall__asked_at",
        _("lượt gửi đã yêu cầu thu hồi"),
        Q(),
        Q(status_at__lte=F("recall__answer_by")) & ~Q(delivery=Delivery.RECALL_PENDING),
        _("nơi nhận trả lời trong một ngày làm việc"),
        "DX-36",
    ),
    Index(
        "M-13",
        _("Giải quyết đúng hạn"),
        IncomingDocument,
        "due_at",
        _("văn bản đến có hạn xử lý"),
        Q(due_at__isnull=False),
        Q(completed_at__isnull=False, completed_at__lte=F("due_at")),
        _("hoàn thành trong hạn"),
        "DX-32",
    ),
)
INDICES: Mapping[str, Index] = {one.slug: one for one in _ALL}
