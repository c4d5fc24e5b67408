"""What the door remembers: wrong tries, and addresses that are known."""

from __future__ import annotations

from django.db import models

from lienthong.apps.accounts.models.people import Person


class SignInTries(models.Model):
    """Wrong tries in the present window, for one address or one account from one kind of source."""

    key = models.CharField(max_length=64, primary_key=True)
    window_started_at = models.DateTimeField(db_index=True)
    tries = models.PositiveIntegerField()

    class Meta:
        verbose_name = "lượt đăng nhập sai"
        verbose_name_plural = "lượt đăng nhập sai"

    def __str__(self) -> str:
        return f"{self.key[:8]}… {self.tries}"


class KnownAddress(models.Model):
    """An address from which a person signed in; others' wrong tries do not count against it."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    address = models.GenericIPAddressField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name = "địa chỉ quen"
        verbose_name_plural = "địa chỉ quen"
        constraints = (models.UniqueConstraint("person", "address", name="known_address_once"),)

    def __str__(self) -> str:
        return self.address


class SessionRecord(models.Model):
    """A session that is open, so that its owner sees it and can end it from elsewhere."""

    session_key = models.CharField(max_length=40, primary_key=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    address = models.GenericIPAddressField("địa chỉ")
    device = models.CharField("thiết bị", max_length=100, blank=True)
    begun_at = models.DateTimeField("đăng nhập lúc")
    seen_at = models.DateTimeField("dùng gần nhất")

    class Meta:
        verbose_name = "phiên làm việc"
        verbose_name_plural = "phiên làm việc"
        ordering = ("-seen_at",)

    def __str__(self) -> str:
        return f"{self.person} {self.device}"


class KnownDevice(models.Model):
    """A browser from which a person signed in: it keeps a token, we keep the token's digest."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    token_sha256 = models.CharField(max_length=64)
    device = models.CharField("thiết bị", max_length=100, blank=True)
    first_at = models.DateTimeField("lần đầu")
    last_at = models.DateTimeField("gần nhất")

    class Meta:
        verbose_name = "thiết bị quen"
        verbose_name_plural = "thiết bị quen"
        constraints = (models.UniqueConstraint("person", "token_sha256", name="known_device_once"),)

    def __str__(self) -> str:
        return f"{self.person} {self.device}"
