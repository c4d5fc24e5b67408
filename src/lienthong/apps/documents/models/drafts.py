"""Versions of a draft, and what people say about it."""

from __future__ import annotations

from django.db import models

from lienthong.apps.documents.models.outgoing import OutgoingDocument


class DraftVersion(models.Model):
    """Phiên bản dự thảo: the draft as one save left it. Never changed (D30 Annex VI III.6)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(OutgoingDocument, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField("phiên bản")
    saved_at = models.DateTimeField("lúc lưu")
    saved_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    content = models.JSONField("nội dung")  # what `versions.content_of` says
    draft_sha256 = models.CharField("bản in", max_length=64)

    class Meta:
        verbose_name = "phiên bản dự thảo"
        ordering = ("number",)
        constraints = (models.UniqueConstraint("document", "number", name="draft_version_once"),)

    def __str__(self) -> str:
        return str(self.number)


class DraftComment(models.Model):
    """Ý kiến về dự thảo: what somebody who sees the draft says about one version of it."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    document = models.ForeignKey(OutgoingDocument, models.CASCADE, related_name="comments")
    version = models.PositiveIntegerField("phiên bản")
    at = models.DateTimeField("lúc")
    by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    text = models.TextField("ý kiến")

    class Meta:
        verbose_name = "ý kiến về dự thảo"
        ordering = ("at", "id")

    def __str__(self) -> str:
        return self.text[:60]
