"""Rows of registration: requests, their evidence, tables of many requests."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from lienthong.apps.pki.contract import ISSUING, RequestKind, SubjectKind
from lienthong.apps.pki.registration.rules import OPEN, Ground, RequestState
from lienthong.apps.pki.rules import KeyPlace

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

PLACES = [(place.value, place.name) for place in KeyPlace]


def _seat(label: str) -> models.ForeignKey[Any, Any]:
    return models.ForeignKey(
        "accounts.Seat", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=label
    )


@dataclass(frozen=True, slots=True)
class AtAuthority:
    """A request as the registering agency sees it: that agency owns the act, not the subject's."""

    request: CertificateRequest
    organization_id: int


class RequestTable(models.Model):
    """Bảng đăng ký: many requests from one table, approved by one signed act (SG-D-04).

    failures: [{"line", "text"}]. leaves: [[request id, leaf in hexadecimal]] in the order of the
    tree whose root `approval` signs. approval_failures: [{"holder", "text"}]. The counts are how
    far the jobs are.
    """

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan đăng ký"
    )
    name = models.CharField("tên tệp", max_length=255)
    sha256 = models.CharField("mã băm của tệp", max_length=64)
    entered_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    row_count = models.PositiveIntegerField("số dòng")
    failures = models.JSONField("dòng không dùng được", default=list)
    entered_count = models.PositiveIntegerField("số dòng đã nạp", db_default=0, default=0)
    approval = models.TextField("chữ ký duyệt (JWS)", blank=True)
    leaves = models.JSONField("các yêu cầu đã ký duyệt", null=True, blank=True)
    approved_by = _seat("người duyệt")
    approved_at = models.DateTimeField("duyệt lúc", null=True, blank=True)
    mandate = models.CharField("giấy uỷ quyền", max_length=40, blank=True, db_default="")
    approved_count = models.PositiveIntegerField("số yêu cầu đã xử lý", db_default=0, default=0)
    approval_failures = models.JSONField("yêu cầu không duyệt được", null=True, blank=True)
    created_at = models.DateTimeField("lập lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = "bảng đăng ký"
        verbose_name_plural = "bảng đăng ký"
        ordering = ("-created_at", "-pk")

    def __str__(self) -> str:
        return self.name

    if TYPE_CHECKING:
        requests: RelatedManager[CertificateRequest]

    @property
    def is_entered(self) -> bool:
        """Whether every row has become a request or a failure."""
        return self.entered_count >= self.row_count

    @property
    def approving(self) -> int:
        """How many requests the last approval covers."""
        return len(self.leaves or ())

    @property
    def is_busy(self) -> bool:
        """Whether a job is still at work on its rows."""
        return not self.is_entered or self.approved_count < self.approving


class CertificateRequest(models.Model):
    """Yêu cầu chứng thư: from the first word to the signed handing-over slip.

    `organization` is the subject's agency, `authority` the agency whose registrar decides. Rows are
    seen by both.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    authority = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan đăng ký"
    )
    kind = models.CharField("loại yêu cầu", max_length=10, choices=RequestKind)
    profile = models.CharField("đối tượng", max_length=10, choices=SubjectKind)
    state = models.CharField(
        "trạng thái", max_length=10, choices=RequestState, default=RequestState.DRAFT
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người được cấp",
    )
    subject = models.JSONField("nội dung chứng thư", default=dict)
    # Where the holder's key is made and stays; as in Key.
    key_place = models.CharField(
        "nơi giữ khóa", max_length=10, choices=PLACES, default=KeyPlace.FILE
    )
    key_device = models.CharField("thiết bị hoặc dịch vụ", max_length=64, blank=True)
    key_path = models.CharField("mã khóa ở nơi giữ", max_length=200, blank=True)
    csr = models.TextField("yêu cầu ký khóa (PKCS#10, base64)", blank=True)
    certificate = models.ForeignKey(
        "pki.Certificate",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="requests",
        verbose_name="chứng thư liên quan",
    )
    issued = models.OneToOneField(
        "pki.Certificate",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="request",
        verbose_name="chứng thư được cấp",
    )
    chain = models.TextField("chứng thư của tổ chức cấp (PEM)", blank=True)
    ground = models.CharField("căn cứ", max_length=12, choices=Ground, blank=True)
    reason = models.CharField("lý do", max_length=500, blank=True)
    invalidity_at = models.DateTimeField("nghi lộ từ", null=True, blank=True)
    is_emergency = models.BooleanField("khẩn cấp", default=False)
    device_serial = models.CharField("số sê-ri thiết bị", max_length=64, blank=True)
    entered_by = models.ForeignKey("accounts.Seat", models.PROTECT, related_name="+")
    confirmed_by = _seat("lãnh đạo xác nhận")
    verified_by = _seat("người kiểm tra hồ sơ")
    approved_by = _seat("người duyệt")
    second_by = _seat("người xác nhận tạm dừng khẩn cấp")
    return_reason = models.CharField("lý do trả lại", max_length=500, blank=True)
    refusal = models.JSONField("lời từ chối của tổ chức cấp", null=True, blank=True)
    token = models.TextField("yêu cầu đã ký (JWS)", blank=True)
    slip = models.TextField("phiếu giao nhận đã ký (JWS)", blank=True)
    log_proof = models.JSONField("bằng chứng nhật ký", null=True, blank=True)
    second_at = models.DateTimeField("xác nhận khẩn cấp lúc", null=True, blank=True)
    confirmation = models.TextField("xác nhận khẩn cấp đã ký (JWS)", blank=True, db_default="")
    confirmation_sent_at = models.DateTimeField("gửi xác nhận lúc", null=True, blank=True)
    escalated_at = models.DateTimeField("báo quá hạn xác nhận lúc", null=True, blank=True)
    table = models.ForeignKey(
        RequestTable,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="requests",
        verbose_name="bảng",
    )
    created_at = models.DateTimeField("lập lúc", db_default=Now(), editable=False)
    submitted_at = models.DateTimeField("gửi lúc", null=True, blank=True)
    due_at = models.DateTimeField("hạn theo quy định", null=True, blank=True)
    target_at = models.DateTimeField("hạn phấn đấu", null=True, blank=True)
    basis = models.CharField("căn cứ của hạn", max_length=200, blank=True)
    approved_at = models.DateTimeField("duyệt lúc", null=True, blank=True)
    issued_at = models.DateTimeField("cấp hoặc thực hiện lúc", null=True, blank=True)
    accepted_at = models.DateTimeField("nhận lúc", null=True, blank=True)
    second_by_at = models.DateTimeField("xác nhận khẩn cấp trước", null=True, blank=True)

    if TYPE_CHECKING:
        evidence: RelatedManager[RequestEvidence]
        steps: RelatedManager[RequestStep]

    class Meta:
        verbose_name = "yêu cầu chứng thư"
        verbose_name_plural = "yêu cầu chứng thư"
        ordering = ("-created_at", "pk")
        indexes = (
            models.Index(fields=["authority", "state", "due_at"], name="request_worklist"),
            models.Index(fields=["person", "state"], name="request_of_person"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~Q(profile=SubjectKind.PERSON) | Q(person__isnull=False),
                name="request_person_is_named",
            ),
            models.CheckConstraint(
                condition=Q(kind=RequestKind.NEW) | Q(certificate__isnull=False),
                name="request_certificate_is_named",
            ),
            models.UniqueConstraint(
                "certificate",
                "kind",
                condition=Q(state__in=sorted(OPEN)),
                name="request_open_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.holder}"

    @property
    def holder(self) -> str:
        """Whom the certificate names."""
        return str(self.subject.get("common_name", ""))

    @property
    def issues(self) -> bool:
        """Whether a certificate comes out of it."""
        return self.kind in ISSUING

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def needs_manager(self) -> bool:
        """Another agency's registrar decides: the own agency's leader confirms first (SG 4.2)."""
        return self.organization_id != self.authority_id

    @property
    def at_authority(self) -> AtAuthority:
        """What the rules of the registering agency are asked about."""
        return AtAuthority(self, self.authority_id)

    @property
    def awaits_second(self) -> bool:
        """An emergency hold in force by one person alone (SG 4.1)."""
        held = self.certificate is not None and self.certificate.is_held
        return self.is_emergency and self.second_by_id is None and held

    def is_late(self, now: datetime) -> bool:
        """Whether the legal time has passed and it is not done."""
        return (
            (self.is_open or self.awaits_second) and self.due_at is not None and self.due_at < now
        )


class RequestEvidence(models.Model):
    """Minh chứng: a file that proves who the holder is, kept by its digest."""

    request = models.ForeignKey(CertificateRequest, models.CASCADE, related_name="evidence")
    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    authority = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    name = models.CharField("tên tệp", max_length=255)
    content_type = models.CharField("loại tệp", max_length=100)
    sha256 = models.CharField("mã băm", max_length=64)
    size = models.PositiveIntegerField("cỡ (byte)")
    added_at = models.DateTimeField("thêm lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = "minh chứng"
        verbose_name_plural = "minh chứng"
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name


class RequestStep(models.Model):
    """Bước xử lý: what was done to a request, by whom; None when the node or the authority did."""

    request = models.ForeignKey(CertificateRequest, models.CASCADE, related_name="steps")
    organization = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    authority = models.ForeignKey("directory.Organization", models.PROTECT, related_name="+")
    act = models.CharField("thao tác", max_length=20)
    seat = _seat("người thực hiện")
    detail = models.CharField("chi tiết", max_length=500, blank=True)
    at = models.DateTimeField("lúc")

    class Meta:
        verbose_name = "bước xử lý"
        verbose_name_plural = "bước xử lý"
        ordering = ("at", "pk")

    def __str__(self) -> str:
        return f"{self.act} {self.at:%d/%m/%Y}"


class RenewalReminder(models.Model):
    """Nhắc gia hạn: one that was given, so that it is given once."""

    certificate = models.ForeignKey("pki.Certificate", models.CASCADE, related_name="reminders")
    days = models.PositiveSmallIntegerField("số ngày trước khi hết hạn")
    given_at = models.DateTimeField("nhắc lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = "lời nhắc gia hạn"
        verbose_name_plural = "lời nhắc gia hạn"
        constraints = (models.UniqueConstraint("certificate", "days", name="reminded_once"),)

    def __str__(self) -> str:
        return f"{self.certificate_id} – {self.days}"
