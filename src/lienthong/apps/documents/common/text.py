"""Texts that people type, within the bounds of their fields."""

from __future__ import annotations

import unicodedata

from lienthong.apps.documents.problems import FieldMissing, FieldTooLong


def bounded(text: str, field: str, longest: int, *, required: bool = True) -> str:
    """Return the text in composed form (NFC) without outer space.

    Raises FieldMissing, FieldTooLong.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if required and not text:
        raise FieldMissing(field=field)
    if len(text) > longest:
        raise FieldTooLong(field=field[:1].upper() + field[1:], longest=longest)
    return text
