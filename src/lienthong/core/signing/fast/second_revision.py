"""What the second of our two signatures adds: its value, its picture, its field, nothing else.

SG 7.4 rules 5 to 8 for the one shape that our writer writes. Anything more in the revision, or a
reference from the first revision to an object that did not exist yet (shadow attacks, R24), is left
to the reference path.
"""

from __future__ import annotations

from typing import Protocol

from lienthong.core.signing.plain.ask import Ask
from lienthong.core.signing.plain.objects import Objects, check_on_page
from lienthong.core.signing.plain.values import (
    Dictionary,
    Ref,
    dictionary_of,
    reference,
)

FRESH_MAX = 8
REVISIONS = 3
_IMAGE = {
    b"/Type": b"/XObject",
    b"/Subtype": b"/Image",
    b"/BitsPerComponent": b"8",
    b"/Filter": b"/FlateDecode",
}
_IMAGE_KEYS = {*_IMAGE, b"/Width", b"/Height", b"/ColorSpace", b"/SMask", b"/Length"}
_FORM = {b"/Type": b"/XObject", b"/Subtype": b"/Form"}
_FORM_KEYS = {*_FORM, b"/BBox", b"/Matrix", b"/Resources", b"/Length"}


class Place(Protocol):
    """A signed field: its reference, and the reference of its signature dictionary."""

    @property
    def ref(self) -> Ref: ...

    @property
    def value_ref(self) -> Ref: ...


def check_second(objects: Objects, first: Place, second: Place, *, gap: int) -> None:
    """Check that the newest revision only signs `second`, where the one before signed `first`.

    gap: where Contents of the second signature stands. Raises Ask. That older objects point to none
    of the newest is checked with all objects (`Objects.check_all`).
    """
    sections = objects.tables.sections
    if len(sections) != REVISIONS:
        raise Ask("there are not just the document and its two signatures")
    newest, older = sections[:2]
    if not older.end < gap < newest.start:
        raise Ask("the second signature is not in the newest revision")
    if newest.freed or len(newest.entries) > FRESH_MAX:
        raise Ask("the second revision holds many objects, or frees some")
    fresh = {number for number in newest.entries if number >= older.size}
    if newest.entries.keys() - fresh != {second.ref.number} or second.value_ref.number not in fresh:
        raise Ask("the second revision changes more than its field")
    picture = _check_field(objects, second)
    seen = {second.value_ref.number, *_check_picture(objects, picture)}
    if seen != fresh:
        raise Ask("the second revision holds an object that nothing uses")
    check_on_page(objects, first.ref)
    check_on_page(objects, second.ref)


def _check_field(objects: Objects, place: Place) -> Ref:
    """The field is as it was, but for its value and picture; the picture is returned."""
    if any(objects.get(place.ref, since=since)[0].is_cut for since in (0, 1)):
        raise Ask("a field with a long string")
    new, old = objects.dictionary(place.ref), objects.dictionary(place.ref, since=1)
    kept = {key: value for key, value in new.items() if key not in {b"/V", b"/AP"}}
    before = {key: value for key, value in old.items() if key != b"/AP"}
    if b"/V" in old or kept != before:
        raise Ask("the field is not as it was")
    appearance = dictionary_of(new.get(b"/AP", b""))
    if appearance.keys() != {b"/N"}:
        raise Ask("the picture of the field is not plain")
    return reference(appearance[b"/N"])


def _check_picture(objects: Objects, picture: Ref) -> list[int]:
    """The picture's objects: a form that draws at most one image with at most one mask."""
    form = _stream(objects, picture, _FORM, _FORM_KEYS)
    used = [picture.number]
    resources = dictionary_of(form.get(b"/Resources", b""))
    if not resources:
        return used
    image = _only_image(resources)
    colours = _stream(objects, image, _IMAGE, _IMAGE_KEYS)
    used.append(image.number)
    if b"/SMask" in colours:
        mask = reference(colours[b"/SMask"])
        inner = _stream(objects, mask, _IMAGE, _IMAGE_KEYS)
        used.append(mask.number)
        if b"/SMask" in inner:
            raise Ask("a mask with a mask")
    if len(set(used)) != len(used):
        raise Ask("the picture uses itself")
    return used


def _only_image(resources: Dictionary) -> Ref:
    images = dictionary_of(resources.get(b"/XObject", b""))
    if resources.keys() != {b"/XObject"} or images.keys() != {b"/Im"}:
        raise Ask("the picture uses more than one image")
    return reference(images[b"/Im"])


def _stream(objects: Objects, ref: Ref, wanted: dict[bytes, bytes], keys: set[bytes]) -> Dictionary:
    """The dictionary of a stream object of the newest revision, of the kind expected."""
    found, section = objects.get(ref)
    value = dictionary_of(found.text)
    if section != 0 or not found.content or value.keys() - keys:
        raise Ask("a stream is not plain")
    if any(value.get(key) != text for key, text in wanted.items()):
        raise Ask("a stream is not of the kind expected")
    return value
