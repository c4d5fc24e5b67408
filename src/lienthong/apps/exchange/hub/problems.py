"""Every refusal of the axis. Each one has a code for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lienthong.core.errors import Problem


class WithFindings(Problem):
    """A refusal that lists everything found in the packet, so that the sender mends it once."""

    code = "hub.packet_refused"
    status = 422
    text = "Gói tin không đạt yêu cầu của trục liên thông."

    def __init__(self, findings: Sequence[dict[str, Any]] = (), **facts: str | int) -> None:
        super().__init__(**facts)
        self.findings = tuple(findings)

    def to_json(self) -> dict[str, Any]:
        return super().to_json() | {"findings": list(self.findings)}


class SenderUnknown(Problem):
    code = "hub.sender_unknown"
    status = 403
    text = "Cơ quan gửi {code} không có trong danh bạ của trục liên thông."


class SenderNotOfNode(Problem):
    code = "hub.sender_not_of_node"
    status = 403
    text = "Điểm kết nối {node} không được gửi thay cơ quan {code}."


class PacketTooLarge(Problem):
    code = "hub.packet_too_large"
    status = 413
    text = "Gói tin lớn hơn mức cho phép ({max_bytes} byte)."


class DigestMismatch(Problem):
    code = "hub.digest_mismatch"
    status = 422
    text = "Nội dung nhận được không khớp mã băm đã khai báo (Content-Digest)."


class HeaderMissing(Problem):
    code = "hub.header_missing"
    status = 400
    text = "Yêu cầu thiếu hoặc sai tiêu đề {name}."


class RecipientUnknown(WithFindings):
    code = "hub.recipient_unknown"
    text = "Cơ quan nhận {recipient} không có trong danh bạ của trục liên thông."


class RecipientLocked(WithFindings):
    code = "hub.recipient_locked"
    text = "Cơ quan nhận {recipient} đang bị tạm khoá trên trục liên thông."


class SecretContent(WithFindings):
    code = "hub.secret_content"
    text = (
        "Gói tin có dấu hiệu bí mật nhà nước; không được gửi qua trục liên thông. "
        "Nội dung không được lưu."
    )


class DocumentUnsigned(Problem):
    code = "hub.document_unsigned"
    status = 422
    text = "Văn bản chính ({name}) chưa có chữ ký số của người có thẩm quyền và của cơ quan."


class DocumentTooLarge(Problem):
    code = "hub.document_too_large"
    status = 422
    text = "Văn bản chính ({name}) lớn hơn mức cho phép ({max_bytes} byte); chỉ tệp kèm được lớn."


class DocumentSignatureInvalid(Problem):
    code = "hub.document_signature_invalid"
    status = 422
    text = "Chữ ký số trên văn bản chính ({name}) không hợp lệ: {reason}"


class PacketSignatureInvalid(Problem):
    code = "hub.packet_signature_invalid"
    status = 422
    text = "Chữ ký số của gói tin không hợp lệ: {reason}"


class DocumentIdUsed(Problem):
    code = "hub.document_id_used"
    status = 409
    text = (
        "Mã văn bản {document_id} (hoặc số, ký hiệu trong năm) đã được dùng cho một gói tin khác."
    )


class HubBusy(Problem):
    code = "hub.busy"
    status = 503
    text = "Trục liên thông đang bận, đề nghị gửi lại sau {retry_after} giây."


class HubStorageFull(Problem):
    code = "hub.storage_full"
    status = 507
    text = "Trục liên thông hết dung lượng lưu trữ; gói tin chưa được nhận."


class HubStoreFailed(Problem):
    """The database refused or is away. Nothing was kept; the sender tries again."""

    code = "hub.store_failed"
    status = 503
    text = "Trục liên thông tạm thời không ghi được dữ liệu; gói tin chưa được nhận."


class RequestReplayed(Problem):
    code = "hub.request_replayed"
    status = 401
    text = "Yêu cầu này đã được gửi trước đó."


class NodeUnknown(Problem):
    code = "hub.node_unknown"
    status = 401
    text = "Điểm kết nối chưa đăng ký với trục liên thông."


class PacketNotFound(Problem):
    code = "hub.packet_not_found"
    status = 404
    text = "Không có gói tin này, hoặc cơ quan không phải là bên gửi hay bên nhận."


class DeliveryNotFound(Problem):
    code = "hub.delivery_not_found"
    status = 404
    text = "Không có lượt chuyển này, hoặc lượt chuyển không dành cho điểm kết nối đang hỏi."


class ReceiptInvalid(Problem):
    code = "hub.receipt_invalid"
    status = 422
    text = "Giấy xác nhận đã nhận không hợp lệ: {reason}"


class ArchiveSettingsWrong(Problem):
    code = "hub.archive_settings_wrong"
    status = 500
    text = "Cấu hình kho lưu trữ đối tượng không hợp lệ: {reason}."


class ArchiveAway(Problem):
    """The object store did not answer. What it holds is not known: try again."""

    code = "hub.archive_away"
    status = 503
    text = "Kho lưu trữ đối tượng chưa trả lời ({reason}); hãy thử lại sau."


class ArchiveMissing(Problem):
    """The object store says that it does not have a segment. An operator must look."""

    code = "hub.archive_missing"
    status = 500
    text = "Đoạn lưu {segment} không có trong kho lưu trữ đối tượng; cần người vận hành kiểm tra."


class ArchiveDamaged(Problem):
    """What the object store gave back is not what it was given. An operator must look."""

    code = "hub.archive_damaged"
    status = 500
    text = "Đoạn lưu {segment} trong kho lưu trữ đối tượng khác với bản gốc."


class ContentDamaged(Problem):
    """The bytes on disk are not the bytes taken in. An operator must look."""

    code = "hub.content_damaged"
    status = 500
    text = "Nội dung gói tin lưu trên trục bị hỏng; cần người vận hành kiểm tra."


class PathNotFound(Problem):
    code = "hub.path_not_found"
    status = 404
    text = "Không có địa chỉ này trên trục liên thông."


class HubDefect(Problem):
    """A defect of the hub itself. The log has the details; the wire has none."""

    code = "hub.defect"
    status = 500
    text = "Trục liên thông gặp lỗi khi xử lý yêu cầu."


class KitClosed(Problem):
    """The axis has no key to seal what comes by the kit's door."""

    code = "hub.kit_closed"
    status = 503
    text = "Trục liên thông chưa mở cửa kết nối cho bộ công cụ khách."


class UploadNotFound(Problem):
    code = "hub.upload_not_found"
    status = 404
    text = "Không có lượt tải lên nào của điểm kết nối này với mã băm đã nêu; đề nghị bắt đầu lại."


class ChunkWrong(Problem):
    code = "hub.chunk_wrong"
    status = 422
    text = (
        "Phần tải lên ở vị trí {offset} sai vị trí hoặc sai độ dài; mỗi phần dài {chunk_bytes} "
        "byte, riêng phần cuối là phần còn lại của {size} byte."
    )


class UploadIncomplete(Problem):
    code = "hub.upload_incomplete"
    status = 409
    text = "Gói tin tải lên còn thiếu dữ liệu, từ vị trí {offset}."


class RangeNotSatisfiable(Problem):
    code = "hub.range_not_satisfiable"
    status = 416
    text = "Khoảng byte yêu cầu nằm ngoài gói tin ({size} byte)."


class DeliveryPlanWrong(Problem):
    code = "hub.delivery_plan_wrong"
    status = 500
    text = "Tệp lịch chuyển giao (LIENTHONG_HUB_DELIVERY_FILE) không hợp lệ: {reason}"
