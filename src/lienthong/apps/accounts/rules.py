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
    ASSISTANT = "assistant", "Thư ký, trợ lý lãnh đạo"
    AUDITOR = "auditor", "Kiểm tra, giám sát"


class Power(models.TextChoices):
    """What a delegation may hand over. Keys and seals are never handed over (TM-D-S)."""

    VIEW = "view", "Xem văn bản"
    REVIEW = "review", "Duyệt, trả lại dự thảo"
    DIRECT = "direct", "Phân công, cho ý kiến"
    WORK = "work", "Xử lý văn bản"


class DelegationKind(models.TextChoices):
    """Why somebody acts for another."""

    ABSENCE = "absence", "Thay mặt khi vắng"
    MANDATE = "mandate", "Ủy quyền"


class Factor(models.TextChoices):
    """How the person of a session proved who they are, weakest first."""

    PASSWORD = "password", "Mật khẩu"
    TOTP = "totp", "Ứng dụng tạo mã"
    PROVIDER = "provider", "Nơi cấp định danh"
    PASSKEY = "passkey", "Khóa xác thực"


# TM-X-01: what phishing cannot take away is asked of administrators and of those who sign.
PASSKEY_ROLES = frozenset(
    {
        Role.ADMINISTRATOR,
        Role.AXIS_OPERATOR,
        Role.CERTIFICATE_OFFICER,
        Role.REGISTRAR,
        Role.LEADER,
    }
)


class SecondFactor(models.TextChoices):
    """What a node asks for beside the password: setting LIENTHONG_SECOND_FACTOR."""

    OFFERED = "offered", "Tùy chọn"
    REQUIRED = "required", "Bắt buộc"


def is_enough(factor: Factor, role: Role, asked: SecondFactor) -> bool:
    """Say whether a session proved by `factor` may act from a seat with this role (TM-X-01)."""
    if asked is SecondFactor.OFFERED:
        return True
    if role in PASSKEY_ROLES:
        return factor is Factor.PASSKEY
    return factor is not Factor.PASSWORD


# Who may let another act from their seat.
GIVERS = frozenset({Role.LEADER, Role.UNIT_HEAD})
DELEGATION_MAX = timedelta(days=366)


# TM-X-04: idle limits; administrators get less. The absolute limit counts from sign-in.
IDLE_MAX = timedelta(minutes=15)
IDLE_MAX_ADMINISTRATOR = timedelta(minutes=5)
SESSION_MAX = timedelta(hours=12)

# From the password to the second factor, and from a question to its answer.
STEP_MAX = timedelta(minutes=5)
# TM-X-07: a sensitive act wants a proof not older than this.
STEP_UP_MAX = timedelta(minutes=5)
KNOWN_DEVICE_FOR = timedelta(days=180)

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


class StepUpNeeded(Problem):
    """A sensitive act needs a proof of the last minutes (TM-X-07)."""

    code = "accounts.step_up_needed"
    status = 403
    text = "Việc này cần xác nhận lại danh tính trước khi thực hiện."


class ProofRefused(Problem):
    """A code or a key did not prove who it is. Says nothing about what is wrong with it."""

    code = "accounts.proof_refused"
    status = 401
    text = "Không xác thực được. Hãy thử lại với mã mới hoặc khóa đã đăng ký."


class StepExpired(Problem):
    """The step before is too long ago, was already used, or never was."""

    code = "accounts.step_expired"
    status = 409
    text = "Bước xác thực đã hết hạn. Hãy bắt đầu lại."


class AuthenticatorRefused(Problem):
    """What the person wants to register does not prove itself."""

    code = "accounts.authenticator_refused"
    status = 422
    text = "Không đăng ký được phương tiện xác thực này. Hãy thử lại."


class AuthenticatorUnknown(Problem):
    """No such authenticator, or another's."""

    code = "accounts.authenticator_unknown"
    status = 404
    text = "Không tìm thấy phương tiện xác thực này."


class LastAuthenticator(Problem):
    """The only second factor cannot go where the node asks for one."""

    code = "accounts.last_authenticator"
    status = 409
    text = "Đây là phương tiện xác thực cuối cùng. Hãy thêm phương tiện khác trước khi bỏ."


class SessionUnknown(Problem):
    """No such session, or another's."""

    code = "accounts.session_unknown"
    status = 404
    text = "Không tìm thấy phiên làm việc này."


class ProviderUnknown(Problem):
    """No identity provider is configured under this name."""

    code = "accounts.provider_unknown"
    status = 404
    text = "Không có nơi cấp định danh này."


class ProviderAway(Problem):
    """The identity provider cannot be reached, or answers what nobody can read."""

    code = "accounts.provider_away"
    status = 503
    text = "Chưa kết nối được nơi cấp định danh. Hãy thử lại sau hoặc dùng mật khẩu."


class ProviderRefused(Problem):
    """What came from the identity provider does not prove who it is (TM-X-06)."""

    code = "accounts.provider_refused"
    status = 401
    text = "Nơi cấp định danh không xác nhận được lượt đăng nhập này. Hãy thử lại từ đầu."


class IdentityUnknown(Problem):
    """The identity is good, but belongs to nobody here: it creates no account and no right."""

    code = "accounts.identity_unknown"
    status = 403
    text = "Định danh này chưa được liên kết với tài khoản nào. Hãy đăng nhập và liên kết trước."


class IdentityTaken(Problem):
    """The identity belongs to another account, or the account has another one there."""

    code = "accounts.identity_taken"
    status = 409
    text = "Định danh này đã được liên kết với tài khoản khác, hoặc tài khoản đã có định danh khác."


class DelegationRefused(Problem):
    """The delegation would break a rule of delegations; `reason` says which."""

    code = "accounts.delegation_refused"
    status = 422
    text = "Không ghi nhận được ủy quyền: {reason}"


def check_delegation(
    *,
    giver_role: Role,
    is_same_organization: bool,
    is_same_person: bool,
    valid_from: date,
    valid_to: date,
    powers: frozenset[Power],
) -> None:
    """Raise DelegationRefused unless a seat may be delegated so.

    In writing, within a time and with named contents (D30 Art. 13); every grant ends (TM-X-12).
    """
    if giver_role not in GIVERS:
        reason = "chỉ lãnh đạo cơ quan và lãnh đạo đơn vị được giao người thay."
    elif not is_same_organization:
        reason = "người thay phải thuộc cùng cơ quan."
    elif is_same_person:
        reason = "không thể giao việc cho chính mình."
    elif valid_to < valid_from:
        reason = "ngày kết thúc phải từ ngày bắt đầu trở đi."
    elif valid_to - valid_from > DELEGATION_MAX:
        reason = "thời hạn không quá một năm."
    elif not powers:
        reason = "cần nêu ít nhất một việc được làm thay."
    else:
        return
    raise DelegationRefused(reason=reason)


def idle_max(roles: frozenset[Role]) -> timedelta:
    """How long a session with these roles may rest."""
    return IDLE_MAX_ADMINISTRATOR if Role.ADMINISTRATOR in roles else IDLE_MAX


def is_held_on(valid_from: date, valid_to: date | None, on: date) -> bool:
    """Say whether a seat is held on that day; `valid_to` is the last day, empty for no end yet."""
    return valid_from <= on and (valid_to is None or on <= valid_to)
