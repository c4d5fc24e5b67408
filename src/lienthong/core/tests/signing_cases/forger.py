"""The forger's tools: signatures and PDF files written byte by byte, bent in one place each.

Without a bend they make sound signatures (`test_forger`), so a case fails for its own reason only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing import KeySigner, der
from lienthong.core.signing import cms as written
from lienthong.core.signing.authority import Authority
from lienthong.core.signing.keys import PSS, SHA256
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import START, test_pki

# ---------------------------------------------------------------- CMS

SHA1_ID = der.sequence(der.oid("1.3.14.3.2.26"))
MD5_ID = der.sequence(der.oid("1.2.840.113549.2.5"))
SHA384_ID = der.sequence(der.oid("2.16.840.1.101.3.4.2.2"))
ECDSA_SHA384_ID = der.sequence(der.oid("1.2.840.10045.4.3.3"))
RSA_SHA256_ID = der.sequence(der.oid("1.2.840.113549.1.1.11"), der.NULL)
STAMP = der.oid("1.2.840.113549.1.9.16.2.14")
SIGNING_CERTIFICATE = der.oid("1.2.840.113549.1.9.16.2.12")

Make = Callable[[KeySigner, bytes], bytes]
"""Makes a CMS over covered bytes with a signer."""


def attribute(kind: bytes, *values: bytes) -> bytes:
    return der.sequence(kind, der.set_of(*values))


def digest_attribute(digest: bytes) -> bytes:
    return attribute(written.MESSAGE_DIGEST, der.octets(digest))


def names(certificate: x509.Certificate) -> bytes:
    """signing-certificate-v2 that names `certificate`."""
    digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    one = der.sequence(der.octets(digest))
    return attribute(written.SIGNING_CERTIFICATE_V2, der.sequence(der.sequence(one)))


def usual_attributes(signer: KeySigner, content: bytes) -> list[bytes]:
    """The three signed attributes in DER order."""
    return sorted(
        [
            attribute(written.CONTENT_TYPE, written.DATA),
            digest_attribute(hashlib.sha256(content).digest()),
            names(signer.certificate),
        ]
    )


def sid_of(certificate: x509.Certificate) -> bytes:
    parsed = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return der.sequence(parsed.issuer.dump(), der.integer(certificate.serial_number))


def sign_message(
    signer: KeySigner, message: bytes, digest: hashes.HashAlgorithm | None = None
) -> bytes:
    """What the signer's key makes of a message: RSA-PSS, ECDSA."""
    key = signer._key
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, PSS, digest or SHA256)
    return key.sign(message, ec.ECDSA(digest or SHA256))


def forge(
    signer: KeySigner,
    content: bytes,
    *,
    attributes: Sequence[bytes] | None = None,
    signed_over: bytes | None = None,
    digest_id: bytes = written.SHA256_ID,
    listed: Iterable[bytes] | None = None,
    algorithm: bytes | None = None,
    value: Callable[[bytes], bytes] | None = None,
    certificates: Sequence[x509.Certificate] | None = None,
    sid: bytes | None = None,
    inside: bytes | None = None,
    infos: Callable[[bytes], Sequence[bytes]] = lambda one: [one],
    stamp: Callable[[bytes], bytes] | None = None,
) -> bytes:
    """A CMS SignedData over `content`.

    attributes: the signed attributes in the order sent; empty for none at all. signed_over: what
    the key signs, when it is not the SET of the attributes as sent. listed: digestAlgorithms.
    value: makes the signature value of the message. inside: encapsulated content. infos: makes the
    list of SignerInfos from the one. stamp: makes the time-stamp token of the signature value.
    """
    sent = usual_attributes(signer, content) if attributes is None else list(attributes)
    message = signed_over
    if message is None:
        message = der.tlv(der.SET, b"".join(sent)) if sent else content
    value = value or (lambda text: sign_message(signer, text))
    is_rsa = isinstance(signer._key, rsa.RSAPrivateKey)
    signature = value(message)
    unsigned = der.tlv(0xA1, attribute(STAMP, stamp(signature))) if stamp else b""
    info = der.sequence(
        der.integer(1),
        sid or sid_of(signer.certificate),
        digest_id,
        der.tlv(0xA0, b"".join(sent)) if sent else b"",
        algorithm or (written.PSS_ID if is_rsa else written.ECDSA_SHA256_ID),
        der.octets(signature),
        unsigned,
    )
    bag = [signer.certificate, *signer.chain] if certificates is None else certificates
    wrapped = [der.tlv(0xA0, der.octets(inside))] if inside is not None else []
    body = der.sequence(
        der.integer(1),
        der.set_of(*(listed if listed is not None else [digest_id])),
        der.sequence(written.DATA, *wrapped),
        der.tlv(0xA0, b"".join(one.public_bytes(Encoding.DER) for one in bag)),
        der.tlv(der.SET, b"".join(infos(info))),
    )
    return der.sequence(written.SIGNED_DATA, der.tlv(0xA0, body))


Extensions = Mapping[type[x509.ExtensionType], tuple[x509.ExtensionType, bool] | None]


def bent_certificate(
    signer: KeySigner, authority: Authority, changes: Extensions, *, at: datetime = START
) -> KeySigner:
    """The signer with a certificate that differs in some extensions; None takes one away."""
    like = signer.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(like.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(like.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at)
        .not_valid_after(like.not_valid_after_utc)
    )
    rest = dict(changes)
    for extension in like.extensions:
        value = rest.pop(type(extension.value), (extension.value, extension.critical))
        if value is not None:
            builder = builder.add_extension(*value)
    for value in rest.values():
        if value is not None:
            builder = builder.add_extension(*value)
    certificate = builder.sign(authority.key, hashes.SHA256())
    return KeySigner(signer._key, certificate, authority.chain)


def in_document(make: Make, signer: KeySigner | None = None) -> bytes:
    """The person's document with the CMS that `make` returns in its Contents."""
    data = samples.signed_once()
    found = re.search(rb"/Contents (<[0-9a-f]*>)", data)
    if found is None:
        raise AssertionError("the sample has no signature")
    start, end = found.span(1)
    value = make(signer or test_pki().person(), data[:start] + data[end:]).hex().encode()
    room = end - start - 2
    if len(value) > room:
        raise AssertionError("the CMS does not fit")
    return data[: start + 1] + value.ljust(room, b"0") + data[end - 1 :]


# ---------------------------------------------------------------- PDF

CATALOG, PAGES, PAGE, CONTENT, FONT, FORM, PERSON, AGENCY, TEXT, IMAGE, LAYER = range(1, 12)
HONEST = b"BT /F1 24 Tf 72 700 Td (Muc ho tro: 10 trieu dong) Tj ET"
FALSE = b"BT /F1 24 Tf 72 700 Td (Muc ho tro: 900 trieu dong) Tj ET"
RANGE_ROOM = 80
SLOT = 8192


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(content), content)


def form_xobject(content: bytes, box: bytes = b"0 0 595 842") -> bytes:
    entries = b"/Type /XObject /Subtype /Form /BBox [%s] /Resources << /Font << /F1 5 0 R >> >>"
    return stream(content, entries % box)


def signature_field(name: bytes, box: bytes, more: bytes = b"") -> bytes:
    return b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) /F 132 /Rect [%s] /P 3 0 R %s >>" % (
        name,
        box,
        more,
    )


def objects(**changes: bytes) -> dict[int, bytes]:
    """The objects of a small document with both empty fields, a text field, an image, a layer.

    changes: other bodies by name, as `page=b"…"`.
    """
    found = {
        "catalog": b"<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R"
        b" /OCProperties << /OCGs [11 0 R] /D << /Order [11 0 R] /OFF [] >> >> >>",
        "pages": b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "page": b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> /XObject << /Im 10 0 R >>"
        b" /Properties << /Lop 11 0 R >> >> /Annots [7 0 R 8 0 R 9 0 R] >>",
        "content": stream(HONEST + b" /OC /Lop BDC q 20 0 0 20 500 700 cm /Im Do Q EMC"),
        "font": b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "form": b"<< /Fields [7 0 R 8 0 R 9 0 R] /SigFlags 3 >>",
        "person": signature_field(b"NguoiKy", b"300 100 450 160"),
        "agency": signature_field(b"CoQuan", b"240 80 350 190"),
        "text": b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (SoTien) /V (10) /F 4 /P 3 0 R"
        b" /Rect [72 600 172 620] >>",
        "image": stream(
            b"\x00" * 12,
            b"/Type /XObject /Subtype /Image /Width 2 /Height 2 /ColorSpace /DeviceRGB"
            b" /BitsPerComponent 8",
        ),
        "layer": b"<< /Type /OCG /Name (Lop) >>",
    }
    unknown = changes.keys() - found.keys()
    if unknown:
        raise AssertionError(f"no such object: {unknown}")
    return dict(enumerate((found | changes).values(), start=1))


def document(bodies: Mapping[int, bytes] | None = None, *, xref_stream: bool = False) -> bytes:
    """A whole PDF of these objects with one cross-reference section."""
    return write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", bodies or objects(), xref_stream=xref_stream)


def write(
    data: bytes,
    bodies: Mapping[int, bytes],
    *,
    root: int = CATALOG,
    entries: bytes = b"",
    prev: int | None = None,
    freed: Iterable[int] = (),
    places: Mapping[int, int] | None = None,
    packed: Mapping[int, tuple[int, int]] | None = None,
    xref_stream: bool = False,
    size: int = 0,
) -> bytes:
    """Append objects with their cross-reference section and trailer.

    prev: the offset of the section before; None takes the last startxref in `data`. freed: numbers
    marked free. places: offsets that the table gives instead of the true ones. packed: numbers
    found in an object stream, with its number and the index there (only with xref_stream).
    """
    if prev is None:
        last = re.findall(rb"startxref\s+(\d+)", data)
        prev = int(last[-1]) if last else 0
    out = bytearray(data)
    offsets: dict[int, int] = {}
    for number, body in bodies.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    offsets |= places or {}
    start = len(out)
    before = max((int(one) for one in re.findall(rb"/Size (\d+)", data)), default=1)
    size = size or max([before, *(number + 1 for number in (*offsets, *(packed or ())))])
    first = b"" if prev else b"/Size %d /Root %d 0 R" % (size, root)
    trailer = first or b"/Size %d /Root %d 0 R /Prev %d" % (size, root, prev)
    if xref_stream:
        rows = {n: b"\x01" + at.to_bytes(4, "big") + b"\0" for n, at in offsets.items()}
        rows[size] = b"\x01" + start.to_bytes(4, "big") + b"\0"
        for number, (holder, index) in (packed or {}).items():
            rows[number] = b"\x02" + holder.to_bytes(4, "big") + bytes((index,))
        listed = b" ".join(b"%d 1" % number for number in sorted(rows))
        trailer = trailer.replace(b"/Size %d" % size, b"/Size %d" % (size + 1))
        head = b"/Type /XRef /W [1 4 1] /Index [%s] %s %s" % (listed, trailer, entries)
        table = b"".join(row for _, row in sorted(rows.items()))
        out += b"%d 0 obj\n%s\nendobj\n" % (size, stream(table, head))
    else:
        out += b"xref\n" + (b"" if prev else b"0 1\n0000000000 65535 f \n")
        for number, at in sorted(offsets.items()):
            out += b"%d 1\n%010d 00000 n \n" % (number, at)
        for number in sorted(freed):
            out += b"%d 1\n0000000000 00001 f \n" % number
        out += b"trailer\n<< %s %s >>\n" % (trailer, entries)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


@dataclass(frozen=True, slots=True)
class Gap:
    """Where Contents stands in a document that is to be signed, and how long the document is."""

    start: int
    end: int
    size: int

    @property
    def ranges(self) -> tuple[int, ...]:
        return (0, self.start, self.end, self.size - self.end)


Ranges = Callable[[Gap], Sequence[int]]


def value_dictionary(
    more: bytes = b"",
    *,
    subfilter: bytes = b"/ETSI.CAdES.detached",
    contents_first: bool = False,
) -> bytes:
    """A signature dictionary with empty places for ByteRange and Contents."""
    places = [b"/ByteRange %s" % (b" " * RANGE_ROOM), b"/Contents <%s>" % (b"0" * (2 * SLOT))]
    return (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter %s /M (D:20261121093000+07'00') %s\n"
        b"%s\n>>" % (subfilter, more, b"\n".join(places[::-1] if contents_first else places))
    )


def fill(
    data: bytes,
    signer: KeySigner,
    *,
    ranges: Ranges = lambda gap: gap.ranges,
    make: Make = forge,
    slot: bytes = b"",
) -> bytes:
    """Sign: put ByteRange and Contents into their empty places.

    ranges: the numbers written, and what is digested. slot: the whole empty Contents when it is not
    the usual one.
    """
    empty = slot or b"<%s>" % (b"0" * (2 * SLOT))
    start = data.rindex(empty)
    gap = Gap(start, start + len(empty), len(data))
    numbers = list(ranges(gap))
    place = data.rindex(b"/ByteRange " + b" " * RANGE_ROOM) + len(b"/ByteRange ")
    text = b"[%s]" % b" ".join(b"%d" % number for number in numbers)
    data = data[:place] + text.ljust(RANGE_ROOM) + data[place + RANGE_ROOM :]
    pairs = zip(numbers[::2], numbers[1::2], strict=False)
    covered = b"".join(data[max(at, 0) : max(at, 0) + max(size, 0)] for at, size in pairs)
    value = make(signer, covered).hex().encode()
    filled = empty.replace(b"0" * len(value), value, 1)
    return data[:start] + filled + data[gap.end :]


def body_of(data: bytes, number: int) -> bytes:
    """The text of the newest object of this number."""
    found = re.findall(rb"(?s)\n%d 0 obj\n(.*?)\nendobj\n" % number, data)
    if not found:
        raise AssertionError(f"no object {number}")
    return bytes(found[-1])


def with_entries(body: bytes, entries: bytes) -> bytes:
    """A dictionary with more entries at its end."""
    return body.rstrip().removesuffix(b">>") + entries + b" >>"


def sign(
    data: bytes,
    *,
    field: int = PERSON,
    value: int = 0,
    signer: KeySigner | None = None,
    more: bytes = b"",
    changes: Mapping[int, bytes] | None = None,
    ranges: Ranges = lambda gap: gap.ranges,
    make: Make = forge,
    subfilter: bytes = b"/ETSI.CAdES.detached",
    xref_stream: bool = False,
) -> bytes:
    """Sign an empty field as another program might: whatever is asked, nothing checked.

    more: further entries of the signature dictionary. changes: other objects written in the same
    revision.
    """
    value = value or (30 if field == PERSON else 40)
    if signer is None:
        signer = test_pki().person() if field == PERSON else test_pki().agency()
    bodies = field_bodies(data, field, value, changes) | {
        value: value_dictionary(more, subfilter=subfilter)
    }
    whole = write(data, bodies, xref_stream=xref_stream)
    return fill(whole, signer, ranges=ranges, make=make)


def field_bodies(
    data: bytes, field: int, value: int, changes: Mapping[int, bytes] | None = None
) -> dict[int, bytes]:
    """The changes, and the field with its value."""
    found = dict(changes or {})
    own = found.get(field) or body_of(data, field)
    return found | {field: with_entries(own, b" /V %d 0 R" % value)}


def both(
    data: bytes, changes: Mapping[int, bytes] | None = None, *, xref_stream: bool = False
) -> bytes:
    """Signed by the person, then by the agency; `changes` come with the agency's signature."""
    once = sign(data, xref_stream=xref_stream)
    return sign(once, field=AGENCY, changes=changes, xref_stream=xref_stream)
