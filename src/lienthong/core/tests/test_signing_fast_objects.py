"""The fast path looks at every object of a document, and at what stands between (SG 7.4, R24, R31).

Small files written here, by the reader alone: what it is not sure of, it leaves to the reference.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lienthong.core.signing.fast import Ask
from lienthong.core.signing.fast.pdf import _check_gap
from lienthong.core.signing.fast.second_revision import _check_field
from lienthong.core.signing.plain.objects import Objects, check_pages
from lienthong.core.signing.plain.tables import read_tables
from lienthong.core.signing.plain.values import HEX_MAX, Ref

CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /Resources << >> /MediaBox [0 0 595 842] >>"


def a_pdf(*more: bytes, between: bytes = b"") -> bytes:
    """A document of one page, and `more` objects from number 4 on."""
    data, offsets = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n", []
    for number, value in enumerate((CATALOG, PAGES, PAGE, *more), 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n%s" % (number, value, between)
    size = len(offsets) + 1
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    table = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
    return data + table % (size, rows, size) + b"startxref\n%d\n%%%%EOF\n" % len(data)


def stream(content: bytes, entries: bytes = b"", length: bytes = b"") -> bytes:
    said = length or b"%d" % len(content)
    return b"<< %s /Length %s >>\nstream\n%s\nendstream" % (entries, said, content)


def look_at(data: bytes) -> None:
    objects = Objects(read_tables(data))
    objects.check_all()
    check_pages(objects, Ref(2, 0))


@pytest.mark.parametrize(
    "value",
    [
        b"<< /A /B /B /A >>",
        b"<< /Type /X /In << /Type /Y /In [<< /Type /Z >> << /Type /Z >>] >> >>",
        b"<< /T (a \\(name\\) /T \\051) /Kids [3 0 R\n3 0  R] /N -1.50 /Odd <abc> >>",
        b"<< /A [/A /A [/A]] /Long <" + b"ab" * 5000 + b"> >>",
        b"[1 2 3 0 R]",
        stream(b"q Q"),
        stream(b"q Q", length=b"5 0 R") + b"\nendobj\n5 0 obj\n3",
        stream(b"q Q\nstream\nQ /L#5aW "),
    ],
    ids=["names", "nested", "texts", "long", "array", "stream", "length elsewhere", "words"],
)
def test_plain_objects_are_read(value: bytes) -> None:
    parts = value.split(b"\nendobj\n5 0 obj\n")

    look_at(a_pdf(*parts))


@pytest.mark.parametrize(
    "value",
    [
        b"<< /A 1 /A 2 >>",
        b"<< /In << /A 1 /B 2 /A 3 >> >>",
        b"<< /In [<< /A [/C] /A (x) >>] >>",
        b"<< /A [/C [/A]] /B /A /A <ab> >>",
        b"<< /A 9 0 R >>",
        b"<< /A 3 1 R >>",
        b"<< /A <" + b"ab" * 500 + b"g> >>",
        b"<< /A (x) /B <" + b"ab" * 500 + b">> /C <ab> >>",
        b"<< /A %x\n 1 >>",
        b"<< /A null >>",
        stream(b"q Q", length=b"2"),
        stream(b"q Q", b"/F (elsewhere)"),
        stream(b"q Q", b"/Length 3"),
        stream(b"q Q", b"/Type /ObjStm"),
        stream(b"q Q", b"/Filter /LZWDecode"),
        stream(b"q Q", b"/Filter 5 0 R") + b"\nendobj\n5 0 obj\n/LZW",
    ],
    ids=[
        "key twice", "inside", "in an array", "beside names", "nowhere", "generation", "not digits",
        "not balanced", "comment", "null", "shorter", "in a file", "two lengths", "objects",
        "old packing", "old packing elsewhere",
    ],
)  # fmt: skip
def test_what_readers_could_read_differently_is_left_to_the_reference_path(value: bytes) -> None:
    parts = value.split(b"\nendobj\n5 0 obj\n")

    with pytest.raises(Ask):
        look_at(a_pdf(*parts))


@pytest.mark.parametrize("between", [b"% a comment\n", b"9 0 obj\n<< >>\nendobj\n", b"\x00"])
def test_between_the_objects_of_a_signed_revision_nothing_may_stand(between: bytes) -> None:
    look_at(a_pdf(between=b" \r\n"))

    with pytest.raises(Ask):
        look_at(a_pdf(between=between))


def updated(data: bytes, number: int, value: bytes) -> bytes:
    """The document with one object written again in a second revision."""
    objects = Objects(read_tables(data))
    size, before = objects.tables.sections[0].size, objects.tables.sections[0].start
    offset = len(data)
    data += b"%d 0 obj\n%s\nendobj\n" % (number, value)
    tail = b"xref\n%d 1\n%010d 00000 n \ntrailer\n<< /Size %d /Root 1 0 R /Prev %d >>\n"
    end = b"startxref\n%d\n%%%%EOF\n" % len(data)
    return data + tail % (number, offset, size, before) + end


@pytest.mark.parametrize("digits", [8, 600], ids=["short", "long"])
def test_a_field_that_got_another_text_with_its_signature_is_not_as_it_was(digits: int) -> None:
    place = SimpleNamespace(ref=Ref(4, 0), value_ref=Ref(5, 0))
    field = b"<< /FT /Sig /T (a) /TU <%s> %s >>"
    signed = b"/V 5 0 R /AP << /N 6 0 R >>"

    def check(tooltip: bytes) -> Ref:
        before = a_pdf(field % (b"a" * digits, b""))
        objects = Objects(read_tables(updated(before, 4, field % (tooltip, signed))))
        return _check_field(objects, place)

    if digits < HEX_MAX:
        assert check(b"a" * digits) == Ref(6, 0)
    with pytest.raises(Ask):
        check(b"b" * digits)


@pytest.mark.parametrize(
    ("dictionary", "is_value"),
    [
        (b"<< /Reason (x) /Contents <AB> >>", True),
        (b"<< /Contents <CD> /Reason (/Contents <AB>) >>", False),
        (b"<< /Reason <AB> /Contents <CD> >>", False),
    ],
)
def test_the_gap_is_the_value_of_contents_and_of_nothing_else(
    dictionary: bytes, is_value: bool
) -> None:
    data = a_pdf(dictionary)
    plain, _ = Objects(read_tables(data)).get(Ref(4, 0))
    first = data.index(b"<AB>")

    if is_value:
        _check_gap(data, plain, first, first + 4)
        return
    with pytest.raises(Ask):
        _check_gap(data, plain, first, first + 4)
