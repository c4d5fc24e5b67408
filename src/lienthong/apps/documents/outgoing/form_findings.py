"""The form checks on a document of the desk, and its pages with the findings marked."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from lienthong.apps.documents.common import sheets, typeset
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import form_checks
from lienthong.apps.documents.outgoing.form_checks import Facts, Finding, Severity
from lienthong.apps.documents.outgoing.words import OFFICIAL_LETTER, document_type, notation_of
from lienthong.apps.documents.problems import FileNotFound
from lienthong.apps.documents.rules.outgoing import Source

MARKS = {Severity.WARNING: (200, 60, 20), Severity.ADVICE: (30, 90, 170)}


def findings(document: OutgoingDocument) -> list[Finding]:
    """What departs from Decree 30 in the newest file of the document."""
    return form_checks.check(sheets.pdf(document), facts_of(document))


def facts_of(document: OutgoingDocument) -> Facts:
    """What the desk knows of the document, to be compared with what stands in the file (F-17)."""
    stamp, width = typeset.STAMPS[document.urgency]
    is_printed = document.source == Source.FORM  # on an uploaded text the desk prints no number
    names = [row.recipient.name for row in document.recipients.select_related("recipient")]
    is_letter = document.type_code == OFFICIAL_LETTER
    return Facts(
        type_name=document.type_name,
        abbreviation=document_type(document.type_code).abbreviation,
        is_letter=is_letter,
        subject=document.subject,
        agency=document.organization.name,
        signer=document.signatory.person.full_name,
        number=document.number_text if is_printed else "",
        notation=document.notation or notation_of(document),
        date=document.issued_words if is_printed else "",
        urgency=stamp,
        urgency_width_mm=width,
        addressees=names if is_letter and not document.form.get("addressee") else [],
    )


def marked_png(document: OutgoingDocument, page: int, width: int) -> bytes:
    """A picture of one page, from 1, with a numbered frame at each finding. Raises FileNotFound."""
    pdf = sheets.pdf(document)
    found = [(place, one) for place, one in enumerate(findings(document), 1) if one.page == page]
    if not found:
        raise FileNotFound
    picture = Image.open(io.BytesIO(sheets.page_png(document, page, width))).convert("RGB")
    scale = width / typeset.page_size(pdf, page - 1)[0]
    return _drawn(picture, found, scale)


def _drawn(picture: Image.Image, found: Sequence[tuple[int, Finding]], scale: float) -> bytes:
    draw = ImageDraw.Draw(picture)
    for number, one in found:
        if one.place is None:
            continue
        edges = (
            one.place.x1 * scale - 6,
            picture.height - one.place.y2 * scale - 6,
            one.place.x2 * scale + 6,
            picture.height - one.place.y1 * scale + 6,
        )
        colour = MARKS[one.severity]
        draw.rectangle(edges, outline=colour, width=3)
        draw.text((edges[0] - 24, edges[1]), str(number), fill=colour, font_size=22)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
