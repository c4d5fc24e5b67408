"""The main path as people walk it: one letter, eight people, three nodes, real browsers."""

from __future__ import annotations

import re
import zipfile
from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from .conftest import Sit
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser

SUBJECT = "Góp ý dự thảo Quy chế trao đổi văn bản điện tử"
BODY = (
    "Bộ Thử nghiệm đang xây dựng dự thảo Quy chế trao đổi văn bản điện tử giữa các cơ quan nhà "
    "nước trên Trục liên thông văn bản quốc gia.\n\n"
    "Bộ Thử nghiệm đề nghị Quý Ủy ban nghiên cứu, cho ý kiến và gửi về trước ngày hạn trả lời để "
    "tổng hợp, báo cáo cấp có thẩm quyền./."
)


def test_a_letter_goes_to_the_province_and_comes_home_completed(sit: Sit) -> None:
    path = an_officer_composes(sit("bo", "chuyenvien.btn"))
    the_unit_head_approves(sit("bo", "vutruong.btn"), path)
    sender = sit("bo", "vanthu.btn")
    the_clerk_approves_the_form(sender, path)
    the_leader_signs_on_a_phone(sit("bo", "thutruong.btn"), path)
    the_clerk_seals_and_sends(sender, path)

    incoming = the_province_registers(sit("tinh", "vanthu.ubnd"))
    the_chairman_assigns(sit("tinh", "chutich.ubnd"), incoming)
    officer = sit("tinh", "chuyenvien.ubnd")
    the_officer_works(officer, incoming)
    the_file_is_approved_closed_and_exported(officer, sit("tinh", "truongphong.ubnd"))

    the_sender_sees_it_completed(sender)
    the_auditor_reads_the_history(sit("bo", "kiemtra.btn"))
    the_desk_speaks_english(sender)
    the_operator_sees_the_packet(sit("truc", "vanhanh"))


def an_officer_composes(officer: Visitor) -> str:
    """From the door to a draft that waits for review; the form is filled with the keyboard only."""
    officer.open("/")
    officer.look("01-sign-in")
    officer.sign_in()
    officer.look("02-desk-empty")
    officer.open("/van-ban/di/")
    officer.look("03-outgoing-empty")
    officer.follow("Soạn văn bản")
    save = officer.page.get_by_role("button", name="Lưu dự thảo và xem bản in")
    with officer.refused(422):
        officer.tab_to(save)
        officer.page.keyboard.press("Enter")
        officer.sees("Còn chỗ cần xem lại")
    officer.look("04-compose-refused")
    officer.open("/van-ban/di/soan")
    officer.look("05-compose-new")
    _fill_the_form(officer)
    officer.look("06-compose-filled")
    officer.tab_to(save)
    officer.page.keyboard.press("Enter")
    officer.sees("Đã lưu dự thảo")
    officer.look("07-draft")
    officer.press("Trình duyệt")
    officer.sees("Đã trình duyệt")
    return officer.page.url


def _fill_the_form(officer: Visitor) -> None:
    officer.choose("Độ khẩn", "Khẩn")
    officer.type_into("Trích yếu", SUBJECT)
    officer.type_into(re.compile("^Nội dung"), BODY)
    officer.type_into("Nơi nhận ghi trên văn bản", "Như trên;\nLưu: VT, CNTT.")
    officer.type_into("Lọc nơi nhận, có dấu hoặc không dấu", "uy ban nhan dan tinh")
    province = officer.page.get_by_role("checkbox", name="Ủy ban nhân dân tỉnh Minh Họa")
    expect(officer.page.locator(".lt-picker .lt-choice:visible")).to_have_count(1)
    officer.tab_to(province)
    officer.page.keyboard.press("Space")
    officer.sees("Đã chọn 1: Ủy ban nhân dân tỉnh Minh Họa")
    officer.type_into("Hạn trả lời", f"{_coming_day():%d%m%Y}")
    officer.choose("Người duyệt", "Phạm Thu Vụ")
    officer.choose("Người ký", "Lê Minh Họa")
    officer.sees("Đã đủ thông tin bắt buộc")


def _coming_day() -> date:
    """The next day like 12/12, which browsers of every language take typed."""
    today = timezone.localdate()
    days = (date(today.year + n // 12, n % 12 + 1, n % 12 + 1) for n in range(25))
    return next(day for day in days if day > today)


def the_unit_head_approves(head: Visitor, path: str) -> None:
    head.sign_in()
    head.look("08-desk-unit-head")
    head.follow(SUBJECT)
    expect(head.page).to_have_url(path)
    head.look("09-review")
    head.field(re.compile("^Ý kiến$")).fill("Đồng ý trình ký.")
    head.press("Duyệt nội dung")
    head.sees("Đã duyệt nội dung")


def the_clerk_approves_the_form(clerk: Visitor, path: str) -> None:
    clerk.sign_in()
    clerk.open(path)
    clerk.look("09b-review-form")
    clerk.press("Duyệt, chuyển ký")
    clerk.sees("Đã duyệt thể thức và chuyển tới người ký")


def the_leader_signs_on_a_phone(leader: Visitor, path: str) -> None:
    """A wrong PIN is refused where it was typed; the right one signs."""
    leader.resize(PHONE)
    leader.sign_in()
    leader.look("10-desk-leader")
    leader.follow(SUBJECT)
    leader.look("11-sign")
    with leader.refused(403):
        leader.field("Mã PIN của khóa ký").fill("0000")
        leader.press("Ký số")
        leader.sees("PIN")
        expect(leader.page.get_by_role("alert")).to_be_visible()
        expect(leader.page.get_by_role("alert")).to_be_in_viewport()
    expect(leader.field("Mã PIN của khóa ký")).to_have_value("")
    expect(leader.field("Mã PIN của khóa ký")).to_be_focused()
    leader.look("12-wrong-pin")
    leader.field("Mã PIN của khóa ký").fill(leader.account.pin)
    leader.press("Ký số")
    leader.sees("Đã ký số, văn bản mang số")
    leader.look("13-signed")
    expect(leader.page).to_have_url(path)


def the_clerk_seals_and_sends(clerk: Visitor, path: str) -> None:
    """The delivery line moves by itself once the province has it."""
    clerk.open("/van-ban/")
    clerk.look("14-desk-clerk")
    clerk.follow(SUBJECT)
    clerk.look("15-seal")
    clerk.field("Mã PIN của khóa ký").fill(clerk.account.seal_pin)
    clerk.press("Ký số cơ quan")
    clerk.sees("Văn bản sẵn sàng phát hành")
    clerk.sees("Chữ ký hợp lệ")
    clerk.look("16-dispatch")
    clerk.press("Phát hành")
    clerk.sees("Đã phát hành")
    clerk.sees("Ủy ban nhân dân tỉnh Minh Họa")
    clerk.sees("Đã đến")
    clerk.look("17-delivery")
    expect(clerk.page).to_have_url(path)


def the_province_registers(clerk: Visitor) -> str:
    """The clerk reads the verification card before the document gets its number."""
    clerk.sign_in()
    clerk.look("18-desk-province")
    clerk.open("/van-ban/den/")
    clerk.look("19-incoming")
    clerk.follow(SUBJECT)
    card = clerk.page.get_by_role("region", name="Kiểm tra chữ ký số")
    expect(card).to_contain_text("Chữ ký hợp lệ")
    for signature in card.locator("summary").all():
        signature.click()
    expect(card.get_by_text("Số chứng thư").last).to_be_visible()
    clerk.look("20-arrival")
    clerk.press("Tiếp nhận, cấp số đến")
    clerk.sees("Đã tiếp nhận, số đến ")
    clerk.look("21-registered")
    return clerk.page.url


def the_chairman_assigns(chairman: Visitor, path: str) -> None:
    """On a phone: open, name the lead, send."""
    chairman.resize(PHONE)
    chairman.sign_in()
    chairman.follow(SUBJECT)
    expect(chairman.page).to_have_url(path)
    chairman.look("22-assign")
    lead = chairman.page.get_by_label(re.compile("[Cc]hủ trì$")).and_(
        chairman.page.locator("select")
    )
    lead.select_option(label="Đặng Hồng Sơ – Chuyên viên")
    directive = "Nghiên cứu, dự thảo ý kiến của Ủy ban nhân dân tỉnh."
    chairman.field("Ý kiến chỉ đạo").fill(directive)
    chairman.press("Phân công")
    chairman.sees("Đã phân công xử lý")
    chairman.look("23-assigned")


def the_officer_works(officer: Visitor, path: str) -> None:
    officer.sign_in()
    officer.look("24-desk-officer")
    officer.follow(SUBJECT)
    officer.press("Bắt đầu xử lý")
    officer.sees("Văn bản đang được xử lý")
    officer.look("25-finish")
    officer.field("Kết quả xử lý").fill("Đã có văn bản góp ý.")
    expect(officer.field("Tiêu đề hồ sơ mới")).to_have_value(SUBJECT)
    officer.press("Hoàn thành")
    officer.sees("Đã hoàn thành và lưu vào hồ sơ")
    officer.look("26-finished")
    expect(officer.page).to_have_url(path)


def the_file_is_approved_closed_and_exported(officer: Visitor, head: Visitor) -> None:
    """A file outside the yearly list wants the head's word; its export is one ZIP."""
    head.sign_in()
    head.open("/van-ban/ho-so/")
    head.follow(SUBJECT)
    head.press("Đồng ý mở hồ sơ")
    head.sees("Đang mở")
    officer.open("/van-ban/ho-so/")
    officer.look("33-files")
    officer.follow(SUBJECT)
    officer.look("34-file")
    officer.press("Kết thúc hồ sơ")
    officer.sees("Đã kết thúc")
    with officer.page.expect_download() as download:
        officer.page.get_by_role("link", name="Xuất hồ sơ (ZIP)").click()
    with zipfile.ZipFile(download.value.path()) as bundle:
        assert {"ho-so.pdf", "ho-so.xml", "SHA256SUMS"} <= set(bundle.namelist())


def the_sender_sees_it_completed(clerk: Visitor) -> None:
    """Status 06 comes into the page that has been open since dispatch."""
    clerk.page.mouse.move(200, 200)
    line = clerk.page.get_by_role("row").filter(has_text="Ủy ban nhân dân tỉnh Minh Họa")
    expect(line).to_contain_text("Hoàn thành")
    line.locator("summary").click()
    for code in ("01", "03", "04", "05", "06"):
        expect(line.locator(f"[data-status-entry='{code}']")).to_be_visible()
    expect(clerk.page.get_by_role("region", name="Diễn biến")).to_contain_text("Hoàn thành")
    expect(clerk.page.get_by_role("link", name="Biên nhận của trục")).to_be_visible()
    clerk.look("27-completed")
    clerk.open("/van-ban/di/")
    clerk.look("28-outgoing")
    clerk.open("/van-ban/so/")
    clerk.look("35-registers")


def the_auditor_reads_the_history(auditor: Visitor) -> None:
    """Who did what, and who looked; nothing can be changed."""
    auditor.sign_in()
    auditor.open("/lich-su/")
    auditor.sees("Phát hành, chuyển vào hàng đợi gửi")
    auditor.look("36-history")
    auditor.open("/van-ban/di/")
    auditor.follow(SUBJECT)
    expect(auditor.page.get_by_role("region", name="Diễn biến")).to_contain_text("Trần Thị Ví Dụ")
    auditor.look("37-history-of-a-document")


def the_desk_speaks_english(clerk: Visitor) -> None:
    """The same pages, and nothing Vietnamese on them but what people wrote."""
    clerk.open("/van-ban/di/")
    clerk.page.get_by_role("button", name="English").click()
    clerk.sees("Outgoing documents")
    clerk.look("38-outgoing-in-english")
    clerk.follow(SUBJECT)
    clerk.sees("At the recipients")
    clerk.look("39-document-in-english")


def the_operator_sees_the_packet(operator: Visitor) -> None:
    operator.sign_in()
    operator.sees("Gói tin qua trục")
    operator.look("29-packets")
    operator.page.get_by_role("link", name=re.compile("^Văn bản ")).first.click()
    operator.sees("Chữ ký gói tin của cơ quan gửi")
    operator.look("30-packet")
    operator.open("/truc/hang-doi/")
    operator.sees("Không có gì chờ giao")
    operator.look("31-queues")
    operator.open("/truc/don-vi/")
    operator.sees("Ủy ban nhân dân xã An Bình")
    operator.look("32-participants")
