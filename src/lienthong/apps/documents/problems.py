"""Refusals of the document desk. MoveNotAllowed stands with the tables in `rules`."""

from __future__ import annotations

from lienthong.core.errors import Problem


class DocumentNotFound(Problem):
    """No such document, or none that this person may see: the answer is the same."""

    code = "documents.not_found"
    status = 404
    text = "Không tìm thấy văn bản, hoặc bạn không được xem văn bản này."


class FileNotFound(Problem):
    """The document has no such file or page."""

    code = "documents.file_not_found"
    status = 404
    text = "Văn bản không có tệp hoặc trang này."


class FieldMissing(Problem):
    """Something that must be written down is empty."""

    code = "documents.field_missing"
    status = 422
    text = "Chưa nhập {field}."


class FieldTooLong(Problem):
    """A text is longer than its field in Decree 30, Annex VI allows."""

    code = "documents.field_too_long"
    status = 422
    text = "{field} dài quá {longest} ký tự."


class DueInPast(Problem):
    """The deadline is before today."""

    code = "documents.due_in_past"
    status = 422
    text = "Thời hạn {due_on} đã qua."


class TypeUnknown(Problem):
    """The document type is not in the list of administrative types."""

    code = "documents.type_unknown"
    status = 422
    text = "Không có loại văn bản mã {type_code}."


class UrgencyUnknown(Problem):
    """The urgency is not one of 0–4."""

    code = "documents.urgency_unknown"
    status = 422
    text = "Không có độ khẩn {urgency}."


class RecipientUnavailable(Problem):
    """The recipient does not exist, is inactive or locked, or is the issuing agency itself."""

    code = "documents.recipient_unavailable"
    status = 422
    text = "Không gửi được tới “{recipient}”: {reason}."


class SeatUnsuitable(Problem):
    """The seat is not held today in this organization, or its role does not fit."""

    code = "documents.seat_unsuitable"
    status = 422
    text = "Người được chọn làm {purpose} không giữ vị trí phù hợp trong cơ quan."


class ReviewerIsDrafter(Problem):
    """Two different people answer for a document (D30 Art. 12)."""

    code = "documents.reviewer_is_drafter"
    status = 422
    text = "Người duyệt phải khác người soạn thảo."


class NotationInvalid(Problem):
    """The agency's or unit's abbreviation gives no notation that Decree 30 allows (F-07)."""

    code = "documents.notation_invalid"
    status = 422
    text = "Ký hiệu “{notation}” không đúng quy định."


class NumberDateBackwards(Problem):
    """A number was given on a later day already: dates never go back in a series (DX-72)."""

    code = "documents.number_date_backwards"
    status = 409
    text = "Đã cấp số cho ngày {last_on}; không thể cấp số lùi về ngày {on}."


class SecrecyMarked(Problem):
    """State secrets stay outside electronic exchange (DX-02)."""

    code = "documents.secrecy_marked"
    status = 422
    text = "Văn bản có dấu hiệu bí mật nhà nước ({mark}); không được gửi qua hệ thống này."


class SignatureNotConfirmed(Problem):
    """A signature on the file does not verify with today's trust: the next step must not happen."""

    code = "documents.signature_not_confirmed"
    status = 409
    text = "Chữ ký số của {who} trên văn bản chưa được xác nhận hợp lệ: {reason}."


class PacketRefusedHere(Problem):
    """The packet breaks a rule of the exchange, seen before it is sent (DX-13)."""

    code = "documents.packet_refused_here"
    status = 422
    text = "Gói tin chưa gửi được: {reason}"


class DraftChanged(Problem):
    """Somebody saved the draft after this person had opened it; nothing was overwritten."""

    code = "documents.draft_changed_meanwhile"
    status = 409
    text = (
        "Dự thảo đã được {who} lưu lúc {at} sau khi bạn mở trang; khác ở: {what}. Nội dung bạn vừa "
        "nhập chưa được ghi. Hãy xem lại rồi lưu lần nữa."
    )


class VersionNotFound(Problem):
    """The draft has no such version."""

    code = "documents.version_not_found"
    status = 404
    text = "Dự thảo không có phiên bản {number}."


class RecallNotPossible(Problem):
    """A delivery in this state cannot be asked back (edXML specification §9.1)."""

    code = "documents.recall_not_possible"
    status = 409
    text = "Không thu hồi được từ “{recipient}”: {state}."


class KeySignsOneByOne(Problem):
    """A key beside the browser or at a service asks for its holder's consent each time."""

    code = "documents.key_signs_one_by_one"
    status = 409
    text = "Khóa này cần xác nhận cho từng văn bản nên không ký được nhiều văn bản cùng lúc."


class CopySourceNotValid(Problem):
    """What an agency copies it vouches for: the original must verify now (DX-51)."""

    code = "documents.copy_source_not_valid"
    status = 409
    text = "Không sao được: chữ ký trên văn bản chưa được xác nhận hợp lệ ({reason})."


class CopyKindUnsuitable(Problem):
    """SAO Y and TRÍCH SAO are made of an original, SAO LỤC of a copy (D30 Art. 3)."""

    code = "documents.copy_kind_unsuitable"
    status = 422
    text = (
        "Không làm được bản “{kind}” từ văn bản này: sao y và trích sao làm từ bản gốc hoặc bản "
        "chính, sao lục làm từ bản sao."
    )


class CopyPagesUnclear(Problem):
    """The pages of an extract are not written as "1-3, 5", or the document has not so many."""

    code = "documents.copy_pages_unclear"
    status = 422
    text = "Các trang trích sao “{pages}” chưa rõ; hãy ghi như “1-3, 5”. Văn bản có {count} trang."


class SavedSearchesFull(Problem):
    """A person keeps a limited number of searches."""

    code = "documents.saved_searches_full"
    status = 409
    text = "Chỉ lưu được {most} tìm kiếm. Hãy bỏ bớt một tìm kiếm cũ rồi lưu lại."


class ChangedMeanwhile(Problem):
    """Somebody acted on the document after this person's page was made: nothing was done."""

    code = "documents.changed_meanwhile"
    status = 409
    text = (
        "Văn bản đã thay đổi sau khi bạn mở trang: {who}, lúc {at}, {what}. "
        "Thao tác của bạn chưa được thực hiện; hãy tải lại trang rồi xem lại."
    )


class DateInFuture(Problem):
    """Something that has happened cannot bear a day to come."""

    code = "documents.date_in_future"
    status = 422
    text = "{field} ({on}) ở sau ngày hôm nay."


class DatesOutOfOrder(Problem):
    """A document does not arrive before it is dated."""

    code = "documents.dates_out_of_order"
    status = 422
    text = "Ngày đến {arrived_on} ở trước ngày văn bản {issued_on}."


class ExtensionNotLater(Problem):
    """An extension leads to a later day than the deadline it extends."""

    code = "documents.extension_not_later"
    status = 422
    text = "Hạn mới phải sau hạn hiện tại {due_on}."


class AskedAlready(Problem):
    """The same question is open already; it is answered before it is asked again."""

    code = "documents.asked_already"
    status = 409
    text = "Đang chờ {who} trả lời; chưa thể hỏi lại."


class ReplyUnsuitable(Problem):
    """The document chosen as the reply is none of ours, or none that this person sees."""

    code = "documents.reply_unsuitable"
    status = 422
    text = "Văn bản đi được chọn không dùng làm văn bản trả lời được."


class ForwardUnsuitable(Problem):
    """Only agencies below, with a desk on this node, are handed documents without the axis."""

    code = "documents.forward_unsuitable"
    status = 422
    text = "Không chuyển xuống “{to}” được: {reason}."


class DocumentRecalled(Problem):
    """The sender recalled the document: its content is no longer shown, its record is (DX-37)."""

    code = "documents.recalled"
    status = 410
    text = "Văn bản đã bị cơ quan gửi thu hồi; nội dung không còn xem được."


class NeedsLook(Problem):
    """Its checks leave a question: it is accepted or refused by itself, not among many."""

    code = "documents.needs_look"
    status = 409
    text = "Chữ ký chưa được xác nhận hoặc nghi trùng: hãy mở văn bản và tự quyết định."
