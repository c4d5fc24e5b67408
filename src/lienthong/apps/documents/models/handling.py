"""What people write down while an incoming document is handled (D30 Art. 23–24, Annex IV)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from lienthong.apps.documents.models.common import STATUS_CHOICES
from lienthong.apps.documents.models.incoming import IncomingDocument
from lienthong.apps.documents.models.outgoing import OutgoingDocument


class Direction(models.Model):
    """Ý kiến chỉ đạo: one step of the handling slip, from who directs to who leads (DX-26).

    The last one that was not taken back holds.
    """

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="directions")
    by = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="người chỉ đạo"
    )
    lead = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="chủ trì"
    )
    supporting = models.JSONField("vị trí phối hợp", default=list)
    text = models.TextField("ý kiến chỉ đạo", blank=True)
    due_at = models.DateTimeField("hạn xử lý", null=True, blank=True)
    at = models.DateTimeField("lúc chỉ đạo")
    taken_back_at = models.DateTimeField("rút lại lúc", null=True, blank=True)

    class Meta:
        verbose_name = "ý kiến chỉ đạo"
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.by} → {self.lead}"


class ProgressNote(models.Model):
    """Tiến độ: what was done so far, in a few words."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="notes")
    by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    text = models.CharField("tiến độ", max_length=2000)
    at = models.DateTimeField("lúc ghi")

    class Meta:
        verbose_name = "tiến độ"
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.text


class OpinionRequest(models.Model):
    """Xin ý kiến phối hợp: a question to a colleague, and the answer."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="opinions")
    by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    asked = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="người được hỏi"
    )
    question = models.CharField("nội dung xin ý kiến", max_length=2000)
    due_on = models.DateField("hạn cho ý kiến", null=True, blank=True)
    at = models.DateTimeField("lúc hỏi")
    answer = models.CharField("ý kiến", max_length=2000, blank=True)
    answered_at = models.DateTimeField("lúc trả lời", null=True, blank=True)

    class Meta:
        verbose_name = "xin ý kiến"
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(
                "document", "asked", condition=Q(answered_at=None), name="opinion_asked_once"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | ~Q(answer="") & ~Q(answered_at=None),
                name="opinion_answered_with_words",
            ),
        )

    def __str__(self) -> str:
        return self.question


class ExtensionRequest(models.Model):
    """Xin gia hạn: a later deadline, asked for with a reason and decided by who directed."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="extensions")
    by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    reason = models.CharField("lý do gia hạn", max_length=500)
    due_before = models.DateTimeField("hạn cũ")
    wanted_on = models.DateField("hạn mới đề nghị")
    at = models.DateTimeField("lúc đề nghị")
    decided_by = models.ForeignKey(
        "accounts.Seat", models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField("lúc quyết định", null=True, blank=True)
    is_granted = models.BooleanField("đồng ý", null=True, blank=True)
    decision = models.CharField("ý kiến", max_length=500, blank=True)

    class Meta:
        verbose_name = "xin gia hạn"
        ordering = ("at", "id")
        constraints = (
            models.UniqueConstraint(
                "document", condition=Q(decided_at=None), name="extension_open_once"
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None, is_granted=None)
                | ~Q(decided_at=None) & ~Q(decided_by=None) & ~Q(is_granted=None),
                name="extension_decided_whole",
            ),
        )

    def __str__(self) -> str:
        return self.reason


class Reply(models.Model):
    """Văn bản trả lời: which of our documents answers which that came (DX-39)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    incoming = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="replies")
    outgoing = models.ForeignKey(OutgoingDocument, models.CASCADE, related_name="answers")
    closes = models.BooleanField("hoàn thành văn bản đến khi phát hành", default=True)
    by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    at = models.DateTimeField("lúc liên kết")

    class Meta:
        verbose_name = "văn bản trả lời"
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint("incoming", "outgoing", name="reply_once"),)

    def __str__(self) -> str:
        return f"{self.incoming} ← {self.outgoing}"


class Forwarding(models.Model):
    """Chuyển xuống: the document was handed to an agency below, on this node, and how far it is."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(IncomingDocument, models.CASCADE, related_name="forwardings")
    to = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="nơi nhận"
    )
    by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    text = models.CharField("ý kiến chuyển", max_length=2000, blank=True)
    due_on = models.DateField("hạn xử lý", null=True, blank=True)
    at = models.DateTimeField("lúc chuyển")
    status = models.CharField("trạng thái", max_length=2, choices=STATUS_CHOICES, blank=True)
    status_at = models.DateTimeField("lúc báo", null=True, blank=True)
    status_text = models.CharField("ghi chú", max_length=500, blank=True)

    class Meta:
        verbose_name = "chuyển xuống"
        ordering = ("at", "id")
        constraints = (models.UniqueConstraint("document", "to", name="forwarded_once_to_each"),)

    def __str__(self) -> str:
        return f"{self.document} → {self.to}"
