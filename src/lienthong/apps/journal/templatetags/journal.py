"""What pages of other contexts show of the journal: `{% load journal %}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template

from lienthong.apps.journal import queries
from lienthong.apps.journal.models import Entry

register = template.Library()
SHOWN = 20


@register.inclusion_tag("journal/components/readings.html")
def readings(subject: str) -> dict[str, Any]:
    """Who opened a subject lately, folded: `{% readings document.journal_subject %}`."""
    found = list(queries.readings(subject)[: SHOWN + 1])
    return {"readings": found[:SHOWN], "has_more": len(found) > SHOWN}


@register.filter
def act_name(entry: Entry, names: Mapping[str, str]) -> str:
    """What an act is called; its code where nobody named it."""
    return names.get(entry.act, entry.act)
