"""What administrators may do, and the limits of it. No rows here."""

from __future__ import annotations

from datetime import date, timedelta

from lienthong.apps.accounts.api import Role
from lienthong.core.errors import Problem

# TM-X-12: two persons give these roles, and not for longer than a year.
TWO_PERSON_ROLES = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})
TWO_PERSON_MAX = timedelta(days=366)
SEAT_MAX = timedelta(days=366 * 5)  # a term of office

# Roles of other offices are given where these offices are kept.
GIVEN_HERE = (
    Role.CLERK,
    Role.OFFICER,
    Role.UNIT_HEAD,
    Role.LEADER,
    Role.ASSISTANT,
    Role.ARCHIVIST,
    Role.ADMINISTRATOR,
    Role.AUDITOR,
)


class OwnRights(Problem):
    """Nobody changes their own rights (TM-X-12)."""

    code = "administration.own_rights"
    status = 403
    text = "Không thể tự thay đổi quyền của chính mình; hãy nhờ quản trị khác."


class PersonElsewhere(Problem):
    """The person also works for another agency of this node, which has a say."""

    code = "administration.person_elsewhere"
    status = 403
    text = "Người này còn giữ vị trí ở cơ quan khác; ở đây chỉ sửa được vị trí của cơ quan mình."


class PersonUnknown(Problem):
    """No such person at this agency."""

    code = "administration.person_unknown"
    status = 404
    text = "Không tìm thấy người này trong cơ quan."


class SeatRefused(Problem):
    """The seat cannot be given so; `reason` says why."""

    code = "administration.seat_refused"
    status = 422
    text = "Không ghi nhận được vị trí: {reason}"


class GrantUnknown(Problem):
    """No such proposal, or it was decided already."""

    code = "administration.grant_unknown"
    status = 404
    text = "Đề nghị này không còn chờ duyệt."


class UsernameTaken(Problem):
    """Somebody signs in under this name already."""

    code = "administration.username_taken"
    status = 409
    text = "Tên đăng nhập “{username}” đã có người dùng."


class WorkLeft(Problem):
    """Work that is still open must be handed on first."""

    code = "administration.work_left"
    status = 409
    text = "Còn {seats} vị trí trong đơn vị, {documents} việc chưa xong; hãy bàn giao trước."


class HandOverRefused(Problem):
    """The work cannot go to that seat."""

    code = "administration.hand_over_refused"
    status = 422
    text = "Vị trí nhận bàn giao phải thuộc cơ quan và đang có người giữ."


def check_seat_days(role: Role, valid_from: date, valid_to: date) -> None:
    """Raise SeatRefused unless a seat may be held for these days: every grant ends (TM-X-12)."""
    longest = TWO_PERSON_MAX if role in TWO_PERSON_ROLES else SEAT_MAX
    if valid_to < valid_from:
        raise SeatRefused(reason="ngày kết thúc phải từ ngày bắt đầu trở đi.")
    if valid_to - valid_from > longest:
        raise SeatRefused(reason=f"thời hạn không quá {longest.days} ngày.")
