"""What registers hold beside the documents, and exports that take their time."""

from __future__ import annotations

from django.db import models

from lienthong.apps.documents.rules.registers import ExportFormat, ExportState


class PostedDocument(models.Model):
    """A line of the register of posted documents (D30 Annex IV)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    posted_on = models.DateField("ngày, tháng, năm")
    reference = models.CharField("số, ký hiệu văn bản", max_length=60)
    destination = models.CharField("nơi nhận", max_length=300)
    envelopes = models.PositiveSmallIntegerField("số lượng bì", default=1)
    remarks = models.CharField("ghi chú", max_length=300, blank=True)
    entered_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "văn bản gửi bưu điện"
        ordering = ("posted_on", "pk")
        indexes = (models.Index(fields=["organization", "posted_on"], name="posted_by_day"),)

    def __str__(self) -> str:
        return self.reference


class CopyUse(models.Model):
    """A line of the register of the use of file copies (D30 Annex IV)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    used_on = models.DateField("ngày, tháng, năm")
    user = models.CharField("họ và tên người sử dụng", max_length=100)
    reference = models.CharField("số, ký hiệu, ngày văn bản", max_length=80)
    subject = models.CharField("tên loại và trích yếu", max_length=500)
    file_code = models.CharField("hồ sơ số", max_length=40, blank=True)
    returned_on = models.DateField("ngày trả", null=True, blank=True)
    permitted_by = models.CharField("người cho phép", max_length=100)
    remarks = models.CharField("ghi chú", max_length=300, blank=True)
    entered_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "sử dụng bản lưu"
        ordering = ("used_on", "pk")
        indexes = (models.Index(fields=["organization", "used_on"], name="copy_use_by_day"),)

    def __str__(self) -> str:
        return self.reference


class Export(models.Model):
    """A register being written to a file by a job, and how far it is."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    seat = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    register = models.CharField("sổ", max_length=20)
    format = models.CharField("dạng", max_length=10, choices=ExportFormat)
    since = models.DateField("từ ngày")
    until = models.DateField("đến hết ngày")
    state = models.CharField(
        "trạng thái", max_length=10, choices=ExportState, default=ExportState.WAITING
    )
    total = models.PositiveIntegerField("số dòng")
    written = models.PositiveIntegerField("đã ghi", default=0)
    sha256 = models.CharField("tệp", max_length=64, blank=True)
    asked_at = models.DateTimeField("yêu cầu lúc", auto_now_add=True)

    class Meta:
        verbose_name = "bản xuất sổ"
        ordering = ("-asked_at",)

    def __str__(self) -> str:
        return f"{self.register} {self.since}–{self.until}"

    @property
    def percent(self) -> int:
        """How much is written, 0 to 100."""
        return 100 * self.written // self.total if self.total else 0
