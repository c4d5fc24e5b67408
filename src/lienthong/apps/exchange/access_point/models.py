"""What the agency's end keeps: packets on their way out, packets that came in, the road itself."""

from __future__ import annotations

from django.db import models

from .rules import InboundState, Kind, OutboundState


class Outbound(models.Model):
    """Gói tin đi: encoded and signed, until the axis has answered for it. Ids keep their order."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    kind = models.CharField("loại gói tin", max_length=10, choices=[(k, k) for k in Kind])
    urgency = models.SmallIntegerField("mức độ khẩn", default=0)
    document_id = models.CharField("mã văn bản", max_length=100)
    correlation = models.CharField("đối tượng liên quan", max_length=100)
    packet_sha256 = models.CharField("SHA-256", max_length=64)
    signature = models.BinaryField("chữ ký gói tin")
    state = models.CharField(
        "trạng thái",
        max_length=10,
        choices=[(s, s) for s in OutboundState],
        default=OutboundState.QUEUED,
    )
    attempts = models.IntegerField("số lần gửi", default=0)
    queued_at = models.DateTimeField("thời điểm xếp hàng", auto_now_add=True)
    next_at = models.DateTimeField("gửi từ")
    accepted_at = models.DateTimeField("trục đã nhận", null=True)
    problem = models.JSONField("lỗi gần nhất", null=True)
    receipt = models.JSONField("biên nhận của trục", null=True)
    hub_packet_id = models.UUIDField("mã gói tin trên trục", null=True)

    class Meta:
        db_table = "access_point_outbound"
        verbose_name = "gói tin đi"
        indexes = (
            models.Index(
                models.F("urgency").desc(),
                "id",
                name="access_point_outbound_due",
                condition=models.Q(state__in=["QUEUED", "SENDING"]),
            ),
            models.Index("organization", "document_id", name="access_point_outbound_document"),
        )

    def __str__(self) -> str:
        return f"{self.document_id} ({self.kind}, {self.state})"


class Inbound(models.Model):
    """Gói tin đến: stored here first, acknowledged after."""

    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    delivery_id = models.UUIDField("mã lượt chuyển", unique=True)
    hub_packet_id = models.UUIDField("mã gói tin trên trục")
    kind = models.CharField("loại gói tin", max_length=10, choices=[(k, k) for k in Kind])
    urgency = models.SmallIntegerField("mức độ khẩn", default=0)
    sender_code = models.CharField("cơ quan gửi", max_length=35)
    recipient_code = models.CharField("cơ quan nhận", max_length=35)
    packet_sha256 = models.CharField("SHA-256", max_length=64)
    signature = models.BinaryField("chữ ký gói tin")
    report = models.JSONField("kết quả kiểm tra chữ ký gói tin")
    state = models.CharField(
        "trạng thái",
        max_length=10,
        choices=[(s, s) for s in InboundState],
        default=InboundState.STORED,
    )
    received_at = models.DateTimeField("thời điểm nhận")
    acknowledged_at = models.DateTimeField("đã xác nhận với trục", null=True)
    acknowledgement = models.TextField("giấy xác nhận (JWS)", blank=True)

    class Meta:
        db_table = "access_point_inbound"
        verbose_name = "gói tin đến"
        constraints = (
            models.UniqueConstraint(
                "hub_packet_id", "organization", name="access_point_inbound_once"
            ),
        )
        indexes = (
            models.Index(
                "received_at",
                name="access_point_inbound_stored",
                condition=models.Q(state="STORED"),
            ),
        )

    def __str__(self) -> str:
        return f"{self.hub_packet_id} ({self.kind}, {self.state})"


class HubLink(models.Model):
    """Đường nối tới trục: one row, what this node last knew of the axis."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    reachable = models.BooleanField("kết nối được", default=False)
    last_seen_at = models.DateTimeField("lần kết nối gần nhất", null=True)
    clock_offset_s = models.FloatField("lệch đồng hồ (giây)", null=True)
    problem = models.JSONField("lỗi gần nhất", null=True)

    class Meta:
        db_table = "access_point_hub_link"
        verbose_name = "đường nối tới trục"

    def __str__(self) -> str:
        return "kết nối được" if self.reachable else "mất kết nối"
