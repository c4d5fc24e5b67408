"""The bar of a narrow screen: few entries, nothing that waits is out of sight."""

from __future__ import annotations

from lienthong.web import navigation
from lienthong.web.navigation import Link, Section


def link(name: str, *, short: str = "", count: int | None = None) -> Link:
    return Link(name, f"/{name}", "inbox", short=short, count=count)


DESK = Section("Văn bản", tuple(link(name, short=name) for name in ("viec", "den", "di")))
KEYS = Section(
    "Chữ ký số",
    (link("dang-ky", short="dk", count=2), link("bang", short="b", count=5), link("toi", count=1)),
)


def test_the_bar_shows_the_first_four_entries_with_a_short_name() -> None:
    assert [one.label for one in navigation.bar((DESK, KEYS))] == ["viec", "den", "di", "dang-ky"]
    assert [one.label for one in navigation.bar((KEYS,))] == ["dang-ky", "bang"]


def test_what_waits_behind_the_other_entries_is_counted_at_the_menu() -> None:
    assert navigation.waits_elsewhere((DESK, KEYS)) == 6
    assert navigation.waits_elsewhere((DESK,)) == 0
