"""Persons, and the seats they hold in organizations for a span of days."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models.functions import Now

from lienthong.apps.accounts import rules
from lienthong.apps.accounts.rules import Role
from lienthong.apps.directory.api import composed, plain, sort_key

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

__all__ = ["KnownAddress", "Person", "PersonManager", "Role", "Seat", "SignInTries"]


class PersonManager(BaseUserManager["Person"]):
    """Finds persons by username whatever the case or the way it is composed."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """Return the person with that username, which is kept in lower case and NFKC."""
        return self.get(username=normal_username(username or ""))

    def create_person(self, *, username: str, password: str | None, full_name: str) -> Person:
        """Enter a person; with `password` None they cannot sign in with one."""
        person = self.model(username=username, full_name=full_name)
        person.set_password(password)
        person.save()
        return person


class Person(AbstractBaseUser):
    """Người dùng: someone who may sign in. What they may do depends on the seats they hold."""

    username = models.CharField("tên đăng nhập", max_length=150, unique=True)
    full_name = models.CharField("họ và tên", max_length=255)
    email = models.EmailField("thư điện tử", blank=True)
    phone = models.CharField("điện thoại", max_length=30, blank=True)
    is_active = models.BooleanField("được đăng nhập", default=True)
    created_at = models.DateTimeField("ghi nhận lúc", db_default=Now(), editable=False)
    name_sort = models.CharField(max_length=2000, db_collation="C", editable=False)
    search_text = models.CharField(max_length=600, editable=False)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    if TYPE_CHECKING:
        seats: RelatedManager[Seat]

    class Meta:
        verbose_name = "người dùng"
        verbose_name_plural = "người dùng"
        ordering = ("name_sort", "pk")

    def __str__(self) -> str:
        return self.full_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the columns that search and order the name beside it: given name first."""
        self.username = normal_username(self.username)
        self.full_name = composed(self.full_name)
        words = self.full_name.split()
        self.name_sort = sort_key(" ".join([*words[-1:], *words[:-1]]))
        self.search_text = plain(f"{self.full_name} {self.username}")
        super().save(*args, **kwargs)

    def set_password(self, raw_password: str | None) -> None:
        """Hash the composed form, so a password with accents is one however it is typed."""
        super().set_password(normal_password(raw_password))

    def check_password(self, raw_password: str | None) -> bool:
        """Compare the composed form with the stored hash."""
        return super().check_password(normal_password(raw_password))


def normal_username(username: str) -> str:
    """Return the username as it is stored: NFKC, lower case, without outer spaces."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def normal_password(password: str | None) -> str | None:
    """Return the password as it is hashed: NFC, otherwise untouched."""
    return None if password is None else unicodedata.normalize("NFC", password)


class DateRange(models.Func):
    """daterange(from, to, bounds): the days a seat is held."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Seat(models.Model):
    """Vị trí công tác: a person in one role of an organization, from one day to another.

    `valid_to` is the last day; empty means until further notice. `competence` is what stands before
    the position where the person signs, such as "KT. BỘ TRƯỞNG".
    """

    person = models.ForeignKey(
        Person, models.PROTECT, related_name="seats", verbose_name="người giữ"
    )
    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    unit = models.ForeignKey(
        "directory.Unit",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name="đơn vị",
    )
    role = models.CharField("vai trò", max_length=20, choices=Role)
    position = models.CharField("chức vụ", max_length=100, blank=True)
    competence = models.CharField("thẩm quyền ký", max_length=100, blank=True)
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)

    class Meta:
        verbose_name = "vị trí công tác"
        verbose_name_plural = "vị trí công tác"
        ordering = ("organization", "role", "person__name_sort", "pk")
        indexes = (models.Index(fields=["organization", "role"], name="seat_of_organization"),)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(valid_to=None) | models.Q(valid_to__gte=models.F("valid_from")),
                name="seat_days_in_order",
            ),
            ExclusionConstraint(
                name="seat_held_once",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("organization", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (
                        DateRange("valid_from", "valid_to", RangeBoundary(inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} ({self.position or Role(self.role).label})"

    def is_held_on(self, on: date) -> bool:
        """Say whether the seat is held on that day."""
        return rules.is_held_on(self.valid_from, self.valid_to, on)


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
