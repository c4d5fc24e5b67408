"""Tables beside the road of a packet: where documents stand, what happened, what is late."""

from __future__ import annotations

from django.db import models

from lienthong.core import edxml

from .circulation_rules import Ask, Duty, EventKind
from .rules import new_id


class Circulation(models.Model):
    """Lưu chuyển: where a document stands at one receiver, by the statuses that went through here.

    No row: sent, and nothing heard since. `circulation.py` keeps it, in the order of the log.
    """

    document_id = models.CharField("mã văn bản", max_length=100)
    sender_code = models.CharField("cơ quan gửi", max_length=35)
    recipient_code = models.CharField("cơ quan nhận", max_length=35)
    reference = models.CharField("số, ký hiệu", max_length=60, blank=True)
    promulgated_on = models.DateField("ngày văn bản", null=True)
    state = models.CharField(
        "trạng thái",
        max_length=20,
        choices=[(s, s) for s in edxml.DeliveryState],
        default=edxml.DeliveryState.SENT,
    )
    before = models.CharField("trạng thái trước yêu cầu", max_length=20, blank=True)
    ask = models.CharField("yêu cầu", max_length=20, choices=[(a, a) for a in Ask], blank=True)
    reason = models.CharField("lý do", max_length=500, blank=True)
    asked_at = models.DateTimeField("yêu cầu lúc", null=True)
    answer_by = models.DateTimeField("hạn trả lời", null=True)
    answered_at = models.DateTimeField("trả lời lúc", null=True)
    replaced_by = models.CharField("bị thay thế bởi", max_length=100, blank=True)
    duty = models.CharField(
        "việc của trục", max_length=10, choices=[(d, d) for d in Duty], blank=True
    )
    duty_until = models.DateTimeField("đang làm đến", null=True)
    changed_at = models.DateTimeField("thay đổi lúc")

    class Meta:
        db_table = "hub_circulation"
        verbose_name = "lưu chuyển"
        constraints = (
            models.UniqueConstraint(
                "document_id", "sender_code", "recipient_code", name="hub_circulation_once"
            ),
        )
        indexes = (
            models.Index(
                "answer_by",
                name="hub_circulation_unanswered",
                condition=models.Q(answer_by__isnull=False, answered_at=None),
            ),
            models.Index("id", name="hub_circulation_duty", condition=~models.Q(duty="")),
        )

    def __str__(self) -> str:
        return f"{self.document_id} → {self.recipient_code} ({self.state})"


class Event(models.Model):
    """Sự kiện: what happened on the axis besides packets and acknowledgements. Each enters the log
    (`log_rows.py`); nothing of it changes but its place there."""

    id = models.UUIDField(primary_key=True, default=new_id)
    at = models.DateTimeField("thời điểm")
    kind = models.CharField("việc", max_length=12, choices=[(k, k) for k in EventKind])
    document_id = models.CharField("mã văn bản", max_length=100)
    agency_code = models.CharField("cơ quan", max_length=35)
    other_code = models.CharField("cơ quan kia", max_length=35, blank=True)
    facts = models.JSONField("nội dung", default=dict)
    leaf_index = models.BigIntegerField("vị trí trong nhật ký", null=True, unique=True)

    class Meta:
        db_table = "hub_event"
        verbose_name = "sự kiện"
        indexes = (
            models.Index("document_id", name="hub_event_document"),
            models.Index("id", name="hub_event_to_anchor", condition=models.Q(leaf_index=None)),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.document_id}"


class Lateness(models.Model):
    """Chậm hạn: a clock that ran out, and when what it waited for happened after all."""

    rule = models.CharField("quy định", max_length=10)
    subject_id = models.CharField("đối tượng", max_length=150)
    document_id = models.CharField("mã văn bản", max_length=100)
    agency_code = models.CharField("cơ quan chậm", max_length=35)
    other_code = models.CharField("cơ quan chờ", max_length=35, blank=True)
    started_at = models.DateTimeField("bắt đầu tính")
    due_at = models.DateTimeField("hạn")
    raised_at = models.DateTimeField("báo lúc")
    ended_at = models.DateTimeField("xong lúc", null=True)

    class Meta:
        db_table = "hub_lateness"
        verbose_name = "chậm hạn"
        constraints = (models.UniqueConstraint("rule", "subject_id", name="hub_lateness_once"),)
        indexes = (
            models.Index("document_id", name="hub_lateness_document"),
            models.Index(models.F("raised_at").desc(), name="hub_lateness_raised"),
        )

    def __str__(self) -> str:
        return f"{self.rule} {self.agency_code} ({self.document_id})"


class Cursor(models.Model):
    """How far a reader of the hub's rows has come. Its row is the lock between processes."""

    name = models.CharField(max_length=32, primary_key=True)
    position = models.BigIntegerField(default=-1)
    at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hub_cursor"
        verbose_name = "vị trí đọc"

    def __str__(self) -> str:
        return f"{self.name} ({self.position})"
