"""What the second of our two signatures adds: its value, its picture, its field, nothing else.

SG 7.4 rules 5 to 8 for the one shape that our writer writes. Anything more in the revision, or a
reference from the first revision to an object that did not exist yet (shadow attacks, R24), is left
to the reference path.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Protocol

from lienthong.core.signing.fast.ask import Ask
from lienthong.core.signing.fast.objects import check_on_page
from lienthong.core.signing.fast.tables import Tables
from lienthong.core.signing.fast.values import (
    Dictionary,
    Ref,
    dictionary_at,
    dictionary_of,
    reference,
    whole_number,
)

FRESH_MAX = 8
REVISIONS = 3
_STREAM = re.compile(rb"(?<=>>\n)stream\n")
_STREAM_END = re.compile(rb"\nendstream\nendobj\n")
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


def check_second(tables: Tables, first: Place, second: Place, *, gap: int) -> None:
    """Check that the newest revision only signs `second`, where the one before signed `first`.

    gap: where Contents of the second signature stands. Raises Ask.
    """
    if len(tables.sections) != REVISIONS:
        raise Ask("there are not just the document and its two signatures")
    newest, older = tables.sections[:2]
    if not older.end < gap < newest.start:
        raise Ask("the second signature is not in the newest revision")
    listed = [number for run in newest.runs for number in range(run.first, run.first + run.count)]
    if len(listed) > FRESH_MAX:
        raise Ask("the second revision holds many objects")
    for number in listed:
        offset, section = tables.place(Ref(number, 0))
        if section != 0 or not older.end <= offset < newest.start:
            raise Ask("an object stands outside its revision")
    fresh = {number for number in listed if number >= older.size}
    if set(listed) - fresh != {second.ref.number} or second.value_ref.number not in fresh:
        raise Ask("the second revision changes more than its field")
    picture = _check_field(tables, second)
    seen = {second.value_ref.number, *_check_picture(tables, picture)}
    if seen != fresh:
        raise Ask("the second revision holds an object that nothing uses")
    check_on_page(tables, first.ref)
    check_on_page(tables, second.ref)
    _check_older(tables.data[: older.end], fresh)


def _check_field(tables: Tables, place: Place) -> Ref:
    """The field is as it was, but for its value and picture; the picture is returned."""
    new, _, _ = tables.object(place.ref)
    old, _, _ = tables.object(place.ref, since=1)
    kept = {key: value for key, value in new.items() if key not in {b"/V", b"/AP"}}
    before = {key: value for key, value in old.items() if key != b"/AP"}
    if b"/V" in old or kept != before:
        raise Ask("the field is not as it was")
    appearance = dictionary_of(new.get(b"/AP", b""))
    if appearance.keys() != {b"/N"}:
        raise Ask("the picture of the field is not plain")
    return reference(appearance[b"/N"])


def _check_picture(tables: Tables, picture: Ref) -> list[int]:
    """The picture's objects: a form that draws at most one image with at most one mask."""
    form = _stream(tables, picture, _FORM, _FORM_KEYS)
    objects = [picture.number]
    resources = dictionary_of(form.get(b"/Resources", b""))
    if not resources:
        return objects
    image = _only_image(resources)
    colours = _stream(tables, image, _IMAGE, _IMAGE_KEYS)
    objects.append(image.number)
    if b"/SMask" in colours:
        mask = reference(colours[b"/SMask"])
        inner = _stream(tables, mask, _IMAGE, _IMAGE_KEYS)
        objects.append(mask.number)
        if b"/SMask" in inner:
            raise Ask("a mask with a mask")
    if len(set(objects)) != len(objects):
        raise Ask("the picture uses itself")
    return objects


def _only_image(resources: Dictionary) -> Ref:
    images = dictionary_of(resources.get(b"/XObject", b""))
    if resources.keys() != {b"/XObject"} or images.keys() != {b"/Im"}:
        raise Ask("the picture uses more than one image")
    return reference(images[b"/Im"])


def _stream(tables: Tables, ref: Ref, wanted: dict[bytes, bytes], keys: set[bytes]) -> Dictionary:
    """The dictionary of a stream object that is written as our writer writes it."""
    data, (newest, older) = tables.data, tables.sections[:2]
    offset, section = tables.place(ref)
    head = b"%d %d obj\n" % ref
    if section != 0 or not older.end <= offset < newest.start or not data.startswith(head, offset):
        raise Ask("a stream is not where the table says")
    value, at = dictionary_at(data, offset + len(head), b"stream", newest.start)
    found = _STREAM.match(data, at, newest.start)
    if value.keys() - keys or found is None:
        raise Ask("a stream is not plain")
    end = found.end() + whole_number(value.get(b"/Length"))
    if _STREAM_END.match(data, end, newest.start) is None:
        raise Ask("a stream is not as long as it says")
    if any(value.get(key) != text for key, text in wanted.items()):
        raise Ask("a stream is not of the kind expected")
    return value


def _check_older(old: bytes, fresh: set[int]) -> None:
    """No object of the first revision points to one that is not there yet."""
    for found in _pointers(frozenset(fresh)).finditer(old):
        if _is_whole_number(old, found.start()):
            raise Ask("an old object may point to a later one")


# Space and comments between the parts of a reference; a very long comment counts as a reference.
_LONG = rb"%[^\r\n]{512}"
_GAP = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]{0,511}[\r\n])"


@lru_cache(maxsize=1024)
def _pointers(numbers: frozenset[int]) -> re.Pattern[bytes]:
    """References to `numbers` however they are written."""
    names = b"|".join(b"%d" % number for number in sorted(numbers))
    second = rb"[+]?\d+" + _GAP + rb"++(?:R|" + _LONG + rb")"
    return re.compile(
        rb"(?:" + names + rb")(?:" + _GAP + rb"++(?:" + second + rb"|" + _LONG + rb")|" + _LONG
        + rb")"
    )  # fmt: skip


def _is_whole_number(old: bytes, at: int) -> bool:
    """Whether the number at `at` is not the end of a longer one; zeros in front change nothing."""
    start = at
    while start and old[start - 1 : start].isdigit():
        start -= 1
    return not old[start:at].strip(b"0")
