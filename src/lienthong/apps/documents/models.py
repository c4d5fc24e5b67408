"""Tables of the document desk. Every row carries the organization that owns it (row security)."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models.functions import ExtractYear

from lienthong.apps.documents.rules import (
    Delivery,
    IncomingState,
    LegalValue,
    OutgoingState,
    Source,
    UrgencyLevel,
    date_words,
    number_text,
)
from lienthong.core.edxml import StatusCode
from lienthong.core.signing.text_marks import CopyKind

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

STATUS_CHOICES = [(status.value, status.label) for status in StatusCode]


class NumberSeries(models.Model):
    """Một dãy số trong năm. The row is locked while a number is taken: none is lost or doubled."""

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    series = models.CharField("dãy số", max_length=20)
    year = models.PositiveSmallIntegerField("năm")
    last = models.PositiveIntegerField("số cuối", default=0)
    last_on = models.DateField("ngày của số cuối", null=True)

    class Meta:
        verbose_name = "dãy số"
        constraints = (
            models.UniqueConstraint("organization", "series", "year", name="number_series_once"),
        )

    def __str__(self) -> str:
        return f"{self.series}/{self.year}: {self.last}"


class Dossier(models.Model):
    """Hồ sơ công việc (D30 Art. 28–29, DX-75)."""

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    code = models.CharField("số và ký hiệu hồ sơ", max_length=20)
    title = models.CharField("tiêu đề hồ sơ", max_length=500)
    creator = models.ForeignKey(
        "accounts.Seat", models.PROTECT, null=True, related_name="+", verbose_name="người lập"
    )
    retention = models.CharField("thời hạn bảo quản", max_length=30, default="10 năm")
    opened_on = models.DateField("ngày mở")
    closed_on = models.DateField("ngày kết thúc", null=True, blank=True)

    class Meta:
        verbose_name = "hồ sơ công việc"
        ordering = (
            "-opened_on",
            "code",
        )
        constraints = (models.UniqueConstraint("organization", "code", name="dossier_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} · {self.title}"


class OutgoingDocument(models.Model):
    """Văn bản đi: a document that `organization` issues."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan ban hành"
    )
    state = models.CharField(
        "trạng thái", max_length=20, choices=OutgoingState, default=OutgoingState.DRAFT
    )
    source = models.CharField("cách soạn", max_length=10, choices=Source)
    type_code = models.PositiveSmallIntegerField("mã loại văn bản", default=18)
    type_name = models.CharField("tên loại văn bản", max_length=100)
    subject = models.CharField("trích yếu", max_length=500)
    urgency = models.PositiveSmallIntegerField("độ khẩn", choices=UrgencyLevel, default=0)
    due_on = models.DateField("hạn trả lời", null=True, blank=True)
    # addressee, body (paragraphs apart by an empty line), places, bases: what the writer typed.
    form = models.JSONField("nội dung theo mẫu", default=dict, blank=True)
    filename = models.CharField("tên tệp tải lên", max_length=255, blank=True)

    drafter = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="người soạn thảo"
    )
    reviewer = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="người duyệt"
    )
    signatory = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="người ký"
    )
    return_reason = models.CharField("lý do trả lại", max_length=500, blank=True)

    draft_sha256 = models.CharField("bản dự thảo", max_length=64)
    signed_sha256 = models.CharField("bản đã ký", max_length=64, blank=True)
    sealed_sha256 = models.CharField("bản đã đóng dấu", max_length=64, blank=True)
    page_amount = models.PositiveIntegerField("số trang", default=1)

    number = models.PositiveIntegerField("số", null=True, blank=True)
    notation = models.CharField("ký hiệu", max_length=30, blank=True)
    issued_on = models.DateField("ngày ban hành", null=True, blank=True)
    document_id = models.CharField("mã định danh văn bản", max_length=100, blank=True)

    created_at = models.DateTimeField("lúc tạo", auto_now_add=True)
    submitted_at = models.DateTimeField("lúc trình", null=True, blank=True)
    signed_at = models.DateTimeField("lúc ký", null=True, blank=True)
    sealed_at = models.DateTimeField("lúc đóng dấu", null=True, blank=True)
    # When every signature so far was proved to exist by a time-stamp; empty: still to be done.
    stamped_at = models.DateTimeField("có dấu thời gian từ", null=True, blank=True)
    # What proves a document that went without a time-stamp: one file beside the one that was sent.
    evidence_sha256 = models.CharField("hồ sơ chứng cứ", max_length=64, blank=True)
    evidence_at = models.DateTimeField("thu thập chứng cứ lúc", null=True, blank=True)
    send_by = models.DateTimeField("hạn phát hành", null=True, blank=True)
    dispatched_at = models.DateTimeField("lúc phát hành", null=True, blank=True)

    outbound_id = models.BigIntegerField("gói tin đã xếp hàng", null=True, blank=True)
    hub_packet_id = models.UUIDField("mã gói tin trên trục", null=True, blank=True)
    receipted_at = models.DateTimeField("lúc trục nhận", null=True, blank=True)
    refusal = models.JSONField("lý do trục từ chối", null=True, blank=True)  # {"code", "text"}

    if TYPE_CHECKING:
        recipients: RelatedManager[OutgoingRecipient]

    class Meta:
        verbose_name = "văn bản đi"
        ordering = ("-created_at",)
        constraints = (
            # DX-70: number + notation unique per agency and year; the series gives one number once.
            models.UniqueConstraint(
                "organization",
                "document_id",
                condition=~models.Q(document_id=""),
                name="outgoing_document_id_once",
            ),
            models.UniqueConstraint(
                models.F("organization"),
                models.F("number"),
                models.F("notation"),
                ExtractYear("issued_on"),
                name="outgoing_reference_once_a_year",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "in_review", "awaiting_signature"])
                | models.Q(number__isnull=False, issued_on__isnull=False)
                & ~models.Q(signed_sha256=""),
                name="outgoing_signed_has_number",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["sealed", "dispatched"])
                | ~models.Q(sealed_sha256=""),
                name="outgoing_sealed_has_file",
            ),
        )
        indexes = (models.Index(fields=["organization", "state"], name="outgoing_by_state"),)

    def __str__(self) -> str:
        return f"{self.reference} {self.subject}"

    @property
    def kind(self) -> str:
        """ "outgoing", the first half of the journal's subject."""
        return "outgoing"

    @property
    def journal_subject(self) -> str:
        """How the journal names this document."""
        return f"outgoing:{self.pk}"

    @property
    def number_text(self) -> str:
        """The number with its leading zero; empty before it is given."""
        return "" if self.number is None else number_text(self.number)

    @property
    def reference(self) -> str:
        """Số, ký hiệu; "Chưa cấp số" before the number is given."""
        return f"{self.number_text}/{self.notation}" if self.number else "Chưa cấp số"

    @property
    def issued_words(self) -> str:
        """The date as Decree 30 writes it, or nothing."""
        return date_words(self.issued_on) if self.issued_on else ""

    @property
    def is_urgent(self) -> bool:
        """Khẩn or above."""
        return self.urgency > 0

    @property
    def pdf_sha256(self) -> str:
        """The newest file: sealed, else signed, else the draft."""
        return self.sealed_sha256 or self.signed_sha256 or self.draft_sha256


class OutgoingRecipient(models.Model):
    """Nơi nhận điện tử: one recipient of an outgoing document, and how far it got there."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(OutgoingDocument, models.CASCADE, related_name="recipients")
    position = models.PositiveSmallIntegerField("thứ tự")
    recipient = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="nơi nhận"
    )
    # The last status code that counted, "" before the first.
    status = models.CharField("trạng thái", max_length=2, choices=STATUS_CHOICES, blank=True)
    delivery = models.CharField(
        "việc gửi", max_length=20, choices=Delivery, default=Delivery.SENT, blank=True
    )
    delivery_before = models.CharField(max_length=20, choices=Delivery, blank=True)
    status_at = models.DateTimeField("lúc báo", null=True, blank=True)

    if TYPE_CHECKING:
        entries: RelatedManager[StatusEntry]

    class Meta:
        verbose_name = "nơi nhận"
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint("document", "recipient", name="outgoing_recipient_once"),
        )

    def __str__(self) -> str:
        return f"{self.recipient} {self.status}"


class StatusEntry(models.Model):
    """One status packet that came back for one recipient, in the order the sender got it."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    recipient = models.ForeignKey(OutgoingRecipient, models.CASCADE, related_name="entries")
    inbound_id = models.BigIntegerField("gói tin", unique=True)
    # A code that is not in the list is kept as it came (edXML specification §9).
    status = models.CharField("mã", max_length=10, choices=STATUS_CHOICES)
    description = models.CharField("ghi chú", max_length=500, blank=True)
    reported_at = models.DateTimeField("lúc báo")
    received_at = models.DateTimeField("lúc nhận")
    moved = models.BooleanField("có đổi trạng thái")
    warning = models.CharField("cảnh báo", max_length=200, blank=True)

    class Meta:
        verbose_name = "trạng thái nhận được"
        ordering = (
            "reported_at",
            "id",
        )  # edXML specification §9.1: by Timestamp, ties by arrival

    def __str__(self) -> str:
        return f"{self.status} {self.reported_at:%Y-%m-%d %H:%M}"


class IncomingDocument(models.Model):
    """Văn bản đến: a document that another agency sent to `organization`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan nhận"
    )
    state = models.CharField(
        "trạng thái", max_length=20, choices=IncomingState, default=IncomingState.ARRIVED
    )
    inbound_id = models.BigIntegerField("gói tin đến", unique=True)

    document_id = models.CharField("mã định danh văn bản", max_length=100)
    sender_code = models.CharField("mã cơ quan gửi", max_length=35)
    sender_name = models.CharField("cơ quan gửi", max_length=200)
    number = models.CharField("số", max_length=20)
    notation = models.CharField("ký hiệu", max_length=30)
    issued_on = models.DateField("ngày văn bản")
    type_name = models.CharField("loại văn bản", max_length=100)
    subject = models.CharField("trích yếu", max_length=500)
    urgency = models.PositiveSmallIntegerField("độ khẩn", choices=UrgencyLevel, default=0)
    due_on = models.DateField("hạn trả lời", null=True, blank=True)
    signer_name = models.CharField("người ký", max_length=100, blank=True)
    signer_position = models.CharField("chức vụ người ký", max_length=200, blank=True)
    page_amount = models.PositiveIntegerField("số trang", default=0)

    packet_sha256 = models.CharField("gói tin", max_length=64)
    pdf_sha256 = models.CharField("tệp văn bản", max_length=64, blank=True)
    # {"document": DocumentReport, "packet": SignatureReport, "parts": {...}} (DX-20, SG-E)
    report = models.JSONField("kết quả kiểm tra", default=dict)
    legal_value = models.CharField("giá trị pháp lý", max_length=20, choices=LegalValue)
    # SG-E-02 to SG-E-06: one file that proves the document offline, once it was collected.
    evidence_sha256 = models.CharField("hồ sơ chứng cứ", max_length=64, blank=True)
    evidence_at = models.DateTimeField("thu thập chứng cứ lúc", null=True, blank=True)
    duplicate_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name="nghi trùng"
    )

    arrived_at = models.DateTimeField("lúc đến")
    register_by = models.DateTimeField("hạn tiếp nhận")
    arrival_number = models.PositiveIntegerField("số đến", null=True, blank=True)
    registered_at = models.DateTimeField("lúc tiếp nhận", null=True, blank=True)
    refusal_reason = models.CharField("lý do từ chối", max_length=20, blank=True)
    refusal_text = models.CharField("giải thích từ chối", max_length=500, blank=True)

    lead = models.ForeignKey(
        "accounts.Seat",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="chủ trì",
    )
    supporting = models.ManyToManyField(
        "accounts.Seat", through="Support", related_name="+", verbose_name="phối hợp"
    )
    directive = models.TextField("ý kiến chỉ đạo", blank=True)
    assigned_at = models.DateTimeField("lúc phân công", null=True, blank=True)
    due_at = models.DateTimeField("hạn xử lý", null=True, blank=True)
    started_at = models.DateTimeField("lúc bắt đầu", null=True, blank=True)
    completed_at = models.DateTimeField("lúc hoàn thành", null=True, blank=True)
    result_note = models.TextField("kết quả xử lý", blank=True)
    dossier = models.ForeignKey(
        Dossier,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="incoming",
        verbose_name="hồ sơ",
    )

    if TYPE_CHECKING:
        attachments: RelatedManager[IncomingAttachment]
        copies: RelatedManager[ElectronicCopy]
        reports: RelatedManager[StatusReport]
        supports: RelatedManager[Support]

    class Meta:
        verbose_name = "văn bản đến"
        ordering = ("-arrived_at",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(state__in=["arrived", "refused"], arrival_number__isnull=True)
                | models.Q(
                    state__in=["registered", "assigned", "processing", "completed"],
                    arrival_number__isnull=False,
                ),
                name="incoming_number_when_registered",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["arrived", "refused", "registered"])
                | models.Q(lead__isnull=False),
                name="incoming_assigned_has_lead",
            ),
        )
        indexes = (
            models.Index(fields=["organization", "state"], name="incoming_by_state"),
            models.Index(fields=["organization", "document_id"], name="incoming_by_document_id"),
        )

    def __str__(self) -> str:
        return f"{self.reference} {self.subject}"

    @property
    def kind(self) -> str:
        """ "incoming", the first half of the journal's subject."""
        return "incoming"

    @property
    def journal_subject(self) -> str:
        """How the journal names this document."""
        return f"incoming:{self.pk}"

    @property
    def reference(self) -> str:
        """Số, ký hiệu as the sender wrote it."""
        return f"{self.number}/{self.notation}"

    @property
    def issued_words(self) -> str:
        """The date as Decree 30 writes it."""
        return date_words(self.issued_on)

    @property
    def is_urgent(self) -> bool:
        """Khẩn or above."""
        return self.urgency > 0

    def facts(self) -> dict[str, Any]:
        """What the journal remembers when the document arrives; no personal data."""
        return {
            "document_id": self.document_id,
            "sender": self.sender_code,
            "legal_value": self.legal_value,
            "packet_sha256": self.packet_sha256,
        }


class Support(models.Model):
    """Phối hợp: an officer who supports the lead on one incoming document."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="supports")
    seat = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "phối hợp"
        constraints = (models.UniqueConstraint("document", "seat", name="support_once"),)

    def __str__(self) -> str:
        return str(self.seat)


class IncomingAttachment(models.Model):
    """Tệp kèm theo: one file of the packet, the main document first."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField("thứ tự")
    name = models.CharField("tên tệp", max_length=255)
    content_type = models.CharField("kiểu tệp", max_length=100)
    description = models.CharField("mô tả", max_length=500, blank=True)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField("dung lượng")

    class Meta:
        verbose_name = "tệp kèm theo"
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint("document", "position", name="incoming_attachment_once"),
        )

    def __str__(self) -> str:
        return self.name


class StatusReport(models.Model):
    """A status that we told the sender. One row for one code: DX-28 "once"."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="reports")
    status = models.CharField("mã", max_length=2, choices=STATUS_CHOICES)
    outbound_id = models.BigIntegerField("gói tin")
    at = models.DateTimeField("lúc báo")

    class Meta:
        verbose_name = "trạng thái đã báo"
        ordering = (
            "at",
            "id",
        )
        constraints = (models.UniqueConstraint("document", "status", name="status_report_once"),)

    def __str__(self) -> str:
        return self.status


class ElectronicCopy(models.Model):
    """Bản sao điện tử: an electronic copy that the agency made and signed (SG-A-05)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    outgoing = models.ForeignKey(
        OutgoingDocument, models.PROTECT, null=True, blank=True, related_name="copies"
    )
    incoming = models.ForeignKey(
        IncomingDocument, models.PROTECT, null=True, blank=True, related_name="copies"
    )
    kind = models.CharField(
        "hình thức sao", max_length=10, choices=[(one.value, one.label) for one in CopyKind]
    )
    pages = models.CharField("các trang trích", max_length=100, blank=True)
    source_sha256 = models.CharField("sao từ tệp", max_length=64)
    sha256 = models.CharField("tệp bản sao", max_length=64)
    made_at = models.DateTimeField("lúc sao")
    made_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "bản sao điện tử"
        ordering = ("made_at", "id")
        constraints = (
            models.CheckConstraint(
                name="copy_of_one_document",
                condition=models.Q(outgoing__isnull=True) ^ models.Q(incoming__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return self.get_kind_display()


__all__ = [
    "Dossier",
    "ElectronicCopy",
    "IncomingAttachment",
    "IncomingDocument",
    "NumberSeries",
    "OutgoingDocument",
    "OutgoingRecipient",
    "StatusEntry",
    "StatusReport",
    "Support",
]
