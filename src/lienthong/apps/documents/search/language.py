"""What people type into the search box, read. Nothing is refused: what is no operator is words.

kế hoạch đầu tư          all of the words, with or without accents
"kế hoạch đầu tư"        exactly this order
-dự thảo                 without the first word after the minus; -"dự thảo" without both
đất OR rừng              one of them
quy*                     words that begin so
so:12 co-quan:"sở y tế"  a field; the list is FIELDS
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from lienthong.apps.documents.search import text

TERMS_MAX = 20
_TERM = re.compile(
    r'(?P<minus>-)?(?:(?P<field>[\w-]+):)?(?:"(?P<phrase>[^"]*)"?|(?P<bare>[^\s"]+))'
)
_OR = {"or", "hoac", "|"}
_DAY = re.compile(r"(?:(\d{1,2})[/.-])?(?:(\d{1,2})[/.-])?(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row. weight: the part of a document they stand in; empty: anywhere."""

    words: tuple[str, ...]
    weight: str = ""
    is_prefix: bool = False
    is_exact: bool = False  # one word for the whole value of a field
    instead: tuple[str, ...] = ()  # words that may stand for a single mistyped one

    def __str__(self) -> str:
        """The term in PostgreSQL's language of tsquery."""
        marks = ("*" if self.is_prefix else "") + self.weight
        suffix = f":{marks}" if marks else ""
        said = " <-> ".join(f"'{word}'{suffix}" for word in self.words)
        also = "".join(f" | '{word}'{suffix}" for word in self.instead)
        return f"({said}{also})"


@dataclass(frozen=True, slots=True)
class Query:
    """A question: every group with one of its terms, none of `without`, within the filters."""

    groups: tuple[tuple[Term, ...], ...] = ()
    without: tuple[Term, ...] = ()
    kind: str = ""  # "incoming", "outgoing" or both
    since: date | None = None
    until: date | None = None
    due: str = ""  # a key of DUE
    state: str = ""  # as folded words of the label, joined by "-"
    urgency: int | None = None
    puzzles: tuple[str, ...] = field(default=())  # field:value pairs that say nothing

    @property
    def tsquery(self) -> str:
        """The words as a tsquery; empty when there are none to look for."""
        if not self.groups:
            return ""
        wanted = ["(" + " | ".join(map(str, group)) + ")" for group in self.groups]
        return " & ".join([*wanted, *(f"!{term}" for term in self.without)])

    @property
    def words(self) -> frozenset[str]:
        """Every word that is wanted, to be marked in what is found."""
        terms = [term for group in self.groups for term in group if not term.is_exact]
        return frozenset(word for term in terms for word in (*term.words, *term.instead))

    @property
    def plain_words(self) -> frozenset[str]:
        """The words that may be mistyped: single ones, no numbers and no beginnings."""
        return frozenset(
            term.words[0]
            for group in self.groups
            for term in group
            if len(term.words) == 1 and not (term.is_exact or term.is_prefix)
            if term.words[0].isalpha() and len(term.words[0]) > 1
        )

    @property
    def narrows(self) -> bool:
        """Whether it asks for more than words and days."""
        return bool(self.due or self.state or self.urgency is not None)

    @property
    def is_empty(self) -> bool:
        return not (self.groups or self.narrows or self.kind or self.since or self.until)

    def forgiving(self, instead: Mapping[str, tuple[str, ...]]) -> Query:
        """The same question with other words allowed for mistyped ones."""
        groups = tuple(
            tuple(
                replace(term, instead=instead.get(term.words[0], ()))
                if len(term.words) == 1 and not term.is_exact
                else term
                for term in group
            )
            for group in self.groups
        )
        return replace(self, groups=groups)


DUE = ("qua-han", "hom-nay", "7-ngay")
KINDS = {"den": "incoming", "di": "outgoing"}
URGENCIES = {"thuong": 0, "khan": 1, "thuong-khan": 2, "hoa-toc": 3, "hoa-toc-hen-gio": 4}


def parse(typed: str, today: date) -> Query:
    """Read what was typed. Fields that say nothing are looked for as words and told."""
    query, is_or = Query(), False
    for found in list(_TERM.finditer(text.composed(typed)))[:TERMS_MAX]:
        bare = found["bare"] or ""
        if not found["field"] and text.fold(bare) in _OR:
            is_or = bool(query.groups)
            continue
        name = text.fold(found["field"] or "")
        value = found["phrase"] if found["phrase"] is not None else bare
        asked = FIELDS[name](query, value, today) if name in FIELDS and value else None
        if isinstance(asked, Query):
            query = asked
            continue
        if found["field"] and asked is None:
            query = replace(query, puzzles=(*query.puzzles, found[0]))
            value = f"{found['field']} {value}"
        terms = asked or _terms(value, is_phrase=found["phrase"] is not None)
        query = _add(query, terms, is_minus=bool(found["minus"]), is_or=is_or)
        is_or = False
    return query


def _add(query: Query, terms: tuple[Term, ...], *, is_minus: bool, is_or: bool) -> Query:
    if is_minus:
        return replace(query, without=(*query.without, *terms))
    if is_or and len(terms) == 1:
        *before, last = query.groups
        return replace(query, groups=(*before, (*last, *terms)))
    return replace(query, groups=(*query.groups, *((term,) for term in terms)))


def _terms(value: str, *, is_phrase: bool) -> tuple[Term, ...]:
    found = tuple(text.words(value))
    if is_phrase:
        return (Term(found),) if found else ()
    if len(found) > 1:
        return (Term(found),)  # "12/QĐ-UBND" is one thing
    return tuple(Term((word,), is_prefix=value.endswith("*")) for word in found)


Asked = Query | tuple[Term, ...] | None
Ask = Callable[[Query, str, date], Asked]


def _in(weight: str) -> Ask:
    def ask(_query: Query, value: str, _today: date) -> Asked:
        found = tuple(text.words(value))
        return (Term(found, weight),) if found else None

    return ask


def _exactly(name: str) -> Ask:
    def ask(_query: Query, value: str, _today: date) -> Asked:
        found = text.words(value)
        return (Term((text.exact(name, value),), is_exact=True),) if found else None

    return ask


def _since(query: Query, value: str, _today: date) -> Asked:
    span = days_of(value)
    return replace(query, since=span[0]) if span else None


def _until(query: Query, value: str, _today: date) -> Asked:
    span = days_of(value)
    return replace(query, until=span[1]) if span else None


def _within(query: Query, value: str, _today: date) -> Asked:
    span = days_of(value)
    return replace(query, since=span[0], until=span[1]) if span else None


def _due(query: Query, value: str, _today: date) -> Asked:
    wanted = "-".join(text.words(value))
    return replace(query, due=wanted) if wanted in DUE else None


def _kind(query: Query, value: str, _today: date) -> Asked:
    wanted = KINDS.get("-".join(text.words(value)))
    return replace(query, kind=wanted) if wanted else None


def _state(query: Query, value: str, _today: date) -> Asked:
    wanted = "-".join(text.words(value))
    return replace(query, state=wanted) if wanted else None


def _urgency(query: Query, value: str, _today: date) -> Asked:
    wanted = URGENCIES.get("-".join(text.words(value)))
    return None if wanted is None else replace(query, urgency=wanted)


# What may stand before a colon. Weights: A subject; B number, notation, type, people, dossier;
# C agencies; D text of files and the rest.
FIELDS: Mapping[str, Ask] = {
    "so": _exactly("so"),
    "so-den": _exactly("soden"),
    "ky-hieu": _in("B"),
    "loai": _in("B"),
    "nguoi": _in("B"),
    "ho-so": _in("B"),
    "trich-yeu": _in("A"),
    "co-quan": _in("C"),
    "noi-dung": _in("D"),
    "tu": _since,
    "den": _until,
    "nam": _within,
    "ngay": _within,
    "han": _due,
    "nhom": _kind,
    "trang-thai": _state,
    "khan": _urgency,
}


def days_of(value: str) -> tuple[date, date] | None:
    """The first and last day of "05/02/2026", "2/2026", "2026" or "2026-02-05"; None for none."""
    iso, usual = _ISO.fullmatch(value), _DAY.fullmatch(value)
    try:
        if iso:
            on = date(*map(int, iso.groups()))
            return on, on
        if not usual:
            return None
        first, second, year = usual[1], usual[2], int(usual[3])
        if first and second:
            on = date(year, int(second), int(first))
            return on, on
        month = first or second
        if month:
            begin = date(year, int(month), 1)
            return begin, (begin + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        return date(year, 1, 1), date(year, 12, 31)
    except ValueError:
        return None
