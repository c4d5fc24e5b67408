"""Documents whose structure is bent: ranges, gaps, revisions, tables (SG 8, R19-R23, R29-R34).

Where the rule can be broken by a signer himself, the signature is mathematically sound over what
its ranges say, so that only the structure can refuse it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core.signing import Indication
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import test_pki
from lienthong.core.tests.signing_cases import forger, judge
from lienthong.core.tests.signing_cases.forger import (
    AGENCY,
    CONTENT,
    FALSE,
    FORM,
    IMAGE,
    PAGE,
    PAGES,
    PERSON,
    Gap,
    objects,
    stream,
)
from lienthong.core.tests.signing_cases.rules import rule

BASE = objects()
NEW = 50
FALSE_PAGE = {CONTENT: stream(FALSE)}


def twice() -> bytes:
    return forger.both(forger.document())


# Incremental saving


def _without_trailer(data: bytes) -> bytes:
    """Objects and table, but no trailer: a lenient reader guesses one."""
    whole = forger.write(data, FALSE_PAGE)
    cut = whole.rindex(b"trailer")
    return whole[:cut] + whole[whole.rindex(b"startxref") :]


def _body_only(data: bytes) -> bytes:
    """Only the objects, and the old startxref again."""
    start = data[data.rindex(b"startxref") :]
    return data + b"4 0 obj\n%s\nendobj\n" % FALSE_PAGE[CONTENT] + start


def _with_copied_signature(data: bytes) -> bytes:
    """The signature dictionary again in the update, so that the update looks signed."""
    copy = forger.body_of(data, 40)
    field = forger.body_of(data, AGENCY).replace(b"40 0 R", b"50 0 R")
    return forger.write(data, FALSE_PAGE | {NEW: copy, AGENCY: field})


APPENDED: dict[str, Callable[[bytes], bytes]] = {
    "an update": lambda data: forger.write(data, FALSE_PAGE),
    "an update with a stream of references": lambda data: forger.write(
        data, FALSE_PAGE, xref_stream=True
    ),
    "an update that changes nothing": lambda data: forger.write(data, {}),
    "two updates": lambda data: forger.write(
        forger.write(data, FALSE_PAGE), {CONTENT: BASE[CONTENT]}
    ),
    "objects and table without trailer": _without_trailer,
    "objects without table": _body_only,
    "a copied signature": _with_copied_signature,
    "an end mark": lambda data: data + b"%%EOF\n",
    "end marks": lambda data: data + b"\n%%EOF\n%%EOF\n",
    "the end again": lambda data: data + data[data.rindex(b"startxref") :],
    "a comment": lambda data: data + b"% one more line\n",
    "two line breaks": lambda data: data + b"\n\n",
    "blanks": lambda data: data + b"   ",
    "a zero byte": lambda data: data + b"\x00",
    "another document": lambda data: data + forger.document(dict(BASE) | FALSE_PAGE),
    "an unused object": lambda data: forger.write(data, {NEW: stream(FALSE)}),
}


@rule("R19")
@pytest.mark.parametrize("what", APPENDED)
@pytest.mark.parametrize("start", [twice, samples.signed_twice], ids=["forger's", "ours"])
def test_what_is_appended_after_the_last_signature_fails_both(
    what: str, start: Callable[[], bytes]
) -> None:
    if what == "a copied signature" and start is not twice:
        pytest.skip("needs the forger's numbers")

    judge.no_signature_passes(judge.refused(APPENDED[what](start())))


@rule("R19")
def test_our_own_writer_does_not_sign_over_a_change() -> None:
    changed = forger.write(forger.sign(forger.document()), FALSE_PAGE)

    judge.no_signature_passes(judge.refused(changed))


def test_one_line_break_after_the_end_is_no_change() -> None:
    judge.accepted(twice() + b"\n")
    judge.accepted(samples.signed_twice() + b"\r\n")


# Byte ranges


def _six(gap: Gap) -> tuple[int, ...]:
    """A hole in the first part that nobody signed."""
    return (0, 100, 120, gap.start - 120, gap.end, gap.size - gap.end)


SIGNED_RANGES: dict[str, forger.Ranges] = {
    "three numbers": lambda gap: (0, gap.start, gap.end),
    "two numbers": lambda gap: (0, gap.start),
    "six numbers": _six,
    "not from the start": lambda gap: (9, gap.start - 9, gap.end, gap.size - gap.end),
    "from before the start": lambda gap: (-1, gap.start, gap.end, gap.size - gap.end),
    "beyond the end": lambda gap: (0, gap.start, gap.end, gap.size - gap.end + 7),
    "far beyond the end": lambda gap: (0, gap.start, gap.end, 2**31 - 1),
    "a number beyond all files": lambda gap: (0, gap.start, gap.end, 2**64 + gap.size - gap.end),
    "not to the end": lambda gap: (0, gap.start, gap.end, gap.size - gap.end - 40),
    "nothing after the gap": lambda gap: (0, gap.start, gap.end, 0),
    "nothing before the gap": lambda gap: (0, 0, gap.end, gap.size - gap.end),
    "overlapping": lambda gap: (0, gap.end + 9, gap.end, gap.size - gap.end),
    "second before first": lambda gap: (gap.end, gap.size - gap.end, 0, gap.start),
    "all zero": lambda gap: (0, 0, 0, 0),
    "negative length": lambda gap: (0, gap.start, gap.end, -1),
    "minus one everywhere": lambda gap: (-1, -1, -1, -1),
    "empty": lambda gap: (),
    "the gap covered too": lambda gap: (0, gap.size, gap.size, 0),
}


@rule("R20")
@pytest.mark.parametrize("ranges", SIGNED_RANGES)
def test_ranges_of_another_shape_are_refused_though_signed(ranges: str) -> None:
    report = judge.refused(forger.sign(forger.document(), ranges=SIGNED_RANGES[ranges]))

    assert all(one.indication is Indication.FAILED for one in report.signatures)


@rule("R20")
@pytest.mark.parametrize(
    "wrong",
    [b"[0 10 20]", b"[0 10 20 30 40 50]", b"[5 10 20 30]", b"[0 -1 20 30]", b"[0 1.5 20 30]",
     b"[0 10 20 99999999]", b"[0 30 20 10]", b"[(0) 10 20 30]", b"[0 [10] 20 30]", b"<< /A 1 >>",
     b"[0 10 20 1 0 R]"],
)  # fmt: skip
def test_a_byte_range_rewritten_is_refused(wrong: bytes) -> None:
    signed = samples.signed_once()
    found = re.search(rb"/ByteRange (\[[^]]*\] *)", signed)
    assert found is not None
    start, end = found.span(1)

    report = judge.refused(signed[:start] + wrong.ljust(end - start) + signed[end:])

    assert report.signatures[0].indication is Indication.FAILED


# The gap


def _gap(before: int, after: int) -> forger.Ranges:
    return lambda gap: (
        0,
        gap.start - before,
        gap.end + after,
        gap.size - gap.end - after,
    )


@rule("R21")
@pytest.mark.parametrize(
    ("before", "after"), [(1, 0), (0, 1), (10, 0), (0, 12), (10, 3), (-1, 0), (0, -1), (-1, -1)]
)
def test_a_gap_that_is_not_just_the_value_is_refused_though_signed(before: int, after: int) -> None:
    report = judge.refused(forger.sign(forger.document(), ranges=_gap(before, after)))

    assert report.signatures[0].indication is Indication.FAILED


ZEROS = b"0" * (2 * forger.SLOT)
SLOTS = {
    "two strings": b"<%s> /X <00>" % ZEROS,
    "a string before": b"<00> /Contents <%s>" % ZEROS,
    "blanks before the end": b"<%s   >" % ZEROS,
    "a comment": b"<%s>%%x\n" % ZEROS,
    "line breaks in the string": b"<%s\n%s>" % (ZEROS, ZEROS[:64]),
    "an odd digit": b"<%s0>" % ZEROS,
    "a letter that is no digit": b"<%sg0>" % ZEROS,
    "an array": b"[<%s>]" % ZEROS,
}


@rule("R21")
@pytest.mark.parametrize("slot", SLOTS)
def test_a_value_written_in_another_way_is_refused_though_signed(slot: str) -> None:
    data = forger.document()
    usual = forger.value_dictionary()
    bent = usual.replace(b"<%s>" % ZEROS, SLOTS[slot])
    bodies = forger.field_bodies(data, PERSON, 30) | {30: bent}

    forged = forger.fill(forger.write(data, bodies), test_pki().person(), slot=SLOTS[slot])

    assert judge.refused(forged).verdict is not None


@rule("R21")
def test_a_literal_string_is_refused_though_signed() -> None:
    data = forger.document()
    slot = b"(" + b"0" * 6000 + b")"
    bent = forger.value_dictionary().replace(b"<%s>" % ZEROS, slot)
    whole = forger.write(data, forger.field_bodies(data, PERSON, 30) | {30: bent})
    start = whole.index(slot)
    end = start + len(slot)
    numbers = b"[0 %d %d %d]" % (start, end, len(whole) - end)
    whole = whole.replace(b" " * forger.RANGE_ROOM, numbers.ljust(forger.RANGE_ROOM))
    value = forger.forge(test_pki().person(), whole[:start] + whole[end:])
    text = b"".join(b"\\%03o" % byte if byte in b"()\\\r\n" else bytes((byte,)) for byte in value)

    forged = (
        whole[:start] + b"(" + text + b"\x00" * (len(slot) - 2 - len(text)) + b")" + whole[end:]
    )

    judge.no_signature_passes(judge.refused(forged))


@rule("R21")
@pytest.mark.parametrize("change", ["upper and lower", "second string", "closed early"])
def test_the_gap_of_a_signed_document_is_not_written_anew(change: str) -> None:
    """What is in the gap is signed by nobody, so it may be written in one way only."""
    signed = samples.signed_once()
    found = re.search(rb"/Contents (<[0-9a-f]*>)", signed)
    assert found is not None
    start, end = found.span(1)
    text = signed[start:end]
    changed = {
        "upper and lower": text[:100] + text[100:].upper(),
        "second string": text[:-14] + b">" + b"/X <000000>" + b">" * 2,
        "closed early": text[:-5] + b">    ",
    }[change]

    judge.refused(signed[:start] + changed + signed[end:])


# Universal signature forgery


FORGED_VALUES = [
    None, b"null", b"0", b"-1", b"<>", b"()", b"<00>", b"<0000000000>", b"<30>", b"<3000>", b"(a)",
    b"[]", b"true", b"1 0 R", b"99 0 R", b"/Name",
]  # fmt: skip
FORGED_RANGES = [
    None, b"null", b"0", b"-1", b"[]", b"()", b"[0 0 0 0]", b"[-1 -1 -1 -1]", b"[0 0]",
    b"[null null null null]", b"[0 1 0 1]", b"99 0 R",
]  # fmt: skip


def _forged_document(contents: bytes | None, ranges: bytes | None) -> bytes:
    """A document changed after signing, whose signature has parts taken away or emptied."""
    signed = forger.sign(forger.document())
    body = forger.body_of(signed, 30)
    parts = {
        rb"/Contents <[0-9a-f]*>": b"" if contents is None else b"/Contents " + contents,
        rb"/ByteRange \[[^]]*\]": b"" if ranges is None else b"/ByteRange " + ranges,
    }
    for pattern, text in parts.items():
        if not text.endswith(b" keep"):
            body, count = re.subn(pattern, text, body)
            assert count == 1
    return forger.write(
        b"%PDF-1.7\n", {**BASE, 30: body, **FALSE_PAGE, PERSON: forger.body_of(signed, PERSON)}
    )


@rule("R22")
@pytest.mark.parametrize("contents", FORGED_VALUES)
def test_a_value_that_is_missing_or_empty_is_refused(contents: bytes | None) -> None:
    judge.no_signature_passes(judge.refused(_forged_document(contents, b"keep")))


@rule("R22")
@pytest.mark.parametrize("ranges", FORGED_RANGES)
def test_a_range_that_is_missing_or_empty_is_refused(ranges: bytes | None) -> None:
    judge.no_signature_passes(judge.refused(_forged_document(b"keep", ranges)))


@rule("R22")
@pytest.mark.parametrize("kind", [b"null", b"<< >>", b"30", b"[]", b"(x)", b"99 0 R"])
def test_a_field_with_something_else_as_its_signature_is_refused(kind: bytes) -> None:
    bodies = dict(BASE) | {PERSON: forger.with_entries(BASE[PERSON], b" /V " + kind)}

    judge.no_signature_passes(judge.refused(forger.document(bodies)))


@rule("R22")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/SubFilter /ETSI.CAdES.detached", b""),
        (b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter null"),
        (b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter /ETSI.CAdES"),
        (b"/SubFilter /ETSI.CAdES.detached", b"/SubFilter (ETSI.CAdES.detached)"),
        (b"/Type /Sig", b"/Type /DocTimeStamp"),
        (b"/Type /Sig", b"/Type /None"),
        (b"/Type /Sig", b"/Type (Sig)"),
    ],
)
def test_a_signature_of_no_known_kind_is_refused(old: bytes, new: bytes) -> None:
    usual = forger.value_dictionary()
    assert old in usual
    data = forger.document()
    bodies = forger.field_bodies(data, PERSON, 30) | {30: usual.replace(old, new, 1)}

    forged = forger.fill(forger.write(data, bodies), test_pki().person())

    judge.no_signature_passes(judge.refused(forged))


# Signature wrapping


def wrapped(*, contents_first: bool) -> bytes:
    """The second range moved behind a table of the attacker that stands where the old one stood.

    The signed bytes are all there and in order, so the digest holds; the last startxref, which is
    signed, now leads to the attacker's table in the gap.
    """
    data = forger.document()
    value = forger.value_dictionary(contents_first=contents_first)
    bodies = forger.field_bodies(data, PERSON, 30) | {30: value}
    signed = forger.fill(forger.write(data, bodies), test_pki().person())
    gap = re.search(rb"/Contents (<[0-9a-f]*>)", signed)
    assert gap is not None
    start, end = gap.span(1)
    table = int(re.findall(rb"startxref\s+(\d+)", signed)[-1])
    old = re.findall(rb"startxref\s+(\d+)", data)[-1]
    text = signed[start:end]
    text = text[:-1].rstrip(b"0") + b"00>"
    text = text if len(text) % 2 == 0 else text[:-1] + b"0>"
    places = {number: signed.rindex(b"\n%d 0 obj" % number) + 1 for number in (PERSON, 30)}

    def build(room: int) -> bytes:
        second = start + room
        head = text + b" /ByteRange [0 %d %010d %010d] >>\nendobj\n" % (
            start,
            second,
            len(signed) - end,
        )
        if start + len(head) > table:
            raise AssertionError("no room before the old table")
        false_at = table + 400
        middle = head.ljust(table - start)
        middle += b"xref\n"
        for number, at in sorted((places | {CONTENT: false_at}).items()):
            middle += b"%d 1\n%010d 00000 n \n" % (number, at)
        middle += b"trailer\n<< /Size 41 /Root 1 0 R /Prev %s >>\nstartxref\n%d\n%%%%EOF\n" % (
            old,
            table,
        )
        middle = middle.ljust(false_at - start)
        middle += b"4 0 obj\n%s\nendobj\n" % FALSE_PAGE[CONTENT]
        return middle.ljust(room)

    room = len(text) + 4000
    return signed[:start] + build(room) + signed[end:]


@rule("R23")
@pytest.mark.parametrize("contents_first", [True, False], ids=["range after", "range before"])
def test_signature_wrapping_is_refused(contents_first: bool) -> None:
    forged = wrapped(contents_first=contents_first)

    judge.no_signature_passes(judge.refused(forged))


@rule("R23")
def test_the_wrapped_document_is_read_as_the_attacker_wants() -> None:
    """Else the case would prove nothing: the table in the gap leads to the false content."""
    forged = wrapped(contents_first=True)

    with pikepdf.open(io.BytesIO(forged)) as pdf:
        assert pdf.pages[0].Contents.read_bytes() == FALSE


@rule("R23")
def test_a_second_table_in_the_gap_alone_is_refused() -> None:
    signed = forger.sign(forger.document())
    gap = re.search(rb"/Contents (<[0-9a-f]*>)", signed)
    assert gap is not None
    start, end = gap.span(1)
    table = b"> xref\n0 1\n0000000000 65535 f \ntrailer\n<< /Size 1 /Root 1 0 R >>\n<"
    text = signed[start:end]

    forged = signed[:start] + text[: -len(table) - 1] + table + b">" + signed[end:]

    judge.refused(forged)


# Revisions of two documents


@rule("R29")
@pytest.mark.parametrize("order", ["first then second", "second then first"])
def test_the_revisions_of_two_documents_do_not_make_one(order: str) -> None:
    """The person signed one document, the agency another of the same length."""
    one, two = (
        forger.document(),
        forger.document(dict(BASE) | {CONTENT: BASE[CONTENT].replace(b"10 trieu", b"90 trieu")}),
    )
    assert len(one) == len(two)
    if order == "second then first":
        one, two = two, one
    first, second = forger.sign(one), forger.sign(two)
    assert len(first) == len(second)
    sealed = forger.sign(second, field=AGENCY)

    report = judge.refused(first + sealed[len(second) :])

    assert report.signatures[-1].indication is Indication.FAILED


@rule("R29")
def test_a_revision_that_leaves_out_the_one_before_is_refused() -> None:
    """The agency's revision joins on to the draft, past the revision that the person signed."""
    draft = forger.document()
    once = forger.sign(draft)
    first = int(re.findall(rb"startxref\s+(\d+)", draft)[-1])
    bodies = forger.field_bodies(once, AGENCY, 40) | {40: forger.value_dictionary()}
    bodies |= {PERSON: forger.body_of(once, PERSON), 30: forger.body_of(once, 30)}

    skipped = forger.fill(forger.write(once, bodies, prev=first), test_pki().agency())

    judge.refused(skipped)


@rule("R29")
def test_a_document_put_before_another_is_refused() -> None:
    """The first document whole, then the second with its own header and signatures."""
    judge.refused(forger.document(dict(BASE) | FALSE_PAGE) + twice())
    judge.refused(b"#!/bin/sh\n" + twice())
    judge.refused(b"\n" * 9 + samples.signed_twice())


# Encryption


ENCRYPT = (
    b"/Encrypt << /Filter /Standard /V 4 /R 4 /Length 128 /P -44 /O <%s> /U <%s>"
    b" /CF << /StdCF << /CFM /AESV2 /Length 16 >> >> /StmF %%s /StrF %%s >>"
    b" /ID [<00> <00>]" % (b"00" * 32, b"00" * 32)
)


@rule("R30")
@pytest.mark.parametrize("kind", [b"/Identity", b"/StdCF"])
@pytest.mark.parametrize("when", ["after", "between", "from the start"])
def test_an_encryption_dictionary_is_refused(kind: bytes, when: str) -> None:
    entries = ENCRYPT % (kind, kind)
    if when == "after":
        forged = forger.write(twice(), {}, entries=entries)
    elif when == "between":
        once = forger.sign(forger.document())
        bodies = forger.field_bodies(once, AGENCY, 40) | {40: forger.value_dictionary()}
        forged = forger.fill(forger.write(once, bodies, entries=entries), test_pki().agency())
    else:
        draft = forger.document()
        bodies = forger.field_bodies(draft, PERSON, 30) | {30: forger.value_dictionary()}
        forged = forger.fill(forger.write(draft, bodies, entries=entries), test_pki().person())

    judge.no_signature_passes(judge.refused(forged))


# Tables


def _person_signs_ahead() -> bytes:
    """A table that points beyond its own revision, to where a later one puts its object."""

    def start(offset: int) -> bytes:
        return forger.sign(forger.write(b"%PDF-1.7\n", BASE, places={IMAGE: offset}))

    size = len(start(1))
    signed = start(size)
    assert len(signed) == size
    return signed


@rule("R31")
@pytest.mark.parametrize("sealed", [False, True])
def test_a_table_that_points_beyond_its_revision_is_refused(sealed: bool) -> None:
    signed = _person_signs_ahead()
    if not sealed:
        judge.no_signature_passes(judge.refused(signed))
        return
    later = signed + b"10 0 obj\n%s\nendobj\n" % BASE[IMAGE].replace(b"\x00" * 12, b"\xff" * 12)

    judge.no_signature_passes(judge.refused(forger.sign(later, field=AGENCY)))


@rule("R31")
def test_a_later_table_that_points_into_an_earlier_revision_is_refused() -> None:
    once = forger.sign(forger.document(dict(BASE) | {12: stream(FALSE)}))
    old = once.index(b"12 0 obj")

    changed = forger.write(once, {}, places={CONTENT: old})

    report = judge.refused(forger.sign(changed, field=AGENCY))
    assert report.signatures[0].indication is not Indication.PASSED


@rule("R31")
@pytest.mark.parametrize("generation", [0, 1])
def test_a_number_used_again_is_refused(generation: int) -> None:
    once = forger.sign(forger.document())
    freed = forger.write(once, {}, freed=[IMAGE])
    again = forger.write(freed, {IMAGE: BASE[IMAGE]})
    if generation:
        again = again.replace(b"10 0 obj", b"10 1 obj").replace(
            b"00000 n \ntrailer", b"00001 n \ntrailer"
        )

    report = judge.refused(forger.sign(again, field=AGENCY))

    assert report.signatures[0].indication is not Indication.PASSED


def _start(data: bytes, text: bytes) -> bytes:
    """A signed document whose last startxref says something else, signed like that."""
    bodies = forger.field_bodies(data, PERSON, 30) | {30: forger.value_dictionary()}
    whole = forger.write(data, bodies)
    at = whole.rindex(b"startxref\n") + len(b"startxref\n")
    end = whole.index(b"\n", at)
    return forger.fill(whole[:at] + text + whole[end:], test_pki().person())


@rule("R31")
@pytest.mark.parametrize("text", [b"0", b"7", b"99999999", b"-5", b"", b"abc", b"1e3"])
def test_a_start_that_has_to_be_guessed_is_refused_though_signed(text: bytes) -> None:
    judge.refused(_start(forger.document(), text))


TABLES: dict[str, Callable[[bytes], bytes]] = {
    "offset past its object": lambda data: re.sub(
        rb"(?s)(.*\n4 1\n)(\d{10})", lambda m: m[1] + b"%010d" % (int(m[2]) + 3), data
    ),
    "offset of another object": lambda data: re.sub(
        rb"(?s)(.*\n4 1\n)\d{10}", lambda m: m[1] + b"%010d" % data.index(b"5 0 obj"), data
    ),
    "no trailer": lambda data: data.replace(b"trailer\n<<", b"trailor\n<<"),
    "the one before is itself": lambda data: re.sub(
        rb"(?s)(.*/Root 1 0 R)(.*startxref\n)(\d+)", rb"\1 /Prev \3\2\3", data
    ),
    "the one before is nowhere": lambda data: data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev 3"),
    "the root twice": lambda data: data.replace(b"/Root 1 0 R", b"/Root 2 0 R /Root 1 0 R"),
}


@rule("R31")
@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_reads_only_after_repair_is_refused_though_signed(name: str) -> None:
    draft = TABLES[name](forger.document())
    assert draft != forger.document()
    table = draft.rindex(b"xref\n0 1\n")
    draft = draft[: draft.rindex(b"startxref")] + b"startxref\n%d\n%%%%EOF\n" % table
    own = forger.with_entries(BASE[PERSON], b" /V 30 0 R")
    whole = forger.write(draft, {PERSON: own, 30: forger.value_dictionary()})

    judge.refused(forger.fill(whole, test_pki().person()))


@rule("R31")
def test_a_hybrid_of_table_and_stream_is_refused() -> None:
    """Old and new readers would see different objects (SG 7.3)."""
    draft = forger.document()
    hidden = forger.write(draft, FALSE_PAGE, xref_stream=True)
    at = re.findall(rb"startxref\s+(\d+)", hidden)[-1]
    bodies = forger.field_bodies(draft, PERSON, 30) | {30: forger.value_dictionary()}
    prev = int(re.findall(rb"startxref\s+(\d+)", draft)[-1])

    whole = forger.write(hidden, bodies, prev=prev, entries=b"/XRefStm " + at)

    judge.no_signature_passes(judge.refused(forger.fill(whole, test_pki().person())))


# Object streams


def _signed_in_an_object_stream() -> bytes:
    """The signature dictionary inside an object stream that is not compressed."""
    draft = forger.document()
    value = forger.value_dictionary()
    inner = b"30 0 " + value
    holder = stream(inner, b"/Type /ObjStm /N 1 /First 5")
    bodies = forger.field_bodies(draft, PERSON, 30) | {NEW: holder}
    whole = forger.write(draft, bodies, xref_stream=True, packed={30: (NEW, 0)})
    return forger.fill(whole, test_pki().person())


@rule("R32")
def test_a_signature_inside_an_object_stream_is_refused() -> None:
    report = judge.refused(_signed_in_an_object_stream())

    assert report.signatures, "the signature is found"
    judge.no_signature_passes(report)


@rule("R32")
@pytest.mark.parametrize("sealed", [False, True])
def test_an_object_stream_with_a_signature_is_not_replaced(sealed: bool) -> None:
    signed = _signed_in_an_object_stream()
    other = b"30 0 << /Type /Sig >>"
    holder = {NEW: stream(other, b"/Type /ObjStm /N 1 /First 5")}
    changed = forger.write(signed, holder, xref_stream=True)

    judge.refused(forger.sign(changed, field=AGENCY) if sealed else changed)


@rule("R32")
def test_an_object_stream_with_a_page_is_not_replaced() -> None:
    packed = {number: BASE[number] for number in (PAGE, FORM)}
    inner, index = b"", b""
    for number, body in packed.items():
        index += b"%d %d " % (number, len(inner))
        inner += body + b" "
    holder = stream(index + inner, b"/Type /ObjStm /N 2 /First %d" % len(index))
    rest = {number: body for number, body in BASE.items() if number not in packed}
    places = {number: (NEW, place) for place, number in enumerate(packed)}
    draft = forger.write(b"%PDF-1.7\n", rest | {NEW: holder}, xref_stream=True, packed=places)
    judge.accepted(forger.both(draft, xref_stream=True), second_opinion=False)
    bent = inner.replace(b"[0 0 595 842]", b"[0 0 100 100]")
    assert bent != inner
    other = {NEW: stream(index + bent, b"/Type /ObjStm /N 2 /First %d" % len(index))}

    report = judge.refused(forger.both(draft, other, xref_stream=True))

    assert report.signatures[0].indication is Indication.FAILED


# Circles


def _entry(number: int, old: bytes, new: bytes) -> dict[int, bytes]:
    assert old in BASE[number]
    return dict(BASE) | {number: BASE[number].replace(old, new)}


CIRCLES = {
    "a page tree that holds itself": _entry(PAGES, b"[3 0 R]", b"[3 0 R 2 0 R]"),
    "a page tree of two that hold each other": _entry(PAGES, b"[3 0 R]", b"[12 0 R]")
    | {12: b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R 3 0 R] /Count 1 >>"},
    "a page that is its own parent": _entry(PAGE, b"/Parent 2 0 R", b"/Parent 3 0 R"),
    "a page twice in the tree": _entry(PAGES, b"[3 0 R] /Count 1", b"[3 0 R 3 0 R] /Count 2"),
    "a page tree without pages": _entry(PAGES, b"[3 0 R] /Count 1", b"[] /Count 0"),
    "a field that is its own child": _entry(FORM, b"9 0 R]", b"9 0 R 12 0 R]")
    | {12: b"<< /T (a) /Kids [12 0 R] >>"},
    "fields that hold each other": _entry(FORM, b"9 0 R]", b"9 0 R 12 0 R]")
    | {12: b"<< /T (a) /Kids [13 0 R] >>", 13: b"<< /T (b) /Kids [12 0 R] >>"},
    "a field that is its own parent": _entry(FORM, b"9 0 R]", b"9 0 R 12 0 R]")
    | {12: b"<< /T (a) /Parent 12 0 R >>"},
}


@rule("R34")
@pytest.mark.parametrize("circle", CIRCLES)
def test_a_tree_in_a_circle_is_refused_though_signed(circle: str) -> None:
    judge.refused(forger.both(forger.document(CIRCLES[circle])))


@rule("R34")
@pytest.mark.parametrize("depth", [200, 5_000])
def test_a_tree_too_deep_is_refused_though_signed(depth: int) -> None:
    bodies = dict(BASE) | {PAGES: BASE[PAGES].replace(b"[3 0 R]", b"[100 0 R]")}
    for number in range(100, 100 + depth):
        bodies[number] = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 1)
    bodies[100 + depth] = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"

    judge.refused(forger.sign(forger.document(bodies), value=99_999))


@given(st.binary(max_size=400))
@settings(max_examples=60, deadline=None)
def test_rubbish_is_never_valid(rubbish: bytes) -> None:
    judge.refused(b"%PDF-1.7\n" + rubbish)
    judge.refused(samples.signed_twice()[: len(rubbish) * 50])
    judge.refused(rubbish)
