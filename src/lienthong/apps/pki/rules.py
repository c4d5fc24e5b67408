"""Refusals of this context, and what kinds of key there are."""

from __future__ import annotations

from enum import StrEnum

from lienthong.core.errors import Problem


class KeyKind(StrEnum):
    """Whose key it is and what it may sign."""

    PERSON = "person"
    AGENCY = "agency"
    SERVICE = "service"
    NODE = "node"
    RECEIPT = "receipt"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS = {
    KeyKind.PERSON: "khóa ký cá nhân",
    KeyKind.AGENCY: "khóa con dấu của cơ quan",
    KeyKind.SERVICE: "khóa ký gói tin của cơ quan",
    KeyKind.NODE: "khóa của máy chủ",
    KeyKind.RECEIPT: "khóa ký biên nhận của trục",
}


class KeyPlace(StrEnum):
    """Where a private key lies (SG-K-01, SG-K-05)."""

    FILE = "file"
    TOKEN = "token"  # noqa: S105  a device, no password
    REMOTE = "remote"
    BROWSER = "browser"


class KeyMissing(Problem):
    """No key of that kind is kept here for that holder."""

    code = "pki.key_missing"
    status = 409
    text = "Chưa có {kind} cho {holder} trên hệ thống này."


class TrustMissing(Problem):
    """The node has no trusted roots yet."""

    code = "pki.trust_missing"
    status = 503
    text = "Hệ thống chưa được nạp chứng thư gốc tin cậy."


class AuthorityMissing(Problem):
    """The directory holds no certification authorities."""

    code = "pki.authority_missing"
    status = 409
    text = "Không tìm thấy cơ quan cấp chứng thư “{name}” trong thư mục đã cho."


class CertificateNotUsable(Problem):
    """The signer's certificate or one above it is not valid now: nothing is signed (SG-S-03)."""

    code = "pki.certificate_not_usable"
    status = 409
    text = "Không ký được: chứng thư số của {holder} {reason}."


class CertificateStatusUnknown(Problem):
    """It cannot be told whether the certificate is revoked: nothing is signed (SG-S-05)."""

    code = "pki.certificate_status_unknown"
    status = 503
    text = (
        "Chưa kiểm tra được tình trạng chứng thư số của {holder} nên chưa ký. "
        "Vui lòng thử lại sau ít phút."
    )


class TrustListUnreachable(Problem):
    """The published trust list cannot be fetched; the last good one stays in use."""

    code = "pki.trust_list_unreachable"
    status = 503
    text = "Chưa tải được danh sách tin cậy mới: {detail}."


class ClockBehind(Problem):
    """This node's clock shows a time before what it was told: nothing is signed."""

    code = "pki.clock_behind"
    status = 503
    text = (
        "Đồng hồ của hệ thống này chạy chậm (trước {known}, thời điểm của dữ liệu tin cậy đã nhận) "
        "nên chưa ký. Vui lòng báo cán bộ quản trị chỉnh lại đồng hồ."
    )


class KeyInBrowser(Problem):
    """The key is in a device at the person's own machine: it signs through the agent there only."""

    code = "pki.key_in_browser"
    status = 409
    text = (
        "Khóa của {holder} nằm trong thiết bị cắm vào máy của bạn, nên cần trình ký đang chạy trên "
        "máy đó và trình duyệt bật JavaScript. Chưa có gì được ký."
    )


class KeyNotInBrowser(Problem):
    """The page's script asked what an agent is to sign, but the key is elsewhere by now."""

    code = "pki.key_not_in_browser"
    status = 409
    text = "Khóa của {holder} không còn ở thiết bị cắm vào máy của bạn. Hãy tải lại trang rồi ký."


class KeyDeviceUnknown(Problem):
    """The settings name no such device or service, or not for keys of that kind."""

    code = "pki.key_device_unknown"
    status = 409
    text = "Hệ thống này không được khai báo thiết bị hoặc dịch vụ khóa “{name}”."


class KeyDevicesUnreadable(Problem):
    """The file of devices and services is missing or wrong."""

    code = "pki.key_devices_unreadable"
    status = 503
    text = "Không đọc được khai báo thiết bị và dịch vụ khóa của hệ thống ({reason})."


class KeySignsOneByOne(Problem):
    """A key that needs consent each time cannot sign what depends on its own signatures."""

    code = "pki.key_signs_one_by_one"
    status = 409
    text = "Khóa của {holder} ký từng yêu cầu một. Hãy mở từng yêu cầu để ký duyệt."
