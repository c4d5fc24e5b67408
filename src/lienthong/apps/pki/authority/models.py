"""The register of the authorities: keys, certificates, lists, mandates, and who did what.

No row holds a secret. `KeyUse` and `LogEntry` are only ever added to (migration 0002).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from lienthong.apps.pki.authority.rules import (
    AuthorityKind,
    KeyPurpose,
    MandateState,
    Reason,
    ServiceAct,
    Status,
    StatusAct,
)
from lienthong.apps.pki.contract import RequestKind, SubjectKind

__all__ = [
    "CRLIssue",
    "CertificateAuthority",
    "IssuedCertificate",
    "KeyUse",
    "LogEntry",
    "LogHead",
    "LogTile",
    "Mandate",
    "ReceivedRequest",
    "ServiceProposal",
    "StatusProposal",
    "TrustListIssue",
]


def _person(label: str) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=label,
    )


class CertificateAuthority(models.Model):
    """Cơ quan cấp chứng thư: one CA key. `name` is its folder in the directory of authorities."""

    name = models.CharField("tên gọi", max_length=40, unique=True)
    title = models.CharField("tên trên chứng thư", max_length=200)
    kind = models.CharField("loại", max_length=10, choices=AuthorityKind)
    key_id = models.CharField("định danh khóa", max_length=16, unique=True)
    sha256 = models.CharField("vân tay SHA-256", max_length=64, unique=True)
    pem = models.TextField("chứng thư (PEM)")
    not_before = models.DateTimeField("có hiệu lực từ")
    not_after = models.DateTimeField("có hiệu lực đến")
    online = models.BooleanField("khóa trực tuyến", default=True)
    crl_number = models.BigIntegerField("số CRL gần nhất", default=0)
    last_signed_at = models.DateTimeField("lần ký gần nhất", null=True, blank=True)

    class Meta:
        verbose_name = "cơ quan cấp chứng thư"
        verbose_name_plural = "cơ quan cấp chứng thư"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.title


class Mandate(models.Model):
    """Giấy ủy quyền đăng ký: what a registering agency may ask for, and through whom (SG 4.4).

    agency_code: who registers. root_code: the top of the subtree whose subjects it registers.
    officers: [{"code", "name", "certificate"}]: the code names the person. record: the signed JWS.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    agency_code = models.CharField("mã cơ quan đăng ký", max_length=35)
    agency_name = models.CharField("cơ quan đăng ký", max_length=255)
    root_code = models.CharField("phạm vi từ cơ quan", max_length=35)
    subjects = ArrayField(
        models.CharField(max_length=10, choices=SubjectKind), verbose_name="đối tượng"
    )
    kinds = ArrayField(
        models.CharField(max_length=10, choices=RequestKind), verbose_name="loại yêu cầu"
    )
    officers = models.JSONField("cán bộ đăng ký", default=list)
    per_day = models.PositiveIntegerField("số chứng thư mỗi ngày")
    lifetime_days = models.PositiveIntegerField("thời hạn tối đa (ngày)")
    valid_from = models.DateTimeField("từ")
    valid_to = models.DateTimeField("đến")
    state = models.CharField(
        "trạng thái", max_length=10, choices=MandateState, default=MandateState.PROPOSED
    )
    record = models.TextField("bản ký (JWS)", blank=True)
    proposed_by = _person("người đề nghị")
    proposed_at = models.DateTimeField("đề nghị lúc", db_default=Now(), editable=False)
    decided_by = _person("người phê duyệt")
    decided_at = models.DateTimeField("phê duyệt lúc", null=True, blank=True)
    ended_by = _person("người chấm dứt")
    ended_at = models.DateTimeField("chấm dứt lúc", null=True, blank=True)
    ended_for = models.CharField("lý do chấm dứt", max_length=500, blank=True)

    class Meta:
        verbose_name = "giấy ủy quyền đăng ký"
        verbose_name_plural = "giấy ủy quyền đăng ký"
        ordering = ("-proposed_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_to__gt=F("valid_from")), name="mandate_period_in_order"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="mandate_by_two_persons",
            ),
            models.CheckConstraint(
                condition=~Q(state=MandateState.IN_FORCE) | ~Q(record=""),
                name="mandate_in_force_is_signed",
            ),
        )
        indexes = (models.Index(fields=["agency_code", "state"], name="mandate_of_agency"),)

    def __str__(self) -> str:
        return f"{self.agency_code} {self.state}"


class IssuedCertificate(models.Model):
    """Chứng thư đã cấp: every serial that the authorities know; OCSP answers from these rows."""

    authority = models.ForeignKey(
        CertificateAuthority,
        models.PROTECT,
        related_name="certificates",
        verbose_name="cơ quan cấp",
    )
    serial = models.CharField("số sê-ri", max_length=40)
    sha256 = models.CharField("vân tay SHA-256", max_length=64, unique=True)
    profile = models.CharField("khuôn mẫu", max_length=20)
    subject = models.CharField("tên chủ thể", max_length=250)
    organization = models.CharField("cơ quan", max_length=250, blank=True)
    organization_code = models.CharField("mã cơ quan", max_length=35, blank=True)
    holder = models.CharField("mã người giữ", max_length=100, blank=True)
    search_text = models.TextField("để tìm", blank=True, editable=False)
    not_before = models.DateTimeField("có hiệu lực từ")
    not_after = models.DateTimeField("có hiệu lực đến")
    pem = models.TextField("chứng thư (PEM)")
    status = models.CharField("trạng thái", max_length=10, choices=Status, default=Status.ACTIVE)
    status_at = models.DateTimeField("trạng thái từ", null=True, blank=True)
    reason = models.CharField("lý do", max_length=30, choices=Reason, blank=True)
    invalidity_at = models.DateTimeField("khóa không an toàn từ", null=True, blank=True)
    mandate = models.ForeignKey(
        Mandate, models.PROTECT, null=True, blank=True, related_name="certificates"
    )
    request_id = models.UUIDField("yêu cầu", null=True, blank=True, unique=True)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by"
    )
    renewals = models.PositiveSmallIntegerField("lần gia hạn", default=0)
    log_index = models.BigIntegerField("vị trí nhật ký", null=True, blank=True)
    issued_at = models.DateTimeField("cấp lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = "chứng thư đã cấp"
        verbose_name_plural = "chứng thư đã cấp"
        ordering = ("-not_before", "-pk")
        constraints = (
            models.UniqueConstraint("authority", "serial", name="serial_once_of_authority"),
        )
        indexes = (
            models.Index(fields=["organization_code", "status"], name="issued_of_organization"),
            models.Index(fields=["status", "status_at"], name="issued_by_status"),
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="issued_search"),
        )

    def __str__(self) -> str:
        return f"{self.subject} {self.serial}"


class ReceivedRequest(models.Model):
    """Yêu cầu đã nhận: one signed registration, its legal clock, and what became of it.

    A request that is refused leaves no row but a line in the log of the service; a hold waits here
    for its second person.
    """

    id = models.UUIDField(primary_key=True)
    kind = models.CharField("loại", max_length=10, choices=RequestKind)
    profile = models.CharField("đối tượng", max_length=10, choices=SubjectKind)
    mandate = models.ForeignKey(
        Mandate, models.PROTECT, related_name="requests", verbose_name="giấy ủy quyền"
    )
    node_id = models.CharField("điểm kết nối", max_length=64)
    agency_code = models.CharField("mã cơ quan của chủ thể", max_length=35)
    registrar_code = models.CharField("mã cơ quan đăng ký", max_length=35)
    registrar = models.CharField("cán bộ đăng ký", max_length=200)
    entered_by = models.CharField("người nhập", max_length=100)
    approved_by = models.CharField("người duyệt", max_length=100)
    subject = models.CharField("chủ thể", max_length=250)
    reason = models.CharField("lý do", max_length=500, blank=True)
    record = models.TextField("bản ký (JWS)")
    record_sha256 = models.CharField("SHA-256 của bản ký", max_length=64)
    file_valid_at = models.DateTimeField("hồ sơ hợp lệ lúc")
    approved_at = models.DateTimeField("duyệt lúc")
    received_at = models.DateTimeField("nhận lúc")
    due_at = models.DateTimeField("hạn theo luật")
    target_at = models.DateTimeField("mốc phấn đấu")
    basis = models.CharField("căn cứ", max_length=200)
    done_at = models.DateTimeField("xong lúc", null=True, blank=True)
    certificate = models.ForeignKey(
        IssuedCertificate, models.PROTECT, null=True, related_name="requests"
    )
    answer = models.JSONField("trả lời", default=dict)
    confirm_before = models.DateTimeField("xác nhận trước", null=True, blank=True)
    confirmed_by = _person("người xác nhận")
    confirmed_as = models.CharField(
        "cán bộ đăng ký xác nhận", max_length=200, blank=True, db_default=""
    )
    confirmed_at = models.DateTimeField("xác nhận lúc", null=True, blank=True)

    class Meta:
        verbose_name = "yêu cầu đã nhận"
        verbose_name_plural = "yêu cầu đã nhận"
        ordering = ("-received_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=~Q(entered_by=F("approved_by")) | Q(kind=RequestKind.HOLD),
                name="request_by_two_persons",
            ),
        )
        indexes = (
            models.Index(fields=["mandate", "received_at"], name="request_of_mandate"),
            models.Index(fields=["done_at", "due_at"], name="request_by_due"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"


class StatusProposal(models.Model):
    """Đề nghị đổi trạng thái: an officer proposes, a second one decides; a hold acts meanwhile."""

    certificate = models.ForeignKey(
        IssuedCertificate, models.PROTECT, related_name="proposals", verbose_name="chứng thư"
    )
    act = models.CharField("việc", max_length=10, choices=StatusAct)
    reason = models.CharField("lý do", max_length=30, choices=Reason)
    why = models.CharField("căn cứ, diễn giải", max_length=500)
    invalidity_at = models.DateTimeField("khóa không an toàn từ", null=True, blank=True)
    proposed_by = _person("người đề nghị")
    proposed_at = models.DateTimeField("đề nghị lúc")
    confirm_before = models.DateTimeField("xác nhận trước", null=True, blank=True)
    decided_by = _person("người quyết định")
    decided_at = models.DateTimeField("quyết định lúc", null=True, blank=True)
    accepted = models.BooleanField("đồng ý", null=True, blank=True)

    class Meta:
        verbose_name = "đề nghị đổi trạng thái"
        verbose_name_plural = "đề nghị đổi trạng thái"
        ordering = ("-proposed_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")) | Q(accepted=False),
                name="status_by_two_persons",
            ),
            models.UniqueConstraint(
                "certificate", condition=Q(accepted=None), name="one_open_proposal"
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.certificate_id}"


class CRLIssue(models.Model):
    """Danh sách thu hồi đã ký: full or delta. A number is used once (SG-R-03)."""

    authority = models.ForeignKey(CertificateAuthority, models.PROTECT, related_name="crls")
    number = models.BigIntegerField("số")
    base_number = models.BigIntegerField("số gốc của bản thay đổi", null=True, blank=True)
    this_update = models.DateTimeField("phát hành lúc")
    next_update = models.DateTimeField("bản kế tiếp trước")
    entries = models.PositiveIntegerField("số mục")
    der = models.BinaryField("nội dung (DER)")

    class Meta:
        verbose_name = "danh sách thu hồi"
        verbose_name_plural = "danh sách thu hồi"
        ordering = ("authority", "-number")
        constraints = (
            models.UniqueConstraint(
                "authority", "number", "base_number", nulls_distinct=False, name="crl_number_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.authority_id} #{self.number}"


class KeyUse(models.Model):
    """Nhật ký dùng khóa: who, for whom, digest, purpose, result, device; without content (SG-K-09).

    OCSP answers and time-stamps are counted: one row for a stretch of time, `count` uses in it.
    """

    at = models.DateTimeField("lúc")
    key = models.CharField("khóa", max_length=80)
    purpose = models.CharField("việc", max_length=12, choices=KeyPurpose)
    person = _person("người")
    actor = models.CharField("ai", max_length=200)
    subject = models.CharField("cho ai, cho việc gì", max_length=250)
    digest = models.CharField("mã băm", max_length=64, blank=True)
    count = models.PositiveIntegerField("số lần", default=1)
    succeeded = models.BooleanField("thành công", default=True)
    device = models.CharField("thiết bị", max_length=80, default="tệp khóa")

    class Meta:
        verbose_name = "lần dùng khóa"
        verbose_name_plural = "nhật ký dùng khóa"
        ordering = ("-at", "-pk")
        indexes = (models.Index(fields=["-at", "purpose"], name="key_use_by_time"),)

    def __str__(self) -> str:
        return f"{self.key} {self.purpose}"


class LogHead(models.Model):
    """The end of one log: its row is locked while leaves are added, so no log forks."""

    name = models.CharField("nhật ký", max_length=20, primary_key=True)
    size = models.BigIntegerField("số mục", default=0)
    checkpoint = models.TextField("điểm kiểm tra", blank=True)

    class Meta:
        verbose_name = "đầu nhật ký"
        verbose_name_plural = "đầu nhật ký"

    def __str__(self) -> str:
        return f"{self.name} {self.size}"


class LogTile(models.Model):
    """256 hashes, or fewer at the edge, of one level of a log."""

    log = models.ForeignKey(LogHead, models.PROTECT, related_name="tiles")
    level = models.SmallIntegerField("tầng")
    index = models.BigIntegerField("vị trí")
    hashes = models.BinaryField("mã băm")

    class Meta:
        verbose_name = "mảnh nhật ký"
        verbose_name_plural = "mảnh nhật ký"
        constraints = (models.UniqueConstraint("log", "level", "index", name="pki_tile_once"),)

    def __str__(self) -> str:
        return f"{self.log_id} {self.level}/{self.index}"


class LogEntry(models.Model):
    """One leaf of a log as its bytes: canonical JSON of digests, no personal data (SG 5.5)."""

    log = models.ForeignKey(LogHead, models.PROTECT, related_name="entries")
    index = models.BigIntegerField("vị trí")
    entry = models.BinaryField("nội dung")

    class Meta:
        verbose_name = "mục nhật ký"
        verbose_name_plural = "mục nhật ký"
        constraints = (models.UniqueConstraint("log", "index", name="pki_entry_once"),)

    def __str__(self) -> str:
        return f"{self.log_id} {self.index}"


class ServiceProposal(models.Model):
    """Đề nghị về một dịch vụ của danh sách tin cậy: one officer proposes, a second one decides.

    certificate_sha256, kind: which service. accepted_at: since when the list tells the new status.
    """

    certificate_sha256 = models.CharField("vân tay chứng thư", max_length=64)
    kind = models.CharField("loại dịch vụ", max_length=20)
    name = models.CharField("dịch vụ", max_length=250)
    act = models.CharField("việc", max_length=10, choices=ServiceAct)
    why = models.CharField("căn cứ, diễn giải", max_length=500)
    proposed_by = _person("người đề nghị")
    proposed_at = models.DateTimeField("đề nghị lúc")
    decided_by = _person("người quyết định")
    decided_at = models.DateTimeField("quyết định lúc", null=True, blank=True)
    accepted = models.BooleanField("đồng ý", null=True, blank=True)

    class Meta:
        verbose_name = "đề nghị về danh sách tin cậy"
        verbose_name_plural = "các đề nghị về danh sách tin cậy"
        ordering = ("-proposed_at", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("proposed_by")) | Q(accepted=False),
                name="service_by_two_persons",
            ),
            models.UniqueConstraint(
                "certificate_sha256",
                "kind",
                condition=Q(accepted=None),
                name="one_open_service_proposal",
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} {self.name}"


class TrustListIssue(models.Model):
    """Danh sách tin cậy đã công bố: each list as its bytes. A number is used once."""

    sequence = models.PositiveIntegerField("số", unique=True)
    issued_at = models.DateTimeField("phát hành lúc")
    next_update = models.DateTimeField("bản kế tiếp trước")
    services = models.PositiveIntegerField("số dịch vụ")
    granted = models.PositiveIntegerField("số dịch vụ được công nhận")
    sha256 = models.CharField("SHA-256", max_length=64)
    xml = models.BinaryField("nội dung")

    class Meta:
        verbose_name = "danh sách tin cậy"
        verbose_name_plural = "các danh sách tin cậy"
        ordering = ("-sequence",)

    def __str__(self) -> str:
        return f"#{self.sequence}"
