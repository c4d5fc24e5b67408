"""Sign a prepared PDF: PAdES B-B as an incremental update (SG 5.2, 6.2).

The update holds only the field with its value and picture, the signature dictionary, and for the
certifying person the catalog's entry of it. It is written here byte by byte: a signature costs one
key operation, one digest and one parse. The result is read back and checked before it is returned,
so a document is unsigned or fully signed, never between.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import pikepdf
from PIL import Image

from lienthong.core.signing import cms
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.path import common_name
from lienthong.core.signing.pdf_check import fields_of, open_strict
from lienthong.core.signing.pdf_prepare import PERSON_FIELD
from lienthong.core.signing.pdf_verify import check_intact
from lienthong.core.signing.problems import (
    PdfNotPrepared,
    SignatureNotMade,
    SignerCertificateNotValid,
)

RESERVED_BYTES = 8192
IMAGE_PIXELS_MAX = 4_000_000
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_RANGE_WIDTH = 44  # room for "[0 n n n]" with numbers of ten digits


def sign_pdf(
    data: bytes,
    *,
    field: str,
    signer: DigestSigner,
    name: str,
    reason: str,
    location: str,
    at: datetime,
    image_png: bytes | None = None,
) -> bytes:
    """Return `data` with a signature in its empty field `field`.

    The person's signature certifies the document (DocMDP P 2). image_png: the visible mark, with
    transparency; None leaves the field invisible. at: the signing time claimed, also shown.

    Raises PdfNotPrepared, SignerCertificateNotValid, SignatureNotMade and what open_strict raises.
    """
    certificate = signer.certificate
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        raise SignerCertificateNotValid(name=common_name(certificate))
    with open_strict(data) as pdf:
        update = _Update.begin(data, pdf)
        place = _empty_field(pdf, field)
        first = field == PERSON_FIELD and "/Perms" not in pdf.Root
        value = update.add(_dictionary(name, reason, location, at, certifies=first))
        picture = _add_picture(update, place, image_png)
        entries = f"/V {value} 0 R /AP << /N {picture} 0 R >>"
        update.replace(place, entries, without=("/V", "/AP"))
        if first:
            update.replace(pdf.Root, f"/Perms << /DocMDP {value} 0 R >>", without=("/Perms",))
        document = update.finish()
    signed = _fill(document, len(data), signer)
    trouble = check_intact(signed, last_field=field)
    if trouble:
        raise SignatureNotMade(detail=trouble)
    return signed


def _empty_field(pdf: pikepdf.Pdf, wanted: str) -> pikepdf.Dictionary:
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        for name, field in fields_of(form):
            is_empty = str(field.get("/FT", "")) == "/Sig" and "/V" not in field
            if name == wanted and is_empty and field.is_indirect and "/Rect" in field:
                return field
    raise PdfNotPrepared(field=wanted)


def _dictionary(name: str, reason: str, location: str, at: datetime, *, certifies: bool) -> bytes:
    """The signature dictionary with empty places for ByteRange and Contents."""
    zone = at.astimezone(VIETNAM)
    moment = zone.strftime("D:%Y%m%d%H%M%S+07'00'").encode()
    texts = b"".join(
        b"/%s %s\n" % (key, pikepdf.String(text).unparse())
        for key, text in ((b"Name", name), (b"Reason", reason), (b"Location", location))
        if text
    )
    reference = (
        b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP "
        b"/TransformParams << /Type /TransformParams /P 2 /V /1.2 >> >>]\n"
    )
    return (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached\n"
        + texts
        + b"/M (" + moment + b")\n"
        + (reference if certifies else b"")
        + b"/ByteRange " + b" " * _RANGE_WIDTH + b"\n"
        + b"/Contents <" + b"0" * (2 * RESERVED_BYTES) + b">\n>>"
    )  # fmt: skip


def _fill(document: bytes, start: int, signer: DigestSigner) -> bytes:
    """Put ByteRange and the CMS into their places; `start` is where the update begins."""
    out = bytearray(document)
    gap = out.index(b"/Contents <", start) + len(b"/Contents ")
    after = gap + 2 * RESERVED_BYTES + 2
    span = f"[0 {gap} {after} {len(out) - after}]".encode().ljust(_RANGE_WIDTH)
    at = out.index(b"/ByteRange ", start) + len(b"/ByteRange ")
    out[at : at + _RANGE_WIDTH] = span
    digest = hashlib.sha256()
    view = memoryview(out)
    digest.update(view[:gap])
    digest.update(view[after:])
    view.release()
    signature = cms.build(signer, digest.digest())
    if len(signature) > RESERVED_BYTES:
        raise SignatureNotMade(detail="chữ ký lớn hơn chỗ dành sẵn")
    text = signature.hex().encode()
    out[gap + 1 : gap + 1 + len(text)] = text
    return bytes(out)


@dataclass
class _Update:
    """An incremental update being written: objects, then a cross-reference table."""

    data: bytes
    trailer: str
    number: int
    out: bytearray
    offsets: dict[tuple[int, int], int]

    @classmethod
    def begin(cls, data: bytes, pdf: pikepdf.Pdf) -> _Update:
        last = int(data[data.rindex(b"startxref") + 9 :].split(None, 1)[0])
        if not data[last : last + 4] == b"xref":
            raise PdfNotPrepared(field="xref")
        trailer = pdf.trailer
        entries = [f"/Root {_reference(trailer['/Root'])}", f"/Prev {last}"]
        if "/Info" in trailer:
            entries.append(f"/Info {_reference(trailer['/Info'])}")
        if "/ID" in trailer:
            fresh = hashlib.sha256(data[-65536:]).hexdigest()[:32]
            entries.append(f"/ID [<{bytes(trailer['/ID'][0]).hex()}> <{fresh}>]")
        out = bytearray(b"" if data.endswith((b"\n", b"\r")) else b"\n")
        return cls(data, " ".join(entries), int(trailer["/Size"]), out, {})

    def add(self, body: bytes) -> int:
        """Write a new object; return its number."""
        number = self.number
        self.number += 1
        self._write((number, 0), body)
        return number

    def add_stream(self, entries: str, content: bytes) -> int:
        head = f"<< {entries} /Length {len(content)} >>\nstream\n".encode()
        return self.add(head + content + b"\nendstream")

    def replace(self, found: pikepdf.Object, entries: str, *, without: tuple[str, ...]) -> None:
        """Write an object again, the same but for some entries."""
        copy = pikepdf.Dictionary({k: found[k] for k in found.keys() if k not in without})  # noqa: SIM118
        body = copy.unparse(resolved=True).rstrip()
        if not body.endswith(b">>"):
            raise SignatureNotMade(detail="đối tượng không phải từ điển")
        self._write(found.objgen, body[:-2] + entries.encode() + b" >>")

    def _write(self, objgen: tuple[int, int], body: bytes) -> None:
        self.offsets[objgen] = len(self.data) + len(self.out)
        self.out += b"%d %d obj\n%s\nendobj\n" % (*objgen, body)

    def finish(self) -> bytes:
        start = len(self.data) + len(self.out)
        table = bytearray(b"xref\n")
        for (number, generation), offset in sorted(self.offsets.items()):
            table += b"%d 1\n%010d %05d n \n" % (number, offset, generation)
        end = f"trailer\n<< /Size {self.number} {self.trailer} >>\nstartxref\n{start}\n%%EOF\n"
        return self.data + bytes(self.out) + bytes(table) + end.encode()


def _reference(thing: pikepdf.Object) -> str:
    return "{} {} R".format(*thing.objgen)


def _add_picture(update: _Update, place: pikepdf.Dictionary, image_png: bytes | None) -> int:
    """The appearance: only the image, whole, upright, centred in the widget (SG-A-01, SG-A-08)."""
    x1, y1, x2, y2 = (float(edge) for edge in place["/Rect"])
    turn = int(place["/MK"].get("/R", 0)) if "/MK" in place else 0
    width, height = (y2 - y1, x2 - x1) if turn in {90, 270} else (x2 - x1, y2 - y1)
    matrix = {90: "0 1 -1 0 0 0", 180: "-1 0 0 -1 0 0", 270: "0 -1 1 0 0 0"}.get(
        turn, "1 0 0 1 0 0"
    )
    resources, content = "<< >>", ""
    if image_png is not None:
        image = _image(image_png)
        size = f"/Type /XObject /Subtype /Image /Width {image.width} /Height {image.height}"
        tail = "/BitsPerComponent 8 /Filter /FlateDecode"
        mask = update.add_stream(f"{size} /ColorSpace /DeviceGray {tail}", image.alpha)
        picture = update.add_stream(
            f"{size} /ColorSpace /DeviceRGB /SMask {mask} 0 R {tail}", image.colour
        )
        scale = min(width / image.width, height / image.height)
        drawn_width, drawn_height = image.width * scale, image.height * scale
        left, bottom = (width - drawn_width) / 2, (height - drawn_height) / 2
        resources = f"<< /XObject << /Im {picture} 0 R >> >>"
        content = f"q {drawn_width:.3f} 0 0 {drawn_height:.3f} {left:.3f} {bottom:.3f} cm /Im Do Q"
    return update.add_stream(
        f"/Type /XObject /Subtype /Form /BBox [0 0 {width:.3f} {height:.3f}] /Matrix [{matrix}] "
        f"/Resources {resources}",
        content.encode(),
    )


@dataclass(frozen=True, slots=True)
class _Image:
    width: int
    height: int
    colour: bytes
    alpha: bytes


@lru_cache(maxsize=64)
def _image(png: bytes) -> _Image:
    """The picture's colours and transparency, compressed as a PDF wants them."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as opened:
        if opened.width * opened.height > IMAGE_PIXELS_MAX:
            raise SignatureNotMade(detail="ảnh chữ ký quá lớn")
        picture = opened.convert("RGBA")
    colour = zlib.compress(picture.convert("RGB").tobytes(), 9)
    return _Image(
        picture.width, picture.height, colour, zlib.compress(picture.getchannel("A").tobytes(), 9)
    )
