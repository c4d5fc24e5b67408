"""Roles, the limits of sign-in and sessions, and the refusals of this context. No rows here."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import models

from lienthong.core.errors import Problem


class Role(models.TextChoices):
    """What a seat is for. Rules ask for roles, never for persons."""

    CLERK = "clerk", "Văn thư"
    OFFICER = "officer", "Chuyên viên"
    UNIT_HEAD = "unit_head", "Lãnh đạo đơn vị"
    LEADER = "leader", "Lãnh đạo cơ quan"
    ARCHIVIST = "archivist", "Lưu trữ viên"
    ADMINISTRATOR = "administrator", "Quản trị hệ thống"
    AXIS_OPERATOR = "axis_operator", "Vận hành trục"
    REGISTRAR = "registrar", "Cán bộ đăng ký chứng thư"
    CERTIFICATE_OFFICER = "cert_officer", "Cán bộ cấp chứng thư"


# TM-X-04: idle limits; administrators get less. The absolute limit counts from sign-in.
IDLE_MAX = timedelta(minutes=15)
IDLE_MAX_ADMINISTRATOR = timedelta(minutes=5)
SESSION_MAX = timedelta(hours=12)

# TM-X-03: failures allowed in a window for one address, and for one account from one source.
TRIES_MAX = 10
TRIES_WINDOW = timedelta(minutes=1)
# An address from which the account signed in lately has its own allowance, so that others cannot
# lock the owner out.
KNOWN_ADDRESS_FOR = timedelta(days=90)


class Forbidden(Problem):
    """The policy does not allow this act to this actor."""

    code = "accounts.forbidden"
    status = 403
    text = "Bạn không có quyền thực hiện thao tác này."


class NotSignedIn(Problem):
    """The act needs a person who has signed in."""

    code = "accounts.not_signed_in"
    status = 401
    text = "Bạn cần đăng nhập để tiếp tục."


class SignInRefused(Problem):
    """Username and password do not belong together. Says nothing about which is wrong."""

    code = "accounts.sign_in_refused"
    status = 401
    text = "Tên đăng nhập hoặc mật khẩu không đúng."


class SignInThrottled(Problem):
    """Too many wrong tries for this account or from this address."""

    code = "accounts.sign_in_throttled"
    status = 429
    text = "Đã thử đăng nhập sai quá nhiều lần. Vui lòng thử lại sau {seconds} giây."


class NoSeat(Problem):
    """The person holds no seat today, so there is nothing they could do."""

    code = "accounts.no_seat"
    status = 403
    text = "Tài khoản hiện không giữ vị trí công tác nào. Vui lòng liên hệ quản trị hệ thống."


class SeatUnknown(Problem):
    """The seat is not one the person holds today."""

    code = "accounts.seat_unknown"
    status = 404
    text = "Vị trí công tác này không còn hiệu lực hoặc không phải của bạn."


def idle_max(roles: frozenset[Role]) -> timedelta:
    """How long a session with these roles may rest."""
    return IDLE_MAX_ADMINISTRATOR if Role.ADMINISTRATOR in roles else IDLE_MAX


def is_held_on(valid_from: date, valid_to: date | None, on: date) -> bool:
    """Say whether a seat is held on that day; `valid_to` is the last day, empty for no end yet."""
    return valid_from <= on and (valid_to is None or on <= valid_to)
