"""Tokens by which other software of the agency comes to the desk, and what it was answered."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class ApiToken(models.Model):
    """Mã truy cập: software that acts from a seat, within its scopes. Only a digest is kept."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    name = models.CharField("phần mềm", max_length=100)
    seat = models.ForeignKey(
        "accounts.Seat", models.PROTECT, related_name="+", verbose_name="làm việc thay vị trí"
    )
    scopes = ArrayField(models.CharField(max_length=30), verbose_name="phạm vi")
    digest = models.CharField(max_length=64, unique=True)
    beginning = models.CharField("bắt đầu bằng", max_length=12)
    made_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    made_at = models.DateTimeField("cấp lúc", db_default=Now(), editable=False)
    ends_on = models.DateField("dùng đến hết ngày")
    revoked_at = models.DateTimeField("thu hồi lúc", null=True, blank=True)
    last_used_at = models.DateTimeField("dùng lần cuối", null=True, blank=True)
    # Requests in the minute that began then.
    minute = models.DateTimeField(null=True, blank=True)
    used = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "mã truy cập"
        ordering = ("-made_at", "-pk")

    def __str__(self) -> str:
        return f"{self.name} ({self.beginning}…)"


class ApiAnswer(models.Model):
    """What a request with an Idempotency-Key was answered, to be said again word for word."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    request = models.CharField(max_length=64)  # digest of method, address and body
    status = models.PositiveSmallIntegerField(default=0)
    body = models.TextField(blank=True)
    etag = models.CharField(max_length=70, blank=True)
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name = "trả lời đã gửi"
        constraints = (models.UniqueConstraint("token", "key", name="api_answer_once"),)

    def __str__(self) -> str:
        return f"{self.key} {self.status}"
