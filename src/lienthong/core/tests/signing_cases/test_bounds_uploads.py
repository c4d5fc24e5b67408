"""An upload of a megabyte costs no more than two seconds of one core or 200 MB (SG 6.1, 11, R34).

What is to be signed comes from anywhere; so do files of other kinds that people have checked.
"""

from __future__ import annotations

import io
import json
import random
import sys
import zipfile
import zlib
from collections.abc import Callable
from functools import cache

import pytest

from lienthong.core import signing
from lienthong.core.errors import Problem
from lienthong.core.signing import Box, prepare_pdf
from lienthong.core.signing.asic import MEDIA_TYPE
from lienthong.core.signing.verify_file import verify_bytes
from lienthong.core.tests.pki_fixture import NOW, test_pki
from lienthong.core.tests.signing_cases import forger
from lienthong.core.tests.signing_cases.forger import stream
from lienthong.core.tests.signing_cases.rules import rule
from lienthong.core.tests.signing_cases.test_bounds import MEGABYTE, bomb, within_bounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux keeps them")

PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<<%s>>%s>>"
IMAGE = b"/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray"


def document(**changes: bytes) -> bytes:
    """One page; other bodies by number, as `o4=b"…"`."""
    bodies = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: PAGE % (b"", b""),
        4: stream(b"0 0 m 100 100 l S"),
    }
    return forger.write(
        b"%PDF-1.7\n", bodies | {int(name[1:]): body for name, body in changes.items()}
    )


def deflated(megabytes: int, pattern: bytes = b" ") -> bytes:
    return bomb(megabytes * MEGABYTE, b"", pattern)


def flate(megabytes: int, pattern: bytes = b" ", entries: bytes = b"") -> bytes:
    return stream(deflated(megabytes, pattern), b"/Filter/FlateDecode " + entries)


def noise() -> bytes:
    """A picture that does not pack, so that the file is large."""
    return stream(random.Random(1).randbytes(700_000), IMAGE)  # noqa: S311  only noise


def packed(count: int, body: bytes) -> bytes:
    """Objects in object streams, of 255 each."""
    bodies: dict[int, bytes] = {1: b"<</Type/Catalog/Pages 2 0 R>>", 5: noise()}
    bodies |= {2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>", 3: PAGE % (b"", b""), 4: stream(b"")}
    places: dict[int, tuple[int, int]] = {}
    for holder, first in enumerate(range(0, count, 255), start=500_000):
        numbers = range(1000 + first, 1000 + min(first + 255, count))
        pairs = (b"%d %d" % (n, i * (len(body) + 1)) for i, n in enumerate(numbers))
        head = b" ".join(pairs) + b" "
        content = zlib.compress(head + (body + b" ") * len(numbers), 9)
        entries = b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (len(numbers), len(head))
        bodies[holder] = stream(content, entries)
        places |= {number: (holder, index) for index, number in enumerate(numbers)}
    return forger.write(b"%PDF-1.7\n", bodies, xref_stream=True, packed=places)


def in_object_stream(entries: bytes, content: bytes, **more: bytes) -> bytes:
    """The catalog is said to stand in this object stream."""
    bodies = {2: b"<</Type/Pages/Kids[]/Count 0>>", 50: stream(content, entries)}
    bodies |= {int(name[1:]): body for name, body in more.items()}
    return forger.write(b"%PDF-1.7\n", bodies, xref_stream=True, packed={1: (50, 0)})


def many_pages() -> bytes:
    pages = {f"o{n}": b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>" for n in range(10, 6_000)}
    kids = b" ".join(b"%d 0 R" % n for n in range(10, 6_000))
    return document(o2=b"<</Type/Pages/Kids[%s]/Count 5990>>" % kids, **pages)


def deep_pages() -> bytes:
    tree = {
        f"o{n}": b"<</Type/Pages/Count 1/Kids[%d 0 R]/Parent %d 0 R>>" % (n + 1, n - 1)
        for n in range(10, 8_000)
    }
    return document(o2=b"<</Type/Pages/Kids[10 0 R]/Count 1>>", o8000=PAGE % (b"", b""), **tree)


def same_content_on_every_page() -> bytes:
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    kids = b" ".join(b"%d 0 R" % n for n in range(10, 3_000))
    return document(
        o2=b"<</Type/Pages/Kids[%s]/Count 2990>>" % kids,
        o4=flate(10, b"0 0 m "),
        **{f"o{n}": page for n in range(10, 3_000)},
    )


def long_chain(count: int) -> bytes:
    data = document()
    at, out = int(data.split()[-2]), bytearray(data)
    for _ in range(count):
        here = len(out)
        out += b"xref\n0 0\ntrailer\n<</Size 5/Root 1 0 R/Prev %d>>\n" % at
        out += b"startxref\n%d\n%%%%EOF\n" % here
        at = here
    return bytes(out)


def form(field: bytes, count: int) -> bytes:
    fields = b"<</Fields[%s]>>" % (field * count)
    return document(o1=b"<</Type/Catalog/Pages 2 0 R/AcroForm %s>>" % fields)


def drawn_fields(count: int) -> bytes:
    numbers = range(10, 10 + count)
    listed = b" ".join(b"%d 0 R" % n for n in numbers)
    field = b"<</T(%d)/FT/Tx/Type/Annot/Subtype/Widget/Rect[0 0 9 9]/V(a)/AP<</N 5 0 R>>>>"
    return document(
        o1=b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[%s]>>>>" % listed,
        o3=PAGE % (b"", b"/Annots[%s]" % listed),
        o5=forger.form_xobject(b"q Q"),
        **{f"o{n}": field % n for n in numbers},
    )


TWICE = b"/Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]"
NASTY: dict[str, Callable[[], bytes]] = {
    "drawing of 900 MB": lambda: document(o4=flate(900)),
    "drawing of millions of words": lambda: document(o4=flate(15, b"0 0 m ")),
    "drawing of open brackets": lambda: document(o4=flate(15, b"[")),
    "drawing of an open text": lambda: document(o4=flate(15, b"(")),
    "drawing as text, then packed": lambda: document(
        o4=stream(deflated(300).hex().encode() + b">", b"/Filter[/ASCIIHexDecode/FlateDecode]")
    ),
    "drawing in runs": lambda: document(o4=stream(b"\x81 " * 450_000, b"/Filter/RunLengthDecode")),
    "drawing with a predictor": lambda: document(
        o4=flate(300, b"\x02", b"/DecodeParms<</Predictor 12/Columns 100000>>")
    ),
    "the same drawing on each page": same_content_on_every_page,
    "the same drawing a thousand times": lambda: document(
        o3=PAGE.replace(b"4 0 R", b"[%s]" % (b"4 0 R " * 1_000)) % (b"", b""),
        o4=flate(3, b"0 0 m "),
    ),
    "picture of 900 MB": lambda: document(
        o3=PAGE % (b"/XObject<</A 5 0 R>>", b""), o5=flate(900, b"\0", IMAGE)
    ),
    "picture as text, then packed": lambda: document(
        o3=PAGE % (b"/XObject<</A 5 0 R>>", b""),
        o5=stream(
            deflated(300).hex().encode() + b">", IMAGE + b"/Filter[/ASCIIHexDecode/FlateDecode]"
        ),
    ),
    "metadata of 500 MB": lambda: document(
        o1=b"<</Type/Catalog/Pages 2 0 R/Metadata 5 0 R>>",
        o5=flate(500, b" ", b"/Type/Metadata/Subtype/XML"),
    ),
    "attachment of 500 MB": lambda: document(o5=flate(500, b" ", b"/Type/EmbeddedFile")),
    "sixteen streams of 60 MB": lambda: document(**{f"o{n}": flate(60) for n in range(10, 26)}),
    "thousands of pages": many_pages,
    "a deep tree of pages": deep_pages,
    "objects in object streams": lambda: packed(30_000, b"<</A<</B[1]>>>>"),
    "a list of a million": lambda: packed(1, b"[" + b"1 " * 1_000_000 + b"]"),
    "a list of half a million in the file": lambda: document(o5=b"[" + b"1 " * 480_000 + b"]"),
    "twenty thousand objects": lambda: document(**dict.fromkeys(
        (f"o{n}" for n in range(10, 20_000)), b"<<>>"
    )),
    "ten thousand tables": lambda: long_chain(10_000),
    "fifty thousand fields": lambda: form(b"<</T(a)/FT/Tx>>", 50_000),
    "nine thousand empty signatures": lambda: form(b"<</T(a)/FT/Sig>>", 9_000),
    "fields to be drawn": lambda: drawn_fields(3_000),
    "notes on one page": lambda: document(
        o3=PAGE % (b"", b"/Annots[%s]" % (b"<</Subtype/Text/Rect[0 0 1 1]>>" * 25_000))
    ),
    "filters under other names": lambda: in_object_stream(
        TWICE.replace(b"/Flate", b"/#46late"), zlib.compress(deflated(300))
    ),
    "filters in another object": lambda: in_object_stream(
        b"/Type/ObjStm/N 1/First 4/Filter 60 0 R", zlib.compress(deflated(300)),
        o60=b"[/FlateDecode/FlateDecode]",
    ),
    "filters far in front": lambda: in_object_stream(
        TWICE + b"/J(%s)" % (b"x" * 70_000), zlib.compress(deflated(300))
    ),
    "filters before a text with obj": lambda: in_object_stream(
        TWICE + b"/J(1 0 obj)", zlib.compress(deflated(300))
    ),
    "an object stream before a text with obj": lambda: in_object_stream(
        b"/Type/ObjStm/N 1/First 4/Filter/FlateDecode/J(1 0 obj /Image)", deflated(900)
    ),
    "an object stream in an old packing": lambda: in_object_stream(
        b"/Type/ObjStm/N 1/First 4/Filter/L#5aWDecode", b"\x80" * 900_000
    ),
    "words that look like streams": lambda: document(
        o5=stream(b"1 0 obj <</Filter/FlateDecode>> stream\n" * 22_000)
    ),
}  # fmt: skip


def prepared(data: bytes) -> bytes | None:
    try:
        return prepare_pdf(data, person=Box(0, 1, 1, 5, 5), agency=Box(0, 6, 6, 8, 8))
    except Problem:
        return None


@rule("R34")
@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_upload_is_prepared_or_refused_within_bounds(name: str) -> None:
    data = NASTY[name]()
    assert len(data) < 1.4 * MEGABYTE
    _warm()

    within_bounds(lambda: prepared(data))


def test_a_large_white_page_in_colour_may_be_signed() -> None:
    data = document(
        o3=PAGE % (b"/XObject<</A 5 0 R>>", b""),
        o5=flate(26, b"\0", IMAGE.replace(b"Gray", b"RGB")),
        **{f"o{n}": flate(26, b"\xff", IMAGE) for n in range(10, 20)},
    )

    assert prepared(data)


def test_a_drawing_that_is_cut_off_or_damaged_is_refused() -> None:
    whole = deflated(1, b"0 0 m ")
    entries = b"/Filter/FlateDecode "

    assert prepared(document(o4=stream(whole, entries)))
    assert prepared(document(o4=stream(whole[:-20], entries))) is None
    assert prepared(document(o4=stream(whole[:50] + b"xxxx" + whole[54:], entries))) is None


# Files of other kinds.


def container(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        file.writestr("mimetype", MEDIA_TYPE)
        file.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def entries(count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as file:
        file.writestr("mimetype", MEDIA_TYPE)
        for number in range(count):
            file.writestr(f"{number}", b"")
    return out.getvalue()


def token(size: int) -> bytes:
    return b"eyJhbGciOiJFUzI1NiJ9." + b"A" * size + b"." + b"A" * 86


SIGNED_XML = b'<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignatureValue/></Signature>'
FILES: dict[str, Callable[[], bytes]] = {
    "elements nested deep": lambda: b"<a>" * 140_000 + b"</a>" * 140_000,
    "many elements": lambda: b"<a>" + b"<b/>" * 240_000 + SIGNED_XML + b"</a>",
    "many attributes": lambda: b"<a %s>%s</a>" % (
        b" ".join(b'b%d=""' % n for n in range(80_000)), SIGNED_XML
    ),
    "many identifiers": lambda: b"<a>" + b'<b Id="c"/>' * 80_000 + SIGNED_XML + b"</a>",
    "many references": lambda: b"<a>" + SIGNED_XML.replace(
        b"<SignatureValue/>",
        b"<SignedInfo>" + b'<Reference URI=""/>' * 45_000 + b"</SignedInfo><SignatureValue/>",
    ) + b"</a>",
    "an entity of entities": lambda: b"<!DOCTYPE a [<!ENTITY b 'b'>"
    + b"".join(b"<!ENTITY b%d '&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;'>" % n for n in range(20))
    + b"]><a>&b19;</a>",
    "a trust list of nothing": lambda: b"<TrustServiceStatusList>" + b"<b/>" * 240_000
    + SIGNED_XML + b"</TrustServiceStatusList>",
    "JSON nested deep": lambda: b'{"a":' + b"[" * 480_000 + b"]" * 480_000 + b"}",
    "a list of JSON": lambda: b'{"a":[' + b"1," * 480_000 + b"1]}",
    "a receipt of a long proof": lambda: json.dumps(
        {"receipt": "a.b.c", "log": {"checkpoint": "x", "index": 1, "proof": ["QQ=="] * 100_000}}
    ).encode(),
    "a long token": lambda: token(MEGABYTE),
    "a token of dots": lambda: b"a" * 16 + b"." * MEGABYTE,
    "a token that only begins": lambda: b"A" * MEGABYTE,
    "a container that unpacks to 200 MB": lambda: container("a.pdf", b" " * 200 * MEGABYTE),
    "a container of many entries": lambda: entries(9_000),
    "a note of lines": lambda: b"\n\n\xe2\x80\x94 " + b"a\n" * 480_000,
    "a note of signatures": lambda: b"a\n1\nAAAA\n\n" + "— a AAAAAAAA\n".encode() * 60_000,
    "values nested deep": lambda: b"\x30\x80" * 480_000,
    "many small values": lambda: b"\x30\x83\x0f\x00\x00" + b"\x05\x00" * 491_520,
    "certificates without end": lambda: b"-----BEGIN CERTIFICATE-----\n" * 35_000,
    "an endless armour": lambda: b"-----BEGIN CERTIFICATE-----\n" + b"A" * MEGABYTE,
}  # fmt: skip


@rule("R34", "R56")
@pytest.mark.parametrize("name", FILES)
def test_a_nasty_file_is_verified_within_bounds(name: str) -> None:
    data = FILES[name]()
    assert len(data) < 1.4 * MEGABYTE
    trust = test_pki().trust
    _warm()

    within_bounds(lambda: verify_bytes(data, trust=trust, at=NOW))


@cache
def _warm() -> None:
    """What is imported and remembered once is not the input's cost."""
    pki = test_pki()
    prepared(document())
    signed = signing.sign_jws({"a": 1}, key=pki.service(), at=NOW, typ="thu")
    for data in (
        forger.both(forger.document()), b"<a>" + SIGNED_XML + b"</a>", signed.encode(),
        b'{"receipt":"a.b.c"}', container("a", b""), b"\n\n\xe2\x80\x94 a",
        b"<TrustServiceStatusList/>", b"\x30\x00", b"-----BEGIN CERTIFICATE-----\nAA==\n",
    ):  # fmt: skip
        verify_bytes(data, trust=pki.trust, at=NOW)
    verify_bytes(b"x", trust=pki.trust, at=NOW, companion=forger.forge(pki.service(), b"x"))
