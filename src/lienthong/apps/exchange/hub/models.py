"""Tables of the axis. Each carries its agency's code, so that it can be split by agency.

The hot path (`store.py`) writes these tables by hand-written SQL; the operator's pages read them
here.
"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from .circulation_models import Circulation, Cursor, Event, Lateness
from .rules import UNDELIVERABLE, WAITING, DeliveryState, Door, Kind, ProposalKind, ProposalState

__all__ = [
    "AgencyProposal",
    "ArchivedSegment",
    "Circulation",
    "Cursor",
    "Delivery",
    "Event",
    "Lateness",
    "LogHead",
    "Node",
    "NodeOrganization",
    "Packet",
    "Refusal",
    "Tile",
]


class Node(models.Model):
    """Điểm kết nối: one installation that may send and fetch for its agencies."""

    node_id = models.CharField("mã điểm kết nối", max_length=64, primary_key=True)
    name = models.CharField("tên", max_length=200)
    door = models.CharField(
        "cửa kết nối",
        max_length=10,
        choices=[(d, d) for d in Door],
        default=Door.NATIVE,
        db_default=Door.NATIVE,
    )
    certificate = models.TextField("chứng thư (PEM)", blank=True)
    sealed_secret = models.BinaryField("khóa bí mật (đã niêm phong)", default=b"", db_default=b"")
    profile = models.CharField("mức kiểm tra gói tin", max_length=10, blank=True, db_default="")
    fresh_time = models.BooleanField("bắt buộc thời gian mới", default=False, db_default=False)
    active = models.BooleanField("đang hoạt động", default=True)
    registered_at = models.DateTimeField("thời điểm đăng ký", auto_now_add=True)
    last_seen_at = models.DateTimeField("lần kết nối gần nhất", null=True)

    class Meta:
        db_table = "hub_node"
        verbose_name = "điểm kết nối"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(door=Door.KIT) | ~models.Q(certificate=""),
                name="hub_node_native_has_certificate",
            ),
            models.CheckConstraint(
                condition=models.Q(door=Door.NATIVE) | ~models.Q(sealed_secret=b""),
                name="hub_node_kit_has_secret",
            ),
        )

    def __str__(self) -> str:
        return f"{self.node_id} ({self.name})"


class NodeOrganization(models.Model):
    """Which node speaks for an agency. One agency has one node."""

    agency_code = models.CharField("mã cơ quan", max_length=35, primary_key=True)
    node = models.ForeignKey(Node, models.PROTECT, related_name="organizations")

    class Meta:
        db_table = "hub_node_organization"
        verbose_name = "cơ quan của điểm kết nối"

    def __str__(self) -> str:
        return self.agency_code


class AgencyProposal(models.Model):
    """Đề nghị về cơ quan: what a system asks through the kit; the operator decides (DX-97)."""

    node = models.ForeignKey(Node, models.PROTECT, related_name="proposals")
    kind = models.CharField("đề nghị", max_length=10, choices=[(k, k) for k in ProposalKind])
    agency_code = models.CharField("mã cơ quan", max_length=35)
    facts = models.JSONField("nội dung", default=dict)
    state = models.CharField(
        "trạng thái",
        max_length=10,
        choices=[(s, s) for s in ProposalState],
        default=ProposalState.WAITING,
    )
    asked_at = models.DateTimeField("thời điểm đề nghị", auto_now_add=True)
    decided_at = models.DateTimeField("thời điểm quyết định", null=True)

    class Meta:
        db_table = "hub_agency_proposal"
        verbose_name = "đề nghị về cơ quan"
        constraints = (
            models.UniqueConstraint(
                "node",
                "kind",
                "agency_code",
                name="hub_proposal_once",
                condition=models.Q(state=ProposalState.WAITING),
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.agency_code} ({self.state})"


class Packet(models.Model):
    """Gói tin: taken in, kept, proved. The bytes are in a segment; the row says where."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    agency_code = models.CharField("cơ quan gửi", max_length=35)
    node_id = models.CharField("điểm kết nối gửi", max_length=64)
    kind = models.CharField("loại gói tin", max_length=10, choices=[(k, k) for k in Kind])
    business = models.SmallIntegerField("nghiệp vụ", default=0)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.BigIntegerField("kích thước")
    segment = models.IntegerField("đoạn lưu", help_text="0: tệp riêng")
    position = models.BigIntegerField("vị trí trong đoạn")
    signature = models.BinaryField("chữ ký gói tin")
    door = models.CharField("cửa nhận", max_length=10, default=Door.NATIVE, db_default=Door.NATIVE)
    document_id = models.CharField("mã văn bản", max_length=100)
    document_key = models.CharField("mã văn bản (duy nhất)", max_length=100, null=True)
    number_key = models.CharField("số, ký hiệu, năm (duy nhất)", max_length=100, null=True)
    reference = models.CharField("số, ký hiệu", max_length=60)
    status_code = models.CharField("mã trạng thái", max_length=2, blank=True)
    urgency = models.SmallIntegerField("mức độ khẩn", default=0)
    received_at = models.DateTimeField("thời điểm nhận")
    receipt = models.TextField("biên nhận (JWS)")
    warnings = models.JSONField("cảnh báo", default=list)
    checks = models.JSONField("kết quả kiểm tra", default=list)
    leaf_index = models.BigIntegerField("vị trí trong nhật ký", unique=True)

    class Meta:
        db_table = "hub_packet"
        verbose_name = "gói tin"
        constraints = (
            models.UniqueConstraint("agency_code", "sha256", name="hub_packet_same_bytes"),
            models.UniqueConstraint("agency_code", "document_key", name="hub_packet_document_once"),
            models.UniqueConstraint("agency_code", "number_key", name="hub_packet_number_once"),
        )
        indexes = (
            models.Index("document_id", "kind", name="hub_packet_document"),
            models.Index(models.F("received_at").desc(), name="hub_packet_received"),
            models.Index("agency_code", models.F("received_at").desc(), name="hub_packet_sent"),
            models.Index(
                "leaf_index",
                name="hub_packet_to_follow",
                condition=models.Q(kind=Kind.STATUS)
                | ~models.Q(business=0)
                | models.Q(warnings__contains=[{"late": True}]),
            ),
        )

    def __str__(self) -> str:
        return f"{self.document_id} ({self.kind})"


class Delivery(models.Model):
    """Lượt chuyển: one packet towards one recipient."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    packet = models.ForeignKey(Packet, models.PROTECT, related_name="deliveries")
    kind = models.CharField("loại gói tin", max_length=10, default=Kind.EDOC, db_default=Kind.EDOC)
    agency_code = models.CharField("cơ quan nhận", max_length=35)
    sender_code = models.CharField("cơ quan gửi", max_length=35, db_default="")
    urgency = models.SmallIntegerField("mức độ khẩn", default=0)
    state = models.CharField(
        "trạng thái",
        max_length=10,
        choices=[(s, s) for s in DeliveryState],
        default=DeliveryState.QUEUED,
    )
    attempts = models.IntegerField("số lần trao", default=0)
    queued_at = models.DateTimeField("vào hàng đợi", db_default=Now())
    next_at = models.DateTimeField("được trao lại từ")
    fetched_at = models.DateTimeField("lấy lần đầu", null=True)
    delivered_at = models.DateTimeField("đã xác nhận", null=True)
    acknowledgement = models.TextField("giấy xác nhận (JWS)", blank=True)
    leaf_index = models.BigIntegerField("vị trí trong nhật ký", null=True, unique=True)

    class Meta:
        db_table = "hub_delivery"
        verbose_name = "lượt chuyển"
        constraints = (models.UniqueConstraint("packet", "agency_code", name="hub_delivery_once"),)
        indexes = (
            models.Index(
                "agency_code",
                "urgency",
                "sender_code",
                "next_at",
                "id",
                name="hub_delivery_waiting",
                condition=models.Q(state__in=WAITING),
            ),
            models.Index(
                "agency_code",
                "kind",
                models.F("urgency").desc(),
                "id",
                name="hub_delivery_listed",
                condition=models.Q(state__in=WAITING),
            ),
            models.Index(
                "delivered_at",
                name="hub_delivery_delivered",
                condition=models.Q(delivered_at__isnull=False),
            ),
            models.Index(
                "queued_at",
                name="hub_delivery_urgent",
                condition=models.Q(urgency__gt=0, state__in=WAITING),
            ),
            models.Index(
                "agency_code",
                "sender_code",
                name="hub_delivery_undeliverable",
                condition=models.Q(state__in=UNDELIVERABLE),
            ),
            models.Index(
                "id",
                name="hub_delivery_to_anchor",
                condition=models.Q(state="DELIVERED", leaf_index=None),
            ),
        )

    def __str__(self) -> str:
        return f"{self.packet_id} → {self.agency_code} ({self.state})"


class Refusal(models.Model):
    """Gói tin bị từ chối: who sent what we did not take, and why. Never the content (V-29)."""

    at = models.DateTimeField("thời điểm", auto_now_add=True)
    node_id = models.CharField("điểm kết nối", max_length=64)
    agency_code = models.CharField("cơ quan gửi", max_length=35, blank=True)
    code = models.CharField("mã lỗi", max_length=64)
    text = models.TextField("lý do")
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    class Meta:
        db_table = "hub_refusal"
        verbose_name = "gói tin bị từ chối"
        indexes = (models.Index(models.F("at").desc(), name="hub_refusal_at"),)

    def __str__(self) -> str:
        return f"{self.code} ({self.node_id})"


class ArchivedSegment(models.Model):
    """Đoạn lưu trong kho đối tượng: copied, read back whole, and looked for since."""

    number = models.IntegerField("đoạn lưu", primary_key=True)
    size = models.BigIntegerField("kích thước")
    sha256 = models.CharField("SHA-256", max_length=64)
    archived_at = models.DateTimeField("sao chép lúc")
    checked_at = models.DateTimeField("kiểm tra lúc")

    class Meta:
        db_table = "hub_archived_segment"
        verbose_name = "đoạn lưu trong kho"

    def __str__(self) -> str:
        return str(self.number)


class Tile(models.Model):
    """A tile of the exchange log: up to 256 hashes of one level (C2SP tlog-tiles)."""

    pk = models.CompositePrimaryKey("level", "number")
    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        db_table = "hub_tile"
        verbose_name = "ô nhật ký"

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class LogHead(models.Model):
    """The newest checkpoint of a log. Its row is the lock against a fork (TM-A-04)."""

    name = models.CharField(max_length=32, primary_key=True)
    size = models.BigIntegerField(default=0)
    root = models.BinaryField(default=b"")
    checkpoint = models.TextField(blank=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hub_log_head"
        verbose_name = "đầu nhật ký"

    def __str__(self) -> str:
        return f"{self.name} ({self.size})"
