"""What the streams of an upload unpack to, and whether its drawing reads (SG 6.1, R64).

Pictures are never unpacked: a white page scanned in colour is a hundred kilobytes of file and
twenty-six megabytes of picture. Everything else unpacks a little at a time, to a limit; and drawing
is read up to a number of words, for a map may have millions of them.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from typing import Any

import pikepdf

from lienthong.core.signing.problems import PdfBroken

SPARE_BYTES = 16 * 1024 * 1024
TIMES_MAX = 10
RUN_LENGTH_TIMES = 64
WORDS_SPARE = 500_000
WORDS_PER_BYTE = 0.1
_PIECE = 64 * 1024
_FLATE = {"/FlateDecode", "/Fl"}
_TEXT = {"/ASCIIHexDecode", "/AHx", "/ASCII85Decode", "/A85"}
_RUNS = {"/RunLengthDecode", "/RL"}
_PICTURES = {"/DCTDecode", "/DCT", "/JPXDecode", "/CCITTFaxDecode", "/CCF", "/JBIG2Decode"}

Key = tuple[int, int]


def check_streams(pdf: pikepdf.Pdf, size: int) -> None:
    """Raise PdfBroken unless every stream unpacks soundly and all together to a bounded size.

    size: of the file in bytes.
    """
    left = SPARE_BYTES + TIMES_MAX * size
    unpacked: dict[Key, int] = {}
    for thing in pdf.objects:
        if isinstance(thing, pikepdf.Stream):
            unpacked[thing.objgen] = _unpacked(thing, left)
            left -= unpacked[thing.objgen]
    _read_pages(pdf, unpacked, size)


def _unpacked(stream: pikepdf.Stream, left: int) -> int:
    """To how many bytes a stream unpacks; 0 for a picture. Raises PdfBroken above `left`."""
    filters = filters_of(stream)
    if _is_picture(stream, filters):
        return 0
    body = stream.read_raw_bytes()
    while filters and filters[0] in _TEXT:
        body = _from_text(body, filters.pop(0))
    if len(filters) > 1:
        raise PdfBroken(detail="luồng nén nhiều lớp")
    if filters and filters[0] in _FLATE:
        return _inflated(body, left)
    size = len(body) * (RUN_LENGTH_TIMES if filters and filters[0] in _RUNS else 1)
    if size > left:
        raise PdfBroken(detail="nội dung nén quá lớn")
    return size


def start_of(stream: pikepdf.Stream) -> bytes:
    """The first bytes of what a stream in one layer holds; b"" where they cannot be had so."""
    filters, body = filters_of(stream), stream.read_raw_bytes()
    while filters and filters[0] in _TEXT:
        body = _from_text(body, filters.pop(0))
    if not filters:
        return body[:64]
    try:
        return zlib.decompressobj().decompress(body, 64) if filters[0] in _FLATE else b""
    except zlib.error:
        return b""


def filters_of(stream: pikepdf.Stream) -> list[str]:
    """The names of its filters, in the order of unpacking. Raises PdfBroken."""
    found = stream.stream_dict.get("/Filter")
    listed = list(found) if isinstance(found, pikepdf.Array) else [] if found is None else [found]
    if not all(isinstance(one, pikepdf.Name) for one in listed) or len(listed) > 8:
        raise PdfBroken(detail="bộ lọc của luồng không đọc được")
    return [str(one) for one in listed if str(one) != "/Crypt"]


def _is_picture(stream: pikepdf.Stream, filters: list[str]) -> bool:
    """A picture in one layer: nothing here or in qpdf unpacks it when the document is written."""
    if filters and filters[-1] in _PICTURES:
        return True
    is_image = str(stream.stream_dict.get("/Subtype", "")) == "/Image"
    return is_image and len(filters) < 2 and set(filters) <= _FLATE


def _from_text(body: bytes, name: str) -> bytes:
    try:
        if name in {"/ASCIIHexDecode", "/AHx"}:
            digits = b"".join(body.split(b">", 1)[0].split())
            return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode("ascii"))
        return base64.a85decode(body.split(b"~>", 1)[0].strip().removeprefix(b"<~"))
    except (ValueError, binascii.Error) as error:
        raise PdfBroken(detail="luồng dạng văn bản không giải mã được") from error


def _inflated(body: bytes, left: int) -> int:
    machine, size = zlib.decompressobj(), 0
    piece, rest = b"", memoryview(body)
    try:
        while not machine.eof and (piece or rest):
            if not piece:
                piece, rest = bytes(rest[:_PIECE]), rest[_PIECE:]
            size += len(machine.decompress(piece, _PIECE * 16))
            piece = machine.unconsumed_tail
            if size > left:
                raise PdfBroken(detail="nội dung nén quá lớn")
    except zlib.error as error:
        raise PdfBroken(detail="luồng nén bị hỏng") from error
    if body and not machine.eof:
        raise PdfBroken(detail="luồng nén bị cụt")
    return size


class _Enough(Exception):  # noqa: N818  tells the reader to stop, nothing is wrong
    """The words that may be read are used up."""


class _Reader(pikepdf.StreamParser):
    """Counts the words of drawings and forgets them."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.left = words

    def handle_object(self, *_: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise _Enough

    def handle_eof(self) -> None:
        pass


def _read_pages(pdf: pikepdf.Pdf, unpacked: dict[Key, int], size: int) -> None:
    """Read what is drawn on each page, as far as the work goes. Faults become warnings of `pdf`."""
    reader = _Reader(WORDS_SPARE + int(size * WORDS_PER_BYTE))
    left = SPARE_BYTES + TIMES_MAX * size
    try:
        for page in pdf.pages:
            contents = _contents(page)
            left -= sum(unpacked.get(one.objgen, 0) for one in contents)
            if left < 0:
                return
            if all(len(filters_of(one)) < 2 for one in contents):
                page.parse_contents(reader)
    except _Enough:
        return


def _contents(page: pikepdf.Page) -> list[pikepdf.Stream]:
    found = page.obj.get("/Contents")
    listed = list(found) if isinstance(found, pikepdf.Array) else [found]
    return [one for one in listed if isinstance(one, pikepdf.Stream)]
