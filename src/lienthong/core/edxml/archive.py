"""ZIP archives from strangers: looked at before they are opened, opened before they are unpacked.

Old clients take the first local header they meet, others ask the directory: an archive is accepted
only when both see the same one file. Source: §6.2(6), §6.3, V-42, DX-99, TM §5.3.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from typing import IO

from lienthong.core.edxml.problems import AttachmentRefused

ENTRIES_MAX = 2_000
DIRECTORY_MAX_BYTES = 1024 * 1024
ARCHIVE_ERRORS = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError,
    RuntimeError, struct.error,
)  # fmt: skip
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED, _DESCRIPTOR_FOLLOWS = 0x1, 0x8


def open_archive(file: IO[bytes]) -> zipfile.ZipFile:
    """The archive in `file`. Raises one of ARCHIVE_ERRORS when it is none that we read.

    The size of its directory is looked at first: reading a directory costs memory for each entry,
    and the directory of a hostile archive can have millions.
    """
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - 65_535 - _END.size))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise zipfile.BadZipFile("no end of directory")
    if _END.unpack_from(tail, at)[5] > DIRECTORY_MAX_BYTES:
        raise zipfile.BadZipFile("the directory is too large")
    return zipfile.ZipFile(file)


def only_file(archive: zipfile.ZipFile, file: IO[bytes]) -> tuple[zipfile.ZipInfo, int]:
    """The file that a container carries, and how many entries it has besides (V-42).

    Raises AttachmentRefused when any entry is not safe or the readers would not agree.
    """
    entries = archive.infolist()
    files = [entry for entry in entries if not entry.is_dir()]
    if not files:
        raise AttachmentRefused("V-42", "tệp nén không có mục nào")
    if len(entries) > ENTRIES_MAX:
        raise AttachmentRefused("V-42", f"tệp nén có hơn {ENTRIES_MAX} mục")
    for entry in files:
        _check_entry(entry)
    _check_layout(entries, archive.start_dir, file)
    return files[0], len(entries) - 1


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.orig_filename
    parts = name.split("/")
    if entry.flag_bits & _ENCRYPTED:
        raise AttachmentRefused("V-42", "mục trong tệp nén có mật khẩu")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise AttachmentRefused("V-42", "mục trong tệp nén dùng cách nén lạ")
    if name.startswith("/") or ".." in parts or "\\" in name or "\0" in name:
        raise AttachmentRefused("V-42", "tên mục trong tệp nén không an toàn")
    if name[1:2] == ":":
        raise AttachmentRefused("V-42", "tên mục trong tệp nén có tên ổ đĩa")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise AttachmentRefused("V-42", "mục trong tệp nén là liên kết")


def _check_layout(entries: list[zipfile.ZipInfo], start_dir: int, file: IO[bytes]) -> None:
    """Entries lie one behind the other from the first byte on, headers say what the directory says.

    start_dir: where the directory begins.
    """
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    if ordered[0].header_offset != 0 or ordered[0] is not entries[0]:
        raise AttachmentRefused("V-42", "danh mục tệp nén không bắt đầu từ mục đầu")
    ends = [*(entry.header_offset for entry in ordered[1:]), start_dir]
    for entry, end in zip(ordered, ends, strict=True):
        if _end_of(entry, file) > end:
            raise AttachmentRefused("V-42", "các mục trong tệp nén chồng lên nhau")


def _end_of(entry: zipfile.ZipInfo, file: IO[bytes]) -> int:
    """Where the data of an entry ends. Raises AttachmentRefused when its header says otherwise."""
    file.seek(entry.header_offset)
    head = file.read(_LOCAL.size)
    magic, _, flags, method, _, _, crc, packed, size, name, extra = _LOCAL.unpack(head)
    same = magic == b"PK\x03\x04" and method == entry.compress_type and not flags & _ENCRYPTED
    if not flags & _DESCRIPTOR_FOLLOWS:
        same = same and (crc, packed, size) == (entry.CRC, entry.compress_size, entry.file_size)
    if not same:
        raise AttachmentRefused("V-42", "danh mục tệp nén khác phần đầu của mục")
    return entry.header_offset + _LOCAL.size + int(name) + int(extra) + entry.compress_size
