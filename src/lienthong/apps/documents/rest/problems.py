"""What the desk's REST interface refuses."""

from __future__ import annotations

from lienthong.core.errors import Problem


class TokenInvalid(Problem):
    """No token, an unknown one, one that ended, was revoked, or whose seat is held no more."""

    code = "documents.token_invalid"
    status = 401
    text = "Mã truy cập không đúng, đã hết hạn hoặc đã bị thu hồi."


class ScopeMissing(Problem):
    """The token was not made for this."""

    code = "documents.scope_missing"
    status = 403
    text = "Mã truy cập không có phạm vi “{scope}”."


class TooManyRequests(Problem):
    """More requests in a minute than a token may make."""

    code = "documents.too_many_requests"
    status = 429
    text = "Quá {most} yêu cầu trong một phút. Hãy thử lại sau ít giây."


class BodyInvalid(Problem):
    """The body is no JSON object of the form that was asked for."""

    code = "documents.body_invalid"
    status = 422
    text = "Nội dung yêu cầu không đúng mẫu: {reason}."


class VersionChanged(Problem):
    """Somebody changed the document after it was read (If-Match)."""

    code = "documents.version_changed"
    status = 412
    text = "Văn bản đã được người khác thay đổi. Hãy đọc lại rồi thực hiện lại."


class VersionMissing(Problem):
    """A change must say which version it changes."""

    code = "documents.version_missing"
    status = 428
    text = "Yêu cầu sửa phải kèm phiên bản đã đọc (If-Match)."


class KeyReused(Problem):
    """One Idempotency-Key came with two different requests."""

    code = "documents.idempotency_key_reused"
    status = 422
    text = "Khóa Idempotency-Key này đã dùng cho một yêu cầu khác."


class RangeWrong(Problem):
    """The range of bytes is not in the file."""

    code = "documents.range_not_satisfiable"
    status = 416
    text = "Khoảng byte yêu cầu nằm ngoài tệp."
