"""Outgoing documents and their deliveries."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import ExtractYear

from lienthong.apps.documents.models.common import STATUS_CHOICES
from lienthong.apps.documents.rules import UrgencyLevel, date_words, number_text
from lienthong.apps.documents.rules.delivery import Delivery
from lienthong.apps.documents.rules.outgoing import OutgoingState, Source

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from lienthong.apps.documents.models.drafts import DraftComment, DraftVersion


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
    form_reviewer = models.ForeignKey(
        "accounts.Seat",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người duyệt thể thức",
    )
    # Of the draft; each save makes the next. 0: from before versions were kept.
    version = models.PositiveIntegerField("phiên bản", default=0)
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
    approved_at = models.DateTimeField("lúc duyệt nội dung", null=True, blank=True)
    form_approved_at = models.DateTimeField("lúc duyệt thể thức", null=True, blank=True)
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
        comments: RelatedManager[DraftComment]
        recipients: RelatedManager[OutgoingRecipient]
        versions: RelatedManager[DraftVersion]

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
                condition=models.Q(
                    state__in=["draft", "in_review", "in_form_review", "awaiting_signature"]
                )
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
        indexes = (
            models.Index(fields=["organization", "-created_at"], name="outgoing_by_time"),
            models.Index(fields=["organization", "dispatched_at"], name="outgoing_by_dispatch"),
            models.Index(fields=["organization", "signed_at"], name="outgoing_by_signature"),
            models.Index(fields=["organization", "state", "-created_at"], name="outgoing_by_state"),
        )

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


class RecallRequest(models.Model):
    """Yêu cầu thu hồi: the agency asks recipients to give a document back (DX-36)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(OutgoingDocument, models.PROTECT, related_name="recalls")
    reason = models.CharField("lý do", max_length=500)
    asked_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    asked_at = models.DateTimeField("lúc yêu cầu")
    answer_by = models.DateTimeField("hạn trả lời")
    outbound_id = models.BigIntegerField("gói tin", null=True, blank=True)
    refusal = models.JSONField("lý do trục từ chối", null=True, blank=True)  # {"code", "text"}

    class Meta:
        verbose_name = "yêu cầu thu hồi"
        ordering = ("asked_at", "id")

    def __str__(self) -> str:
        return self.reason


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
    recall = models.ForeignKey(
        RecallRequest, models.PROTECT, null=True, blank=True, related_name="recipients"
    )

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
