"""What may be asked for, the states of a request, and the refusals. No rows here."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models

from lienthong.apps.pki.contract import RequestKind
from lienthong.core.errors import Problem

PIN_LENGTH_MIN = 6
EVIDENCE_SIZE_MAX_BYTES = 10 * 1024 * 1024
EVIDENCE_TYPES = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
}
REMIND_DAYS = (90, 75, 61)  # SG 4.1: before the last day on which it may be renewed


ABOUT_CERTIFICATE = frozenset(RequestKind) - {RequestKind.NEW}


class Ground(models.TextChoices):
    """Why a certificate is revoked or held (SG 4.2)."""

    LOST = "lost", "Mất thiết bị lưu khóa"
    DISCLOSED = "disclosed", "Khóa bị lộ hoặc nghi bị lộ"
    BROKEN = "broken", "Thiết bị lưu khóa hỏng"
    MOVED = "moved", "Chuyển công tác, nghỉ việc, nghỉ hưu"
    AGENCY = "agency", "Cơ quan quản lý đề nghị"
    AUTHORITIES = "authorities", "Cơ quan có thẩm quyền yêu cầu"
    OTHER = "other", "Lý do khác"


# SG-R-05: only with these the date from which the key may be in other hands means something.
COMPROMISED = frozenset({Ground.LOST, Ground.DISCLOSED})


class RequestState(models.TextChoices):
    """Where a request is (SG 4.3)."""

    DRAFT = "draft", "Đang lập"
    SUBMITTED = "submitted", "Đã gửi"
    RETURNED = "returned", "Bị trả lại"
    VERIFIED = "verified", "Hồ sơ hợp lệ"
    APPROVED = "approved", "Đã duyệt, chờ tổ chức cấp"
    ISSUED = "issued", "Đã cấp"
    DELIVERED = "delivered", "Đã giao, chờ nhận"
    ACCEPTED = "accepted", "Đã nhận"
    DONE = "done", "Đã thực hiện"
    WITHDRAWN = "withdrawn", "Đã rút"


OPEN = frozenset(RequestState) - {
    RequestState.ACCEPTED,
    RequestState.DONE,
    RequestState.WITHDRAWN,
}


class Move(models.TextChoices):
    """What people, the authority and the node do to a request."""

    SUBMIT = "submit", "Gửi yêu cầu"
    CONFIRM = "confirm", "Cơ quan quản lý xác nhận"
    RETURN = "return", "Trả lại"
    VERIFY = "verify", "Xác nhận hồ sơ hợp lệ"
    APPROVE = "approve", "Duyệt"
    REFUSE = "refuse", "Tổ chức cấp từ chối"
    ISSUE = "issue", "Cấp"
    DELIVER = "deliver", "Giao"
    ACCEPT = "accept", "Nhận"
    EXECUTE = "execute", "Thực hiện"
    WITHDRAW = "withdraw", "Rút yêu cầu"
    HOLD = "hold_at_once", "Tạm dừng khẩn cấp"
    SECOND = "second", "Xác nhận tạm dừng khẩn cấp"


NEXT: Mapping[tuple[RequestState, Move], RequestState] = {
    (RequestState.DRAFT, Move.SUBMIT): RequestState.SUBMITTED,
    (RequestState.RETURNED, Move.SUBMIT): RequestState.SUBMITTED,
    (RequestState.SUBMITTED, Move.CONFIRM): RequestState.SUBMITTED,
    (RequestState.SUBMITTED, Move.RETURN): RequestState.RETURNED,
    (RequestState.SUBMITTED, Move.VERIFY): RequestState.VERIFIED,
    (RequestState.SUBMITTED, Move.HOLD): RequestState.APPROVED,
    (RequestState.VERIFIED, Move.RETURN): RequestState.RETURNED,
    (RequestState.VERIFIED, Move.APPROVE): RequestState.APPROVED,
    (RequestState.APPROVED, Move.REFUSE): RequestState.VERIFIED,
    (RequestState.APPROVED, Move.ISSUE): RequestState.ISSUED,
    (RequestState.APPROVED, Move.EXECUTE): RequestState.DONE,
    (RequestState.ISSUED, Move.DELIVER): RequestState.DELIVERED,
    (RequestState.DELIVERED, Move.ACCEPT): RequestState.ACCEPTED,
    (RequestState.DRAFT, Move.WITHDRAW): RequestState.WITHDRAWN,
    (RequestState.SUBMITTED, Move.WITHDRAW): RequestState.WITHDRAWN,
    (RequestState.RETURNED, Move.WITHDRAW): RequestState.WITHDRAWN,
}


class RegistrationMoveNotAllowed(Problem):
    """The request is not in a state in which this may be done."""

    code = "pki.registration_move_not_allowed"
    status = 409
    text = "Yêu cầu đang ở trạng thái “{state}” nên không thực hiện được thao tác “{move}”."


class RegistrationNotFound(Problem):
    """No such request among those this person sees."""

    code = "pki.registration_not_found"
    status = 404
    text = "Không tìm thấy yêu cầu chứng thư này."


class RegistrarMissing(Problem):
    """Neither the agency nor one above it has a registrar on this node."""

    code = "pki.registrar_missing"
    status = 409
    text = "Cơ quan chưa có cán bộ đăng ký chứng thư. Vui lòng liên hệ quản trị hệ thống."


class AboutOneself(Problem):
    """The person would decide on a request they entered or that is about themselves (SG 4.3)."""

    code = "pki.about_oneself"
    status = 403
    text = "Bạn không được duyệt yêu cầu do chính mình lập hoặc về chính mình. Cần một người khác."


class HoldNotOpen(Problem):
    """No emergency hold waits for its second person here."""

    code = "pki.hold_not_open"
    status = 409
    text = "Việc tạm dừng này đã được xác nhận, hoặc chứng thư không còn bị tạm dừng."


class RequestOpenAlready(Problem):
    """A request about the same certificate or holder is under way."""

    code = "pki.request_open_already"
    status = 409
    text = "Đã có một yêu cầu “{kind}” đang xử lý. Theo dõi hoặc rút yêu cầu đó trước."


class CertificateUnknownHere(Problem):
    """The certificate the request speaks of is not one of this holder on this node."""

    code = "pki.certificate_unknown_here"
    status = 404
    text = "Không tìm thấy chứng thư này trên hệ thống của cơ quan."


class CertificateStateUnfit(Problem):
    """The certificate is in a state in which this cannot be asked for."""

    code = "pki.certificate_state_unfit"
    status = 409
    text = "Chứng thư {state} nên không thể {wanted}."


class PinTooWeak(Problem):
    """The PIN a holder chose is too short or too plain."""

    code = "pki.pin_too_weak"
    status = 422
    text = "Mã PIN phải có ít nhất {length} ký tự và không phải một ký tự lặp lại."


class EvidenceUnsuitable(Problem):
    """A file of evidence is too large, or of a kind that cannot be shown."""

    code = "pki.evidence_unsuitable"
    status = 422
    text = "Tệp {name} không dùng được làm minh chứng: {reason}."


class EvidenceMissing(Problem):
    """A request for a new certificate needs at least one paper that proves who the holder is."""

    code = "pki.evidence_missing"
    status = 422
    text = "Hồ sơ cần ít nhất một tệp minh chứng (quyết định bổ nhiệm, giấy tờ của người đề nghị)."


class KeyNotMade(Problem):
    """No key was made for the request yet, so there is nothing to certify."""

    code = "pki.key_not_made"
    status = 409
    text = "Chưa tạo khóa cho yêu cầu này. Người được cấp đặt mã PIN để tạo khóa rồi mới gửi được."


class ManagerNotConfirmed(Problem):
    """The direct managing agency has not confirmed the request yet (SG 4.2)."""

    code = "pki.manager_not_confirmed"
    status = 409
    text = "Lãnh đạo {agency} chưa xác nhận yêu cầu này."


class MandateMissing(Problem):
    """The authority knows of no mandate in force for this agency (SG-D-01)."""

    code = "pki.mandate_missing"
    status = 409
    text = "Cơ quan không có uỷ quyền đăng ký chứng thư nào đang hiệu lực tại tổ chức cấp."


class AuthorityUnreachable(Problem):
    """The authority's registration service does not answer."""

    code = "pki.authority_unreachable"
    status = 503
    text = "Chưa kết nối được tổ chức cấp chứng thư. Chưa có gì thay đổi, vui lòng thử lại sau."


class AuthorityRefused(Problem):
    """The authority refused the request; the facts tell its code and its sentence."""

    code = "pki.authority_refused"
    status = 409
    text = "Tổ chức cấp chứng thư từ chối: {reason}"


class AuthorityAnswerWrong(Problem):
    """The authority's answer does not fit the request that was sent."""

    code = "pki.authority_answer_wrong"
    status = 502
    text = "Trả lời của tổ chức cấp chứng thư không dùng được: {detail}."


class TableUnreadable(Problem):
    """The uploaded table is no CSV with the wanted columns, or has too many rows (SG-D-04)."""

    code = "pki.table_unreadable"
    status = 422
    text = "Bảng đăng ký không đọc được: {reason}."


class TableBusy(Problem):
    """The rows of the table are still being entered or approved."""

    code = "pki.table_busy"
    status = 409
    text = "Bảng đang được xử lý ({done}/{total} dòng). Vui lòng chờ xong rồi thử lại."


def after(state: RequestState, move: Move) -> RequestState:
    """The state after a move. Raises RegistrationMoveNotAllowed."""
    found = NEXT.get((state, move))
    if found is None:
        raise RegistrationMoveNotAllowed(state=str(state.label), move=str(move.label))
    return found


def check_pin(pin: str) -> None:
    """Raise PinTooWeak unless the PIN is long enough and not one character again and again."""
    if len(pin) < PIN_LENGTH_MIN or len(set(pin)) == 1:
        raise PinTooWeak(length=PIN_LENGTH_MIN)
