"""What other contexts may use of the file store."""

from lienthong.apps.files.store import (
    FileDamaged,
    FileUnknown,
    StorageFull,
    Stored,
    get,
    open_path,
    put,
)

__all__ = ["FileDamaged", "FileUnknown", "StorageFull", "Stored", "get", "open_path", "put"]
