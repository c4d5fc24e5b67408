"""Sign a prepared PDF: PAdES B-B or B-T as an incremental update (SG 5.2, 6.2).

The update holds only the field with its value and picture, the signature dictionary, and for the
certifying person the catalog's entry of it. It is written here byte by byte: a signature costs one
key operation, one digest and one parse. The result is read back and checked before it is returned,
so a document is unsigned or fully signed, never between.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import pikepdf
from PIL import Image

from lienthong.core.signing import cms, fast, tsp
from lienthong.core.signing.keys import DigestSigner, KeySigner
from lienthong.core.signing.path import common_name
from lienthong.core.signing.pdf_check import fields_of, is_whole, open_strict
from lienthong.core.signing.pdf_prepare import PERSON_FIELD, UPRIGHT
from lienthong.core.signing.pdf_ready import check_ready
from lienthong.core.signing.pdf_update import Update, places, put_value, with_range
from lienthong.core.signing.pdf_verify import check_intact
from lienthong.core.signing.problems import (
    PdfNotPrepared,
    SignatureNotMade,
    SignerCertificateNotValid,
)
from lienthong.core.signing.tsp import TimestampSource

RESERVED_BYTES = 8192
RESERVED_WITH_TIMESTAMP_BYTES = 24 * 1024
IMAGE_PIXELS_MAX = 4_000_000
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


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
    timestamp: TimestampSource | None = None,
    timestamp_required: bool = True,
) -> bytes:
    """Return `data` with a signature in its empty field `field`.

    The person's signature certifies the document (DocMDP P 2). image_png: the visible mark, with
    transparency; None leaves the field as it was prepared, drawn or invisible. at: the signing
    time claimed, also shown. timestamp: where to get a time-stamp over the signature (level B-T).
    When none can be had and it is not required, the signature is made without (B-B) and place is
    kept for it: `pdf_longterm.add_signature_timestamp` puts it in later.

    Raises PdfNotPrepared, SignerCertificateNotValid, SignatureNotMade, TimestampNotMade and what
    open_strict raises.
    """
    with PreparedPdf.of(data) as prepared:
        return prepared.sign(
            field=field,
            signer=signer,
            name=name,
            reason=reason,
            location=location,
            at=at,
            image_png=image_png,
            timestamp=timestamp,
            timestamp_required=timestamp_required,
        )


@dataclass(frozen=True)
class PreparedPdf:
    """A PDF read and hashed before the moment of signing, so that a signature then costs the key
    operation and little else (SG 11.2). `of` makes it; use it as a context, or `close` it.

    is_whole: every object of it reads and its pages are one tree. start: an update of it, still
    empty.
    """

    data: bytes
    pdf: pikepdf.Pdf
    hashed: fast.FileHash
    is_whole: bool
    start: Update

    @classmethod
    def of(cls, data: bytes) -> PreparedPdf:
        """Read `data` and check that it may be signed. Raises as open_strict and check_ready."""
        pdf = open_strict(data)
        try:
            hashed = fast.hash_file(data)
            check_ready(data, pdf, sha256=hashed.sha256)
            return cls(data, pdf, hashed, is_whole(pdf), Update.begin(data, pdf))
        except BaseException:
            pdf.close()
            raise

    def __enter__(self) -> PreparedPdf:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.pdf.close()

    def sign(
        self,
        *,
        field: str,
        signer: DigestSigner,
        name: str,
        reason: str,
        location: str,
        at: datetime,
        image_png: bytes | None = None,
        timestamp: TimestampSource | None = None,
        timestamp_required: bool = True,
    ) -> bytes:
        """As `sign_pdf`; may be asked again, for other times or after a failure."""
        certificate = signer.certificate
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise SignerCertificateNotValid(name=common_name(certificate))
        reserved = RESERVED_WITH_TIMESTAMP_BYTES if timestamp else RESERVED_BYTES
        update = self.start.again()
        place = _empty_field(self.pdf, field)
        first = field == PERSON_FIELD and "/Perms" not in self.pdf.Root
        value = update.add(
            _dictionary(name, reason, location, at, certifies=first, reserved=reserved)
        )
        if image_png is None and "/AP" in place:
            update.replace(place, f"/V {value} 0 R", without=("/V",))
        else:
            picture = _add_picture(update, place, image_png)
            entries = f"/V {value} 0 R /AP << /N {picture} 0 R >>"
            update.replace(place, entries, without=("/V", "/AP"))
        if first:
            entry = f"/Perms << /DocMDP {value} 0 R >>"
            update.replace(self.pdf.Root, entry, without=("/Perms",))
        stamp = tsp.stamper(timestamp, at, required=timestamp_required) if timestamp else None
        added, gap = with_range(update.added(), 0, reserved, before=len(self.data))
        hashed = self.hashed.grown(added[: gap[0]])
        covered = bytes.fromhex(hashed.grown(added[gap[1] :]).sha256)
        value_der = cms.build(_without_check(signer), covered, stamp=stamp)
        signed = self.data + put_value(added, gap, value_der)
        self._check(signed, field, hashed)
        return signed

    def _check(self, signed: bytes, field: str, hashed: fast.FileHash) -> None:
        """Read the result back: every signature in it is verified, and what the last one covers.

        What stood before was read in full; if all of it was sound, only what was added is.
        """
        if self.is_whole and fast.is_intact(signed, last_field=field, hashed=hashed, whole=False):
            return
        trouble = check_intact(signed, last_field=field)
        if trouble:
            raise SignatureNotMade(detail=trouble)


def _without_check(signer: DigestSigner) -> DigestSigner:
    """A key in memory without its own check: the signature is verified where it then stands."""
    return signer.unchecked if type(signer) is KeySigner else signer


def _empty_field(pdf: pikepdf.Pdf, wanted: str) -> pikepdf.Dictionary:
    form = pdf.Root.get("/AcroForm")
    if isinstance(form, pikepdf.Dictionary):
        for name, field in fields_of(form):
            is_empty = str(field.get("/FT", "")) == "/Sig" and "/V" not in field
            if name == wanted and is_empty and field.is_indirect and "/Rect" in field:
                return field
    raise PdfNotPrepared(field=wanted)


def _dictionary(
    name: str, reason: str, location: str, at: datetime, *, certifies: bool, reserved: int
) -> bytes:
    """The signature dictionary with empty places for ByteRange and Contents."""
    zone = at.astimezone(VIETNAM)
    moment = zone.strftime("D:%Y%m%d%H%M%S+07'00'").encode()
    texts = b"".join(
        b"/%s %s\n" % (key, pikepdf.String(text).unparse())
        for key, text in ((b"Name", name), (b"Reason", reason), (b"Location", location))
        if text
    )
    certification = (
        b"/Reference [<< /Type /SigRef /TransformMethod /DocMDP "
        b"/TransformParams << /Type /TransformParams /P 2 /V /1.2 >> >>]\n"
    )
    return (
        b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached\n"
        + texts
        + b"/M (" + moment + b")\n"
        + (certification if certifies else b"")
        + places(reserved)
        + b">>"
    )  # fmt: skip


def _add_picture(update: Update, place: pikepdf.Dictionary, image_png: bytes | None) -> int:
    """The appearance: only the image, whole, upright, centred in the widget (SG-A-01, SG-A-08)."""
    x1, y1, x2, y2 = (float(edge) for edge in place["/Rect"])
    turn = int(place["/MK"].get("/R", 0)) if "/MK" in place else 0
    width, height = (y2 - y1, x2 - x1) if turn in {90, 270} else (x2 - x1, y2 - y1)
    matrix = " ".join(map(str, UPRIGHT.get(turn, UPRIGHT[0])))
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
