"""What a person proves themself with beside the password, and identities given by others."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from lienthong.apps.accounts.models.people import Person
from lienthong.apps.accounts.rules import Factor

HELD_FACTORS = [(factor.value, factor.label) for factor in (Factor.TOTP, Factor.PASSKEY)]


class Authenticator(models.Model):
    """Phương tiện xác thực: an application that makes codes, or a key of WebAuthn."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="authenticators")
    factor = models.CharField("loại", max_length=10, choices=HELD_FACTORS)
    name = models.CharField("tên gọi", max_length=60)
    # TOTP: the secret, encrypted (`vault`). A passkey: its public key in COSE form.
    key = models.BinaryField()
    credential_id = models.BinaryField(null=True, unique=True)
    # TOTP: the last time step that was accepted. A passkey: its signature counter.
    counter = models.BigIntegerField(default=0)
    added_at = models.DateTimeField("thêm lúc", db_default=Now(), editable=False)
    used_at = models.DateTimeField("dùng gần nhất", null=True)

    class Meta:
        verbose_name = "phương tiện xác thực"
        verbose_name_plural = "phương tiện xác thực"
        ordering = ("added_at", "pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(factor=Factor.PASSKEY, credential_id__isnull=False)
                | models.Q(factor=Factor.TOTP, credential_id=None),
                name="authenticator_passkey_has_credential",
            ),
        )

    def __str__(self) -> str:
        return self.name


class RecoveryCode(models.Model):
    """Mã dự phòng: works once, in place of a lost authenticator. Only its digest is kept."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "mã dự phòng"
        verbose_name_plural = "mã dự phòng"
        constraints = (models.UniqueConstraint("person", "digest", name="recovery_code_once"),)

    def __str__(self) -> str:
        return self.digest[:8]


class Identity(models.Model):
    """Định danh: the name of a person at an identity provider; issuer and subject never change."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="identities")
    issuer = models.CharField("nơi cấp", max_length=255)
    subject = models.CharField("định danh", max_length=255)
    linked_at = models.DateTimeField("liên kết lúc", db_default=Now(), editable=False)
    used_at = models.DateTimeField("dùng gần nhất", null=True)

    class Meta:
        verbose_name = "định danh"
        verbose_name_plural = "định danh"
        constraints = (
            models.UniqueConstraint("issuer", "subject", name="identity_of_one_person"),
            models.UniqueConstraint("person", "issuer", name="identity_once_for_issuer"),
        )

    def __str__(self) -> str:
        return f"{self.issuer} {self.subject}"
