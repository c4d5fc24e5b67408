"""Whether every object of a revision is written plainly and every reference in it leads somewhere.

Between two signatures validators look through the whole document, each with a parser of its own. A
byte that one of them takes for a space and another does not, or a reference to nothing, would make
them see different documents.
"""

from __future__ import annotations

import re
from functools import cache

from lienthong.core.signing.fast.ask import Ask
from lienthong.core.signing.fast.tables import Tables
from lienthong.core.signing.fast.values import (
    REFERENCE,
    Ref,
    array_of,
    pattern_of_values,
    reference,
)

DEPTH_MAX = 4
OBJECTS_MAX = 5000


def check_objects(tables: Tables, *, since: int) -> None:
    """Raise Ask unless all objects of the revision `since` are plain. Streams may hold anything."""
    known = tables.known(since)
    if len(known) > OBJECTS_MAX:
        raise Ask("very many objects")
    data, pattern = tables.data, _object()
    targets: set[tuple[bytes, bytes]] = set()
    for number, (offset, limit) in known.items():
        found = pattern.match(data, offset, limit)
        if found is None or int(found.group(1)) != number:
            raise Ask("an object is not written plainly")
        targets.update(REFERENCE.findall(found.group(2)))
    if any(generation != b"0" or int(number) not in known for number, generation in targets):
        raise Ask("a reference to nothing")


def check_on_page(tables: Tables, field: Ref) -> None:
    """Raise Ask unless the page that `field` names as its own lists it."""
    entries, _, _ = tables.object(field)
    page, _, _ = tables.object(reference(entries.get(b"/P")))
    listed = page.get(b"/Annots", b"")
    if listed[:1] != b"[" or field not in [reference(one) for one in array_of(listed)]:
        raise Ask("a field is not on its page")


@cache
def _object() -> re.Pattern[bytes]:
    """An object of generation 0, up to its end or to the beginning of its stream."""
    space = rb"[\t\n\f\r ]"
    return re.compile(
        rb"(\d{1,10}) 0 obj" + space + rb"*+(" + pattern_of_values(DEPTH_MAX) + rb")" + space
        + rb"*+(?:endobj(?=" + space + rb")|stream\r?\n)"
    )  # fmt: skip
