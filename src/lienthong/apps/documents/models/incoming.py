"""Incoming documents."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import models

from lienthong.apps.documents.models.common import STATUS_CHOICES
from lienthong.apps.documents.models.dossiers import Dossier
from lienthong.apps.documents.rules import LegalValue, UrgencyLevel, date_words
from lienthong.apps.documents.rules.incoming import IncomingState, Medium

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from lienthong.apps.documents.models.copies import ElectronicCopy
    from lienthong.apps.documents.models.handling import (
        Direction,
        ExtensionRequest,
        Forwarding,
        OpinionRequest,
        ProgressNote,
        Reply,
    )


class IncomingDocument(models.Model):
    """Văn bản đến: a document that another agency sent to `organization`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan nhận"
    )
    state = models.CharField(
        "trạng thái", max_length=20, choices=IncomingState, default=IncomingState.ARRIVED
    )
    medium = models.CharField(
        "đến bằng",
        max_length=10,
        choices=Medium,
        default=Medium.PACKET,
        db_default=Medium.PACKET,
        editable=False,
    )
    # Counts the acts on this document: what a form was made from, and what is there now.
    version = models.PositiveIntegerField("phiên bản", default=1, db_default=1, editable=False)
    inbound_id = models.BigIntegerField("gói tin đến", unique=True, null=True, blank=True)
    forwarding_id = models.BigIntegerField("chuyển từ cơ quan trên", null=True, blank=True)
    forwarded_from = models.ForeignKey(
        "directory.Organization",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="cơ quan chuyển xuống",
    )

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

    packet_sha256 = models.CharField("gói tin", max_length=64, blank=True)
    pdf_sha256 = models.CharField("tệp văn bản", max_length=64, blank=True)
    # {"document": DocumentReport, "packet": SignatureReport, "parts": {...}} (DX-20, SG-E)
    # Of a scan: {"scan": scans.Scan}. Both: "checked_at".
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
    submitted_to = models.ForeignKey(
        "accounts.Seat",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="trình",
    )
    submitted_at = models.DateTimeField("lúc trình", null=True, blank=True)

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
    # The last reminder that was sent for this deadline, see `rules.follow_up.Stage`.
    reminded = models.PositiveSmallIntegerField("đã nhắc", default=0, db_default=0, editable=False)
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

    # A recall that the sender announced (DX-36); the state says whether it was carried out.
    recall_inbound_id = models.BigIntegerField("gói tin thu hồi", null=True, blank=True)
    recall_asked_at = models.DateTimeField("yêu cầu thu hồi lúc", null=True, blank=True)
    recall_reason = models.CharField(
        "lý do thu hồi", max_length=500, blank=True, default="", db_default=""
    )
    recall_answered_at = models.DateTimeField("trả lời thu hồi lúc", null=True, blank=True)

    # The version a person had before their eyes when they acted; None when nobody looked.
    seen_version: int | None = None

    if TYPE_CHECKING:
        attachments: RelatedManager[IncomingAttachment]
        copies: RelatedManager[ElectronicCopy]
        directions: RelatedManager[Direction]
        extensions: RelatedManager[ExtensionRequest]
        forwardings: RelatedManager[Forwarding]
        notes: RelatedManager[ProgressNote]
        opinions: RelatedManager[OpinionRequest]
        replies: RelatedManager[Reply]
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
                )
                | models.Q(state="recalled"),
                name="incoming_number_when_registered",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["arrived", "refused", "registered", "recalled"])
                | models.Q(lead__isnull=False),
                name="incoming_assigned_has_lead",
            ),
            models.CheckConstraint(
                condition=models.Q(medium="packet", inbound_id__isnull=False)
                | models.Q(medium="paper", inbound_id__isnull=True)
                | models.Q(medium="handed", forwarding_id__isnull=False, inbound_id__isnull=True),
                name="incoming_came_by_its_medium",
            ),
            models.UniqueConstraint("forwarding_id", name="incoming_forwarded_once"),
        )
        indexes = (
            models.Index(fields=["organization", "-arrived_at"], name="incoming_by_time"),
            models.Index(fields=["organization", "due_at"], name="incoming_by_due"),
            models.Index(fields=["organization", "state", "-arrived_at"], name="incoming_by_state"),
            # Where duplicates are looked for (DX-29).
            models.Index(
                fields=["organization", "sender_code", "number"], name="incoming_by_reference"
            ),
            models.Index(fields=["organization", "document_id"], name="incoming_by_document_id"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["assigned", "processing"]),
                name="incoming_open_by_due",
            ),
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
    # Empty when the sender is told on this node, or sent paper and is told nothing.
    outbound_id = models.BigIntegerField("gói tin", null=True, blank=True)
    at = models.DateTimeField("lúc báo")

    class Meta:
        verbose_name = "trạng thái đã báo"
        ordering = (
            "at",
            "id",
        )
        constraints = (
            # A sender may ask twice for a recall, and be refused twice.
            models.UniqueConstraint(
                "document",
                "status",
                condition=~models.Q(status="16"),
                name="status_report_once",
            ),
        )

    def __str__(self) -> str:
        return self.status
