"""Tables of the registry: changes with numbers, the entries they lead to, keys, paper lists."""

from __future__ import annotations

from django.db import models

from lienthong.apps.registry.rules import Paper


class Change(models.Model):
    """One change: what an agency's entry became. `body` is "" when it ended."""

    sequence = models.BigIntegerField("số", primary_key=True)
    key = models.CharField("cơ quan", max_length=40)
    body = models.TextField("nội dung", blank=True)
    chain = models.CharField("chuỗi băm", max_length=64)
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "thay đổi danh bạ"
        verbose_name_plural = "thay đổi danh bạ"

    def __str__(self) -> str:
        return f"{self.sequence} {self.key}"


class Entry(models.Model):
    """An agency as it was told last."""

    key = models.CharField("cơ quan", max_length=40, primary_key=True, db_collation="C")
    body = models.TextField("nội dung")
    sequence = models.BigIntegerField("số thay đổi")

    class Meta:
        verbose_name = "mục danh bạ"
        verbose_name_plural = "mục danh bạ"

    def __str__(self) -> str:
        return self.key


class SignedHead(models.Model):
    """The newest head: at the axis the one it signed, at a node the one it took."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    sequence = models.BigIntegerField("số thay đổi cuối")
    chain = models.CharField("chuỗi băm", max_length=64)
    token = models.TextField("chữ ký (JWS)")
    signed_at = models.DateTimeField("ký lúc")
    taken_at = models.DateTimeField("nhận lúc")
    problem = models.TextField("trở ngại", blank=True)

    class Meta:
        verbose_name = "đầu danh bạ"
        verbose_name_plural = "đầu danh bạ"

    def __str__(self) -> str:
        return str(self.sequence)


class NodeKey(models.Model):
    """The node that speaks for an agency, and its certificate."""

    organization_id = models.BigIntegerField("cơ quan", primary_key=True)
    node_id = models.CharField("điểm kết nối", max_length=64)
    certificate = models.TextField("chứng thư (PEM)", blank=True)

    class Meta:
        verbose_name = "khóa của điểm kết nối"
        verbose_name_plural = "khóa của điểm kết nối"

    def __str__(self) -> str:
        return f"{self.organization_id} {self.node_id}"


class PaperRule(models.Model):
    """Danh mục gửi kèm bản giấy: a type of document on one of the two lists, for some days (DX-17).

    `agency_code` "" stands for every sender. `valid_to` is the first day it no longer holds.
    """

    list = models.CharField("danh mục", max_length=10, choices=Paper)
    type_code = models.PositiveSmallIntegerField("loại văn bản")
    agency_code = models.CharField("cơ quan gửi", max_length=35, blank=True)
    basis = models.CharField("căn cứ", max_length=255)
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến trước ngày", null=True, blank=True)

    class Meta:
        verbose_name = "quy định về bản giấy"
        verbose_name_plural = "quy định về bản giấy"
        ordering = ("list", "type_code", "valid_from")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gt=models.F("valid_from")),
                name="paper_days_in_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.list} {self.type_code}"
