"""What may not be signed, and why (SG 6.1)."""

from __future__ import annotations

import io

import pikepdf
import pytest

from lienthong.core import signing
from lienthong.core.tests import signing_samples as samples


def open_javascript(pdf: pikepdf.Pdf) -> None:
    pdf.Root["/OpenAction"] = pikepdf.Dictionary(
        S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)")
    )


def link_launches(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj["/Annots"] = pikepdf.Array(
        [
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Link,
                Rect=[0, 0, 10, 10],
                A=pikepdf.Dictionary(S=pikepdf.Name.Launch, F=pikepdf.String("calc.exe")),
            )
        ]
    )


def named_javascript(pdf: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))
    names = pikepdf.Dictionary(Names=pikepdf.Array([pikepdf.String("a"), action]))
    pdf.Root["/Names"] = pikepdf.Dictionary(JavaScript=names)


def has_xfa(pdf: pikepdf.Pdf) -> None:
    pdf.Root["/AcroForm"] = pikepdf.Dictionary(
        Fields=pikepdf.Array([]), XFA=pdf.make_stream(b"<xdp/>")
    )


def carries_a_program(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["bao-cao.pdf.exe"] = b"MZ\x90\x00"


def carries_a_hidden_program(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["bao-cao.txt"] = b"MZ\x90\x00"


def has_rich_media(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].obj["/Annots"] = pikepdf.Array(
        [pikepdf.Dictionary(Subtype=pikepdf.Name.RichMedia, Rect=[0, 0, 10, 10])]
    )


def has_external_content(pdf: pikepdf.Pdf) -> None:
    stream = pdf.make_stream(b"")
    stream["/F"] = pikepdf.String("other.bin")
    pdf.pages[0].obj["/Extra"] = stream


def has_an_unsettled_form(pdf: pikepdf.Pdf) -> None:
    field = pikepdf.Dictionary(
        FT=pikepdf.Name.Tx, T=pikepdf.String("x"), V=pikepdf.String("Đã điền")
    )
    pdf.Root["/AcroForm"] = pikepdf.Dictionary(
        Fields=pikepdf.Array([pdf.make_indirect(field)]), NeedAppearances=True
    )


@pytest.mark.parametrize(
    "change",
    [
        open_javascript,
        link_launches,
        named_javascript,
        has_xfa,
        carries_a_program,
        carries_a_hidden_program,
        has_rich_media,
        has_external_content,
        has_an_unsettled_form,
    ],
)
def test_active_content_is_refused_with_its_name(change: samples.Change) -> None:
    data = samples.make_pdf(change)

    with pytest.raises(signing.PdfActiveContent) as refused:
        signing.check_unsigned_pdf(data)

    assert "?" not in refused.value.sentence
    with pytest.raises(signing.PdfActiveContent):
        samples.prepared(data)


def test_an_encrypted_document_is_refused() -> None:
    locked = samples.make_pdf(encryption=pikepdf.Encryption(owner="chu", user="khach"))
    only_owner = samples.make_pdf(encryption=pikepdf.Encryption(owner="chu", user=""))

    for data in (locked, only_owner):
        with pytest.raises(signing.PdfEncrypted):
            signing.check_unsigned_pdf(data)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04docx", b"<html></html>", b"\x00" * 2000])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(signing.PdfNotPdf):
        signing.check_unsigned_pdf(data)


def test_a_document_that_needs_repair_is_refused() -> None:
    whole = samples.make_pdf()
    cut = whole[: len(whole) * 2 // 3]
    moved = whole.replace(b"startxref", b"startxref\n9")
    shifted = whole.replace(b"%PDF-1.4\n", b"%PDF-1.4\n% added without a new table\n")

    for data in (cut, moved, shifted):
        with pytest.raises(signing.PdfBroken):
            signing.check_unsigned_pdf(data)


def test_a_signed_document_is_not_prepared_again() -> None:
    with pytest.raises(signing.PdfSignedAlready):
        samples.prepared(samples.signed_once())


def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(signing.PdfTooLarge):
        signing.check_unsigned_pdf(samples.make_pdf(), max_bytes=100)


def test_what_is_unusual_but_harmless_is_a_warning() -> None:
    facts = signing.check_unsigned_pdf(samples.make_pdf())

    assert facts.pages == 2
    assert not facts.fonts_embedded
    assert any("phông chữ" in warning for warning in facts.warnings)


def test_earlier_revisions_and_unused_objects_are_gone_after_preparing() -> None:
    """A shadow cannot be prepared: what no page uses is not written (SG 6.1)."""

    def hide(pdf: pikepdf.Pdf) -> None:
        pdf.make_indirect(pikepdf.Dictionary(Secret=pikepdf.String("shadow content")))

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.make_pdf(hide))) as pdf:
        pdf.save(out, preserve_pdfa=False)

    assert b"shadow content" not in samples.prepared(out.getvalue())
