"""Closed segments in an object store (S3 interface): copied, read back, then read by ranges.

An object is believed only after it was read back whole and has the digest of the file. Credentials
lie in a file; the connection is TLS but on this machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, S3Store

from .problems import ArchiveAway, ArchiveDamaged, ArchiveMissing, ArchiveSettingsWrong

PIECE_BYTES = 8 * 1024 * 1024
ANSWER_WITHIN = "30s"
ON_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Copy:
    """A segment in the archive."""

    number: int
    size: int
    sha256: str


class Archive:
    """The segments of one axis in one bucket. Every method blocks; call them in a thread.

    Raises ArchiveAway when the store does not answer: that says nothing about what it holds.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, number: int, path: Path) -> Copy:
        """Copy a segment and read it back. Raises ArchiveDamaged when it is not the same there."""
        name = _name(number)
        with path.open("rb") as file:
            wanted = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            file.seek(0)
            with _asking(number):
                obstore.put(self._store, name, file)
        digest, found = hashlib.sha256(), 0
        with _asking(number):
            for piece in obstore.get(self._store, name).stream(min_chunk_size=PIECE_BYTES):
                digest.update(piece)
                found += len(piece)
        if (found, digest.hexdigest()) != (size, wanted):
            raise ArchiveDamaged(segment=number)
        return Copy(number, size, wanted)

    def size(self, number: int) -> int:
        """How many bytes the object has. Raises ArchiveMissing."""
        with _asking(number):
            return int(obstore.head(self._store, _name(number))["size"])

    def read(self, number: int, position: int, length: int) -> bytes:
        """A stretch of a segment. Raises ArchiveMissing."""
        if not length:
            return b""
        with _asking(number):
            found = obstore.get_range(self._store, _name(number), start=position, length=length)
            return bytes(found)


def open_archive(url: str, endpoint: str, key_file: Path) -> Archive:
    """The archive at `s3://bucket/prefix`.

    endpoint: address of the S3 interface. key_file: two lines, key id and secret.
    Raises ArchiveSettingsWrong.
    """
    parts, place = urlsplit(url), urlsplit(endpoint)
    if parts.scheme != "s3" or not parts.netloc:
        raise ArchiveSettingsWrong(reason="LIENTHONG_ARCHIVE_URL")
    plain = place.scheme == "http" and place.hostname in ON_THIS_MACHINE
    if place.scheme != "https" and not plain:
        raise ArchiveSettingsWrong(reason="LIENTHONG_ARCHIVE_ENDPOINT")
    try:
        key_id, secret = key_file.read_text(encoding="ascii").split()
    except (OSError, ValueError) as error:
        raise ArchiveSettingsWrong(reason="LIENTHONG_ARCHIVE_KEY_FILE") from error
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        endpoint=endpoint,
        region="us-east-1",  # a name that every S3 interface takes
        access_key_id=key_id,
        secret_access_key=secret,
        virtual_hosted_style_request=False,
        client_options={"allow_http": plain, "timeout": ANSWER_WITHIN},
    )
    return Archive(store)


@contextmanager
def _asking(number: int) -> Iterator[None]:
    try:
        yield
    except (NotFoundError, FileNotFoundError) as error:
        raise ArchiveMissing(segment=number) from error
    except (BaseError, OSError) as error:
        raise ArchiveAway(reason=type(error).__name__) from error


def _name(number: int) -> str:
    return f"segments/{number:08d}.seg"
