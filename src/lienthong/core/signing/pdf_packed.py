"""How much a PDF unpacks to before anybody looks at it: tables and object streams (SG 11, R34).

qpdf unpacks these when it opens a file, whole and without a limit; a megabyte can hold gigabytes.
So every stream that may be one is unpacked here first, a little at a time, until the limit.
"""

from __future__ import annotations

import re
import zlib

from lienthong.core.signing.problems import PdfBroken

SPARE_BYTES = 4 * 1024 * 1024
TIMES_MAX = 2
_PIECE = 64 * 1024
HEAD_MAX = 4096
_STREAM = re.compile(rb"stream\r?\n")  # with a word to search for it is much faster
# Old, unpacks two thousand times, and qpdf sets it no limit; PDF/A has none. As names are escaped;
# only a whole name or the start of LZWDecode, for three letters alone come by chance in a picture.
LZW, OLD_PACKING = b"/LZW", "có luồng nén kiểu LZW đã bỏ, hãy xuất lại tệp PDF"
_LZW = re.compile(rb"/(?:L|#4[Cc])(?:Z|#5[Aa])(?:W|#57)(?=[\0\t\n\f\r /<>()\[\]{}%D]|#44|\Z)")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
_SPACE = b"\0\t\n\f\r "
_OBJECT_NUMBERS = re.compile(rb"[\s\0]*(?:[+\-%]|\d+[\s\0]+[+\-]?\d+[\s\0])")  # how one starts
_FILTERS = re.compile(rb"/(?:FlateDecode|Fl|LZWDecode|LZW|RunLengthDecode|RL)\b")


def check_packed(data: bytes) -> None:
    """Raise PdfBroken when tables and object streams unpack to more than a sound file needs.

    For a file of which it is not known where its streams are (`plain.objects.is_plain`): here
    anything may be one, and a name counts wherever it stands.
    An image or a font is unpacked by viewers only, so what says to be one by its entries counts
    only when an object stream could hide there: when it starts like one.
    """
    left = allowance(data)
    if _LZW.search(data):
        raise PdfBroken(detail=OLD_PACKING)
    for found in _STREAM.finditer(data):
        if not data[found.start() - 1 : found.start()].isalnum():  # not an endstream
            left = check_stream(data, found.start(), found.end(), left)


def allowance(data: bytes) -> int:
    """To how many bytes a file like this may unpack."""
    return SPARE_BYTES + TIMES_MAX * len(data)


def check_stream(data: bytes, word: int, start: int, left: int) -> int:
    """What is left of the allowance after one stream. word: where "stream" stands; start: where its
    content begins. Raises PdfBroken."""
    begin = data.rfind(b"obj", max(0, word - HEAD_MAX), word)
    head = data[begin if begin >= 0 else max(0, word - HEAD_MAX) : word]
    return check_known(head, data, start, left)


def check_known(head: bytes, data: bytes, start: int, left: int) -> int:
    """As `check_stream`, of a stream whose dictionary is `head`."""
    if b"#" in head:
        head = _ESCAPED.sub(lambda two: bytes.fromhex(two[1].decode("ascii")), head)
    if _LZW.search(head):
        raise PdfBroken(detail=OLD_PACKING)
    if len(_FILTERS.findall(head)) > 1 and b"/DCTDecode" not in head:
        raise PdfBroken(detail="luồng nén nhiều lớp")
    if _may_hold_objects(head, data[start : start + 1024]):
        left -= _unpacked(data, start, left)
    return left


def _may_hold_objects(head: bytes, start: bytes) -> bool:
    """Whether a stream is a table or an object stream, or could be read as one."""
    if b"ObjStm" in head or b"XRef" in head:
        return True
    try:
        first = zlib.decompressobj().decompress(start, 256)
    except zlib.error:
        return False
    is_blank = b"/Image" not in head and not first.strip(_SPACE)
    return is_blank or _OBJECT_NUMBERS.match(first) is not None


def _unpacked(data: bytes, start: int, limit: int) -> int:
    """The unpacked size of the deflated stream at `start`; 0 when it is not deflated."""
    machine, at, size = zlib.decompressobj(), start, 0
    try:
        while not machine.eof and at < len(data):
            piece = machine.unconsumed_tail or data[at : at + _PIECE]
            at += 0 if machine.unconsumed_tail else len(piece)
            size += len(machine.decompress(piece, _PIECE * 16))
            if size > limit:
                raise PdfBroken(detail="nội dung nén quá lớn")
    except zlib.error:
        return size
    return size
