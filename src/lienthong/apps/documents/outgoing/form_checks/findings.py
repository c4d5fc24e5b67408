"""What the checks are told about a document, and what they answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lienthong.apps.documents.outgoing.form_checks.reading import Line, Rectangle, Sheet


class Severity(StrEnum):
    """How much a finding weighs."""

    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the desk knows of the document; "" or empty where it knows nothing yet.

    abbreviation: of the type in Annex III, "" for a công văn. urgency: the words of the stamp.
    """

    type_name: str
    abbreviation: str
    is_letter: bool
    subject: str
    agency: str
    signer: str
    number: str = ""
    notation: str = ""
    date: str = ""
    urgency: str = ""
    urgency_width_mm: float = 0
    addressees: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One departure. page: from 1, 0 for the whole file; place: in PDF points, from the bottom."""

    rule: str
    severity: Severity
    text: str
    page: int = 0
    place: Rectangle | None = None


Check = Callable[[Sheet, Facts], Iterator[Finding]]


def at(rule: str, line: Line, text: str, severity: Severity = Severity.WARNING) -> Finding:
    """A finding on a line."""
    return Finding(rule, severity, text, line.page, line.box)


def missing(rule: str, text: str, page: int = 1) -> Finding:
    """A finding of what is not there."""
    return Finding(rule, Severity.WARNING, text, page)
