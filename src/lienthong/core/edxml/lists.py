"""Code lists that travel in packets, from dated data (`data/code_lists.json`). Source: §7."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

NAME_LENGTH_MAX = 200  # longer than any name of a type; a cache must not hold long texts
STEERING = {1: "Không phải văn bản chỉ đạo", 2: "Chỉ đạo", 3: "Báo cáo chỉ đạo"}


@dataclass(frozen=True, slots=True)
class DocumentType:
    """Loại văn bản. `code` is 0 for a type of Decree 30 that the annex gives no code."""

    group: int
    code: int
    name: str
    abbreviation: str
    valid_from: date
    valid_to: date | None = None
    basis: str = ""

    def valid_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@cache
def document_types() -> tuple[DocumentType, ...]:
    """Every type that has a code, group 1 (legal-normative) first."""
    return tuple(one for one in all_document_types() if one.code)


@cache
def all_document_types() -> tuple[DocumentType, ...]:
    """Every type, those without a code too."""
    return tuple(
        DocumentType(
            group=entry["group"],
            code=row["code"],
            name=row["name"],
            abbreviation=row.get("abbreviation", ""),
            valid_from=date.fromisoformat(entry["valid_from"]),
            valid_to=date.fromisoformat(entry["valid_to"]) if entry.get("valid_to") else None,
            basis=row.get("basis", entry["basis"]),
        )
        for entry in _data()["document_types"]
        for row in entry["types"]
    )


@cache
def allowed_extensions() -> frozenset[str]:
    """Extensions that an attachment may have by default (V-43)."""
    return frozenset(_data()["allowed_extensions"]["extensions"])


def document_type(group: int, code: int) -> DocumentType | None:
    return _by_code().get((group, code))


def resolve(group: int, code: int, name: str) -> DocumentType | None:
    """The type that an exact (group, code) or name stands for, in the order of §7.1."""
    return _resolve(group, code, name[:NAME_LENGTH_MAX])


@lru_cache(maxsize=1024)
def _resolve(group: int, code: int, name: str) -> DocumentType | None:
    wanted = _key(name)
    exact = _by_code().get((group, code))
    if exact is not None and (not wanted or _agrees(wanted, exact)):
        return exact
    if wanted:
        same = [one for one in all_document_types() if _agrees(wanted, one)]
        in_group = [one for one in same if one.group == group]
        if same:
            return (in_group or same)[0]
    if group > 2:
        odd = _by_code().get((2, group))
        if odd is not None and _agrees(wanted, odd):
            return odd
    return None


def _agrees(wanted: str, one: DocumentType) -> bool:
    """Whether a name means the type; "Quyết định" is "Quyết định (cá biệt)"."""
    own = _key(one.name)
    return wanted in {own, own.partition("(")[0].strip()}


def _key(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@cache
def _by_code() -> dict[tuple[int, int], DocumentType]:
    return {(one.group, one.code): one for one in document_types()}


@cache
def _data() -> dict[str, Any]:
    text = files("lienthong.core.edxml").joinpath("data/code_lists.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
