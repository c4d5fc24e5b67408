"""Subjects, agencies and places that look like those of a real register. Pure and repeatable."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

# Name, and how it stands in a notation.
TYPES: Sequence[tuple[int, str, str]] = (
    (2, "Quyết định", "QĐ"),
    (7, "Thông báo", "TB"),
    (10, "Kế hoạch", "KH"),
    (14, "Báo cáo", "BC"),
    (16, "Tờ trình", "TTr"),
    (18, "Công văn", ""),
)
VERBS = (
    "triển khai", "tăng cường", "báo cáo kết quả", "rà soát", "phê duyệt", "điều chỉnh", "ban hành",
    "góp ý dự thảo", "kiểm tra", "xử lý kiến nghị về", "đề nghị thẩm định", "tổng kết",
    "cung cấp thông tin, số liệu", "chấn chỉnh", "đôn đốc thực hiện", "mời họp về", "giao dự toán",
    "công bố danh mục thủ tục hành chính về", "thanh tra việc chấp hành quy định về", "bổ sung",
)  # fmt: skip
SUBJECTS = (
    "công tác phòng, chống thiên tai và tìm kiếm cứu nạn", "cải cách thủ tục hành chính",
    "kế hoạch đầu tư công trung hạn", "chuyển đổi số và bảo đảm an toàn thông tin mạng",
    "quy hoạch sử dụng đất", "công tác tuyển dụng viên chức ngành giáo dục", "dạy học trực tuyến",
    "an toàn vệ sinh thực phẩm", "phòng, chống dịch tả lợn châu Phi", "xây dựng nông thôn mới",
    "giải phóng mặt bằng đường vành đai", "chi trả chế độ bảo hiểm xã hội", "giảm nghèo bền vững",
    "quản lý vật liệu nổ công nghiệp", "xúc tiến thương mại và du lịch", "bảo vệ môi trường nước",
    "quyết toán ngân sách nhà nước", "bồi thường, hỗ trợ, tái định cư", "cấp phép khai thác cát",
    "khám chữa bệnh ban đầu", "quản lý tài sản công", "thi đua, khen thưởng", "công tác dân tộc",
    "phòng cháy và chữa cháy rừng", "kết nối liên thông văn bản điện tử", "giá dịch vụ xe buýt",
    "hồ chứa thủy lợi nhỏ", "bảo tồn di tích lịch sử", "đào tạo nghề cho lao động nông thôn",
    "hệ thống thông tin giải quyết thủ tục hành chính",
)  # fmt: skip
OBJECTS = (
    "trên địa bàn", "tại", "của Ủy ban nhân dân", "đối với", "phục vụ nhân dân", "liên quan đến",
)  # fmt: skip
_FIRST = [
    "Sông",
    "Núi",
    "Đồng",
    "Hồ",
    "Tân",
    "Vĩnh",
    "An",
    "Bình",
    "Phú",
    "Long",
    "Hải",
    "Thanh",
    "Mỹ",
    "Hưng",
    "Yên",
    "Quang",
    "Kim",
    "Đức",
]
_SECOND = [
    "Hồng",
    "Xanh",
    "Hòa",
    "Thịnh",
    "Lâm",
    "Sơn",
    "Giang",
    "Phong",
    "Thạnh",
    "Trung",
    "Khánh",
    "Điền",
    "Lộc",
    "Châu",
    "Mai",
]
FAMILY = [
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Huỳnh",
    "Phan",
    "Vũ",
    "Võ",
    "Đặng",
    "Bùi",
    "Đỗ",
    "Hồ",
    "Ngô",
    "Dương",
    "Lý",
]
MIDDLE = [
    "Văn",
    "Thị",
    "Hữu",
    "Đức",
    "Minh",
    "Ngọc",
    "Quang",
    "Thanh",
    "Xuân",
    "Thu",
    "Hoàng",
    "Quốc",
]
GIVEN = [
    "An",
    "Bình",
    "Cường",
    "Dũng",
    "Giang",
    "Hà",
    "Hải",
    "Hạnh",
    "Hùng",
    "Hương",
    "Khánh",
    "Lan",
    "Linh",
    "Long",
    "Mai",
    "Nam",
]

PLACES = tuple(
    f"{kind} {first} {second}"
    for kind in ("xã", "phường", "huyện", "tỉnh")
    for first in _FIRST
    for second in _SECOND
)
AGENCIES = tuple(
    (f"{letter}{number:02d}", f"{kind} {place}")
    for letter, kind in (("G", "Sở Đo lường"), ("H", "Ủy ban nhân dân"), ("T", "Ban quản lý"))
    for number, place in enumerate(PLACES[:90], start=1)
)


def subject(random: Random, year: int) -> str:
    """One subject, such as "V/v rà soát quy hoạch sử dụng đất tại xã Tân Lâm năm 2025"."""
    place = random.choice(PLACES)
    text = (
        f"{random.choice(VERBS)} {random.choice(SUBJECTS)} {random.choice(OBJECTS)} {place}"
        f" năm {year}"
    )
    if random.random() < 0.1:
        text += f" (hồ sơ {random.choice('ABCDEK')}{random.randrange(100_000):05d})"
    return text


def person(random: Random) -> str:
    """A name of three words."""
    return f"{random.choice(FAMILY)} {random.choice(MIDDLE)} {random.choice(GIVEN)}"
