"""Refusals of signing and verifying, each with its code and a Vietnamese sentence."""

from __future__ import annotations

from lienthong.core.errors import Problem


class PdfNotPdf(Problem):
    """The bytes are not a PDF file."""

    code = "signing.pdf_not_pdf"
    status = 422
    text = "Tệp này không phải là PDF. Hãy chuyển văn bản sang PDF rồi tải lên lại."


class PdfEncrypted(Problem):
    """The PDF is encrypted or asks for a password."""

    code = "signing.pdf_encrypted"
    status = 422
    text = (
        "Tệp PDF đang được mã hóa hoặc đặt mật khẩu nên không ký được. "
        "Hãy bỏ mật khẩu rồi tải lên lại."
    )


class PdfBroken(Problem):
    """The PDF reads only after repair; what one reader shows another may not."""

    code = "signing.pdf_broken"
    status = 422
    text = (
        "Tệp PDF bị lỗi cấu trúc ({detail}) nên không ký được. "
        "Hãy xuất lại tệp từ phần mềm soạn thảo."
    )


class PdfActiveContent(Problem):
    """The PDF carries content that can act or change: scripts, launch actions, XFA, programs."""

    code = "signing.pdf_active_content"
    status = 422
    text = "Tệp PDF có nội dung tự chạy hoặc tự thay đổi ({found}) nên không được phép ký."


class PdfHiddenContent(Problem):
    """The PDF carries what nobody sees now and somebody could see later (SG 6.1)."""

    code = "signing.pdf_hidden_content"
    status = 422
    text = (
        "Tệp PDF có nội dung không hiện ra ({found}) nên không được phép ký. "
        "Hãy in ra PDF mới từ phần mềm soạn thảo."
    )


class PdfSignedAlready(Problem):
    """The PDF carries a digital signature already; preparing it again would break it."""

    code = "signing.pdf_signed_already"
    status = 409
    text = "Tệp PDF đã có chữ ký số (trường {field}). Hãy tải lên bản chưa ký."


class PdfTooLarge(Problem):
    """The PDF is larger than allowed."""

    code = "signing.pdf_too_large"
    status = 413
    text = "Tệp PDF có dung lượng {size} byte, vượt mức cho phép {limit} byte."


class PdfBoxOutside(Problem):
    """The place asked for a signature is not on the page."""

    code = "signing.pdf_box_outside"
    status = 422
    text = "Vị trí chữ ký nằm ngoài trang {page} của tài liệu."


class PdfNotPrepared(Problem):
    """The PDF has no empty signature field of the name asked for."""

    code = "signing.pdf_not_prepared"
    status = 409
    text = "Tài liệu không có ô chữ ký {field} còn trống."


class KeyPasswordWrong(Problem):
    """The PIN does not open the key."""

    code = "signing.key_password_wrong"
    status = 403
    text = "Mã PIN của khóa ký không đúng."


class SignerCertificateNotValid(Problem):
    """The signer's certificate is not within its period at the time of signing (SG-S-03, R63)."""

    code = "signing.certificate_not_valid"
    status = 409
    text = "Chứng thư số của {name} không còn hoặc chưa có hiệu lực tại thời điểm ký."


class SignatureNotMade(Problem):
    """The signature just made did not verify; the document stays as it was (SG 6.2 steps 5, 9)."""

    code = "signing.signature_not_made"
    status = 500
    text = "Ký số không thành công ({detail}). Tài liệu giữ nguyên như trước khi ký."


class TimestampNotMade(Problem):
    """The time-stamp authority was not reached, refused, or gave a token that is not good."""

    code = "signing.timestamp_not_made"
    status = 503
    text = "Chưa lấy được dấu thời gian ({detail}). Có thể bổ sung dấu thời gian sau."


class CertificateProfileBroken(Problem):
    """A certificate about to be issued does not follow its profile (SG-P-01)."""

    code = "signing.certificate_profile_broken"
    status = 422
    text = "Chứng thư số không đúng khuôn mẫu: {detail}."


class CertificateRequestRefused(Problem):
    """A PKCS#10 request proves no possession of its key, or asks for a name not approved."""

    code = "signing.certificate_request_refused"
    status = 422
    text = "Yêu cầu cấp chứng thư (CSR) bị từ chối: {detail}."


class TrustInvalid(Problem):
    """A trust bundle cannot be read, or its roots are not the pinned ones."""

    code = "signing.trust_invalid"
    status = 422
    text = "Bộ chứng thư tin cậy không dùng được: {detail}."


class JWSInvalid(Problem):
    """A signed JSON object (JWS) is malformed, or its signature is not good."""

    code = "signing.jws_invalid"
    status = 422
    text = "Biên nhận ký số không hợp lệ: {detail}."


class RequestSignatureInvalid(Problem):
    """The signature of an HTTP request is missing or not good (RFC 9421)."""

    code = "signing.request_signature_invalid"
    status = 401
    text = "Chữ ký của yêu cầu không hợp lệ: {detail}."


class RequestClockSkew(Problem):
    """The HTTP request was signed at a time too far from this machine's clock."""

    code = "signing.request_clock_skew"
    status = 401
    text = "Đồng hồ của máy gửi lệch {offset_s} giây so với trục (cho phép {allowed_s} giây)."


class ContainerInvalid(Problem):
    """An evidence file is not the container that was sealed: a part is missing or changed."""

    code = "signing.container_invalid"
    status = 422
    text = "Hồ sơ chứng cứ không dùng được: {detail}."
