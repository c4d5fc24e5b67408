"""Refusals about registers."""

from __future__ import annotations

from lienthong.core.errors import Problem


class RegisterUnknown(Problem):
    """No such register or export, or not for this person."""

    code = "documents.register_unknown"
    status = 404
    text = "Không có sổ hoặc bản xuất này."


class SpanWrong(Problem):
    """The days are in the wrong order, or more than the register gives at once."""

    code = "documents.register_span_wrong"
    status = 422
    text = "Khoảng thời gian từ {since} đến {until} không đúng, hoặc dài quá {years} năm."
