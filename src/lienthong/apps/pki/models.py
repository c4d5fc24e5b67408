"""Rows about keys and certificates. The keys themselves are never in the database."""

from __future__ import annotations

from cryptography import x509
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from lienthong.apps.pki.authority.models import (
    CertificateAuthority,
    CRLIssue,
    IssuedCertificate,
    KeyUse,
    LogEntry,
    LogHead,
    LogTile,
    Mandate,
    ReceivedRequest,
    StatusProposal,
)
from lienthong.apps.pki.registration.models import (
    PLACES,
    CertificateRequest,
    RenewalReminder,
    RequestEvidence,
    RequestStep,
    RequestTable,
)
from lienthong.apps.pki.rules import KeyKind, KeyPlace

__all__ = [
    "CRLIssue",
    "Certificate",
    "CertificateAuthority",
    "CertificateRequest",
    "IssuedCertificate",
    "Key",
    "KeyUse",
    "LogEntry",
    "LogHead",
    "LogTile",
    "Mandate",
    "ReceivedRequest",
    "RenewalReminder",
    "RequestEvidence",
    "RequestStep",
    "RequestTable",
    "StatusProposal",
]

KINDS = [(kind.value, kind.label) for kind in KeyKind]


class Certificate(models.Model):
    """Chứng thư số: one that this node issued or knows, as it is."""

    kind = models.CharField("loại", max_length=10, choices=KINDS)
    sha256 = models.CharField("vân tay SHA-256", max_length=64, unique=True)
    serial = models.CharField("số sê-ri", max_length=40)
    subject = models.CharField("chủ thể", max_length=1000)
    issuer = models.CharField("cơ quan cấp", max_length=500)
    not_before = models.DateTimeField("có hiệu lực từ")
    not_after = models.DateTimeField("có hiệu lực đến")
    pem = models.TextField("chứng thư (PEM)")
    revoked_at = models.DateTimeField("thu hồi lúc", null=True, blank=True)
    held_at = models.DateTimeField("tạm dừng lúc", null=True, blank=True)
    superseded_at = models.DateTimeField("có chứng thư mới thay từ", null=True, blank=True)
    organization = models.ForeignKey(
        "directory.Organization",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="cơ quan",
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người",
    )
    recorded_at = models.DateTimeField("ghi nhận lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = "chứng thư số"
        verbose_name_plural = "chứng thư số"
        ordering = ("-not_before", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(not_after__gt=models.F("not_before")),
                name="certificate_period_in_order",
            ),
        )

    def __str__(self) -> str:
        return self.subject

    @property
    def is_held(self) -> bool:
        """On hold and not revoked."""
        return self.held_at is not None and self.revoked_at is None

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate itself."""
        return x509.load_pem_x509_certificate(self.pem.encode("ascii"))


class Key(models.Model):
    """Khóa: where the key of one holder lies. One current key for a holder and kind.

    device: the name in the settings of the token or the remote service. path: the file under
    DATA_DIR/keys, the CKA_ID in hexadecimal, or the credential at the service; empty for a key
    beside the browser. chain: the issuers (PEM) of a key that is in no file.
    """

    kind = models.CharField("loại", max_length=10, choices=KINDS)
    place = models.CharField("nơi giữ khóa", max_length=10, choices=PLACES, default=KeyPlace.FILE)
    device = models.CharField("thiết bị hoặc dịch vụ", max_length=64, blank=True)
    path = models.CharField("mã khóa ở nơi giữ", max_length=200, blank=True)
    chain = models.TextField("chứng thư của tổ chức cấp (PEM)", blank=True)
    certificate = models.OneToOneField(
        Certificate, models.PROTECT, related_name="key", verbose_name="chứng thư số"
    )
    organization = models.ForeignKey(
        "directory.Organization",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="cơ quan",
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="người",
    )
    is_current = models.BooleanField("đang dùng", default=True)
    created_at = models.DateTimeField("tạo lúc", db_default=Now(), editable=False)

    class Meta:
        verbose_name = "khóa"
        verbose_name_plural = "khóa"
        constraints = (
            models.UniqueConstraint(
                "path", condition=Q(place=KeyPlace.FILE), name="key_file_of_one_key"
            ),
            models.UniqueConstraint(
                "kind",
                "person",
                condition=Q(is_current=True, kind=KeyKind.PERSON),
                name="current_key_of_person",
            ),
            models.UniqueConstraint(
                "kind",
                "organization",
                condition=Q(is_current=True, kind__in=[KeyKind.AGENCY, KeyKind.SERVICE]),
                name="current_key_of_organization",
            ),
        )

    def __str__(self) -> str:
        return f"{self.place}:{self.device or self.path}"


class TrustListCheck(models.Model):
    """Lần nhận danh sách tin cậy: a stretch of fetches with one outcome.

    code, detail: the problem, "" when the published list is in use. The other facts are those of
    the list in use at the end.
    """

    first_at = models.DateTimeField("từ")
    last_at = models.DateTimeField("đến")
    code = models.CharField("mã lỗi", max_length=60, blank=True)
    detail = models.CharField("diễn giải", max_length=500, blank=True)
    sequence = models.PositiveIntegerField("số danh sách", null=True, blank=True)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    issued_at = models.DateTimeField("phát hành lúc", null=True, blank=True)
    next_update = models.DateTimeField("bản kế tiếp trước", null=True, blank=True)

    class Meta:
        verbose_name = "lần nhận danh sách tin cậy"
        verbose_name_plural = "các lần nhận danh sách tin cậy"
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.sequence} {self.code}"
