"""The fast path says PASSED or nothing, and never more than the reference path (SG 11.2)."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pikepdf
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyhanko.sign import fields

from lienthong.core import signing
from lienthong.core.signing import Verdict, cms, fast
from lienthong.core.signing.pdf_structure import parse_date
from lienthong.core.signing.pdf_update import Update
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, rsa_keys, test_pki
from lienthong.core.tests.stamp_samples import Desk
from lienthong.core.tests.test_signing_interop import signed_by_pyhanko

LATER = NOW + timedelta(days=2)


def quickly(data: bytes) -> signing.DocumentReport | None:
    return fast.check_pdf(data, trust=test_pki().trust, at=LATER)


def fully(data: bytes) -> signing.DocumentReport:
    return signing.verify_pdf(data, trust=test_pki().trust, at=LATER, second_opinion=True)


def by_rsa() -> bytes:
    return samples.sign_person(samples.prepared(), test_pki().person("Ký RSA", key=rsa_keys()[0]))


@cache
def packet_signature() -> bytes:
    return signing.sign_detached(b"content", signer=test_pki().service(), at=NOW)


def by_pyhanko() -> bytes:
    return signed_by_pyhanko(samples.make_pdf(), fields.SigSeedSubFilter.PADES)


@pytest.mark.parametrize("make", [samples.signed_once, samples.signed_twice, by_rsa])
def test_common_shapes_pass_with_the_report_of_the_reference_path(
    make: Callable[[], bytes],
) -> None:
    data = make()

    assert quickly(data) == fully(data)


def test_a_document_signed_by_another_program_passes() -> None:
    data = by_pyhanko()
    at = LATER + timedelta(days=365)  # pyHanko claims the time of this machine
    trust = test_pki().trust

    report = fast.check_pdf(data, trust=trust, at=at)

    assert report is not None
    assert report == signing.verify_pdf(data, trust=trust, at=at, second_opinion=True)


# Words that mean something to a reader of files, as they may stand in a picture by chance.
WORDS = st.sampled_from(
    [b"/LZW ", b"/#4CZW ", b"/L#5aWDecode", b"stream\n", b"\nendstream", b" endobj\n", b"%%EOF\n",
     b"9 0 obj\n<< /Type /ObjStm /N 1 /First 4 >>\nstream\n", b"/Filter [/Fl /LZW]", b"startxref\n"]
)  # fmt: skip


@given(st.lists(st.one_of(WORDS, st.binary(max_size=6)), max_size=6).map(b"".join))
@example(b"/#4CZW ")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_paths_judge_alike_whatever_the_content_of_a_stream_looks_like(words: bytes) -> None:
    """Where all streams are known, what stands in one of them is neither a name nor a stream."""
    data = signed_by_pyhanko(with_picture(words), fields.SigSeedSubFilter.PADES)
    at, trust = LATER + timedelta(days=365), test_pki().trust

    report = fast.check_pdf(data, trust=trust, at=at)

    assert report is not None
    assert report == signing.verify_pdf(data, trust=trust, at=at, second_opinion=True)


def with_picture(content: bytes) -> bytes:
    """A document with a grey picture of these bytes, stored as they are."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(samples.make_pdf(pages=1))) as pdf:
        picture = pdf.make_stream(
            content,
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=len(content),
            Height=1,
            ColorSpace=pikepdf.Name.DeviceGray,
            BitsPerComponent=8,
        )
        pdf.pages[0].Resources.XObject = pikepdf.Dictionary(Im0=picture)
        pdf.save(out, compress_streams=False)
    return out.getvalue()


@pytest.mark.parametrize("object_streams", [False, True])
def test_older_kinds_of_signature_are_left_to_the_reference_path(object_streams: bool) -> None:
    data = samples.make_pdf(object_streams=object_streams)

    assert quickly(signed_by_pyhanko(data, fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED)) is None


@given(st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.data_too_large])
def test_one_bit_changed_anywhere_is_never_passed(data: st.DataObject) -> None:  # R1-R3
    signed = bytearray(samples.signed_twice())
    place = data.draw(st.integers(0, len(signed) - 1))

    signed[place] ^= 1 << data.draw(st.integers(0, 7))

    assert quickly(bytes(signed)) is None


@given(st.integers(0, 60_000), st.binary(max_size=40))
@settings(max_examples=100, deadline=None)
def test_rubbish_is_left_to_the_reference_path(cut: int, more: bytes) -> None:
    data = samples.signed_twice()

    assert quickly(data[:cut]) is None
    assert quickly(b"%PDF-1.7\n" + more) is None
    if more.strip(b"\r\n"):
        assert quickly(data + more) is None


@pytest.mark.parametrize("by", ["person", "service", "rsa"])
def test_a_cms_reads_as_with_the_general_decoder(by: str) -> None:
    if by == "service":
        data = packet_signature()
    else:
        document = by_rsa() if by == "rsa" else samples.signed_once()
        data = fast.read_pdf(document).signatures[0].contents.rstrip(b"\x00")

    assert fast.read_cms(data) == cms.parse(data)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_cms_with_one_byte_changed_reads_as_with_the_general_decoder_or_not_at_all(
    data: st.DataObject,
) -> None:
    whole = bytearray(packet_signature())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] = data.draw(st.integers(0, 255))

    try:
        found = fast.read_cms(bytes(whole))
    except fast.Ask:
        return
    assert found == cms.parse(bytes(whole))


def test_a_known_document_is_not_verified_again() -> None:
    verifier = signing.Verifier()
    data, trust = samples.signed_twice(), test_pki().trust

    first = verifier.verify(data, trust=trust, at=LATER)
    again = verifier.verify(data, trust=trust, at=LATER + timedelta(seconds=5))

    assert first.verdict is Verdict.VALID
    assert again is first


def test_a_new_list_of_revoked_certificates_makes_a_new_report() -> None:
    verifier = signing.Verifier()
    data, pki = samples.signed_twice(), test_pki()
    first = verifier.verify(data, trust=pki.trust, at=LATER)
    newer = pki.trust_at(LATER - timedelta(hours=1))

    again = verifier.verify(data, trust=newer, at=LATER)

    assert again.trust_epoch != first.trust_epoch


def test_the_memory_of_reports_is_bounded() -> None:
    verifier = signing.Verifier(reports_max=3)

    for number in range(10):
        verifier.verify(b"%PDF-1.7\n" + bytes([number]), trust=test_pki().trust, at=LATER)

    assert len(verifier._reports) == 3


def test_a_difference_between_the_paths_is_told_and_the_worse_verdict_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[signing.Difference] = []
    verifier = signing.Verifier(on_difference=told.append)
    data, trust = samples.signed_twice(), test_pki().trust
    good = signing.verify_pdf(data, trust=trust, at=LATER)
    worse = replace(good, verdict=Verdict.UNKNOWN)
    monkeypatch.setattr("lienthong.core.signing.document.verify_pdf", lambda *_, **__: worse)

    report = verifier.verify(data, trust=trust, at=LATER)

    assert report.verdict is Verdict.UNKNOWN
    assert [one.sha256 for one in told] == [good.sha256]


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_signer_met_before_reads_as_with_the_general_decoder(data: st.DataObject) -> None:
    whole = bytearray(packet_signature())
    fast.read_cms(bytes(whole))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(max(0, len(whole) - 330), len(whole) - 1))
        whole[place] = data.draw(st.integers(0, 255))

    try:
        found = fast.read_cms(bytes(whole))
    except fast.Ask:
        return
    assert found == cms.parse(bytes(whole))


def test_a_timestamped_document_passes_with_the_report_of_the_reference_path() -> None:
    desk = Desk()
    data = desk.person_signed()

    assert fast.read_cms(fast.read_pdf(data).signatures[0].contents, trailing_zeros=True).timestamps
    assert quickly(data) == fully(data)


def test_a_page_met_very_often_is_given_up_after_a_few_warnings() -> None:
    """qpdf repairs such a page each time it meets it, which takes seconds for a megabyte."""
    data = samples.make_pdf(pages=1)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pages = pdf.Root["/Pages"]
        page = b"%d 0 R " % pdf.pages[0].objgen[0]
        update = Update.begin(data, pdf)
        kids = b"<< /Type /Pages /Count 1 /Kids [" + page * 20_000 + b"] >>"
        update.replace_with(pages, kids)

    with pytest.raises(signing.PdfBroken):
        signing.check_unsigned_pdf(update.finish())


@pytest.mark.parametrize(
    "text",
    [
        "D:20261121093000+47'00'",
        "D:20261121093000-24'00'",
        "D:20261321093000Z",
        "D:00001121093000Z",
    ],
)
def test_a_claimed_time_that_is_none_is_no_time(text: str) -> None:
    assert parse_date(text) is None
