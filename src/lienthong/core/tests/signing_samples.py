"""Small PDFs for tests of signing; each has just the trait it is named for."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import pikepdf

from lienthong.core.signing import (
    AGENCY_FIELD,
    PERSON_FIELD,
    Box,
    KeySigner,
    prepare_pdf,
    sign_pdf,
)
from lienthong.core.signing.marks import handwriting_png, seal_png
from lienthong.core.tests.pki_fixture import AGENCY_NAME, NOW, PERSON_NAME, test_pki

PERSON_BOX = Box(-1, 300, 100, 450, 160)
AGENCY_BOX = Box(-1, 240, 80, 350, 190)

Change = Callable[[pikepdf.Pdf], None]


def make_pdf(
    change: Change | None = None,
    *,
    version: str = "1.4",
    pages: int = 2,
    object_streams: bool = False,
    linearize: bool = False,
    encryption: pikepdf.Encryption | None = None,
) -> bytes:
    """A PDF with text in a standard font that is not embedded; `change` adds the trait."""
    pdf = pikepdf.new()
    font = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
    )
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.obj["/Resources"] = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
        text = f"BT /F1 12 Tf 72 720 Td (Trang {number + 1}) Tj ET".encode()
        page.obj["/Contents"] = pdf.make_stream(text)
    if change is not None:
        change(pdf)
    out = io.BytesIO()
    mode = pikepdf.ObjectStreamMode
    pdf.save(
        out,
        min_version=version,
        object_stream_mode=mode.generate if object_streams else mode.disable,
        linearize=linearize,
        encryption=encryption or False,
    )
    return out.getvalue()


def sign_person(data: bytes, signer: KeySigner | None = None) -> bytes:
    """The person's signature at NOW."""
    return sign_pdf(
        data,
        field=PERSON_FIELD,
        signer=signer or test_pki().person(),
        name=PERSON_NAME,
        reason="Ký ban hành",
        location="Hà Nội",
        at=NOW,
        image_png=handwriting_png(PERSON_NAME),
    )


def sign_agency(data: bytes, signer: KeySigner | None = None) -> bytes:
    """The agency's signature at NOW."""
    return sign_pdf(
        data,
        field=AGENCY_FIELD,
        signer=signer or test_pki().agency(),
        name=AGENCY_NAME,
        reason="Phát hành",
        location="Hà Nội",
        at=NOW,
        image_png=seal_png(AGENCY_NAME),
    )


def prepared(data: bytes | None = None) -> bytes:
    """A PDF with both empty fields."""
    return prepare_pdf(data or make_pdf(), person=PERSON_BOX, agency=AGENCY_BOX, title="Công văn")


def official(data: bytes | None = None) -> bytes:
    """A PDF signed by both, with the test PKI."""
    return sign_agency(sign_person(prepared(data)))


@cache
def signed_once() -> bytes:
    """Signed by the person only; made once."""
    return sign_person(prepared())


@cache
def signed_twice() -> bytes:
    """Signed by both; made once."""
    return official()
