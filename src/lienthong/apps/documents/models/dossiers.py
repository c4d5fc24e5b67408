"""Work files: the yearly list, the files, what is in them, their hand-overs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.utils import timezone

from lienthong.apps.documents.rules.dossiers import (
    Access,
    DossierKind,
    DossierState,
    HandOverKind,
    HandOverState,
    ListState,
)

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


def this_year() -> int:
    """The year in Viet Nam."""
    return timezone.localdate().year


class DossierList(models.Model):
    """Danh mục hồ sơ: the files an agency means to make in a year (D30 Art. 28, DX-75)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField("năm")
    state = models.CharField(
        "trạng thái", max_length=10, choices=ListState, default=ListState.DRAFT
    )
    basis = models.CharField("văn bản ban hành", max_length=200, blank=True)
    issued_on = models.DateField("ngày ban hành", null=True, blank=True)
    issued_by = models.ForeignKey("accounts.Seat", models.PROTECT, null=True, related_name="+")

    if TYPE_CHECKING:
        entries: RelatedManager[DossierListEntry]

    class Meta:
        verbose_name = "danh mục hồ sơ"
        ordering = ("-year",)
        constraints = (
            models.UniqueConstraint("organization", "year", name="dossier_list_once_a_year"),
        )

    def __str__(self) -> str:
        return f"Danh mục hồ sơ năm {self.year}"


class DossierListEntry(models.Model):
    """A line of the yearly list, proposed by a unit."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    list = models.ForeignKey(DossierList, models.CASCADE, related_name="entries")
    code = models.CharField("số, ký hiệu hồ sơ", max_length=20)
    title = models.CharField("tiêu đề hồ sơ", max_length=500)
    retention = models.CharField("thời hạn bảo quản", max_length=30)
    kind = models.CharField(
        "loại", max_length=20, choices=DossierKind, default=DossierKind.ORDINARY
    )
    unit = models.ForeignKey(
        "directory.Unit", models.PROTECT, null=True, blank=True, related_name="+"
    )
    keeper = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    proposed_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField("đề xuất lúc")

    class Meta:
        verbose_name = "hồ sơ trong danh mục"
        ordering = ("code", "pk")
        constraints = (models.UniqueConstraint("list", "code", name="dossier_list_code_once"),)

    def __str__(self) -> str:
        return f"{self.code} · {self.title}"


class Dossier(models.Model):
    """Hồ sơ công việc (D30 Art. 28–30, Annex VI; DX-75 to DX-82)."""

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    state = models.CharField(
        "trạng thái", max_length=20, choices=DossierState, default=DossierState.OPEN
    )
    year = models.PositiveSmallIntegerField("năm hình thành", default=this_year)
    code = models.CharField("số và ký hiệu hồ sơ", max_length=20)
    title = models.CharField("tiêu đề hồ sơ", max_length=500)
    entry = models.ForeignKey(
        DossierListEntry, models.PROTECT, null=True, blank=True, related_name="dossiers"
    )
    creator = models.ForeignKey(
        "accounts.Seat", models.PROTECT, null=True, related_name="+", verbose_name="người lập"
    )
    kind = models.CharField(
        "loại", max_length=20, choices=DossierKind, default=DossierKind.ORDINARY
    )
    retention = models.CharField("thời hạn bảo quản", max_length=30, default="10 năm")
    access = models.CharField(
        "chế độ sử dụng", max_length=20, choices=Access, default=Access.NORMAL
    )
    language = models.CharField("ngôn ngữ", max_length=50, default="Tiếng Việt")
    description = models.CharField("ghi chú", max_length=500, blank=True)
    approved_by = models.ForeignKey("accounts.Seat", models.PROTECT, null=True, related_name="+")
    approved_at = models.DateTimeField("duyệt mở lúc", null=True, blank=True)
    opened_on = models.DateField("ngày mở")
    # The day the work ended; for construction the day of its final settlement.
    closed_on = models.DateField("ngày kết thúc", null=True, blank=True)
    hand_over_by = models.DateField("hạn nộp lưu", null=True, blank=True)
    # The day in force: by law, or as kept longer with consent.
    due_on = models.DateField("phải nộp trước hết ngày", null=True, blank=True)
    kept_reason = models.CharField("văn bản đồng ý giữ lại", max_length=500, blank=True)
    retention_ends_on = models.DateField("hết thời hạn bảo quản", null=True, blank=True)
    handed_over_on = models.DateField("ngày nộp lưu", null=True, blank=True)

    if TYPE_CHECKING:
        items: RelatedManager[DossierItem]

    class Meta:
        verbose_name = "hồ sơ công việc"
        ordering = ("-opened_on", "code")
        constraints = (
            models.UniqueConstraint("organization", "year", "code", name="dossier_code_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["proposed", "open"])
                | models.Q(closed_on__isnull=False),
                name="dossier_closed_has_day",
            ),
        )
        indexes = (models.Index(fields=["organization", "state", "due_on"], name="dossier_due"),)

    def __str__(self) -> str:
        return f"{self.code} · {self.title}"

    @property
    def journal_subject(self) -> str:
        """How the journal names this file."""
        return f"dossier:{self.pk}"

    @property
    def is_kept_longer(self) -> bool:
        """Whether its unit keeps it beyond the day of the law, with consent (DX-78)."""
        return self.due_on != self.hand_over_by


class DossierItem(models.Model):
    """A document in a file. What was taken out stays here with who, when and why (DX-76)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="items")
    incoming = models.ForeignKey(
        "documents.IncomingDocument",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dossier_items",
    )
    outgoing = models.ForeignKey(
        "documents.OutgoingDocument",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="dossier_items",
    )
    position = models.PositiveIntegerField("số thứ tự trong hồ sơ")
    added_by = models.ForeignKey("accounts.Seat", models.PROTECT, null=True, related_name="+")
    added_at = models.DateTimeField("thêm lúc")
    removed_by = models.ForeignKey("accounts.Seat", models.PROTECT, null=True, related_name="+")
    removed_at = models.DateTimeField("bỏ ra lúc", null=True, blank=True)
    removal_reason = models.CharField("lý do bỏ ra", max_length=500, blank=True)

    class Meta:
        verbose_name = "văn bản trong hồ sơ"
        ordering = ("position", "pk")
        constraints = (
            models.CheckConstraint(
                name="dossier_item_is_one_document",
                condition=models.Q(outgoing__isnull=True) ^ models.Q(incoming__isnull=True),
            ),
            models.UniqueConstraint(
                "dossier",
                "incoming",
                condition=models.Q(removed_at=None),
                name="dossier_incoming_once",
            ),
            models.UniqueConstraint(
                "dossier",
                "outgoing",
                condition=models.Q(removed_at=None),
                name="dossier_outgoing_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.position}"


class HandOver(models.Model):
    """Biên bản giao nhận hồ sơ: files that pass from one side to another, signed by both."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    kind = models.CharField("loại", max_length=20, choices=HandOverKind)
    state = models.CharField(
        "trạng thái", max_length=20, choices=HandOverState, default=HandOverState.PREPARED
    )
    # Whose files they are, who signs for that side, and who takes them.
    keeper = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    giver = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    taker = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    record_sha256 = models.CharField("biên bản", max_length=64)
    prepared_at = models.DateTimeField("lập lúc")
    given_at = models.DateTimeField("bên giao ký lúc", null=True, blank=True)
    taken_at = models.DateTimeField("bên nhận ký lúc", null=True, blank=True)
    return_reason = models.CharField("lý do trả lại", max_length=500, blank=True)

    if TYPE_CHECKING:
        lines: RelatedManager[HandOverLine]

    class Meta:
        verbose_name = "biên bản bàn giao hồ sơ"
        ordering = ("-prepared_at",)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.prepared_at:%d/%m/%Y}"

    @property
    def journal_subject(self) -> str:
        """How the journal names this record."""
        return f"hand_over:{self.pk}"


class HandOverLine(models.Model):
    """A file of a hand-over, with the digest of its contents when the record was made (DX-80)."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    hand_over = models.ForeignKey(HandOver, models.CASCADE, related_name="lines")
    dossier = models.ForeignKey(Dossier, models.PROTECT, related_name="hand_overs")
    contents_sha256 = models.CharField("mã băm nội dung", max_length=64)

    class Meta:
        verbose_name = "hồ sơ bàn giao"
        ordering = ("dossier__year", "dossier__code", "pk")
        constraints = (
            models.UniqueConstraint("hand_over", "dossier", name="hand_over_dossier_once"),
        )

    def __str__(self) -> str:
        return str(self.dossier)
