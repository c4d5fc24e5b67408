"""Problem, the base of every refusal.

A problem has a code that never changes, an HTTP status, facts that are safe to show, and one plain
Vietnamese sentence. The sentence stands in the class, next to the code it explains, so that a new
problem touches one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

_CATALOGUE: dict[str, type[Problem]] = {}


class Problem(Exception):  # noqa: N818  named for what it is, as RFC 9457 does
    """A refusal with a stable code. `facts` are safe to show and to send over the wire.

    A subclass sets `code` ("context.fact_named"), `status` (HTTP) and `text`: a Vietnamese sentence
    in which `{name}` stands for the fact of that name.
    """

    code: ClassVar[str] = "core.problem"
    status: ClassVar[int] = 400
    text: ClassVar[str] = "Yêu cầu không thực hiện được."

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        known = _CATALOGUE.get(cls.code)
        if known is not None and known.__qualname__ != cls.__qualname__:
            raise TypeError(f"problem code {cls.code} is used by {known.__qualname__} already")
        _CATALOGUE[cls.code] = cls

    def __init__(self, **facts: str | int) -> None:
        super().__init__(f"{self.code} {facts}" if facts else self.code)
        self.facts: dict[str, str | int] = facts

    @property
    def sentence(self) -> str:
        """The Vietnamese sentence with the facts filled in; a missing fact reads as "?"."""
        return self.text.format_map(_Facts(self.facts))

    def to_json(self) -> dict[str, Any]:
        """The problem as it goes over the wire: code, status, text and facts."""
        return {
            "code": self.code,
            "status": self.status,
            "text": self.sentence,
            "facts": dict(self.facts),
        }


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "?"


def catalogue() -> Mapping[str, type[Problem]]:
    """Every problem class loaded so far, by code."""
    return dict(sorted(_CATALOGUE.items()))
