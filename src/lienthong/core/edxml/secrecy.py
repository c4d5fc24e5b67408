"""Signs of state secrecy: MẬT, TỐI MẬT, TUYỆT MẬT. Source: V-29, DX-02, TM-X-40.

Ordinary words must pass ("bảo mật", "mật mã", "mật độ", "mật ong"), so a mark counts only where a
mark stands: as a whole field, in brackets, as the first or last word, as a stamp of its own line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

STAMP_LINES_MAX = 60
_PHRASES = ("TUYỆT MẬT", "TỐI MẬT", "MẬT")
_LABEL = re.compile(
    r"(?:độ|mức(?: độ)?|dấu(?: chỉ)?(?: độ)?) mật\s*[:=\-–]\s*(tuyệt mật|tối mật|mật)\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"[\[({<«]\s*(tuyệt mật|tối mật|mật)\s*[\])}>»]", re.IGNORECASE)
_UPPER_PHRASE = re.compile(r"(?<!\w)(TUYỆT MẬT|TỐI MẬT)(?!\w)")
_MAYBE = re.compile("[mM][ậẬ][tT]|[\u0302\u0323]")  # or a letter that is not composed yet
_LETTERS = ("ậ", "Ậ", "\u0302", "\u0323")
_NAME_SPLIT = re.compile(r"[\s_\-.,()\[\]{}+]+")
_CELL = re.compile(r"\s{2,}|\t|\|")
_ORDINARY_BEFORE = frozenset({"BẢO", "BÍ", "CƠ", "AN", "THÂN", "MÃ", "ĐƯỜNG", "TUẦN"})


@dataclass(frozen=True, slots=True)
class Mark:
    """One sign: where it stands and which mark it is."""

    where: str
    mark: str


def find_marks(
    texts: Iterable[tuple[str, str]],
    file_names: Iterable[str] = (),
    page_texts: Sequence[str] = (),
) -> list[Mark]:
    """Every sign in field texts (with their paths), file names and the texts of first pages."""
    marks = [Mark(where, mark) for where, text in texts if (mark := mark_of_field(text))]
    marks += [Mark(name, mark) for name in file_names if (mark := mark_of_file_name(name))]
    for number, text in enumerate(page_texts, start=1):
        mark = mark_of_page(text)
        if mark:
            marks.append(Mark(f"trang đầu của tệp {number}", mark))
    return list(dict.fromkeys(marks))


def may_be_marked(text: str) -> bool:
    """False when no part of the text can bear a mark: a first look that costs little."""
    return any(letter in text for letter in _LETTERS) and bool(_MAYBE.search(text))


def mark_of_field(text: str) -> str:
    """The mark a field bears, "" when none."""
    clean = _clean(text)
    if "mật" not in clean.lower():
        return ""
    bare = clean.strip(" .:;*-–!\"'").upper()
    if bare in _PHRASES:
        return bare
    for pattern in (_LABEL, _BRACKETED):
        found = pattern.search(clean)
        if found:
            return found[1].upper()
    # In a sentence of small letters, capitals are a stamp and not a word.
    if clean != clean.upper():
        found = _UPPER_PHRASE.search(clean)
        if found:
            return found[1]
        first = re.match(r"MẬT\s*[:\-–]\s", clean)
        if first:
            return "MẬT"
    return ""


def mark_of_file_name(name: str) -> str:
    """The mark in a file name, with or without accents."""
    stem = _clean(name)
    shouted = stem.upper()
    if "MẬT" not in shouted and "MAT" not in shouted:
        return ""
    words = [word for word in _NAME_SPLIT.split(stem) if word]
    if len(words) > 1:
        words.pop()  # the extension
    if not words:
        return ""
    upper = [word.upper() for word in words]
    joined = f" {' '.join(upper)} "
    for phrase in _PHRASES[:2]:
        plain = _plain(phrase)
        if f" {phrase} " in joined or f" {plain} " in joined or plain.replace(" ", "") in upper:
            return phrase
    single = _is_first_word(words, stem) or _is_last_word(words) or _BRACKETED.search(stem)
    return "MẬT" if single else ""


def _is_first_word(words: list[str], stem: str) -> bool:
    """ "MẬT_125.pdf" and "Mật - 125.pdf", not "mật mã.pdf" or "Mật độ dân số.pdf"."""
    if words[0] == "MAT" or words[0].upper() != "MẬT":
        return words[0] == "MAT"
    if len(words) == 1 or words[1][:1].isdigit():
        return True
    shouted = words[0].isupper() and not words[1].isupper()
    after = stem[len(words[0]) :]
    return shouted or bool(re.match(r"\s*[_\-.)\]]", after))


def _is_last_word(words: list[str]) -> bool:
    """ "125_BTN_MẬT.pdf", not "quy chế bảo mật.pdf"."""
    before = words[-2].upper() if len(words) > 1 else ""
    if words[-1].upper() == "MẬT":
        return bool(before) and before not in _ORDINARY_BEFORE
    return words[-1] == "MAT" and _plain(before) not in _PLAIN_BEFORE


def mark_of_page(text: str) -> str:
    """The stamp on a page: a mark alone in its line or cell, or in capitals at a line's end."""
    for line in _lines(text):
        for cell in _CELL.split(line):
            bare = _joined_letters(cell.strip(" .:;*-–[]()\"'"))
            if bare in _PHRASES:
                return bare
        found = _LABEL.search(line)
        if found:
            return found[1].upper()
        words = line.split()
        for phrase in _PHRASES:
            size = phrase.count(" ") + 1
            before = words[-size - 1] if len(words) > size else ""
            if words[-size:] == phrase.split() and _may_precede(before, phrase):
                return phrase
    return ""


def _may_precede(before: str, phrase: str) -> bool:
    """A stamp next to other capitals ("BỘ THỬ NGHIỆM MẬT"), not a sentence that ends so."""
    return bool(before) and before.isupper() and (phrase != "MẬT" or before not in _ORDINARY_BEFORE)


def _lines(text: str) -> Iterator[str]:
    kept = 0
    for line in unicodedata.normalize("NFC", text).splitlines():
        if line.strip():
            kept += 1
            yield line.strip()
        if kept >= STAMP_LINES_MAX:
            return


def _joined_letters(cell: str) -> str:
    """ "T Ố I  M Ậ T" reads as "TỐI MẬT"."""
    letters = cell.split(" ")
    if len(letters) > 2 and all(len(one) <= 1 for one in letters):
        tight = "".join(letters)
        return next((one for one in _PHRASES if one.replace(" ", "") == tight), cell)
    return " ".join(cell.split())


def _clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _plain(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.replace("Đ", "D").replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_PLAIN_BEFORE = frozenset(map(_plain, _ORDINARY_BEFORE)) | {
    "BE", "CO", "DE", "GIAY", "KHUON", "MOT", "RA", "VANG",
}  # fmt: skip
