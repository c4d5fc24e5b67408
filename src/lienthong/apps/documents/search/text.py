"""Words as they are searched: without accents, with `đ` as `d`, numbers without leading zeros.

PostgreSQL stores and compares what is made here and cuts nothing itself, so an entry and a question
always agree, and no dictionary of the server matters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

WORD_MAX = 60  # letters; what is longer is no word
POSITION_MAX = 16_000  # PostgreSQL keeps no later ones
POSITIONS_MAX = 60  # of one word; ranking and phrases need no more
APART = 10  # positions between two fields, so that no phrase reaches over
_WORD = re.compile(r"[^\W_]+")
_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


class _Folding(dict[int, str]):
    """One letter for each letter, so that places in the folded text are places in the text."""

    def __missing__(self, code: int) -> str:
        base = unicodedata.normalize("NFKD", chr(code))[0].lower()[:1]
        self[code] = "d" if base == "đ" else base
        return self[code]


_FOLDING = _Folding()


def composed(text: str) -> str:
    """The text with each accented letter as one character."""
    return unicodedata.normalize("NFC", text)


def fold(text: str) -> str:
    """Lower case without accents, letter by letter: as long as `composed(text)`."""
    return composed(text).translate(_FOLDING)


def words(text: str) -> list[str]:
    """The words of a text in order: "Số 02/QĐ-UBND" gives so, 2, qd, ubnd."""
    return [_number(word) for word in _WORD.findall(fold(text)) if len(word) <= WORD_MAX]


def spans(text: str) -> list[tuple[int, int, str]]:
    """Where each word of `composed(text)` begins and ends, and the word."""
    return [(*one.span(), _number(one.group())) for one in _WORD.finditer(fold(text))]


def _number(word: str) -> str:
    return word.lstrip("0") or "0" if word.isdecimal() else word


def exact(field: str, value: str) -> str:
    """The one word that stands for a whole value of a field: `so:12`."""
    return f"{field}:{'-'.join(words(value))}"


def vector(parts: Iterable[tuple[str, str]], exactly: Iterable[str] = ()) -> str:
    """A tsvector as PostgreSQL reads it, of (weight A to D, text) parts and exact words."""
    places: dict[str, list[str]] = {}
    position = 0
    for weight, text in parts:
        for word in words(text):
            position += 1
            if position > POSITION_MAX:
                break
            found = places.setdefault(word, [])
            if len(found) < POSITIONS_MAX:
                found.append(f"{position}{weight}")
        position += APART
    lexemes = [f"'{word}':{','.join(found)}" for word, found in places.items()]
    return " ".join([*lexemes, *(f"'{one}'" for one in exactly)])


def near(word: str) -> set[str]:
    """What `word` may be with one slip: a letter too many, too few, wrong, or two swapped.

    Enough for the letters that an input method leaves behind ("vanw", "banr") as well.
    """
    cuts: Sequence[tuple[str, str]] = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    made = {a + b[1:] for a, b in cuts if b}
    made |= {a + b[1] + b[0] + b[2:] for a, b in cuts if len(b) > 1}
    made |= {a + letter + b[1:] for a, b in cuts if b for letter in _LETTERS}
    made |= {a + letter + b for a, b in cuts for letter in _LETTERS}
    return made - {word, ""}
