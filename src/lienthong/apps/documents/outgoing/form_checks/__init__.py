"""Form checks F-01 to F-19 on any PDF: what departs from Decree 30, Annex I, and where.

Findings are advice to people: they hold nothing up. A page that is a picture has no text to read;
then one finding says so, for what could not be checked is not in order.
"""

from __future__ import annotations

from lienthong.apps.documents.outgoing.form_checks import content, heading, layout, signing
from lienthong.apps.documents.outgoing.form_checks.findings import Facts, Finding, Severity
from lienthong.apps.documents.outgoing.form_checks.reading import Page, Sheet, read

CHECKS = (*layout.CHECKS, *heading.CHECKS, *content.CHECKS, *signing.CHECKS)

__all__ = ["CHECKS", "Facts", "Finding", "Page", "Severity", "Sheet", "check"]


def check(pdf: bytes, facts: Facts) -> list[Finding]:
    """What departs from the form, in the order of the rules. `pdf` must be readable."""
    sheet = read(pdf)
    if not any(page.lines for page in sheet.pages):
        text = "Tệp là bản quét, không có lớp chữ nên chưa kiểm tra được thể thức."
        return [Finding("F-00", Severity.WARNING, text)]
    found = [finding for one in CHECKS for finding in one(sheet, facts)]
    return sorted(found, key=lambda finding: (finding.rule, finding.page))
