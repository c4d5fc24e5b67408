"""What must never be called valid: changed bytes or revisions, forged structure (SG 8, R1-R34)."""

from __future__ import annotations

import hashlib
import io
import re

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.core import signing
from lienthong.core.signing import Indication, Verdict, cms, der
from lienthong.core.signing.pdf_structure import read_structure
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, test_pki


def verify(data: bytes) -> signing.DocumentReport:
    return signing.verify_pdf(data, trust=test_pki().trust, at=NOW, second_opinion=False)


def append(data: bytes, objects: dict[int, bytes], *, size: int = 0) -> bytes:
    """An incremental update as an attacker writes it: objects, a table, a trailer."""
    last = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root = pdf.Root.objgen[0]
        size = size or max(int(pdf.trailer["/Size"]), *(number + 1 for number in objects))
    out = bytearray(data)
    table = bytearray(b"xref\n")
    for number, body in sorted(objects.items()):
        table += b"%d 1\n%010d 00000 n \n" % (number, len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += table
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root,
        last,
        start,
    )
    return bytes(out)


def page_of(data: bytes) -> tuple[int, bytes, int]:
    """Number and text of the first page's dictionary, and the next free number."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        page = pdf.pages[0].obj
        return page.objgen[0], page.unparse(resolved=True), int(pdf.trailer["/Size"])


def field_of(data: bytes, position: int) -> tuple[int, bytes]:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        field = pdf.Root["/AcroForm"]["/Fields"][position]
        return field.objgen[0], field.unparse(resolved=True)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
def test_one_bit_changed_anywhere_covered_is_never_valid(data: st.DataObject) -> None:  # R1, R2
    signed = bytearray(samples.signed_twice())
    with read_structure(bytes(signed)).pdf:
        pass
    place = data.draw(st.integers(0, len(signed) - 1))
    bit = data.draw(st.integers(0, 7))

    signed[place] ^= 1 << bit

    report = verify(bytes(signed))
    if report.verdict is Verdict.VALID:
        # Only the case of a hexadecimal letter of Contents is not covered by anything.
        assert bytes(signed).lower() == samples.signed_twice().lower()


def test_bytes_appended_after_the_last_signature_fail_both() -> None:  # R19
    report = verify(samples.signed_twice() + b"% one more line\n")

    assert report.verdict is Verdict.INVALID
    assert all(
        "thêm sau chữ ký cuối" in " ".join(c.text for c in one.checks) for one in report.signatures
    )


def test_one_line_break_after_the_end_is_no_change() -> None:
    assert verify(samples.signed_twice() + b"\n").verdict is Verdict.VALID


def test_a_page_changed_by_a_later_revision_is_found() -> None:  # R26
    signed = samples.signed_twice()
    number, page, free = page_of(signed)
    other = b"<< /Length 39 >>\nstream\nBT /F1 40 Tf 72 500 Td (GIA MAO) Tj ET  \nendstream"
    changed = re.sub(rb"/Contents \d+ 0 R", b"/Contents %d 0 R" % free, page)

    report = verify(append(signed, {number: changed, free: other}))

    assert report.verdict is Verdict.INVALID


def test_a_page_changed_between_the_two_signatures_is_found() -> None:  # R24, R26
    once = samples.signed_once()
    number, page, free = page_of(once)
    other = b"<< /Length 39 >>\nstream\nBT /F1 40 Tf 72 500 Td (GIA MAO) Tj ET  \nendstream"
    changed = re.sub(rb"/Contents \d+ 0 R", b"/Contents %d 0 R" % free, page)
    attacked = append(once, {number: changed, free: other})

    with pytest.raises(signing.SignatureNotMade):
        samples.sign_agency(attacked)


def test_a_field_moved_between_the_two_signatures_is_found() -> None:  # R25
    once = samples.signed_once()
    number, field = field_of(once, 1)
    moved = re.sub(rb"/Rect \[[^]]*\]", b"/Rect [ 0 0 595 842 ]", field)

    with pytest.raises(signing.SignatureNotMade):
        samples.sign_agency(append(once, {number: moved}))


def test_the_first_signatures_picture_cannot_be_replaced() -> None:  # R25
    once = samples.signed_once()
    number, field = field_of(once, 0)
    hidden = field.replace(b"/F 132", b"/F 2")

    with pytest.raises(signing.SignatureNotMade):
        samples.sign_agency(append(once, {number: hidden}))


def test_a_signature_referenced_by_two_fields_fails() -> None:  # R28
    signed = samples.signed_twice()
    number, field = field_of(signed, 1)
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        first = pdf.Root["/AcroForm"]["/Fields"][0]["/V"].objgen[0]
    doubled = re.sub(rb"/V \d+ 0 R", b"/V %d 0 R" % first, field)

    assert verify(append(signed, {number: doubled})).verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "wrong",
    [
        b"[0 10 20]",
        b"[0 10 20 30 40 50]",
        b"[5 10 20 30]",
        b"[0 -1 20 30]",
        b"[0 10 20 99999999]",
        b"[0 30 20 10]",
        b"[0 0 0 0]",
        b"[]",
        b"null",
        b"(x)",
    ],
)
def test_a_byte_range_of_another_shape_fails(wrong: bytes) -> None:  # R20, R22
    signed = samples.signed_once()
    found = re.search(rb"/ByteRange (\[[^]]*\]) *", signed)
    assert found is not None
    start, end = found.span(1)

    forged = signed[:start] + wrong.ljust(end - start) + signed[end:]

    report = verify(forged)
    assert report.signatures[0].indication is Indication.FAILED


@pytest.mark.parametrize("contents", [b"<>", b"<00>", b"(a)", b"null", b"<30>"])
def test_empty_or_literal_contents_fail(contents: bytes) -> None:  # R21, R22
    signed = samples.signed_once()
    found = re.search(rb"/Contents (<[0-9a-f]*>)", signed)
    assert found is not None
    start, end = found.span(1)

    forged = signed[:start] + contents.ljust(end - start) + signed[end:]

    assert verify(forged).verdict is Verdict.INVALID


def test_a_second_string_in_the_gap_fails() -> None:  # R21
    signed = samples.signed_once()
    found = re.search(rb"/Contents (<[0-9a-f]*>)", signed)
    assert found is not None
    start, end = found.span(1)
    text = signed[start:end]

    forged = signed[:start] + text[:-14] + b">" + b"/X <000000>" + signed[end - 2 :]

    assert verify(forged).verdict is not Verdict.VALID


def test_a_signature_moved_into_another_document_fails() -> None:
    one, two = samples.signed_once(), samples.prepared(samples.make_pdf(pages=3))
    value = re.search(rb"/Contents (<[0-9a-f]*>)", one)
    other = samples.sign_person(two)
    target = re.search(rb"/Contents (<[0-9a-f]*>)", other)
    assert value is not None
    assert target is not None

    forged = other[: target.start(1)] + value.group(1) + other[target.end(1) :]

    report = verify(forged)
    assert report.verdict is Verdict.INVALID
    assert report.signatures[0].sub_indication == "HASH_FAILURE"


def test_a_form_tree_in_a_circle_does_not_hang() -> None:  # R34
    def circle(pdf: pikepdf.Pdf) -> None:
        field = pdf.make_indirect(pikepdf.Dictionary(T=pikepdf.String("a")))
        field["/Kids"] = pikepdf.Array([field])
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array([field]))

    data = samples.make_pdf(circle)

    assert verify(data).verdict is Verdict.UNKNOWN
    with pytest.raises(signing.PdfBroken):
        signing.check_unsigned_pdf(data)


@given(st.binary(max_size=400))
@settings(max_examples=100, deadline=None)
def test_rubbish_never_raises(rubbish: bytes) -> None:
    assert verify(b"%PDF-1.7\n" + rubbish).verdict is not Verdict.VALID
    assert verify(samples.signed_twice()[: len(rubbish) * 50]).verdict is not Verdict.VALID


# CMS


def signature(content: bytes = b"content") -> bytes:
    return signing.sign_detached(content, signer=test_pki().service(), at=NOW)


@pytest.mark.parametrize("change", ["trailing", "indefinite", "cut", "empty"])
def test_a_cms_that_is_not_strict_der_is_refused(change: str) -> None:  # R16
    whole = signature()
    data = {
        "trailing": whole + b"\x00",
        "indefinite": b"\x30\x80" + whole[4:] + b"\x00\x00",
        "cut": whole[:-1],
        "empty": b"",
    }[change]

    with pytest.raises(cms.CMSInvalid):
        cms.parse(data)


def test_reordered_attributes_are_refused() -> None:  # R5
    whole = signature()
    start = whole.index(bytes.fromhex("301806092a864886f70d010903"))
    middle = start + 26
    end = middle + whole[middle + 1] + 2

    swapped = whole[:start] + whole[middle:end] + whole[start:middle] + whole[end:]

    assert len(swapped) == len(whole)
    with pytest.raises(cms.CMSInvalid, match="thứ tự"):
        cms.parse(swapped)


def test_a_certificate_put_in_place_of_the_signers_is_refused() -> None:  # R10
    report = signing.verify_detached(
        b"content",
        signature().replace(test_pki().service().certificate.public_bytes(Encoding.DER), b""),
        trust=test_pki().trust,
        at=NOW,
    )

    assert report.indication is Indication.FAILED


@given(st.binary(max_size=300))
def test_no_bytes_make_the_der_check_crash(data: bytes) -> None:
    try:
        end = der.check_strict(data)
    except der.NotDER:
        return
    assert end == len(data)


def test_a_deep_der_value_is_refused() -> None:
    value = b""
    for _ in range(40):
        value = der.sequence(value)

    with pytest.raises(der.NotDER, match="deep"):
        der.check_strict(value)


def test_a_packet_signature_is_over_these_bytes_only() -> None:
    report = signing.verify_detached(b"other", signature(), trust=test_pki().trust, at=NOW)

    assert report.indication is Indication.FAILED
    assert report.sub_indication == "HASH_FAILURE"


def test_a_packet_may_be_verified_by_its_digest() -> None:
    digest = signing.SHA256Digest(hashlib.sha256(b"content").digest())

    report = signing.verify_detached(digest, signature(), trust=test_pki().trust, at=NOW)

    assert report.indication is Indication.PASSED


def test_a_seal_does_not_sign_packets_and_a_service_does_not_sign_documents() -> None:  # R38
    by_seal = signing.sign_detached(b"content", signer=test_pki().agency(), at=NOW)
    by_service = samples.sign_person(samples.prepared(), test_pki().service())

    packet = signing.verify_detached(b"content", by_seal, trust=test_pki().trust, at=NOW)
    document = verify(by_service)

    assert packet.sub_indication == "CHAIN_CONSTRAINTS_FAILURE"
    assert document.verdict is Verdict.UNKNOWN
    assert document.signatures[0].sub_indication == "CHAIN_CONSTRAINTS_FAILURE"
