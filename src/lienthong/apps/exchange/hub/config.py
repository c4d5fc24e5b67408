"""What one hub process works with, read once at its start."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.core import edxml, signing

from .lanes import DEFAULT_FILE, Plan, load
from .segments import SEGMENT_MAX_BYTES

if TYPE_CHECKING:
    from .archive import Archive

MEBIBYTE = 1024 * 1024
T = TypeVar("T")


PaperTypes = Callable[[frozenset[str], date], frozenset[int] | None]


def nothing_listed(_codes: frozenset[str], _on: date) -> frozenset[int] | None:
    """Nobody has said what goes with paper."""
    return None


class DirectoryEntry(Protocol):
    """An organization as the directory's snapshot shows it."""

    @property
    def codes(self) -> frozenset[str]: ...
    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def active(self) -> bool: ...
    @property
    def locked(self) -> bool: ...
    @property
    def email(self) -> str: ...


def stop_process() -> None:
    """End this process at once: what it would acknowledge from here on might not be on disk."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubConfig:
    """Settings, keys and sources of one hub process."""

    conninfo: str
    data_dir: Path
    node_name: str
    receipt_signer: signing.DigestSigner
    axis_signer: signing.DigestSigner | None = None
    kit_key: bytes = b""
    log_key: Ed25519PrivateKey
    trust: Callable[[], signing.Trust]
    directory: Callable[[], tuple[DirectoryEntry, ...]]
    bundle: Callable[[], bytes]
    papers: Callable[[], PaperTypes] = lambda: nothing_listed
    packet_max_bytes: int = 150 * MEBIBYTE
    documents_max_bytes: int = 100 * MEBIBYTE
    large_packet_max_bytes: int = 1536 * MEBIBYTE
    memory_max_bytes: int = 512 * MEBIBYTE
    waiting_max: int = 256
    batch_max: int = 64
    check_threads: int = field(default_factory=lambda: max(2, os.cpu_count() or 2))
    profile: edxml.Profile = edxml.Profile.STRICT
    refresh_s: float = 5.0
    requery_s: float = 2.0
    follow_s: float = 1.0
    clocks_s: float = 60.0
    anchor_s: float = 15.0
    segment_max_bytes: int = SEGMENT_MAX_BYTES
    archive: Archive | None = None
    archive_local_days: float = 90
    archive_s: float = 300.0
    lanes: Plan = field(default_factory=load)
    skew_s: int = 300
    body_within_s: float = 120.0
    stop: Callable[[], None] = stop_process

    @property
    def log_origin(self) -> str:
        """The name of the exchange log, in every checkpoint."""
        return f"{self.node_name}/exchange-log"

    @classmethod
    def from_settings(cls) -> HubConfig:
        """The configuration of this node. Django must be set up."""
        from django.conf import settings  # noqa: PLC0415  only after django.setup()

        from lienthong.apps.directory import api as directory  # noqa: PLC0415
        from lienthong.apps.pki import api as pki  # noqa: PLC0415
        from lienthong.apps.registry import api as registry  # noqa: PLC0415

        return cls(
            conninfo=conninfo_of(settings.DATABASES["default"]),
            data_dir=Path(settings.DATA_DIR),
            node_name=settings.NODE_NAME,
            receipt_signer=pki.hub_receipt_signer(),
            log_key=pki.log_key(),
            axis_signer=_axis_signer(),
            kit_key=pki.kit_key(),
            trust=and_close(pki.trust),
            directory=and_close(directory.snapshot),
            papers=and_close(registry.paper_lists),
            bundle=lambda: pki.trust().bundle(),
            packet_max_bytes=settings.PACKET_SIZE_MAX_BYTES,
            documents_max_bytes=settings.DOCUMENT_SIZE_MAX_BYTES,
            waiting_max=settings.HUB_WAITING_MAX,
            large_packet_max_bytes=settings.LARGE_PACKET_SIZE_MAX_BYTES,
            archive=_archive(),
            archive_local_days=settings.ARCHIVE_LOCAL_DAYS,
            lanes=load(Path(settings.HUB_DELIVERY_FILE or DEFAULT_FILE)),
        )


def _archive() -> Archive | None:
    """The archive of closed segments; None when the node has none. Raises ArchiveSettingsWrong."""
    from django.conf import settings  # noqa: PLC0415  only after django.setup()

    if not settings.ARCHIVE_URL:
        return None
    from .archive import open_archive  # noqa: PLC0415  a client that few nodes need

    key_file = Path(settings.ARCHIVE_KEY_FILE)
    return open_archive(settings.ARCHIVE_URL, settings.ARCHIVE_ENDPOINT, key_file)


def _axis_signer() -> signing.DigestSigner | None:
    """The key by which the axis seals what comes without a packet signature; None without one."""
    from lienthong.apps.directory import api as directory  # noqa: PLC0415
    from lienthong.apps.pki import api as pki  # noqa: PLC0415

    axis = directory.all_active().filter(kind=directory.Kind.AXIS).first()
    if axis is None or not pki.has_key(pki.KeyKind.SERVICE, organization_id=axis.pk):
        return None
    return pki.service_signer(axis.pk)


def and_close(call: Callable[[], T]) -> Callable[[], T]:
    """`call`, which asks Django's database, for threads that keep no connection of it."""

    def run() -> T:
        from django.db import connection  # noqa: PLC0415  only after django.setup()

        try:
            return call()
        finally:
            connection.close()

    return run


def conninfo_of(database: Mapping[str, Any]) -> str:
    """Django's DATABASES entry as a libpq connection string."""
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415  not needed by the tests of config

    options = {
        key: value
        for key, value in database.get("OPTIONS", {}).items()
        if key not in {"pool", "isolation_level", "server_side_binding", "assume_role"}
    }
    return make_conninfo(
        dbname=database["NAME"],
        user=database.get("USER") or None,
        password=database.get("PASSWORD") or None,
        host=database.get("HOST") or None,
        port=database.get("PORT") or None,
        application_name="lienthong-hub",
        **options,
    )
