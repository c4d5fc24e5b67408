"""Identifiers of agencies, documents and persons (edXML packets §2, public services ID-6 and ID-7).

All are plain values that are right once they exist: what cannot be right raises a Problem.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Self

from lienthong.core.errors import Problem

CODE_LENGTH_MAX = 35
DOCUMENT_ID_LENGTH_MAX = 100


class CodeInvalid(Problem):
    """The text is no organization code, or none of the scheme asked for."""

    code = "identifiers.code_invalid"
    status = 422
    text = "“{value}” không phải là mã định danh cơ quan hợp lệ."


class DocumentIdInvalid(Problem):
    """The text is no document identifier in the circulating form."""

    code = "identifiers.document_id_invalid"
    status = 422
    text = "“{value}” không phải là mã định danh văn bản hợp lệ."


class PersonalIdInvalid(Problem):
    """The text is no personal id. It is not repeated: the digits stay out of logs (ID-7)."""

    code = "identifiers.personal_id_invalid"
    status = 422
    text = "Số định danh cá nhân phải có đúng 12 chữ số."


class Scheme(StrEnum):
    """Where an organization code comes from. Which code is whose is a table, never computed."""

    QCVN102 = "QCVN102"  # QCVN 102:2016, 13 characters, lowest level first: 000.00.13.H53
    QD20 = "QD20"  # Quyết định 20/2020/QĐ-TTg, at most 35 characters, highest first: H53.13
    LOCAL = "LOCAL"  # nodes outside the catalogue, allowed only where configured: vxp.saas.03


# From the narrowest to the widest: every code of one line matches the lines below it too.
_PATTERNS = {
    Scheme.QCVN102: re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9A-Z]{2}", re.ASCII),
    Scheme.QD20: re.compile(r"[A-Z0-9]+(\.[A-Z0-9]+)*", re.ASCII),
    Scheme.LOCAL: re.compile(r"[A-Za-z0-9]+([._-][A-Za-z0-9]+)*", re.ASCII),
}


def check_code(value: str, scheme: Scheme) -> None:
    """Raise CodeInvalid unless `value` is written as codes of `scheme` are."""
    if len(value) > CODE_LENGTH_MAX or not _PATTERNS[scheme].fullmatch(value):
        raise CodeInvalid(value=value[:CODE_LENGTH_MAX], scheme=scheme.value)


def scheme_of(value: str) -> Scheme:
    """Return the narrowest scheme that the code can be of. Raises CodeInvalid when there is none.

    A short form of the older scheme such as `28.22.H17` reads as QD20; the directory knows better.
    """
    for scheme, pattern in _PATTERNS.items():
        if len(value) <= CODE_LENGTH_MAX and pattern.fullmatch(value):
            return scheme
    raise CodeInvalid(value=value[:CODE_LENGTH_MAX])


_DATE = re.compile(r"([0-9]{4})/([0-9]{2})/([0-9]{2})", re.ASCII)
_NUMBER = re.compile(r"[0-9][^\s/,]*")
_NOTATION = re.compile(r"\S+")


@dataclass(frozen=True, slots=True, order=True)
class DocumentId:
    """Mã định danh văn bản: one issued document, for ever. Texts are kept in Unicode form NFC.

    The statute asks for agency, year and ordinal (D28 Art. 10(2)(b)); what circulates is
    `agency,yyyy/MM/dd,number/notation`, and that is what `str` writes and `parse` reads.
    """

    agency_code: str
    issued_on: date
    number: str
    notation: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "notation", unicodedata.normalize("NFC", self.notation))
        text = str(self)
        try:
            scheme_of(self.agency_code)
        except CodeInvalid as problem:
            raise DocumentIdInvalid(value=text[:DOCUMENT_ID_LENGTH_MAX]) from problem
        if (
            len(text) > DOCUMENT_ID_LENGTH_MAX
            or not _NUMBER.fullmatch(self.number)
            or not _NOTATION.fullmatch(self.notation)
            or any(unicodedata.category(character) == "Cc" for character in text)
        ):
            raise DocumentIdInvalid(value=text[:DOCUMENT_ID_LENGTH_MAX])

    def __str__(self) -> str:
        day = self.issued_on.isoformat().replace("-", "/")
        return f"{self.agency_code},{day},{self.reference}"

    @property
    def reference(self) -> str:
        """Số, ký hiệu as people write it: 125/BTN-CNTT."""
        return f"{self.number}/{self.notation}"

    @property
    def year(self) -> int:
        return self.issued_on.year

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the circulating form; the notation may hold commas and slashes of its own.

        Raises DocumentIdInvalid. Other forms seen in the field (a UUID, `agency,year,ordinal`) are
        opaque keys of other systems and not read here.
        """
        invalid = DocumentIdInvalid(value=text[:DOCUMENT_ID_LENGTH_MAX])
        agency_code, _, rest = text.partition(",")
        day, _, reference = rest.partition(",")
        number, slash, notation = reference.partition("/")
        match = _DATE.fullmatch(day)
        if match is None or not slash:
            raise invalid
        try:
            issued_on = date(*map(int, match.groups()))
        except ValueError as problem:
            raise invalid from problem
        return cls(agency_code, issued_on, number, notation)


class Sex(StrEnum):
    MALE = "male"
    FEMALE = "female"


class PersonalIdDoubt(StrEnum):
    """What speaks against a number without making it wrong: shown to the person who decides."""

    BIRTH_YEAR_IN_FUTURE = "birth_year_in_future"
    BIRTH_YEAR_MISMATCH = "birth_year_mismatch"
    SEX_MISMATCH = "sex_mismatch"
    UNKNOWN_PLACE_CODE = "unknown_place_code"


_DIGITS = re.compile(r"[0-9]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class PersonalId:
    """Số định danh cá nhân: 3 digits of place, 1 of century and sex, 2 of year, 6 at random (ID-6).

    There is no check digit. `str` and `repr` show the masked form, so that the number does not slip
    into a log or a message; ask for `value` where the number itself is needed (ID-7).
    """

    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) != 12:
            raise PersonalIdInvalid(reason="length")
        if not _DIGITS.fullmatch(self.value):
            raise PersonalIdInvalid(reason="digits")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id. Raises PersonalIdInvalid, with reason `length` or `digits`."""
        return cls(text)

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PersonalId({self.masked})"

    @property
    def masked(self) -> str:
        return f"{self.value[:3]}{'*' * 7}{self.value[-2:]}"

    @property
    def place(self) -> str:
        """Code of the province (or country) where the birth was registered."""
        return self.value[:3]

    @property
    def place_name(self) -> str | None:
        """Its name at the time the codes were given, or None for a code that is not listed."""
        return birth_places().get(self.place)

    @property
    def sex(self) -> Sex:
        return Sex.FEMALE if int(self.value[3]) % 2 else Sex.MALE

    @property
    def birth_year(self) -> int:
        return 1900 + int(self.value[3]) // 2 * 100 + int(self.value[4:6])

    def doubts(
        self, *, today: date, sex: Sex | None = None, birth_year: int | None = None
    ) -> tuple[PersonalIdDoubt, ...]:
        """Return what does not fit the declared `sex` and `birth_year`, the calendar and the list.

        None of it makes the number wrong (ID-6): sex can be corrected in law, codes are added.
        """
        found = {
            PersonalIdDoubt.BIRTH_YEAR_IN_FUTURE: self.birth_year > today.year,
            PersonalIdDoubt.BIRTH_YEAR_MISMATCH: birth_year not in {None, self.birth_year},
            PersonalIdDoubt.SEX_MISMATCH: sex not in {None, self.sex},
            PersonalIdDoubt.UNKNOWN_PLACE_CODE: self.place_name is None,
        }
        return tuple(doubt for doubt, is_so in found.items() if is_so)


@cache
def birth_places() -> Mapping[str, str]:
    """Province codes of the personal id, by code."""
    text = files("lienthong.core.data").joinpath("birth_places.toml").read_text("utf-8")
    return MappingProxyType(tomllib.loads(text)["provinces"])
