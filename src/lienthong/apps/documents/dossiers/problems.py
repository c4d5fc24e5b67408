"""Refusals about work files. Codes never change; the texts are for people."""

from __future__ import annotations

from lienthong.core.errors import Problem


class DossierNotFound(Problem):
    """No such file, or none that this person may see: the answer is the same."""

    code = "documents.dossier_not_found"
    status = 404
    text = "Không tìm thấy hồ sơ, hoặc bạn không được xem hồ sơ này."


class DossierCodeTaken(Problem):
    """Another file of the agency has this code in this year."""

    code = "documents.dossier_code_taken"
    status = 409
    text = "Số, ký hiệu hồ sơ “{code}” đã dùng."


class RetentionUnknown(Problem):
    """The period of keeping is not in the list that is in force."""

    code = "documents.retention_unknown"
    status = 422
    text = "Không có thời hạn bảo quản “{retention}” trong danh mục đang có hiệu lực."


class KeptTooLong(Problem):
    """Kept back for longer than the law allows, or not beyond the due day (DX-78)."""

    code = "documents.kept_too_long"
    status = 422
    text = "Chỉ được giữ lại sau hạn {due_on} và không quá ngày {latest}."


class NothingToHandOver(Problem):
    """The file stays with its unit, or its clock does not run yet (DX-78)."""

    code = "documents.dossier_not_for_archive"
    status = 409
    text = "Hồ sơ {code} không thuộc diện nộp lưu."


class DossierNotReady(Problem):
    """The file cannot be closed yet (DX-77)."""

    code = "documents.dossier_not_ready"
    status = 409
    text = "Chưa kết thúc được hồ sơ: {reason}"


class AlreadyInDossier(Problem):
    """The document is in this file already."""

    code = "documents.already_in_dossier"
    status = 409
    text = "Văn bản đã có trong hồ sơ này."


class NotInDossier(Problem):
    """The document is not in this file, or no longer."""

    code = "documents.not_in_dossier"
    status = 404
    text = "Văn bản không có trong hồ sơ này."


class DossierNotAllVisible(Problem):
    """The file holds documents that this person may not see, so it cannot be exported by them."""

    code = "documents.dossier_not_all_visible"
    status = 403
    text = "Hồ sơ có {count} văn bản bạn không được xem, nên không xuất được."


class ListNotOpen(Problem):
    """The yearly list is issued: its lines stay as they are (DX-75)."""

    code = "documents.dossier_list_issued"
    status = 409
    text = "Danh mục hồ sơ năm {year} đã ban hành."


class ListMissing(Problem):
    """There is no yearly list, or it has no line."""

    code = "documents.dossier_list_missing"
    status = 409
    text = "Chưa có danh mục hồ sơ năm {year}."


class HandOverEmpty(Problem):
    """A hand-over without files."""

    code = "documents.hand_over_empty"
    status = 422
    text = "Chưa chọn hồ sơ nào để bàn giao."


class HandOverNotAllowed(Problem):
    """The record is not at the step that was asked for."""

    code = "documents.hand_over_not_allowed"
    status = 409
    text = "Biên bản đang ở bước “{state}” nên không thực hiện được."


class HandOverChanged(Problem):
    """A file differs from the list that was signed: the archive takes nothing over (DX-80)."""

    code = "documents.hand_over_changed"
    status = 409
    text = "Hồ sơ {code} khác với mục lục đã ký: {reason}."


class RecordNotConfirmed(Problem):
    """A signature on the record does not verify: the next side does not sign."""

    code = "documents.record_not_confirmed"
    status = 409
    text = "Chữ ký của bên giao trên biên bản chưa được xác nhận: {reason}."
