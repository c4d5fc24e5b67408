"""Refusals of the services."""

from __future__ import annotations

from lienthong.core.errors import Problem


class ServicePathUnknown(Problem):
    """Nothing of this node's services stands at this address."""

    code = "pki.service_path_unknown"
    status = 404
    text = "Dịch vụ chứng thực không có địa chỉ này."


class ServiceBusy(Problem):
    """More is waiting than there is room for; try again."""

    code = "pki.service_busy"
    status = 503
    text = "Dịch vụ chứng thực đang quá tải. Vui lòng thử lại sau ít giây."


class ServiceBodyTooLarge(Problem):
    """The request is larger than anything the service takes."""

    code = "pki.service_body_too_large"
    status = 413
    text = "Yêu cầu gửi tới dịch vụ chứng thực vượt dung lượng cho phép ({max_bytes} byte)."


class ServiceDefect(Problem):
    """Something broke inside; the details are in the log of the service."""

    code = "pki.service_defect"
    status = 500
    text = "Dịch vụ chứng thực gặp lỗi. Yêu cầu chưa được thực hiện."


class CallerUnknown(Problem):
    """The node that signed the request is not registered, or asks about another's agency."""

    code = "pki.caller_unknown"
    status = 403
    text = "Điểm kết nối này không được phép hỏi về cơ quan đã nêu."


class DigestWrong(Problem):
    """The body is not the one whose digest was signed."""

    code = "pki.digest_wrong"
    status = 401
    text = "Nội dung yêu cầu không khớp với chữ ký của điểm kết nối."
