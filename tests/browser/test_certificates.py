"""A certificate as people live with it: asked for, approved, used, revoked, refused."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import FilePayload, expect

from .conftest import Sit
from .visitor import PHONE, WIDE, Visitor

pytestmark = pytest.mark.browser

HOLDER = "Phạm Thu Vụ"
FIRST, SECOND = "Giới thiệu cán bộ dự tập huấn", "Giới thiệu cán bộ dự sơ kết"
PIN = "246802"
PAPER = FilePayload(
    name="Quyết định bổ nhiệm.pdf",
    mimeType="application/pdf",
    buffer=b"%PDF-1.7\n% quyet dinh bo nhiem\n",
)


def test_a_certificate_is_asked_for_approved_used_and_revoked(sit: Sit) -> None:
    """SG 4.3, SG-S-03, A7: what it signed stays valid, the next signature is refused."""
    holder, registrar = sit("bo", "vutruong.btn"), sit("bo", "dangky.btn")
    the_unit_head_asks(holder)
    the_registrar_approves(registrar)
    the_unit_head_takes_it_over_on_a_phone(holder)
    officer, leader = sit("bo", "chuyenvien.btn"), sit("bo", "thutruong.btn")
    clerk = sit("bo", "vanthu.btn")
    for person in (officer, leader, clerk):
        person.sign_in()
    first, second = (a_letter_waits(officer, leader, clerk, each) for each in (FIRST, SECOND))
    the_unit_head_signs(holder, first)
    the_clerk_seals(clerk, first)

    the_unit_head_asks_to_revoke(holder)
    the_registrar_revokes(registrar)

    the_next_signature_is_refused(holder, second)
    the_first_letter_is_still_valid(holder, first)


def the_unit_head_asks(holder: Visitor) -> None:
    """A form that names what the certificate will say; a PIN typed twice; papers."""
    holder.sign_in()
    holder.open("/chung-thu/")
    holder.sees("Bạn chưa có chứng thư")
    holder.look("40-certificates-none")
    holder.follow("Đề nghị cấp mới")
    ask = holder.page.get_by_role("button", name="Tạo khóa và gửi yêu cầu")
    with holder.refused(422):
        holder.tab_to(ask)
        holder.page.keyboard.press("Enter")
        holder.sees("Còn chỗ cần xem lại")
    holder.look("41-certificate-asked-refused")
    holder.open("/chung-thu/yeu-cau/moi/new")
    holder.sees(HOLDER)
    holder.field("Minh chứng").set_input_files([PAPER])
    holder.field("Đặt mã PIN cho khóa mới").fill(PIN)
    holder.field("Nhập lại mã PIN").fill(PIN)
    holder.press("Tạo khóa và gửi yêu cầu")
    holder.sees("Đã gửi yêu cầu tới cán bộ đăng ký chứng thư")
    holder.look("42-certificate-asked")


def the_registrar_approves(registrar: Visitor) -> None:
    """The worklist is the first page; papers are looked at; the own key signs."""
    registrar.sign_in()
    registrar.sees("Việc gấp nhất ở trên")
    registrar.look("43-worklist")
    registrar.follow(HOLDER)
    registrar.look("44-request")
    registrar.press("Hồ sơ hợp lệ")
    registrar.sees("Hồ sơ hợp lệ, chờ ký duyệt")
    with registrar.refused(403):
        registrar.field("Mã PIN của khóa ký").fill("000000")
        registrar.press("Ký duyệt")
        registrar.sees("Mã PIN của khóa ký không đúng")
    registrar.field("Mã PIN của khóa ký").fill(registrar.account.pin)
    registrar.look("45-approve")
    registrar.press("Ký duyệt")
    registrar.sees(f"Đã cấp chứng thư cho {HOLDER}")
    registrar.look("46-worklist-done")


def the_unit_head_takes_it_over_on_a_phone(holder: Visitor) -> None:
    holder.resize(PHONE)
    holder.open("/chung-thu/")
    holder.follow(f"Cấp mới: {HOLDER}")
    holder.look("47-take-over")
    holder.field("Mã PIN bạn đã đặt cho khóa mới").fill(PIN)
    holder.press("Ký nhận và dùng chứng thư")
    holder.sees("Từ bây giờ bạn ký bằng khóa mới")
    holder.sees("Đang có hiệu lực")
    holder.look("48-certificate-in-use")
    holder.resize(WIDE)


def a_letter_waits(officer: Visitor, leader: Visitor, clerk: Visitor, subject: str) -> str:
    """Drafted by the officer, approved by leader and clerk; it waits for the unit head."""
    officer.open("/van-ban/di/soan")
    officer.field("Trích yếu").fill(subject)
    officer.field(re.compile("^Nội dung")).fill(
        "Bộ Thử nghiệm trân trọng giới thiệu cán bộ tham dự./."
    )
    officer.page.get_by_role("checkbox", name="Ủy ban nhân dân tỉnh Minh Họa").check()
    officer.field("Người duyệt").select_option(label="Lê Minh Họa – Thứ trưởng")
    officer.field("Người ký").select_option(label=f"{HOLDER} – Vụ trưởng")
    officer.press("Lưu dự thảo và xem bản in")
    officer.sees("Đã lưu dự thảo")
    officer.press("Trình duyệt")
    officer.sees("Đã trình duyệt")
    leader.open(officer.page.url)
    leader.press("Duyệt nội dung")
    leader.sees("Đã duyệt nội dung")
    clerk.open(officer.page.url)
    clerk.press("Duyệt, chuyển ký")
    clerk.sees("Đã duyệt thể thức và chuyển tới người ký")
    return officer.page.url


def the_unit_head_signs(holder: Visitor, path: str) -> None:
    """The page says whose certificate signs before it does (SG-S-04)."""
    holder.open(path)
    holder.sees("Chứng thư do")
    holder.look("49-sign-with-new-key")
    holder.field("Mã PIN của khóa ký").fill(PIN)
    holder.press("Ký số")
    holder.sees("Đã ký số, văn bản mang số")


def the_clerk_seals(clerk: Visitor, path: str) -> None:
    clerk.open(path)
    clerk.field("Mã PIN của khóa ký").fill(clerk.account.seal_pin)
    clerk.press("Ký số cơ quan")
    clerk.sees("Văn bản sẵn sàng phát hành")
    clerk.sees("Chữ ký hợp lệ")
    clerk.sees("Dấu thời gian")
    clerk.look("50-sealed-with-time-stamp")


def the_unit_head_asks_to_revoke(holder: Visitor) -> None:
    holder.open("/chung-thu/")
    holder.follow("Đề nghị thu hồi")
    holder.field("Căn cứ").select_option(label="Chuyển công tác, nghỉ việc, nghỉ hưu")
    holder.field("Giải thích").fill("Chuyển công tác từ ngày mai.")
    holder.look("51-ask-to-revoke")
    holder.press("Gửi yêu cầu")
    holder.sees("Đã gửi yêu cầu tới cán bộ đăng ký chứng thư")


def the_registrar_revokes(registrar: Visitor) -> None:
    registrar.open("/chung-thu/dang-ky/")
    registrar.follow(f"Thu hồi: {HOLDER}")
    registrar.press("Hồ sơ hợp lệ")
    registrar.sees("Hồ sơ hợp lệ, chờ ký duyệt")
    registrar.field("Mã PIN của khóa ký").fill(registrar.account.pin)
    registrar.look("52-revoke")
    registrar.press("Ký duyệt")
    registrar.sees(f"Đã thực hiện yêu cầu về {HOLDER}")
    registrar.open("/chung-thu/dang-ky/chung-thu/")
    expect(registrar.page.get_by_role("row").filter(has_text=HOLDER)).to_contain_text(
        "Đã bị thu hồi"
    )
    registrar.look("53-certificates")
    registrar.open("/chung-thu/dang-ky/bang/")
    registrar.look("54-tables")


def the_next_signature_is_refused(holder: Visitor, path: str) -> None:
    holder.open(path)
    holder.sees("không ký được")
    holder.look("55-revoked-before-signing")
    with holder.refused(409):
        holder.field("Mã PIN của khóa ký").fill(PIN)
        holder.press("Ký số")
        holder.sees("Không ký được: chứng thư số của Phạm Thu Vụ đã bị thu hồi")
    holder.look("56-signature-refused")
    holder.open("/chung-thu/")
    holder.sees("Đã bị thu hồi")
    holder.look("57-certificate-revoked")


def the_first_letter_is_still_valid(holder: Visitor, path: str) -> None:
    holder.open(path)
    card = holder.page.get_by_role("region", name="Kiểm tra chữ ký số")
    expect(card).to_contain_text("Chữ ký hợp lệ")
    holder.look("58-first-letter-valid")
