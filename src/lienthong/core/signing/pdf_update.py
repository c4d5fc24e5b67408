"""Write an incremental update of a PDF byte by byte: objects, a cross-reference section, a trailer.

What was there stays byte for byte. A signature value gets a reserved place, and is put in when the
rest of the file is known (SG 6.2 steps 1, 2 and 7).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import pikepdf

from lienthong.core.signing.problems import PdfNotPrepared, SignatureNotMade

_RANGE_WIDTH = 44  # room for "[0 n n n]" with numbers of ten digits


@dataclass
class Update:
    """An incremental update being written. `begin` it, add and replace objects, `finish` it."""

    data: bytes
    trailer: str
    number: int
    out: bytearray
    offsets: dict[tuple[int, int], int]
    is_stream: bool  # the file's last section is a cross-reference stream: so is ours

    @classmethod
    def begin(cls, data: bytes, pdf: pikepdf.Pdf) -> Update:
        """Start an update of `data`, which `pdf` has read. Raises PdfNotPrepared."""
        last = int(data[data.rindex(b"startxref") + 9 :].split(None, 1)[0])
        is_stream = data[last : last + 4] != b"xref"
        if is_stream and b"/XRef" not in data[last : last + 1024]:
            raise PdfNotPrepared(field="xref")
        trailer = pdf.trailer
        entries = [f"/Root {reference(trailer['/Root'])}", f"/Prev {last}"]
        if "/Info" in trailer:
            entries.append(f"/Info {reference(trailer['/Info'])}")
        if "/ID" in trailer:
            fresh = hashlib.sha256(data[-65536:]).hexdigest()[:32]
            entries.append(f"/ID [<{bytes(trailer['/ID'][0]).hex()}> <{fresh}>]")
        out = bytearray(b"" if data.endswith((b"\n", b"\r")) else b"\n")
        return cls(data, " ".join(entries), int(trailer["/Size"]), out, {}, is_stream)

    def again(self) -> Update:
        """Another update of the same file, when nothing was added to this one yet."""
        return replace(self, out=bytearray(self.out), offsets={})

    def add(self, body: bytes) -> int:
        """Write a new object; return its number."""
        number = self.number
        self.number += 1
        self._write((number, 0), body)
        return number

    def add_stream(self, entries: str, content: bytes) -> int:
        """Write a new stream with `content` as it is; return its number."""
        head = f"<< {entries} /Length {len(content)} >>\nstream\n".encode()
        return self.add(head + content + b"\nendstream")

    def replace(self, found: pikepdf.Object, entries: str, *, without: tuple[str, ...]) -> None:
        """Write a dictionary again, the same but for some entries."""
        self._write(found.objgen, with_entries(found, entries, without=without))

    def replace_with(self, found: pikepdf.Object, body: bytes) -> None:
        """Write an object again with another body."""
        self._write(found.objgen, body)

    def _write(self, objgen: tuple[int, int], body: bytes) -> None:
        self.offsets[objgen] = len(self.data) + len(self.out)
        self.out += b"%d %d obj\n%s\nendobj\n" % (*objgen, body)

    def finish(self) -> bytes:
        """The whole file: what was there, the update, its cross-reference section."""
        return self.data + self.added()

    def added(self) -> bytes:
        """What comes after the file as it was."""
        start = len(self.data) + len(self.out)
        section = self._stream_section(start) if self.is_stream else self._table()
        end = b"startxref\n%d\n%%%%EOF\n" % start
        return bytes(self.out) + section + end

    def _table(self) -> bytes:
        table = bytearray(b"xref\n")
        for (number, generation), offset in sorted(self.offsets.items()):
            table += b"%d 1\n%010d %05d n \n" % (number, offset, generation)
        return bytes(table) + f"trailer\n<< /Size {self.number} {self.trailer} >>\n".encode()

    def _stream_section(self, start: int) -> bytes:
        own = self.number
        offsets = sorted({**self.offsets, (own, 0): start}.items())
        index = " ".join(f"{number} 1" for (number, _), _ in offsets)
        rows = b"".join(
            b"\x01" + offset.to_bytes(5, "big") + generation.to_bytes(2, "big")
            for (_, generation), offset in offsets
        )
        head = (
            f"{own} 0 obj\n<< /Type /XRef /W [1 5 2] /Index [{index}] /Size {own + 1} "
            f"{self.trailer} /Length {len(rows)} >>\nstream\n"
        )
        return head.encode() + rows + b"\nendstream\nendobj\n"


def reference(thing: pikepdf.Object) -> str:
    """An indirect object as it is referred to: "12 0 R"."""
    return "{} {} R".format(*thing.objgen)


def with_entries(found: pikepdf.Object, entries: str, *, without: tuple[str, ...] = ()) -> bytes:
    """The text of a dictionary with some entries taken away and others put at its end."""
    copy = pikepdf.Dictionary({k: found[k] for k in found.keys() if k not in without})  # noqa: SIM118
    body = copy.unparse(resolved=True).rstrip()
    if not body.endswith(b">>"):
        raise SignatureNotMade(detail="đối tượng không phải từ điển")
    return body[:-2] + entries.encode() + b" >>"


def places(reserved: int) -> bytes:
    """The entries ByteRange and Contents of a signature dictionary, still empty.

    reserved: bytes for the signature value.
    """
    return b"/ByteRange " + b" " * _RANGE_WIDTH + b"\n/Contents <" + b"0" * (2 * reserved) + b">\n"


def fill(document: bytes, start: int, reserved: int, make: Callable[[bytes], bytes]) -> bytes:
    """Put ByteRange and a signature value into their `places`.

    start: where the update begins. make: gives the value for the SHA-256 of all but the place of
    the value itself. Raises SignatureNotMade when the value is larger than `reserved`.
    """
    out, gap = with_range(document, start, reserved)
    digest = hashlib.sha256()
    with memoryview(out) as view:
        digest.update(view[: gap[0]])
        digest.update(view[gap[1] :])
    return put_value(out, gap, make(digest.digest()))


def with_range(
    document: bytes, start: int, reserved: int, *, before: int = 0
) -> tuple[bytearray, tuple[int, int]]:
    """The document with ByteRange in its place, and where Contents stands in it, still empty.

    before: how many bytes of the file come before `document`, when that is only its end.
    """
    out = bytearray(document)
    gap = out.index(b"/Contents <", start) + len(b"/Contents ")
    after = gap + 2 * reserved + 2
    span = f"[0 {before + gap} {before + after} {len(out) - after}]".encode().ljust(_RANGE_WIDTH)
    at = out.index(b"/ByteRange ", start) + len(b"/ByteRange ")
    out[at : at + _RANGE_WIDTH] = span
    return out, (gap, after)


def put_value(document: bytes | bytearray, gap: tuple[int, int], value: bytes) -> bytes:
    """The document with `value` in the hexadecimal string between the offsets `gap`."""
    room = gap[1] - gap[0] - 2
    text = value.hex().encode()
    if len(text) > room:
        raise SignatureNotMade(detail="chữ ký lớn hơn chỗ dành sẵn")
    out = bytearray(document)
    out[gap[0] + 1 : gap[1] - 1] = text.ljust(room, b"0")
    return bytes(out)
