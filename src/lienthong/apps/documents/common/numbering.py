"""Numbers: one after the other in a year, none missing, none twice (DX-23, DX-70, DX-72).

The row of the series stays locked until the caller's transaction ends. When that rolls back, the
number was never taken; so a number exists exactly when its document does.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum

from django.db import connection

from lienthong.apps.directory.api import composed
from lienthong.apps.documents.models import NumberSeries
from lienthong.apps.documents.problems import NotationInvalid, NumberDateBackwards

NOTATION_MAX = 30

# "Ủy ban" is written U; Đ, Ư, Ơ, Â, Ê, Ô, Ă are letters of their own.
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_NOTATION = re.compile(r"[^\W_]+(-[^\W_]+)*")


class Series(StrEnum):
    """The series an agency keeps: administrative documents, arrivals, dossiers."""

    OUTGOING = "outgoing"
    ARRIVAL = "arrival"
    DOSSIER = "dossier"


def take(organization_id: int, series: Series, on: date) -> int:
    """Return the next number of `series` in the year of `on`, from 1 on 1 January.

    Must run inside the transaction that makes the document. Waits for other takers of the series.
    Raises NumberDateBackwards when a later day has a number already (DX-72).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a number is taken in the transaction of its document")
    NumberSeries.objects.bulk_create(
        [NumberSeries(organization_id=organization_id, series=series, year=on.year)],
        ignore_conflicts=True,
    )
    row = NumberSeries.objects.select_for_update().get(
        organization_id=organization_id, series=series, year=on.year
    )
    if row.last_on is not None and on < row.last_on:
        raise NumberDateBackwards(last_on=f"{row.last_on:%d/%m/%Y}", on=f"{on:%d/%m/%Y}")
    row.last += 1
    row.last_on = on
    row.save(update_fields=["last", "last_on"])
    return row.last


def abbreviation(name: str, short_name: str) -> str:
    """Return the capitals that stand for an organization or unit in a notation.

    `short_name` when it has the form of one, else the first letters of the words of `name`.
    """
    if _NOTATION.fullmatch(short_name) and short_name == short_name.upper():
        return short_name
    letters = "".join(word[0] for word in re.findall(r"[^\W\d_]+", composed(name))).upper()
    toneless = "".join(one for one in unicodedata.normalize("NFD", letters) if one not in _TONES)
    return composed(toneless)


def notation(*, type_abbreviation: str, agency: str, unit: str) -> str:
    """Return the notation (ký hiệu): "QĐ-BTN", or for a công văn "BTN-CNTT".

    Source: D30 Annex I part I.II.3: a công văn has the drafting unit instead of a type.
    Raises NotationInvalid when the parts make no notation of at most 30 letters (F-07).
    """
    parts = [type_abbreviation, agency] if type_abbreviation else [agency, unit]
    made = "-".join(part for part in parts if part)
    if not _NOTATION.fullmatch(made) or len(made) > NOTATION_MAX:
        raise NotationInvalid(notation=made)
    return made
