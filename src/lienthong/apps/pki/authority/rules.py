"""Kinds, states and refusals of the authority's side. No rows are read or written here."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography import x509
from django.db import models

from lienthong.apps.pki.contract import SubjectKind
from lienthong.core.errors import Problem
from lienthong.core.signing.authority import Profile

CERTIFICATE_LOG, TIMESTAMP_LOG = "certificates", "timestamps"


PROFILE_OF: Mapping[SubjectKind, Profile] = {
    SubjectKind.PERSON: Profile.PERSON,
    SubjectKind.AGENCY: Profile.AGENCY,
    SubjectKind.SERVICE: Profile.SERVICE,
}


class Status(models.TextChoices):
    """Where a certificate is (SG 4.3); expired is seen from the clock, superseded is a mark."""

    ACTIVE = "active", "Còn hiệu lực"
    ON_HOLD = "on_hold", "Tạm dừng"
    REVOKED = "revoked", "Đã thu hồi"


class StatusAct(models.TextChoices):
    """What an officer of the authority proposes and another one carries out."""

    REVOKE = "revoke", "Thu hồi"
    RELEASE = "release", "Bỏ tạm dừng"


class ServiceAct(models.TextChoices):
    """What officers decide about a service of the trust list; a withdrawal is for good."""

    SUSPEND = "suspend", "Tạm ngừng công nhận"
    RESTORE = "restore", "Công nhận lại"
    WITHDRAW = "withdraw", "Thôi công nhận"


class MandateState(models.TextChoices):
    """Two persons make a mandate: one proposes, another approves."""

    PROPOSED = "proposed", "Chờ phê duyệt"
    IN_FORCE = "in_force", "Có hiệu lực"
    REJECTED = "rejected", "Không phê duyệt"
    ENDED = "ended", "Đã chấm dứt"


class AuthorityKind(models.TextChoices):
    ROOT = "root", "Chứng thư gốc"
    SUB = "sub", "Cơ quan cấp chứng thư"


class KeyPurpose(models.TextChoices):
    """What a key of the authority was used for (SG-K-09)."""

    CEREMONY = "ceremony", "Lễ tạo khóa gốc"
    ISSUE = "issue", "Cấp chứng thư"
    CRL = "crl", "Ký danh sách thu hồi"
    OCSP = "ocsp", "Trả lời OCSP"
    TSA = "tsa", "Cấp dấu thời gian"
    MANDATE = "mandate", "Ký giấy ủy quyền"
    TRUST_LIST = "trust_list", "Ký danh sách tin cậy"
    LOG = "log", "Ký điểm kiểm tra nhật ký"


class Reason(models.TextChoices):
    """Why a certificate ends (D68 Art. 17), as the reason code of RFC 5280."""

    UNSPECIFIED = "unspecified", "Không nêu lý do"
    KEY_COMPROMISE = "key_compromise", "Lộ hoặc nghi lộ khóa bí mật"
    AFFILIATION_CHANGED = "affiliation_changed", "Chuyển công tác, nghỉ hưu, thôi việc"
    SUPERSEDED = "superseded", "Thay bằng chứng thư khác"
    CESSATION = "cessation_of_operation", "Cơ quan giải thể, dịch vụ ngừng hoạt động"
    PRIVILEGE = "privilege_withdrawn", "Theo yêu cầu của cơ quan có thẩm quyền"
    HOLD = "certificate_hold", "Tạm dừng"

    @property
    def flag(self) -> x509.ReasonFlags:
        return x509.ReasonFlags[self.value]


class RegistrationInvalid(Problem):
    """A registration is no signed JSON of the agreed shape."""

    code = "pki.registration_invalid"
    status = 422
    text = "Yêu cầu đăng ký chứng thư không đúng quy cách: {detail}."


class RegistrarRefused(Problem):
    """The registrar's signature or certificate is not good, or has been revoked."""

    code = "pki.registrar_refused"
    status = 403
    text = "Chữ ký của cán bộ đăng ký không được chấp nhận: {detail}."


class MandateNotInForce(Problem):
    """There is no mandate in force under which this may be asked (SG-D-01)."""

    code = "pki.mandate_not_in_force"
    status = 403
    text = "Giấy ủy quyền đăng ký không có, chưa có hoặc không còn hiệu lực."


class MandateExceeded(Problem):
    """The request lies outside of what the mandate allows (SG-D-01, R65)."""

    code = "pki.mandate_exceeded"
    status = 403
    text = "Yêu cầu nằm ngoài phạm vi ủy quyền: {detail}."


class MandateInvalid(Problem):
    """A mandate about to be made says something it cannot say."""

    code = "pki.mandate_invalid"
    status = 422
    text = "Giấy ủy quyền không dùng được: {detail}."


class SecondPersonNeeded(Problem):
    """The same person did both halves of what two persons do."""

    code = "pki.second_person_needed"
    status = 409
    text = "Việc này cần hai người khác nhau: {detail}."


class RequestReused(Problem):
    """Another request came earlier under this identifier."""

    code = "pki.request_reused"
    status = 409
    text = "Mã yêu cầu này đã dùng cho một yêu cầu khác."


class CertificateUnknown(Problem):
    """No certificate of that fingerprint was issued here."""

    code = "pki.certificate_unknown"
    status = 404
    text = "Không có chứng thư nào với vân tay đã cho."


class CertificateStateWrong(Problem):
    """The certificate is not in the state that this act needs."""

    code = "pki.certificate_state_wrong"
    status = 409
    text = "Không thực hiện được với chứng thư này: {detail}."


class ServiceStateWrong(Problem):
    """The service of the trust list is not in the state that this act needs."""

    code = "pki.service_state_wrong"
    status = 409
    text = "Không thực hiện được với dịch vụ này: {detail}."


class RenewalRefused(Problem):
    """The certificate may not be renewed by the rule in force."""

    code = "pki.renewal_refused"
    status = 409
    text = "Chứng thư không đủ điều kiện gia hạn: {detail} ({basis})."


class ClockInThePast(Problem):
    """The clock of the authority shows a time before its own last act; nothing is issued."""

    code = "pki.clock_in_the_past"
    status = 503
    text = (
        "Đồng hồ của hệ thống cấp chứng thư chạy lùi (trước lần ký gần nhất {last}), "
        "nên tạm dừng cấp chứng thư."
    )


class AuthorityOffline(Problem):
    """The key asked for is kept off-line, or its directory is not on this node."""

    code = "pki.authority_offline"
    status = 503
    text = "Khóa của “{name}” không ở trên hệ thống này."


class LogBroken(Problem):
    """The rows of a log do not make the tree they say they make."""

    code = "pki.log_broken"
    status = 500
    text = "Nhật ký “{name}” bị hỏng nên không ghi thêm được."


class CeremonyRefused(Problem):
    """A step of a ceremony does not fit: one person, a short passphrase, an odd file."""

    code = "pki.ceremony_refused"
    status = 409
    text = "Không thực hiện được nghi thức khóa gốc: {detail}."
