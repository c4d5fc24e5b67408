"""How names are compared, searched and sorted, and what a code must look like. No rows here."""

from __future__ import annotations

import unicodedata
from datetime import date
from functools import lru_cache

from django.db import models

from lienthong.core import identifiers
from lienthong.core.errors import Problem


class Scheme(models.TextChoices):
    """The numbering schemes of organization codes (edXML packets §2.1 and §2.2)."""

    QCVN102 = "QCVN102", "QCVN 102:2016"
    QD20 = "QD20", "Quyết định 20/2020/QĐ-TTg"
    LOCAL = "LOCAL", "Mã nội bộ"


class Kind(models.TextChoices):
    """What an organization is in the State."""

    MINISTRY = "ministry", "Bộ, cơ quan ngang bộ"
    PROVINCE = "province", "Ủy ban nhân dân cấp tỉnh"
    DEPARTMENT = "department", "Sở, cục, vụ"
    COMMUNE = "commune", "Ủy ban nhân dân cấp xã"
    AXIS = "axis", "Đơn vị vận hành trục"
    OTHER = "other", "Cơ quan khác"


class UnitMove(models.TextChoices):
    """What a decision does to a unit."""

    RENAME = "rename", "Đổi tên"
    MOVE = "move", "Chuyển đơn vị cấp trên"
    MERGE = "merge", "Sáp nhập"
    ABOLISH = "abolish", "Giải thể"


class UnitChangeRefused(Problem):
    """The decision cannot be carried out; `reason` says why."""

    code = "directory.unit_change_refused"
    status = 409
    text = "Không thực hiện được: {reason}"


class UnitUnknown(Problem):
    """No such unit in this organization."""

    code = "directory.unit_unknown"
    status = 404
    text = "Không tìm thấy đơn vị này."


class CodeTaken(Problem):
    """Another organization holds this code on some of the same days."""

    code = "directory.code_taken"
    status = 409
    text = "Mã định danh “{value}” đã được cấp cho cơ quan khác trong thời gian này."


class OrganizationUnknown(Problem):
    """No organization has this id or code."""

    code = "directory.organization_unknown"
    status = 404
    text = "Không tìm thấy cơ quan “{organization}” trong danh bạ."


def check_code(value: str, scheme: Scheme) -> None:
    """Raise CodeInvalid unless `value` has the strict form of `scheme`."""
    identifiers.check_code(value, identifiers.Scheme(scheme.value))


def is_valid_on(valid_from: date, valid_to: date | None, on: date) -> bool:
    """Say whether `on` falls in the days from `valid_from` up to and without `valid_to`."""
    return valid_from <= on and (valid_to is None or on < valid_to)


def composed(text: str) -> str:
    """Return `text` in Unicode NFC with single spaces: "Bộ" typed in any way is one "Bộ"."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def plain(text: str) -> str:
    """Return `text` as it is searched: lower case, without accents, `đ` as `d`, single spaces."""
    return " ".join(" ".join(map(_plain_word, text.split())).split())


@lru_cache(maxsize=50_000)
def _plain_word(word: str) -> str:
    decomposed = unicodedata.normalize("NFKD", word.casefold())
    letters = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return letters.replace("đ", "d")


# The Vietnamese alphabet with the four Latin letters it lacks in their usual places, and the tones
# in dictionary order: level, huyền, hỏi, ngã, sắc, nặng.
_ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_TONES = "\u0300\u0309\u0303\u0301\u0323"
_VOWEL_MARKS = "\u0306\u0302\u031b"


def sort_key(text: str) -> str:
    """Return an ASCII key that sorts as a Vietnamese dictionary does, syllable by syllable.

    Stored beside a name in a `COLLATE "C"` column, because the wheels of PostgreSQL carry no ICU.
    Letters decide first, then the tone of the syllable: "ba" < "bà" < "bá" < "ban" < "băn".
    """
    return " ".join(_syllable_key(syllable) for syllable in composed(text).lower().split())


@lru_cache(maxsize=50_000)
def _syllable_key(syllable: str) -> str:
    letters: list[str] = []
    tone = 0
    for mark in unicodedata.normalize("NFD", syllable):
        if mark in _TONES:
            tone = _TONES.index(mark) + 1
        elif mark in _VOWEL_MARKS and letters:
            letters[-1] = unicodedata.normalize("NFC", letters[-1] + mark)
        elif not unicodedata.combining(mark):
            letters.append(mark)
    return "".join(_letter_key(letter) for letter in letters) + f"!{tone}"


def _letter_key(letter: str) -> str:
    place = _ALPHABET.find(letter)
    if place >= 0:
        return f"a{place:02d}"
    # Digits and signs come before the letters; what is left keeps its code point order after them.
    return letter if letter.isascii() else f"z{ord(letter):06x}"
