"""Documents are prepared, signed twice and verified; what is not sound is never called valid."""

from __future__ import annotations

import io
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core import signing
from lienthong.core.signing import Box, Indication, KeySigner, SignatureNotMade, Verdict
from lienthong.core.signing.keys import VolumeSigner
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import (
    AGENCY_CODE,
    NOW,
    OTHER_CODE,
    PERSON_NAME,
    make_pki,
    rsa_keys,
    test_pki,
)


def verify(data: bytes) -> signing.DocumentReport:
    return signing.verify_pdf(data, trust=test_pki().trust, at=NOW, second_opinion=True)


def add_link(pdf: pikepdf.Pdf) -> None:
    link = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Link,
        Rect=[72, 700, 200, 730],
        A=pikepdf.Dictionary(S=pikepdf.Name.URI, URI=pikepdf.String("https://chinhphu.vn")),
    )
    pdf.pages[0].obj["/Annots"] = pdf.make_indirect(pikepdf.Array([pdf.make_indirect(link)]))


def add_outline(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Phần một", 0))


def turn(degrees: int) -> samples.Change:
    def change(pdf: pikepdf.Pdf) -> None:
        for page in pdf.pages:
            page.obj["/Rotate"] = degrees

    return change


def move_origin(pdf: pikepdf.Pdf) -> None:
    for page in pdf.pages:
        page.obj["/MediaBox"] = pikepdf.Array([-100, -50, 495, 792])


def add_metadata(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata() as metadata:
        metadata["dc:title"] = "Công văn"
        metadata["pdfaid:part"] = "2"


def add_empty_form(pdf: pikepdf.Pdf) -> None:
    pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array([]))


def add_filled_form(pdf: pikepdf.Pdf) -> None:
    look = pdf.make_stream(b"BT /F1 10 Tf 2 2 Td (Da dien) Tj ET")
    look["/Type"], look["/Subtype"] = pikepdf.Name.XObject, pikepdf.Name.Form
    look["/BBox"] = pikepdf.Array([0, 0, 100, 20])
    field = pdf.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            T=pikepdf.String("ten"),
            V=pikepdf.String("Da dien"),
            Rect=[72, 600, 172, 620],
            F=4,
            AP=pikepdf.Dictionary(N=look),
        )
    )
    pdf.pages[0].obj["/Annots"] = pikepdf.Array([field])
    pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array([field]))


def add_attachment(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["phu-luc.xlsx"] = b"PK\x03\x04 not really a sheet"


ORDINARY = {
    "fonts that are not embedded": samples.make_pdf(),
    "PDF 1.3": samples.make_pdf(version="1.3"),
    "PDF 2.0": samples.make_pdf(version="2.0"),
    "object streams": samples.make_pdf(object_streams=True, version="1.5"),
    "linearized": samples.make_pdf(linearize=True),
    "links": samples.make_pdf(add_link),
    "outlines": samples.make_pdf(add_outline),
    "page turned 90": samples.make_pdf(turn(90)),
    "page turned 270": samples.make_pdf(turn(270)),
    "page turned 180": samples.make_pdf(turn(180)),
    "origin elsewhere": samples.make_pdf(move_origin),
    "XMP metadata": samples.make_pdf(add_metadata),
    "an empty form": samples.make_pdf(add_empty_form),
    "a filled form": samples.make_pdf(add_filled_form),
    "an attached sheet": samples.make_pdf(add_attachment),
    "one page": samples.make_pdf(pages=1),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_pdf_is_signed_twice_and_valid(name: str, tmp_path: Path) -> None:
    data = ORDINARY[name]
    signing.check_unsigned_pdf(data)

    signed = samples.official(data)

    report = verify(signed)
    assert report.findings == ()
    assert report.verdict is Verdict.VALID
    assert [one.field for one in report.signatures] == ["NguoiKy", "CoQuan"]
    file = tmp_path / "signed.pdf"
    file.write_bytes(signed)
    checked = subprocess.run(["qpdf", "--check", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_filled_form_is_fixed_on_its_page_before_signing() -> None:
    data = samples.prepared(ORDINARY["a filled form"])

    with pikepdf.open(io.BytesIO(data)) as pdf:
        names = [str(field["/T"]) for field in pdf.Root["/AcroForm"]["/Fields"]]
        assert names == ["NguoiKy", "CoQuan"]
        assert "/XObject" in pdf.pages[0].obj["/Resources"]


def test_an_official_document_is_valid_for_its_agency_and_signer() -> None:
    report = verify(samples.signed_twice())

    judged = signing.check_official(report, agency_codes={AGENCY_CODE}, signer_name=PERSON_NAME)

    assert judged.verdict is Verdict.VALID
    person, agency = judged.signatures
    assert (person.covers_whole, agency.covers_whole) == (False, True)
    assert person.signer is not None
    assert person.signer.name == PERSON_NAME
    assert person.signer.way == "trực tiếp"
    assert {check.id for check in person.checks} >= {
        "integrity", "signature", "period", "purpose", "revocation", "path", "coverage"
    }  # fmt: skip
    assert all(check.ok for check in person.checks)


def test_a_report_survives_json() -> None:
    report = verify(samples.signed_twice())

    assert signing.DocumentReport.from_json(report.to_json()) == report


def test_the_same_input_gives_the_same_report() -> None:  # SG-V-11
    assert verify(samples.signed_twice()) == verify(samples.signed_twice())


def test_the_name_on_the_document_may_be_written_in_another_case() -> None:
    report = verify(samples.signed_twice())

    judged = signing.check_official(
        report, agency_codes={AGENCY_CODE}, signer_name=PERSON_NAME.upper()
    )

    assert judged.verdict is Verdict.VALID


@pytest.mark.parametrize(
    ("codes", "name"), [({OTHER_CODE}, PERSON_NAME), ({AGENCY_CODE}, "Trần Văn Khác")]
)
def test_another_agency_or_another_signer_is_not_official(codes: set[str], name: str) -> None:
    report = verify(samples.signed_twice())

    judged = signing.check_official(report, agency_codes=codes, signer_name=name)

    assert judged.verdict is Verdict.INVALID
    assert judged.findings


def test_another_agencys_seal_is_valid_but_not_official() -> None:  # DX-66
    stranger = test_pki().agency("Sở Khác", OTHER_CODE)

    report = verify(samples.sign_agency(samples.signed_once(), stranger))

    assert report.verdict is Verdict.VALID
    judged = signing.check_official(report, agency_codes={AGENCY_CODE}, signer_name=PERSON_NAME)
    assert judged.verdict is Verdict.INVALID
    assert "không thuộc cơ quan ban hành" in " ".join(judged.findings)


def test_a_person_cannot_seal() -> None:
    report = verify(samples.sign_agency(samples.signed_once(), test_pki().person()))

    judged = signing.check_official(report, agency_codes={AGENCY_CODE}, signer_name=PERSON_NAME)

    assert judged.verdict is Verdict.INVALID


def test_one_signature_is_not_enough_for_an_official_document() -> None:  # DX-50
    report = verify(samples.signed_once())

    judged = signing.check_official(report, agency_codes={AGENCY_CODE}, signer_name=PERSON_NAME)

    assert judged.verdict is Verdict.INVALID
    assert judged.findings == ("Thiếu chữ ký số của cơ quan, tổ chức.",)


def test_an_unsigned_document_is_unknown_and_not_official() -> None:
    report = verify(samples.make_pdf())

    assert report.verdict is Verdict.UNKNOWN
    judged = signing.check_official(report, agency_codes={AGENCY_CODE}, signer_name=None)
    assert judged.verdict is Verdict.INVALID


def test_what_is_no_pdf_is_invalid() -> None:
    assert verify(b"hello").verdict is Verdict.INVALID
    assert verify(b"").verdict is Verdict.INVALID
    assert verify(b"%PDF-1.7\n").verdict is Verdict.UNKNOWN


def test_signing_needs_a_certificate_in_its_period() -> None:  # R63
    with pytest.raises(signing.SignerCertificateNotValid):
        signing.sign_pdf(
            samples.prepared(),
            field=signing.PERSON_FIELD,
            signer=test_pki().person(),
            name=PERSON_NAME,
            reason="",
            location="",
            at=NOW + timedelta(days=365 * 6),
        )


class _Faulty(VolumeSigner):
    """A key whose signatures come out wrong, as after a fault in the machine."""

    def sign_digest(self, digest: bytes) -> bytes:
        return super().sign_digest(bytes(len(digest)))


def test_a_wrong_signature_does_not_leave_the_machine() -> None:  # SG 6.2
    sound = make_pki().person()
    signer = KeySigner(sound._key, sound.certificate, sound.chain)
    vars(signer)["unchecked"] = _Faulty(sound._key, sound.certificate, sound.chain)

    with pytest.raises(SignatureNotMade):
        samples.sign_person(samples.prepared(), signer)


def test_a_field_is_signed_once() -> None:
    with pytest.raises(signing.PdfNotPrepared):
        samples.sign_person(samples.signed_once())


def test_a_document_without_fields_is_not_signed() -> None:
    with pytest.raises(signing.PdfNotPrepared):
        samples.sign_person(samples.make_pdf())


def test_a_signature_does_not_change_what_was_there() -> None:  # SG-S-12, DX-53
    before = samples.prepared()

    after = samples.sign_agency(samples.sign_person(before))

    assert after.startswith(before)


def test_a_box_outside_the_page_is_refused() -> None:
    with pytest.raises(signing.PdfBoxOutside):
        signing.prepare_pdf(
            samples.make_pdf(), person=Box(0, 500, 100, 700, 160), agency=samples.AGENCY_BOX
        )
    with pytest.raises(signing.PdfBoxOutside):
        signing.prepare_pdf(
            samples.make_pdf(), person=Box(7, 100, 100, 200, 160), agency=samples.AGENCY_BOX
        )


def test_a_document_verified_through_the_other_root_goes_by_the_cross_certificate() -> None:  # A8
    pki = make_pki()
    signed = samples.sign_agency(
        samples.sign_person(samples.prepared(), pki.person()), pki.agency()
    )
    everything = pki.trust_at(NOW)
    only_national = signing.Trust(
        (pki.national.certificate,), everything.intermediates, everything.crls
    )

    report = signing.verify_pdf(signed, trust=only_national, at=NOW, second_opinion=True)

    assert report.verdict is Verdict.VALID
    assert report.signatures[0].signer is not None
    assert report.signatures[0].signer.way == "chéo"


needs_poppler = pytest.mark.skipif(
    not (shutil.which("pdfsig") and shutil.which("certutil")), reason="needs pdfsig and certutil"
)


@needs_poppler
def test_the_systems_own_reader_finds_both_signatures_valid(tmp_path: Path) -> None:
    """RSA-3072 with PSS, as officials use, in poppler over NSS (SG 13)."""
    pki = test_pki()
    person_key, agency_key = rsa_keys()
    person = pki.person(key=person_key)
    agency = pki.agency(key=agency_key)
    signed = samples.sign_agency(samples.sign_person(samples.prepared(), person), agency)
    file, database = tmp_path / "signed.pdf", tmp_path / "nss"
    file.write_bytes(signed)
    database.mkdir()
    run = ["certutil", "-d", f"sql:{database}"]
    subprocess.run([*run, "-N", "--empty-password"], check=True, capture_output=True)
    for number, anchor in enumerate(pki.trust.anchors):
        pem = tmp_path / f"{number}.pem"
        pem.write_bytes(anchor.public_bytes(Encoding.PEM))
        subprocess.run(
            [*run, "-A", "-n", f"root{number}", "-t", "CT,C,C", "-i", pem],
            check=True,
            capture_output=True,
        )

    told = subprocess.run(
        ["pdfsig", "-no-ocsp", "-nssdir", f"sql:{database}", file],
        capture_output=True,
        text=True,
        check=False,
    ).stdout

    assert told.count("Signature is Valid") == 2, told
    assert told.count("Certificate is Trusted") == 2, told
    assert "Total document signed" in told
    assert "PSS" in str(verify(signed).signatures[0].checks)
    assert all(one.indication is Indication.PASSED for one in verify(signed).signatures)
