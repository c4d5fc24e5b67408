"""Signs of state secrecy: 60 marked papers are caught, 60 ordinary ones pass. V-29, TM-X-40."""

from __future__ import annotations

import unicodedata

import pytest

from lienthong.core import edxml
from lienthong.core.edxml import secrecy
from lienthong.core.tests.edxml_samples import PLAIN

MARKED_FIELDS = [
    "Mật", "MẬT", "mật", "Tối mật", "TỐI MẬT", "Tuyệt mật", "TUYỆT MẬT", " Mật. ", "*MẬT*",
    "Độ mật: Mật", "Độ mật : Tối Mật", "Mức độ mật: Tuyệt mật", "Dấu chỉ độ mật: MẬT",
    "V/v triển khai kế hoạch (Mật)", "V/v triển khai kế hoạch [TỐI MẬT]",
    "(TUYỆT MẬT) Báo cáo tình hình", "Báo cáo TUYỆT MẬT quý I", "Kế hoạch TỐI MẬT năm 2025",
    "MẬT - Báo cáo tình hình", "MẬT: Danh sách cán bộ",
]  # fmt: skip
MARKED_NAMES = [
    "MẬT.pdf", "Mật.pdf", "MẬT_125-BTN.pdf", "125_MẬT.pdf", "Mật - Báo cáo.pdf",
    "Báo cáo (Mật).pdf",
    "Báo cáo [TỐI MẬT].docx", "TOI_MAT_125.pdf", "toi-mat.pdf", "TUYETMAT_01.pdf", "TuyetMat.docx",
    "bao cao tuyet mat.pdf", "Báo cáo tuyệt mật.pdf", "MAT_125.pdf", "125-BTN-MAT.pdf",
    "Kế hoạch TUYỆT MẬT.pdf", "MẬT-KH2025.pdf", "MẬT Danh sách.pdf", "Tối mật 2025.pdf",
    "Mật 125.pdf",
]  # fmt: skip
MARKED_PAGES = [
    "MẬT", "BỘ THỬ NGHIỆM\nMẬT\nSố: 12/BTN", "TỐI MẬT\nCỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "BỘ THỬ NGHIỆM   TUYỆT MẬT", "BỘ THỬ NGHIỆM\tMẬT", "M Ậ T", "T Ố I  M Ậ T", "T U Y Ệ T M Ậ T",
    "Số: 12/BTN\n  [MẬT]  \n", "-MẬT-", "Độ mật: Mật", "Mức độ mật: Tối mật",
    "BỘ THỬ NGHIỆM TỐI MẬT\nSố: 12", "UBND TỈNH MINH HỌA MẬT\nSố: 3",
    "CỤC A TUYỆT MẬT", "TUYỆT MẬT.", "\n\n\nTỐI MẬT\n", "MẬT | Số 5", "Số 5 | TUYỆT MẬT",
    "TỐI  MẬT",
]  # fmt: skip
ORDINARY_FIELDS = [
    "V/v tăng cường công tác bảo mật thông tin", "Bảo vệ bí mật nhà nước", "Quy chế bảo mật",
    "QUY CHẾ BẢO MẬT", "V/V BẢO VỆ BÍ MẬT NHÀ NƯỚC", "Ban Cơ yếu: mật mã dân sự",
    "Mật độ dân số năm 2025", "Quản lý mật khẩu", "Nuôi ong lấy mật ong", "Quan hệ mật thiết",
    "Xác định tài liệu mật, tối mật và tuyệt mật", "Luật Bảo vệ bí mật nhà nước", "", "125/BTN",
    "V/v tập huấn an toàn, bảo mật", "Mật độ xây dựng", "Họp mặt đầu xuân", "Mắt kính",
    "V/v ban hành danh mục bí mật nhà nước độ Mật của ngành", "Đường mật, sản phẩm nông nghiệp",
]  # fmt: skip
ORDINARY_NAMES = [
    "125_BTN-CNTT.pdf", "quy che bao mat.pdf", "Quy chế bảo mật.pdf", "mật mã dân sự.pdf",
    "Mật độ dân số.xlsx", "Mật khẩu.docx", "bi-mat-nha-nuoc.pdf", "BAO MAT.pdf", "BẢO MẬT.pdf",
    "Bí mật nhà nước.pdf", "hop mat.pdf", "ra_mat_san_pham.pdf", "RA MAT.pdf", "mat bang.dwg",
    "format.pdf", "thông-tin-mật-mã.pdf", "", ".pdf", "Luật BVBMNN.pdf", "MATERIAL.pdf",
]  # fmt: skip
ORDINARY_PAGES = [
    "BỘ THỬ NGHIỆM\nCộng hòa xã hội chủ nghĩa Việt Nam", "", "về bảo vệ bí mật", "QUY CHẾ BẢO MẬT",
    "LUẬT BẢO VỆ BÍ MẬT", "tài liệu mật", "độ mật của tài liệu", "Mật khẩu: ******",
    "Mức độ bảo mật: cao", "danh mục tài liệu tuyệt mật và tối mật", "mật độ 300 người/km2",
    "V/v an toàn và bảo mật\nthông tin", "TRUNG TÂM AN NINH, BẢO MẬT", "Phòng Cơ yếu – mật mã",
    "Điều 1. Phạm vi bí mật", "CÔNG NGHIỆP MẬT MÃ", "NUÔI ONG MẬT HOA", "BỘ  CÔNG AN\nSố: 1/BCA",
    "HỎA TỐC", "KHẨN",
]  # fmt: skip


def test_the_corpus_is_as_large_as_the_requirement() -> None:
    assert len(MARKED_FIELDS) + len(MARKED_NAMES) + len(MARKED_PAGES) == 60
    assert len(ORDINARY_FIELDS) + len(ORDINARY_NAMES) + len(ORDINARY_PAGES) == 60


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("text", MARKED_FIELDS)
def test_a_marked_field_is_caught(text: str, form: str) -> None:
    assert secrecy.mark_of_field(unicodedata.normalize(form, text))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", MARKED_NAMES)
def test_a_marked_file_name_is_caught(name: str, form: str) -> None:
    assert secrecy.mark_of_file_name(unicodedata.normalize(form, name))  # type: ignore[arg-type]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("text", MARKED_PAGES)
def test_a_stamped_page_is_caught(text: str, form: str) -> None:
    assert secrecy.mark_of_page(unicodedata.normalize(form, text))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ORDINARY_FIELDS)
def test_an_ordinary_field_passes(text: str) -> None:
    assert secrecy.mark_of_field(text) == ""


@pytest.mark.parametrize("name", ORDINARY_NAMES)
def test_an_ordinary_file_name_passes(name: str) -> None:
    assert secrecy.mark_of_file_name(name) == ""


@pytest.mark.parametrize("text", ORDINARY_PAGES)
def test_an_ordinary_page_passes(text: str) -> None:
    assert secrecy.mark_of_page(text) == ""


def test_the_marks_of_a_packet_say_where_they_stand() -> None:
    packet = edxml.decode(PLAIN)

    assert edxml.secrecy_marks(packet) == []
    marks = edxml.secrecy_marks(packet, ("TỐI MẬT",))
    assert [(one.where, one.mark) for one in marks] == [("trang đầu của tệp 1", "TỐI MẬT")]
