"""Dossiers."""

from __future__ import annotations

from django.db import models


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
