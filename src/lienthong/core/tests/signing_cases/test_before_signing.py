"""What may not be signed, and why (SG 6.1, R64).

Shadow attacks are prepared before signing; a verifier cannot see them afterwards.
"""

from __future__ import annotations

import io

import pikepdf
import pytest

from lienthong.core import signing
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, test_pki
from lienthong.core.tests.signing_cases import forger
from lienthong.core.tests.signing_cases.rules import rule


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


def action(kind: str) -> samples.Change:
    """A link with an action of this kind."""

    def change(pdf: pikepdf.Pdf) -> None:
        link = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Link,
            Rect=[0, 0, 10, 10],
            A=pikepdf.Dictionary(S=pikepdf.Name(f"/{kind}")),
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([link])

    change.__name__ = kind
    return change


def mark(kind: str) -> samples.Change:
    """An annotation of this kind."""

    def change(pdf: pikepdf.Pdf) -> None:
        one = pikepdf.Dictionary(Subtype=pikepdf.Name(f"/{kind}"), Rect=[0, 0, 10, 10])
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([one])

    change.__name__ = kind
    return change


def shows_another_file(pdf: pikepdf.Pdf) -> None:
    form = pdf.make_stream(b"")
    form["/Type"], form["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
    form["/Ref"] = pikepdf.Dictionary(F=pikepdf.String("other.pdf"), Page=0)
    pdf.pages[0].obj["/Resources"]["/XObject"] = pikepdf.Dictionary(Fm=form)


def script_on_a_page(pdf: pikepdf.Pdf) -> None:
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))
    pdf.pages[0].obj["/AA"] = pikepdf.Dictionary(O=script)


def script_after_another_action(pdf: pikepdf.Pdf) -> None:
    script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("1"))
    pdf.Root["/OpenAction"] = pikepdf.Dictionary(
        S=pikepdf.Name.GoTo, D=pikepdf.Array([0]), Next=pikepdf.Array([script])
    )


@rule("R64")
@pytest.mark.parametrize(
    "change",
    [
        script_on_a_page,
        script_after_another_action,
        shows_another_file,
        *(
            action(kind)
            for kind in (
                "SubmitForm",
                "ImportData",
                "Rendition",
                "Movie",
                "Sound",
                "GoTo3DView",
                "Hide",
                "SetOCGState",
                "ResetForm",
                "RichMediaExecute",
            )
        ),
        *(mark(kind) for kind in ("Movie", "Sound", "Screen", "3D")),
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


@rule("R64")
def test_an_encrypted_document_is_refused() -> None:
    locked = samples.make_pdf(encryption=pikepdf.Encryption(owner="chu", user="khach"))
    only_owner = samples.make_pdf(encryption=pikepdf.Encryption(owner="chu", user=""))

    for data in (locked, only_owner):
        with pytest.raises(signing.PdfEncrypted):
            signing.check_unsigned_pdf(data)


@rule("R64")
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04docx", b"<html></html>", b"\x00" * 2000])
def test_what_is_no_pdf_is_refused(data: bytes) -> None:
    with pytest.raises(signing.PdfNotPdf):
        signing.check_unsigned_pdf(data)


@rule("R64")
def test_a_document_that_needs_repair_is_refused() -> None:
    whole = samples.make_pdf()
    cut = whole[: len(whole) * 2 // 3]
    moved = whole.replace(b"startxref", b"startxref\n9")
    shifted = whole.replace(b"%PDF-1.4\n", b"%PDF-1.4\n% added without a new table\n")

    for data in (cut, moved, shifted):
        with pytest.raises(signing.PdfBroken):
            signing.check_unsigned_pdf(data)


@rule("R64")
def test_a_signed_document_is_not_prepared_again() -> None:
    with pytest.raises(signing.PdfSignedAlready):
        samples.prepared(samples.signed_once())


@rule("R64")
def test_a_document_that_is_too_large_is_refused() -> None:
    with pytest.raises(signing.PdfTooLarge):
        signing.check_unsigned_pdf(samples.make_pdf(), max_bytes=100)


def test_what_is_unusual_but_harmless_is_a_warning() -> None:
    facts = signing.check_unsigned_pdf(samples.make_pdf())

    assert facts.pages == 2
    assert not facts.fonts_embedded
    assert any("phông chữ" in warning for warning in facts.warnings)


@rule("R64")
def test_earlier_revisions_and_unused_objects_are_gone_after_preparing() -> None:
    """A shadow cannot be prepared: what no page uses is not written (SG 6.1)."""

    def hide(pdf: pikepdf.Pdf) -> None:
        pdf.make_indirect(pikepdf.Dictionary(Secret=pikepdf.String("shadow content")))

    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.make_pdf(hide))) as pdf:
        pdf.save(out, preserve_pdfa=False)

    assert b"shadow content" not in samples.prepared(out.getvalue())


# Hidden content


def layer(**usage: str) -> samples.Change:
    """A layer that is off: in the shown configuration, or for one use only."""

    def change(pdf: pikepdf.Pdf) -> None:
        group = pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name=pikepdf.String("Lớp"))
        for kind, state in usage.items():
            if kind in {"Print", "View", "Export"}:
                states = pikepdf.Dictionary({f"/{kind}State": pikepdf.Name(f"/{state}")})
                group["/Usage"] = pikepdf.Dictionary({f"/{kind}": states})
        group = pdf.make_indirect(group)
        shown = pikepdf.Dictionary(Order=pikepdf.Array([group]))
        if "shown" in usage:
            shown["/OFF"] = pikepdf.Array([group])
        if "base" in usage:
            shown["/BaseState"] = pikepdf.Name(f"/{usage['base']}")
        pdf.Root["/OCProperties"] = pikepdf.Dictionary(OCGs=pikepdf.Array([group]), D=shown)

    return change


def hidden_mark(flags: int) -> samples.Change:
    def change(pdf: pikepdf.Pdf) -> None:
        one = pikepdf.Dictionary(Subtype=pikepdf.Name.FreeText, Rect=[0, 0, 99, 99], F=flags)
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([one])

    return change


def undeclared_file(pdf: pikepdf.Pdf) -> None:
    inside = pdf.make_stream(b"PK\x03\x04")
    inside["/Type"] = pikepdf.Name.EmbeddedFile
    one = pikepdf.Dictionary(
        Type=pikepdf.Name.Filespec,
        F=pikepdf.String("du-lieu.xlsx"),
        EF=pikepdf.Dictionary(F=inside),
    )
    pdf.pages[0].obj["/Extra"] = pdf.make_indirect(one)


def undeclared_stream(pdf: pikepdf.Pdf) -> None:
    inside = pdf.make_stream(b"PK\x03\x04")
    inside["/Type"] = pikepdf.Name.EmbeddedFile
    pdf.pages[0].obj["/Extra"] = inside


HIDDEN: dict[str, samples.Change] = {
    "a layer that is off": layer(shown="OFF"),
    "layers off from the start": layer(base="OFF"),
    "layers left as they are": layer(base="Unchanged"),
    "a layer off on paper": layer(Print="OFF"),
    "a layer off on the screen": layer(View="OFF"),
    "a layer off in copies": layer(Export="OFF"),
    "a hidden mark": hidden_mark(2),
    "a mark that is printed only": hidden_mark(4 | 32),
    "a mark shown under the pointer": hidden_mark(4 | 256),
    "a file that nothing declares": undeclared_file,
    "a file without a name": undeclared_stream,
}


@rule("R64")
@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_content_is_refused_with_its_name(name: str) -> None:
    data = samples.make_pdf(HIDDEN[name])

    with pytest.raises(signing.PdfHiddenContent) as refused:
        signing.check_unsigned_pdf(data)

    assert refused.value.facts["found"]
    with pytest.raises(signing.PdfHiddenContent):
        samples.prepared(data)


@pytest.mark.parametrize("change", [layer(), layer(Print="ON", View="ON"), hidden_mark(4)])
def test_layers_and_marks_that_are_shown_pass(change: samples.Change) -> None:
    signing.check_unsigned_pdf(samples.make_pdf(change))


# What is signed in the end


BOX = b"100 100 200 150"
ONLY = {
    "form": b"<< /Fields [7 0 R 8 0 R] /SigFlags 3 >>",
    "text": b"<< /Type /Nothing >>",
    "page": b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
    b" /Resources << /Font << /F1 5 0 R >> /XObject << /Im 10 0 R >> >> /Annots [7 0 R 8 0 R] >>",
}


def plain(**changes: bytes) -> dict[int, bytes]:
    """The forger's document with nothing but what may be signed."""
    return forger.objects(**{**ONLY, **changes})


def sign(data: bytes) -> bytes:
    return signing.sign_pdf(
        data,
        field="NguoiKy",
        signer=test_pki().person(),
        name="",
        reason="",
        location="",
        at=NOW,
    )


def test_a_plain_document_of_another_program_is_signed() -> None:
    assert sign(forger.document(plain()))


UNREADY: dict[str, bytes] = {
    "a text field": forger.document(
        plain(
            form=b"<< /Fields [7 0 R 8 0 R 9 0 R] >>",
            text=b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /Rect [0 0 9 9] >>",
        )
    ),
    "a widget without a field": forger.document(
        plain(
            page=ONLY["page"].replace(b"8 0 R]", b"8 0 R 9 0 R]"),
            text=b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (x) /Rect [0 0 9 9] >>",
        )
    ),
    "a hidden signature field": forger.document(
        plain(agency=forger.signature_field(b"CoQuan", BOX).replace(b"/F 132", b"/F 134"))
    ),
    "a field not to be seen": forger.document(
        plain(agency=forger.signature_field(b"CoQuan", BOX).replace(b"/F 132", b"/F 36"))
    ),
    "two fields over each other": forger.document(
        plain(
            person=forger.signature_field(b"NguoiKy", BOX),
            agency=forger.signature_field(b"KhacNua", BOX),
        )
    ),
    "an image that nothing uses": forger.document(
        plain(page=ONLY["page"].replace(b"/XObject << /Im 10 0 R >>", b""))
    ),
    "a font that nothing uses": forger.document(plain() | {12: forger.objects()[forger.FONT]}),
    "a page that nothing uses": forger.document(plain() | {12: ONLY["page"]}),
    "a form that nothing uses": forger.document(plain() | {12: forger.form_xobject(forger.FALSE)}),
    "an earlier revision": forger.write(forger.document(plain()), {11: b"<< >>"}),
}


@rule("R64")
@pytest.mark.parametrize("name", UNREADY)
def test_what_could_be_changed_later_is_not_signed(name: str) -> None:
    with pytest.raises(signing.PdfHiddenContent) as refused:
        sign(UNREADY[name])

    assert refused.value.facts["found"]


@rule("R64")
def test_active_content_is_not_signed_without_preparing_either() -> None:
    script = plain(
        catalog=forger.objects()[1].replace(
            b"/Pages", b"/OpenAction << /S /JavaScript /JS (1) >> /Pages"
        )
    )

    with pytest.raises(signing.PdfActiveContent):
        sign(forger.document(script))
