"""Kinds of notice and their sentences. No rows here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from lienthong.core.errors import Problem

MAIL_WITHIN = timedelta(days=1)  # older ones are not sent when e-mail is turned on later
MAIL_LINES_MAX = 20


class NoticeNotFound(Problem):
    """No such notice in this person's box."""

    code = "notices.not_found"
    status = 404
    text = "Không tìm thấy thông báo này."


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of notice. `text` is a lazy translation with %(named)s facts in it.

    is_alarm: somebody must act today.
    """

    code: str
    text: Any
    is_alarm: bool = False

    def sentence(self, facts: Mapping[str, Any]) -> str:
        """What is told, in the reader's language. A fact that is missing shows as "?"."""
        return str(self.text) % _Facts(facts)


class _Facts(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "?"


_kinds: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Make kinds known, so that their rows can be read. Safe to call again."""
    _kinds.update({kind.code: kind for kind in kinds})


def kinds() -> Mapping[str, Kind]:
    """Every kind known to this process, by code."""
    return dict(_kinds)
