"""Why a document was found: its words marked in the subject, or in a piece of its text."""

from __future__ import annotations

from dataclasses import dataclass

from lienthong.apps.documents.search import text

AROUND = 90  # letters before the first word that is marked
PIECE_MAX = 260


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, marked or not."""

    text: str
    is_hit: bool


def marked(full: str, wanted: frozenset[str]) -> list[Piece]:
    """The whole text in pieces; neighbouring words that are wanted are marked as one."""
    full = text.composed(full)
    pieces: list[Piece] = []
    at = 0
    for begin, end, word in text.spans(full):
        if word not in wanted:
            continue
        between = full[at:begin]
        if pieces and pieces[-1].is_hit and between.isspace():
            pieces[-1] = Piece(pieces[-1].text + full[at:end], True)
        else:
            pieces += [Piece(between, False)] * bool(between) + [Piece(full[begin:end], True)]
        at = end
    return pieces + [Piece(full[at:], False)] * (at < len(full))


def has_all(full: str, wanted: frozenset[str]) -> bool:
    """Whether every word that is wanted stands in the text."""
    return wanted <= set(text.words(full))


def excerpt(full: str, wanted: frozenset[str]) -> list[Piece]:
    """A piece around where most of the wanted words stand together; empty when none does."""
    full = " ".join(text.composed(full).split())
    hits = [(begin, word) for begin, _, word in text.spans(full) if word in wanted]
    if not hits:
        return []
    best = max(
        hits,
        key=lambda hit: len({word for at, word in hits if 0 <= at - hit[0] < PIECE_MAX - AROUND}),
    )
    begin = max(0, best[0] - AROUND)
    if begin:
        begin = full.find(" ", begin) + 1
    end = min(len(full), begin + PIECE_MAX)
    cut = ("… " if begin else "") + full[begin:end] + (" …" if end < len(full) else "")
    return marked(cut, wanted)
