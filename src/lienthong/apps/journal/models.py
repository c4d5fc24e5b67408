"""The journal: what happened, one chain for each organization and one for the node itself."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

__all__ = ["Entry", "Head", "Leaf", "Reading"]


class Head(models.Model):
    """The end of one chain. Its row is locked while an entry is added: no chain forks (TM-A-04)."""

    stream = models.CharField("dòng nhật ký", max_length=40, primary_key=True)
    organization = models.OneToOneField(
        "directory.Organization", models.PROTECT, null=True, related_name="+"
    )
    sequence = models.PositiveBigIntegerField("số thứ tự cuối", default=0)
    hash = models.CharField("mã băm cuối", max_length=64, default="")
    readings_bound = models.BigIntegerField("lượt xem cuối đã khóa", default=0, db_default=0)

    class Meta:
        verbose_name = "đầu dòng nhật ký"
        verbose_name_plural = "đầu dòng nhật ký"

    def __str__(self) -> str:
        return f"{self.stream} {self.sequence}"


class Entry(models.Model):
    """Dòng nhật ký: one act, who did it, to what, chained to the entry before it.

    The database refuses to change, delete or empty these rows (TM-A-03).
    """

    stream = models.CharField("dòng nhật ký", max_length=40)
    sequence = models.PositiveBigIntegerField("số thứ tự")
    organization = models.ForeignKey(
        "directory.Organization",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="cơ quan",
    )
    at = models.DateTimeField("lúc")
    act = models.CharField("hành động", max_length=64)
    subject = models.CharField("đối tượng", max_length=200)
    person = models.ForeignKey(
        "accounts.Person",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="người thực hiện",
    )
    actor_name = models.CharField("tên người thực hiện", max_length=255, blank=True)
    actor_roles = ArrayField(models.CharField(max_length=20), default=list, verbose_name="vai trò")
    actor_position = models.CharField("chức vụ", max_length=100, blank=True)
    seat_id = models.BigIntegerField("vị trí công tác", null=True)
    facts = models.JSONField("dữ kiện", default=dict)
    previous_hash = models.CharField("mã băm trước", max_length=64, blank=True)
    hash = models.CharField("mã băm", max_length=64)
    seal = models.CharField("dấu của nút", max_length=64, blank=True, db_default="", default="")

    class Meta:
        verbose_name = "dòng nhật ký"
        verbose_name_plural = "nhật ký"
        ordering = ("stream", "sequence")
        constraints = (
            models.UniqueConstraint("stream", "sequence", name="entry_once_in_stream"),
            models.UniqueConstraint("stream", "previous_hash", name="entry_follows_one"),
        )
        indexes = (
            models.Index(fields=["subject", "at"], name="entry_of_subject"),
            models.Index(fields=["organization", "at"], name="entry_of_organization"),
        )

    def __str__(self) -> str:
        return f"{self.stream} {self.sequence}: {self.act} {self.subject}"


class Leaf(models.Model):
    """Where an entry stands in the node's journal log. Added when the entry is anchored."""

    leaf_index = models.BigIntegerField("vị trí trong nhật ký", primary_key=True)
    stream = models.CharField("dòng nhật ký", max_length=40)
    sequence = models.PositiveBigIntegerField("số thứ tự")

    class Meta:
        verbose_name = "vị trí dòng nhật ký"
        verbose_name_plural = "vị trí dòng nhật ký"
        constraints = (models.UniqueConstraint("stream", "sequence", name="leaf_of_entry_once"),)

    def __str__(self) -> str:
        return f"{self.leaf_index}: {self.stream} {self.sequence}"


class Reading(models.Model):
    """Lượt xem: who opened what, and when (TM-A-08). Rows are only ever added.

    A row costs one INSERT and no lock; every minute one entry of the chain binds those before it.
    """

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    at = models.DateTimeField("lúc")
    subject = models.CharField("đối tượng", max_length=200)
    part = models.CharField("phần", max_length=100, blank=True)
    person = models.ForeignKey(
        "accounts.Person", models.PROTECT, related_name="+", verbose_name="người xem"
    )
    actor_name = models.CharField("tên người xem", max_length=255)
    actor_position = models.CharField("chức vụ", max_length=100, blank=True)
    seat_id = models.BigIntegerField("vị trí công tác")
    stands_in_for = models.CharField("thay cho", max_length=255, blank=True)

    class Meta:
        verbose_name = "lượt xem"
        verbose_name_plural = "lượt xem"
        ordering = ("at", "pk")
        indexes = (
            models.Index(fields=["subject", "at"], name="reading_of_subject"),
            models.Index(fields=["organization", "id"], name="reading_of_organization"),
        )

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.subject} {self.part}"
