"""What other contexts may use of the file store."""

from lienthong.apps.files.store import (
    FileDamaged,
    FileUnknown,
    StorageFull,
    Stored,
    check,
    get,
    open_path,
    partial,
    put,
    take,
)

__all__ = [
    "FileDamaged",
    "FileUnknown",
    "StorageFull",
    "Stored",
    "check",
    "get",
    "open_path",
    "partial",
    "put",
    "take",
]
