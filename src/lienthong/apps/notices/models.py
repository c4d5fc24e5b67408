"""Rows of notices: one for each person, organization and thing told."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from lienthong.apps.notices import rules


class Notice(models.Model):
    """Thông báo: something told to a person in one organization.

    kind: code of a `rules.Kind`. key: what it is about; told once. link: the page to look at.
    """

    organization = models.ForeignKey(
        "directory.Organization", models.CASCADE, related_name="+", verbose_name="cơ quan"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name="người nhận"
    )
    kind = models.CharField("loại", max_length=60)
    key = models.CharField("về việc", max_length=120)
    facts: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(
        "nội dung", default=dict
    )
    link = models.CharField("trang", max_length=300)
    told_at = models.DateTimeField("báo lúc", db_default=Now(), editable=False)
    read_at = models.DateTimeField("đọc lúc", null=True, blank=True)
    mailed_at = models.DateTimeField("gửi thư lúc", null=True, blank=True)

    class Meta:
        verbose_name = "thông báo"
        verbose_name_plural = "thông báo"
        ordering = ("-told_at", "-pk")
        constraints = (
            models.UniqueConstraint("person", "organization", "kind", "key", name="notice_once"),
        )
        indexes = (
            models.Index(fields=["person", "organization", "-told_at"], name="notice_of_person"),
            models.Index(
                fields=["person", "organization"],
                condition=Q(read_at=None),
                name="notice_unread",
            ),
            models.Index(
                fields=["told_at"],
                condition=Q(read_at=None, mailed_at=None),
                name="notice_to_mail",
            ),
        )

    def __str__(self) -> str:
        return self.sentence

    @property
    def sentence(self) -> str:
        """What is told, in the reader's language."""
        kind = rules.kinds().get(self.kind)
        return kind.sentence(self.facts) if kind else self.kind

    @property
    def is_alarm(self) -> bool:
        kind = rules.kinds().get(self.kind)
        return bool(kind and kind.is_alarm)
