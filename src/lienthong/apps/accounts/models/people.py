"""Persons: who may sign in."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now

from lienthong.apps.directory.api import composed, plain, sort_key

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

    from lienthong.apps.accounts.models.seats import Seat


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
    # A password that somebody else gave: the person chooses another at the next sign-in.
    password_is_given = models.BooleanField("mật khẩu cấp tạm", default=False)
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
