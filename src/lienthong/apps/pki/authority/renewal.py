"""May a certificate be renewed, and for how long: dated data, newest rule first (SG 4.1)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from lienthong.apps.pki.authority.models import IssuedCertificate
from lienthong.apps.pki.authority.rules import RenewalRefused, Status
from lienthong.core.workclock import VIETNAM

FILE = Path(__file__).with_name("renewal.toml")


@dataclass(frozen=True, slots=True)
class RenewalRule:
    """What one legal text allows from `valid_from` on."""

    valid_from: date
    renewals_max: int
    days_left_min: int
    years_max: int
    basis: str

    @property
    def lifetime(self) -> timedelta:
        return timedelta(days=365 * self.years_max)


@cache
def rules() -> tuple[RenewalRule, ...]:
    """Every rule, newest first."""
    data = tomllib.loads(FILE.read_text(encoding="utf-8"))
    found = (RenewalRule(**one) for one in data["rule"])
    return tuple(sorted(found, key=lambda rule: rule.valid_from, reverse=True))


def rule_at(at: datetime) -> RenewalRule:
    """The rule in force. Raises LookupError before the first."""
    on = at.astimezone(VIETNAM).date()
    for rule in rules():
        if rule.valid_from <= on:
            return rule
    raise LookupError(f"no rule for renewals on {on}")


def check_renewal(certificate: IssuedCertificate, at: datetime) -> RenewalRule:
    """Return the rule under which it may be renewed now. Raises RenewalRefused."""
    rule = rule_at(at)
    left = certificate.not_after - at
    if certificate.status != Status.ACTIVE:
        reason = "chứng thư không ở trạng thái còn hiệu lực"
    elif certificate.renewals >= rule.renewals_max:
        reason = f"đã gia hạn {certificate.renewals} lần"
    elif left < timedelta(days=rule.days_left_min):
        reason = f"chỉ còn {max(left.days, 0)} ngày, phải còn ít nhất {rule.days_left_min} ngày"
    else:
        return rule
    raise RenewalRefused(detail=reason, basis=rule.basis)
