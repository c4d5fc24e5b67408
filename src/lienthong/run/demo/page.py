"""Reads a page as a person's program would: its `data-` facts and the choices its forms offer."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple


class Choice(NamedTuple):
    """One choice of a select or a check box: its field, its value and the words beside it."""

    field: str
    value: str
    label: str


class Page(HTMLParser):
    """A page read once."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.choices: list[Choice] = []
        self._facts: list[dict[str, str]] = []
        self._select = ""
        self._open: tuple[str, str] | None = None
        self._words: list[str] = []
        self.feed(html)
        self.close()

    def fact(self, name: str) -> str:
        """The first value of a `data-…` attribute, or ""."""
        return next(iter(self.facts(name)), "")

    def facts(self, name: str) -> list[str]:
        """Every value of a `data-…` attribute, in the order of the page."""
        return [facts[f"data-{name}"] for facts in self._facts if f"data-{name}" in facts]

    def beside(self, name: str, value: str, other: str) -> str:
        """The `data-other` of the element whose `data-name` is `value`, or ""."""
        return next(
            (
                facts.get(f"data-{other}", "")
                for facts in self._facts
                if facts.get(f"data-{name}") == value
            ),
            "",
        )

    def choice(self, field: str, label: str) -> str:
        """The value of the choice whose words begin with `label`. Raises LookupError."""
        for choice in self.choices:
            if choice.field == field and choice.label.startswith(label):
                return choice.value
        raise LookupError(f"no choice {label!r} in field {field!r}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self._facts.append(found)
        if tag == "select":
            self._select = found.get("name", "")
        elif tag == "option":
            self._begin(self._select, found.get("value", ""))
        elif tag == "input" and found.get("type") in {"checkbox", "radio"}:
            self._begin(found.get("name", ""), found.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"option", "label", "select"}:
            self._end()

    def handle_data(self, data: str) -> None:
        if self._open is not None:
            self._words.append(data)

    def _begin(self, field: str, value: str) -> None:
        self._end()
        self._open, self._words = (field, value), []

    def _end(self) -> None:
        if self._open is not None:
            label = " ".join("".join(self._words).split())
            self.choices.append(Choice(*self._open, label))
            self._open = None
