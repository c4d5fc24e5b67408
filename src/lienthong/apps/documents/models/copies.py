"""Electronic copies."""

from __future__ import annotations

from django.db import models

from lienthong.apps.documents.models.incoming import IncomingDocument
from lienthong.apps.documents.models.outgoing import OutgoingDocument
from lienthong.core.signing.text_marks import CopyKind


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
