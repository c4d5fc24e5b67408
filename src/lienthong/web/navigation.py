"""What the shell shows around every page, told by the contexts that own it.

`web` knows no context. Each one registers here, in its `urls`, what it adds to the left navigation;
`accounts` tells who is looking.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class SeatChoice:
    """One of the seats the person may take: shown in the switcher."""

    id: int
    role: str
    agency: str
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is looking, in words."""

    person: str
    position: str
    agency: str
    agency_code: str
    seats: tuple[SeatChoice, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the left navigation."""

    label: str
    to: str
    icon: str
    query: str = ""
    short: str = ""  # the name in the bar of a narrow screen; empty: only under "Thêm"
    count: int | None = None
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under one heading. No entries: not shown."""

    label: str
    links: tuple[Link, ...] = field(default=())


Sections = Callable[[HttpRequest], tuple[Section, ...]]
Identify = Callable[[HttpRequest], Identity | None]

_sections: dict[str, Sections] = {}
_identify: list[Identify] = []


def register(context: str, sections: Sections) -> None:
    """Let `context` add its sections to the navigation of every page. Safe to call again."""
    _sections[context] = sections


def register_identity(identify: Identify) -> None:
    """Tell who is looking at the page. The last one told is asked."""
    _identify[:] = [identify]


def identity(request: HttpRequest) -> Identity | None:
    """Who is looking, or None for nobody."""
    return _identify[0](request) if _identify else None


def sections(request: HttpRequest) -> tuple[Section, ...]:
    """The navigation for whoever is looking."""
    return tuple(
        section for build in _sections.values() for section in build(request) if section.links
    )
