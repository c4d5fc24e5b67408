"""The signatures of a PDF of a common shape, found through its tables (SG 7.4, R19-R34).

Two shapes: one signature that covers the whole file, and our own two, the person's and after it the
agency's, where the second revision holds just what our writer writes.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from datetime import datetime

from lienthong.core.signing.fast.second_revision import check_second
from lienthong.core.signing.pdf_structure import parse_date
from lienthong.core.signing.plain.ask import Ask
from lienthong.core.signing.plain.objects import Objects, Plain, check_pages
from lienthong.core.signing.plain.tables import read_tables
from lienthong.core.signing.plain.values import (
    SPACES,
    Dictionary,
    Ref,
    array_of,
    dictionary_of,
    plain_text,
    reference,
    whole_number,
)

PADES = b"/ETSI.CAdES.detached"
FIELDS_MAX = 8
CONTENTS_MAX_BYTES = 512 * 1024
NEAR_BYTES = 64  # how far before its value a key may stand
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
    plain: Plain
    section: int


def read_pdf(data: bytes, *, whole: bool = True) -> Signed:
    """Find the signatures of `data`, oldest first. Raises Ask unless all of it is plain.

    whole: read every object also when one signature needs only a few.
    """
    objects = Objects(read_tables(data))
    sections = objects.tables.sections
    root = objects.dictionary(objects.tables.root)
    if root.keys() & _ROOT_KEYS_LEFT or root.get(b"/Type") != b"/Catalog":
        raise Ask("the catalog has entries that are looked at closely")
    places = _places(objects, _form(objects, root))
    places.sort(key=lambda one: one.plain.begin)
    signatures = tuple(_signature(data, one) for one in places)
    _check_certification(root, places, signatures)
    if signatures[-1].end != len(data):
        raise Ask("something stands after the last signature")
    if places[-1].section != 0:
        raise Ask("the last signature is not in the last revision")
    if len(signatures) == 2:
        if signatures[0].end != sections[1].end or places[0].section != 1:
            raise Ask("the first signature does not cover the revision before")
        check_second(objects, places[0], places[1], gap=signatures[1].gap[0])
    if whole or len(signatures) == 2:
        objects.check_all()
        check_pages(objects, reference(root.get(b"/Pages")))
    keys = [b"".join(sorted(one.value)).decode() for one in places]
    return Signed(signatures, f"{len(sections)} {' '.join(keys)}")


def _form(objects: Objects, root: Dictionary) -> Dictionary:
    value = root.get(b"/AcroForm", b"")
    form = dictionary_of(value) if value[:2] == b"<<" else objects.dictionary(reference(value))
    if form.keys() - _FORM_KEYS:
        raise Ask("the form is not plain")
    return form


def _places(objects: Objects, form: Dictionary) -> list[_Place]:
    """The signed fields. Every field must be a terminal signature field."""
    fields = array_of(form.get(b"/Fields"))
    if len(fields) > FIELDS_MAX:
        raise Ask("the form has many fields")
    places: list[_Place] = []
    names: set[str] = set()
    refs: set[Ref] = set()
    for each in fields:
        ref = reference(each)
        field = objects.dictionary(ref)
        name = plain_text(field.get(b"/T"))
        if field.keys() - _FIELD_KEYS or field.get(b"/FT") != b"/Sig" or name in names:
            raise Ask("a field is not a plain signature field")
        names.add(name)
        if b"/V" in field:
            value_ref = reference(field[b"/V"])
            plain, section = objects.get(value_ref)
            places.append(
                _Place(name, ref, objects.dictionary(value_ref), value_ref, plain, section)
            )
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
    if b"/Contents" not in value:
        raise Ask("a signature without value")
    _check_gap(data, place.plain, first, second)
    claimed_at = None
    if b"/M" in value:
        claimed_at = parse_date(plain_text(value[b"/M"]))
    return Found(
        place.name,
        _decoded(data[first:second]),
        (first, second),
        end,
        claimed_at,
        _certifies(value.get(b"/Reference")),
    )


def _check_gap(data: bytes, plain: Plain, first: int, second: int) -> None:
    """Raise Ask unless the gap is the value of the dictionary's Contents.

    The word stands once in the dictionary, which has such a key: so it is that key, and what
    follows it is its value.
    """
    before = data[max(plain.begin, first - NEAR_BYTES) : first].rstrip(SPACES)
    if not (
        plain.begin < first < second < plain.end
        and plain.text.count(b"/Contents") == 1
        and before.endswith(b"/Contents")
    ):
        raise Ask("the gap is not the value")


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
    """The bytes of one hexadecimal string, reserved space and all; one case throughout."""
    if gap[:1] != b"<" or gap[-1:] != b">":
        raise Ask("the gap is not one hexadecimal string")
    if len(gap) > 2 * CONTENTS_MAX_BYTES or not (gap.isupper() or gap.islower()):
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
    root: Dictionary, places: list[_Place], signatures: tuple[Found, ...]
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
