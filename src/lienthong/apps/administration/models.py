"""Tables of administration: seats that wait for a second person, and days of the calendar."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from lienthong.apps.accounts.api import Role


class SeatGrant(models.Model):
    """Đề nghị giao quyền: a seat that one administrator proposes and another person grants."""

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    person = models.ForeignKey(
        "accounts.Person", models.PROTECT, related_name="+", verbose_name="người"
    )
    role = models.CharField("vai trò", max_length=20, choices=Role)
    position = models.CharField("chức vụ", max_length=100, blank=True)
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày")
    proposed_by = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="người đề nghị"
    )
    proposed_at = models.DateTimeField("đề nghị lúc", db_default=Now(), editable=False)
    decided_by = models.ForeignKey(
        "accounts.Seat", models.PROTECT, null=True, related_name="+", verbose_name="người duyệt"
    )
    decided_at = models.DateTimeField("duyệt lúc", null=True)
    is_granted = models.BooleanField("được duyệt", null=True)

    class Meta:
        verbose_name = "đề nghị giao quyền"
        verbose_name_plural = "đề nghị giao quyền"
        ordering = ("-proposed_at", "-pk")

    def __str__(self) -> str:
        return f"{self.person}: {Role(self.role).label}"


class SpecialDay(models.Model):
    """Ngày khác thường: a day on which this agency rests or works otherwise than the calendar."""

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    on = models.DateField("ngày")
    is_working = models.BooleanField("làm việc", default=False)
    name = models.CharField("tên gọi", max_length=100)
    basis = models.CharField("căn cứ", max_length=255)

    class Meta:
        verbose_name = "ngày khác thường"
        verbose_name_plural = "ngày khác thường"
        ordering = ("on",)
        constraints = (models.UniqueConstraint("organization", "on", name="special_day_once"),)

    def __str__(self) -> str:
        return f"{self.on:%d/%m/%Y} {self.name}"
