"""The signatures of a PDF of a common shape, found through its tables (SG 7.4, R19-R34).

Two shapes: one signature that covers the whole file, and our own two, the person's and after it the
agency's, where the second revision holds just what our writer writes.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from datetime import datetime

from lienthong.core.signing.fast.ask import Ask
from lienthong.core.signing.fast.objects import check_objects, check_pages
from lienthong.core.signing.fast.second_revision import check_second
from lienthong.core.signing.fast.tables import Tables, read_tables
from lienthong.core.signing.fast.values import (
    Dictionary,
    Ref,
    array_of,
    dictionary_of,
    plain_text,
    reference,
    whole_number,
)
from lienthong.core.signing.pdf_structure import parse_date

PADES = b"/ETSI.CAdES.detached"
FIELDS_MAX = 8
CONTENTS_MAX_BYTES = 512 * 1024
_FORM_KEYS = {b"/Fields", b"/SigFlags", b"/DR", b"/DA"}
_FIELD_KEYS = {
    b"/Type",
    b"/Subtype",
    b"/FT",
    b"/T",
    b"/TU",
    b"/F",
    b"/Rect",
    b"/P",
    b"/MK",
    b"/AP",
    b"/V",
}
_SIGNATURE_KEYS = {
    b"/Type",
    b"/Filter",
    b"/SubFilter",
    b"/Name",
    b"/Reason",
    b"/Location",
    b"/ContactInfo",
    b"/M",
    b"/Reference",
    b"/ByteRange",
    b"/Contents",
}
_ROOT_KEYS_LEFT = {b"/DSS", b"/Collection", b"/NeedsRendering", b"/Requirements", b"/Legal"}
_CERTIFIES = {
    b"/Type": b"/SigRef",
    b"/TransformMethod": b"/DocMDP",
}
_CERTIFIED = {b"/Type": b"/TransformParams", b"/P": b"2", b"/V": b"/1.2"}


@dataclass(frozen=True, slots=True)
class Found:
    """One signature. gap: where Contents stands; end: of what it covers; `contents` the CMS."""

    field: str
    contents: bytes
    gap: tuple[int, int]
    end: int
    claimed_at: datetime | None
    certifies: bool


@dataclass(frozen=True, slots=True)
class Signed:
    """A PDF's signatures, oldest first, and the traits by which one shape differs from another."""

    signatures: tuple[Found, ...]
    shape: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A field with its signature dictionary, as they stand in the tables."""

    name: str
    ref: Ref
    value: Dictionary
    value_ref: Ref
    offset: int
    section: int


def read_pdf(data: bytes, *, whole: bool = True) -> Signed:
    """Find the signatures of `data`, oldest first. Raises Ask unless all of it is plain.

    whole: also read every object that signatures do not need.
    """
    tables = read_tables(data)
    root, _, _ = tables.object(tables.root)
    if root.keys() & _ROOT_KEYS_LEFT or root.get(b"/Type") != b"/Catalog":
        raise Ask("the catalog has entries that are looked at closely")
    places = _places(tables, _form(tables, root))
    places.sort(key=lambda one: one.offset)
    signatures = tuple(_signature(data, one) for one in places)
    _check_certification(tables, root, places, signatures)
    sections = tables.sections
    if signatures[-1].end != len(data):
        raise Ask("something stands after the last signature")
    if places[-1].section != 0:
        raise Ask("the last signature is not in the last revision")
    if len(signatures) == 2:
        if signatures[0].end != sections[1].end or places[0].section != 1:
            raise Ask("the first signature does not cover the revision before")
        check_second(tables, places[0], places[1], gap=signatures[1].gap[0])
    if whole:
        check_pages(check_objects(tables), reference(root.get(b"/Pages")))
    keys = [b"".join(sorted(one.value)).decode() for one in places]
    return Signed(signatures, f"{len(sections)} {' '.join(keys)}")


def _form(tables: Tables, root: Dictionary) -> Dictionary:
    value = root.get(b"/AcroForm", b"")
    if value[:2] == b"<<":
        form = dictionary_of(value)
    else:
        form, _, _ = tables.object(reference(value))
    if form.keys() - _FORM_KEYS:
        raise Ask("the form is not plain")
    return form


def _places(tables: Tables, form: Dictionary) -> list[_Place]:
    """The signed fields. Every field must be a terminal signature field."""
    fields = array_of(form.get(b"/Fields"))
    if len(fields) > FIELDS_MAX:
        raise Ask("the form has many fields")
    places: list[_Place] = []
    names: set[str] = set()
    refs: set[Ref] = set()
    for each in fields:
        ref = reference(each)
        field, _, _ = tables.object(ref)
        name = plain_text(field.get(b"/T"))
        if field.keys() - _FIELD_KEYS or field.get(b"/FT") != b"/Sig" or name in names:
            raise Ask("a field is not a plain signature field")
        names.add(name)
        if b"/V" in field:
            value_ref = reference(field[b"/V"])
            value, offset, section = tables.object(value_ref)
            places.append(_Place(name, ref, value, value_ref, offset, section))
            refs |= {ref, value_ref}
    if not 1 <= len(places) <= 2 or len(refs) != 2 * len(places):
        raise Ask("there is not one signature, nor two")
    return places


def _signature(data: bytes, place: _Place) -> Found:
    """Rules 1 to 5 of SG 7.4 for one signature dictionary."""
    value = place.value
    if (
        value.keys() - _SIGNATURE_KEYS
        or value.get(b"/Type") != b"/Sig"
        or value.get(b"/SubFilter") != PADES
        or value.get(b"/Filter") != b"/Adobe.PPKLite"
    ):
        raise Ask("the signature dictionary is not a plain PAdES one")
    first, second, end = _range(data, value.get(b"/ByteRange"))
    contents = value.get(b"/Contents")
    gap = data[first:second]
    if contents != gap or gap[:1] != b"<":
        raise Ask("the gap is not the value")
    if data.find(b"/Contents", place.offset, first) < 0 or (
        data.find(b"endobj", place.offset, first) >= 0
    ):
        raise Ask("the value does not stand in its dictionary")
    claimed_at = None
    if b"/M" in value:
        claimed_at = parse_date(plain_text(value[b"/M"]))
    return Found(
        place.name,
        _decoded(gap),
        (first, second),
        end,
        claimed_at,
        _certifies(value.get(b"/Reference")),
    )


def _range(data: bytes, given: bytes | None) -> tuple[int, int, int]:
    numbers = [whole_number(one) for one in array_of(given)]
    if len(numbers) != 4:
        raise Ask("ByteRange is not four numbers")
    start, first, second, length = numbers
    end = second + length
    if start != 0 or not 0 < first < second or length <= 0 or end > len(data):
        raise Ask("ByteRange is not plain")
    return first, second, end


def _decoded(gap: bytes) -> bytes:
    """The hexadecimal string without brackets and reserved space; one case throughout."""
    if len(gap) > 2 * CONTENTS_MAX_BYTES or gap not in {gap.lower(), gap.upper()}:
        raise Ask("Contents is large or written in two ways")
    try:
        return binascii.unhexlify(gap[1:-1])
    except binascii.Error as error:
        raise Ask("Contents is not hexadecimal") from error


def _certifies(value: bytes | None) -> bool:
    """Whether the signature certifies the document (DocMDP), in the one form we know."""
    if value is None:
        return False
    entry = dictionary_of(value[1:-1])
    parameters = dictionary_of(entry.pop(b"/TransformParams", b""))
    if value[:1] != b"[" or entry != _CERTIFIES or parameters != _CERTIFIED:
        raise Ask("Reference is not plain")
    return True


def _check_certification(
    tables: Tables, root: Dictionary, places: list[_Place], signatures: tuple[Found, ...]
) -> None:
    """Perms in the catalog and DocMDP in the first signature, both or neither."""
    certifies = [one.certifies for one in signatures]
    if any(certifies[1:]) or (b"/Perms" in root) != certifies[0]:
        raise Ask("the certification is not plain")
    if certifies[0]:
        permissions = dictionary_of(root[b"/Perms"])
        if (
            permissions.keys() != {b"/DocMDP"}
            or reference(permissions[b"/DocMDP"]) != places[0].value_ref
        ):
            raise Ask("the certification is not plain")
