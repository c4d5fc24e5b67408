"""The data of a work file as XML, by the codes of D30 Annex VI part II (DX-81)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from lienthong.apps.documents.dossiers.bundle import Sheet

NAMESPACE = "urn:lienthong:dossier:1"
# What XML 1.0 cannot hold; nobody means to write it.
_FORBIDDEN = dict.fromkeys([*(set(range(32)) - {9, 10, 13}), 0xFFFE, 0xFFFF])


def write(
    fields: Mapping[str, Any],
    sheets: Sequence[Sheet],
    listed: Sequence[Sequence[tuple[str, str, int]]],
) -> bytes:
    """Return the XML. listed: for each sheet its files as (name in the ZIP, sha256, bytes)."""
    root = etree.Element(_tag("Dossier"), nsmap={None: NAMESPACE})  # type: ignore[dict-item]  # the stubs know no default
    _fill(root, fields)
    documents = etree.SubElement(root, _tag("Documents"))
    for sheet, files in zip(sheets, listed, strict=True):
        document = etree.SubElement(documents, _tag("Document"), kind=sheet.kind)
        _fill(document, sheet.fields)
        for name, sha256, size in files:
            attributes = {"name": name, "sha256": sha256, "size": str(size)}
            etree.SubElement(document, _tag("File"), attributes)
    made: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)
    return made


def _fill(parent: etree._Element, fields: Mapping[str, Any]) -> None:
    for code, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            child = etree.SubElement(parent, _tag(code))
            if isinstance(one, Mapping):
                _fill(child, one)
            else:
                child.text = str(one).translate(_FORBIDDEN)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
