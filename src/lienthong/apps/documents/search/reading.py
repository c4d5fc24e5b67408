"""The text of a file: its text layer, or what the node's reader of pictures makes of it."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable

import pypdfium2
from django.conf import settings

log = logging.getLogger(__name__)
PDF = "application/pdf"
TEXT_MAX = 200_000  # letters of one document that are searched
Reader = Callable[[bytes, str], str]


def text_of(data: bytes, content_type: str) -> str:
    """The text of a file, empty when it has none or cannot be read."""
    found = _text_layer(data) if content_type == PDF else ""
    if not found.strip() and settings.TEXT_READER:
        found = _reader()(data, content_type)
    return found.replace("\x00", " ")[:TEXT_MAX]


def _text_layer(data: bytes) -> str:
    pieces: list[str] = []
    try:
        with pypdfium2.PdfDocument(data) as pdf:
            for page in pdf:
                pieces.append(page.get_textpage().get_text_range())
                if sum(map(len, pieces)) > TEXT_MAX:
                    break
    except pypdfium2.PdfiumError as error:
        log.warning("a PDF has no text that can be read: %s", error)
    return "\n".join(pieces)


def _reader() -> Reader:
    """The function that LIENTHONG_TEXT_READER names: (bytes, content type) -> text."""
    module, _, name = settings.TEXT_READER.partition(":")
    reader: Reader = getattr(importlib.import_module(module), name)
    return reader
