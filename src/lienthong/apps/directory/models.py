"""Who exists in the State: organizations, their codes over time, their units, their successors."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from lienthong.apps.directory import rules
from lienthong.apps.directory.rules import Kind, Scheme, UnitMove

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

__all__ = [
    "Change",
    "Kind",
    "Organization",
    "OrganizationCode",
    "Scheme",
    "Succession",
    "Unit",
    "UnitChange",
    "Version",
]


class Organization(models.Model):
    """Cơ quan, tổ chức: one that sends and receives documents, under any of its codes."""

    name = models.CharField("tên cơ quan", max_length=255)
    short_name = models.CharField("tên viết tắt", max_length=100, blank=True)
    kind = models.CharField("loại", max_length=20, choices=Kind, default=Kind.OTHER)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="cơ quan cấp trên",
    )
    place = models.CharField("địa danh", max_length=100, blank=True)
    email = models.EmailField("thư điện tử", blank=True)
    active = models.BooleanField("đang hoạt động", default=True)
    locked = models.BooleanField("bị khóa", default=False)
    created_at = models.DateTimeField("ghi nhận lúc", db_default=Now(), editable=False)
    name_sort = models.CharField(max_length=2000, db_collation="C", editable=False)
    search_text = models.CharField(max_length=600, editable=False)

    if TYPE_CHECKING:
        codes: RelatedManager[OrganizationCode]
        units: RelatedManager[Unit]

    class Meta:
        verbose_name = "cơ quan"
        verbose_name_plural = "cơ quan"
        ordering = ("name_sort", "pk")
        indexes = (
            GinIndex(
                fields=["search_text"], opclasses=["gin_trgm_ops"], name="organization_search"
            ),
            models.Index(fields=["name_sort"], name="organization_order"),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the columns that search and order the name beside it."""
        self.name = rules.composed(self.name)
        self.short_name = rules.composed(self.short_name)
        self.name_sort = rules.sort_key(self.name)
        self.search_text = rules.plain(f"{self.name} {self.short_name}")
        super().save(*args, **kwargs)

    @property
    def code(self) -> str:
        """Today's code: Decision 20/2020, else QCVN 102, else a local one, else empty."""
        held = self.codes_on(timezone.localdate())
        return next((held[scheme] for scheme in CODE_ORDER if scheme in held), "")

    @property
    def code102(self) -> str:
        """Today's code by QCVN 102:2016, or empty: packets and registers show both forms."""
        return self.codes_on(timezone.localdate()).get(Scheme.QCVN102, "")

    def codes_on(self, on: date) -> dict[Scheme, str]:
        """Every code held on that day, by scheme. Uses prefetched `codes` when they are there."""
        return {
            Scheme(code.scheme): code.value
            for code in sorted(self.codes.all(), key=lambda code: code.valid_from)
            if rules.is_valid_on(code.valid_from, code.valid_to, on)
        }


CODE_ORDER = (Scheme.QD20, Scheme.QCVN102, Scheme.LOCAL)


class DateRange(models.Func):
    """daterange(from, to, bounds): the days a code is valid."""

    function = "DATERANGE"
    output_field = DateRangeField()


def digest_of(column: str) -> models.Func:
    """64 bits that stand for a text in a constraint: an index over numbers takes a new row in a
    quarter of the time, and 120 000 codes meet by chance once in two thousand million countries."""
    return models.Func(
        models.F(column),
        models.Value(0),
        function="hashtextextended",
        output_field=models.BigIntegerField(),
    )


class OrganizationCode(models.Model):
    """Mã định danh: a code of an organization in one scheme, for a span of days.

    `valid_to` is the first day on which the code is no longer valid; empty: until further notice.
    Two organizations never hold one code on the same day, in whichever scheme.
    """

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="codes", verbose_name="cơ quan"
    )
    scheme = models.CharField("hệ mã", max_length=10, choices=Scheme)
    value = models.CharField("mã định danh", max_length=35)
    valid_from = models.DateField("có hiệu lực từ")
    valid_to = models.DateField("hết hiệu lực từ", null=True, blank=True)

    class Meta:
        verbose_name = "mã định danh"
        verbose_name_plural = "mã định danh"
        indexes = (models.Index(fields=["value"], name="code_value"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
                name="code_days_in_order",
            ),
            ExclusionConstraint(
                name="code_of_one_organization",
                expressions=[
                    (digest_of("value"), RangeOperators.EQUAL),
                    (DateRange("valid_from", "valid_to", RangeBoundary()), RangeOperators.OVERLAPS),
                ],
            ),
        )

    def __str__(self) -> str:
        return self.value


class Unit(models.Model):
    """Đơn vị: a part of an organization, such as an office or a division.

    `valid_to` is its last day; empty: until further notice. Name, code and parent are today's; what
    they were is in `UnitChange`.
    """

    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="units", verbose_name="cơ quan"
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name="đơn vị cấp trên",
    )
    name = models.CharField("tên đơn vị", max_length=255)
    code = models.CharField("ký hiệu", max_length=35, blank=True)
    valid_from = models.DateField("thành lập từ", default=date(2015, 1, 1))
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)
    heir = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="heritages",
        verbose_name="sáp nhập vào",
    )
    name_sort = models.CharField(max_length=2000, db_collation="C", editable=False)

    class Meta:
        verbose_name = "đơn vị"
        verbose_name_plural = "đơn vị"
        ordering = ("name_sort", "pk")
        constraints = (
            models.UniqueConstraint(
                "organization",
                "code",
                condition=~models.Q(code="") & models.Q(valid_to=None),
                name="unit_code_once_in_organization",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the column that orders the name beside it."""
        self.name = rules.composed(self.name)
        self.name_sort = rules.sort_key(self.name)
        super().save(*args, **kwargs)


class UnitChange(models.Model):
    """Quyết định về đơn vị: from `effective_on` on it is renamed, moved, merged or abolished.

    Carried out on that day, or at once for a day that is past; `old_…` is what it was before.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="changes", verbose_name="đơn vị")
    move = models.CharField("việc", max_length=10, choices=UnitMove)
    effective_on = models.DateField("có hiệu lực từ")
    basis = models.CharField("căn cứ", max_length=255)
    name = models.CharField("tên mới", max_length=255, blank=True)
    code = models.CharField("ký hiệu mới", max_length=35, blank=True)
    target = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="đơn vị đích"
    )
    old_name = models.CharField("tên cũ", max_length=255, blank=True)
    old_code = models.CharField("ký hiệu cũ", max_length=35, blank=True)
    old_parent = models.ForeignKey(
        Unit, models.PROTECT, null=True, related_name="+", verbose_name="cấp trên cũ"
    )
    done_at = models.DateTimeField("thực hiện lúc", null=True)

    class Meta:
        verbose_name = "quyết định về đơn vị"
        verbose_name_plural = "quyết định về đơn vị"
        ordering = ("effective_on", "pk")

    def __str__(self) -> str:
        return f"{self.unit}: {self.get_move_display()} ({self.effective_on:%d/%m/%Y})"


class Succession(models.Model):
    """Kế thừa: from `effective_on` the successor takes over the duties of the predecessor."""

    predecessor = models.ForeignKey(
        Organization, models.PROTECT, related_name="successions", verbose_name="cơ quan cũ"
    )
    successor = models.ForeignKey(
        Organization, models.PROTECT, related_name="inheritances", verbose_name="cơ quan kế thừa"
    )
    effective_on = models.DateField("có hiệu lực từ")
    basis = models.CharField("căn cứ", max_length=255)

    class Meta:
        verbose_name = "kế thừa"
        verbose_name_plural = "kế thừa"
        ordering = ("effective_on", "pk")
        constraints = (
            models.UniqueConstraint("predecessor", "successor", name="succession_once"),
            models.CheckConstraint(
                condition=~models.Q(predecessor=models.F("successor")), name="succession_of_another"
            ),
        )

    def __str__(self) -> str:
        return f"{self.predecessor} → {self.successor} ({self.effective_on:%d/%m/%Y})"


class Version(models.Model):
    """How often the directory changed: one row, counted up by triggers."""

    id = models.SmallIntegerField(primary_key=True)
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class Change(models.Model):
    """An organization that was touched and is not told to the registry yet. Triggers add rows."""

    organization_id = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.organization_id)
