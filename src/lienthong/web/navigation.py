"""What the shell shows around every page, told by the contexts that own it.

`web` knows no context. Each one registers here, in its `urls`, what it adds to the left navigation;
`accounts` tells who is looking.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class SeatChoice:
    """One of the seats the person may take: shown in the switcher."""

    id: int
    role: str
    agency: str
    is_current: bool = False
    field: str = "seat"  # what the form calls it: a seat of one's own, or a delegation
    note: str = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who is looking, in words."""

    person: str
    position: str
    agency: str
    agency_code: str
    seats: tuple[SeatChoice, ...] = ()
    is_standing_in: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the left navigation."""

    label: str
    to: str
    icon: str
    query: str = ""
    short: str = ""  # the name in the bar of a narrow screen (`bar`); empty: only under "Thêm"
    count: int | None = None
    is_alarm: bool = False
    keys: str = ""  # keys that open it from any page, as "g d" (shortcuts.js)


@dataclass(frozen=True, slots=True)
class Section:
    """Entries under one heading. No entries: not shown."""

    label: str
    links: tuple[Link, ...] = field(default=())


BAR_LINKS_MAX = 4  # beside "Thêm", at 320 px and wider

Sections = Callable[[HttpRequest], tuple[Section, ...]]
Identify = Callable[[HttpRequest], Identity | None]

Tool = Callable[[HttpRequest], Link | None]

SearchPage = Callable[[HttpRequest], str]

_sections: dict[str, Sections] = {}
_tools: dict[str, Tool] = {}
_identify: list[Identify] = []
_search: list[SearchPage] = []


def register(context: str, sections: Sections) -> None:
    """Let `context` add its sections to the navigation of every page. Safe to call again."""
    _sections[context] = sections


def register_tool(context: str, tool: Tool) -> None:
    """Let `context` add an entry to the tools of the header: a bell. Safe to call again."""
    _tools[context] = tool


def tools(request: HttpRequest) -> tuple[Link, ...]:
    """The tools of the header for whoever is looking."""
    return tuple(found for build in _tools.values() if (found := build(request)) is not None)


def register_search(page: SearchPage) -> None:
    """Tell which page answers the box in the header, "" for nobody. The last one told is asked."""
    _search[:] = [page]


def search_page(request: HttpRequest) -> str:
    """The address of the search page for whoever is looking; empty: no box."""
    return _search[0](request) if _search else ""


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


def bar(found: Iterable[Section]) -> tuple[Link, ...]:
    """The entries of the bar on a narrow screen: the first ones with a short name.

    A context names its most used entries first; the others are under "Thêm".
    """
    links = (link for section in found for link in section.links if link.short)
    return tuple(itertools.islice(links, BAR_LINKS_MAX))


def waits_elsewhere(found: Iterable[Section]) -> int:
    """How much waits behind entries that the bar does not show."""
    shown = bar(found := tuple(found))
    links = (link for section in found for link in section.links if link not in shown)
    return sum(link.count or 0 for link in links)
