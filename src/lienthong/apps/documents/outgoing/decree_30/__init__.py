"""The forms of Decree 30, Annex III for the common types: data, one file a type."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Addressed(StrEnum):
    """Whether "Kính gửi" stands on a document of this type (F-14)."""

    ALWAYS = "always"
    OPTIONAL = "optional"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Field:
    """Something that this type asks for. phrase: how it is written, with {value} and {agency}."""

    name: str
    label: str
    phrase: str
    help: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Template:
    """The form of one type. A type without a file has the general form of a named document."""

    type_code: int
    order: int = 99
    basis: str = "Nghị định 30/2020/NĐ-CP, Phụ lục III, mẫu 1.4"
    addressed: Addressed = Addressed.OPTIONAL
    subject_prefix: str = ""
    has_bases: bool = True
    has_authority: bool = False  # who decides stands under the abstract
    enacting: str = ""  # what stands between bases and body
    secretary: str = ""  # the field with the second name under the text
    body: str = ""
    fields: tuple[Field, ...] = ()

    def opening(self, values: Mapping[str, str], agency: str) -> list[str]:
        """The paragraphs before the body: each field that was filled, in its phrase."""
        return [
            field.phrase.replace("{agency}", agency).replace("{value}", value)
            for field in self.fields
            if (value := " ".join(values.get(field.name, "").split()))
        ]


def template(type_code: int) -> Template:
    """The form of that type."""
    return _templates().get(type_code) or Template(type_code)


def common() -> Sequence[Template]:
    """The types that have a form of their own, most used first."""
    return sorted(_templates().values(), key=lambda one: one.order)


@cache
def _templates() -> Mapping[int, Template]:
    found = {}
    for file in resources.files(__package__).iterdir():
        if file.name.endswith(".toml"):
            one = _read(tomllib.loads(file.read_text(encoding="utf-8")))
            found[one.type_code] = one
    return found


def _read(data: dict[str, object]) -> Template:
    fields = tuple(Field(**field) for field in data.pop("field", []))  # type: ignore[attr-defined]
    addressed = Addressed(str(data.pop("addressed", Addressed.NEVER)))
    body = str(data.pop("body", "")).strip()
    has_bases = bool(data.pop("has_bases", False))
    return Template(
        **data,  # type: ignore[arg-type]
        fields=fields,
        addressed=addressed,
        body=body,
        has_bases=has_bases,
    )
