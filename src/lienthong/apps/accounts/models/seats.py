"""Seats that persons hold in organizations for a span of days, and who stands in for whom."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import (
    ArrayField,
    DateRangeField,
    RangeBoundary,
    RangeOperators,
)
from django.db import models
from django.db.models.functions import Coalesce, Now

from lienthong.apps.accounts import rules
from lienthong.apps.accounts.models.people import Person
from lienthong.apps.accounts.rules import DelegationKind, Power, Role


class DateRange(models.Func):
    """daterange(from, to, bounds): the days a seat is held."""

    function = "DATERANGE"
    output_field = DateRangeField()


class Seat(models.Model):
    """Vị trí công tác: a person in one role of an organization, from one day to another.

    A person holds one role once at a time in an organization, or once in each of its units.

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
    # The leader's seat that an assistant prepares for.
    assists = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="assistants",
        verbose_name="giúp việc cho",
    )

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
            models.CheckConstraint(
                condition=models.Q(role=Role.ASSISTANT, assists__isnull=False)
                | ~models.Q(role=Role.ASSISTANT) & models.Q(assists=None),
                name="seat_of_assistant_names_the_leader",
            ),
            ExclusionConstraint(
                name="seat_held_once",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    ("organization", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    (Coalesce("unit", models.Value(0)), RangeOperators.EQUAL),
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


class Delegation(models.Model):
    """Ủy quyền, giao người thay: the holder may act from the giver's seat, within limits.

    It ends on `valid_to`, on `revoked_on`, or with either seat, whichever comes first. What it lets
    do is in `powers`; what is done so is written down under the holder's name.
    """

    organization = models.ForeignKey(
        "directory.Organization", models.PROTECT, related_name="+", verbose_name="cơ quan"
    )
    kind = models.CharField("loại", max_length=10, choices=DelegationKind)
    giver = models.ForeignKey(
        Seat, models.PROTECT, related_name="delegations_given", verbose_name="người giao"
    )
    holder = models.ForeignKey(
        Seat, models.PROTECT, related_name="delegations_held", verbose_name="người thay"
    )
    powers = ArrayField(
        models.CharField(max_length=10, choices=Power), verbose_name="việc được làm thay"
    )
    basis = models.CharField("căn cứ", max_length=255)
    valid_from = models.DateField("từ ngày")
    valid_to = models.DateField("đến hết ngày")
    entered_by = models.ForeignKey(
        Seat, models.PROTECT, related_name="+", verbose_name="người ghi nhận"
    )
    entered_at = models.DateTimeField("ghi nhận lúc", db_default=Now(), editable=False)
    revoked_on = models.DateField("thu hồi từ ngày", null=True, blank=True)

    class Meta:
        verbose_name = "ủy quyền"
        verbose_name_plural = "ủy quyền"
        ordering = ("-valid_from", "-pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(valid_to__gte=models.F("valid_from")),
                name="delegation_days_in_order",
            ),
            models.CheckConstraint(
                condition=~models.Q(giver=models.F("holder")), name="delegation_to_another"
            ),
        )

    def __str__(self) -> str:
        return f"{self.giver} → {self.holder}"

    def is_in_force_on(self, on: date) -> bool:
        """Say whether the holder may act from the giver's seat on that day."""
        return (
            self.valid_from <= on <= self.valid_to
            and (self.revoked_on is None or on < self.revoked_on)
            and self.giver.is_held_on(on)
            and self.holder.is_held_on(on)
        )
