"""The words of an outgoing document: type, notation, what stands on the paper."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.apps.accounts.api import Seat
from lienthong.apps.documents.common import numbering, typeset
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import decree_30
from lienthong.apps.documents.problems import TypeUnknown
from lienthong.apps.documents.rules import UrgencyLevel, date_words, number_text
from lienthong.core import edxml

OFFICIAL_LETTER = 18  # công văn
ADMINISTRATIVE = 2  # the group of types that an agency's desk issues


def document_type(type_code: int) -> edxml.DocumentType:
    """Return the administrative type of that code. Raises TypeUnknown."""
    for known in edxml.document_types():
        if known.group == ADMINISTRATIVE and known.code == type_code:
            return known
    raise TypeUnknown(type_code=type_code)


def notation_of(document: OutgoingDocument) -> str:
    """Return the notation that the document gets. Raises NotationInvalid."""
    unit = document.drafter.unit
    organization = document.organization
    return numbering.notation(
        type_abbreviation=document_type(document.type_code).abbreviation,
        agency=numbering.abbreviation(organization.name, organization.short_name),
        unit=numbering.abbreviation(unit.name, unit.code) if unit else "VP",
    )


def letter_of(document: OutgoingDocument, names: Sequence[str] | None = None) -> typeset.Letter:
    """Return the words of a document from the form, with number and date once it has them.

    names: whom it is sent to; without them those of its rows.
    """
    organization = document.organization
    is_letter = document.type_code == OFFICIAL_LETTER
    notation = document.notation or notation_of(document)
    unit = document.drafter.unit
    drawn_up_by = numbering.abbreviation(unit.name, unit.code) if unit else "VP"
    form = document.form
    form_of_type = decree_30.template(document.type_code)
    fields = form.get("fields", {})
    capacity = capacity_of(document.signatory)
    return typeset.Letter(
        superior=organization.parent.name if organization.parent else "",
        agency=organization.name,
        place=organization.place,
        notation=notation,
        subject=document.subject,
        type_name="" if is_letter else document.type_name,
        addressees=_addressees(document, form_of_type, names),
        bases=typeset.bases(form.get("bases", [])),
        body=typeset.closed(
            form_of_type.opening(fields, organization.name)
            + typeset.paragraphs(form.get("body", ""))
        ),
        places=typeset.places(
            form.get("places", []), archive=f"Lưu: VT, {drawn_up_by}", is_letter=is_letter
        ),
        capacity=capacity,
        signer=document.signatory.person.full_name,
        urgency=UrgencyLevel(document.urgency),
        number="" if document.number is None else number_text(document.number),
        date="" if document.issued_on is None else date_words(document.issued_on),
        authority=authority(capacity, organization.name) if form_of_type.has_authority else "",
        enacting=form_of_type.enacting,
        secretary=fields.get(form_of_type.secretary, ""),
    )


def authority(capacity: Sequence[str], agency: str) -> str:
    """Who decides, as it stands over a decision: the collective, or the office that is signed for.

    "TM. ỦY BAN NHÂN DÂN" gives the agency; "KT. BỘ TRƯỞNG" its minister.
    """
    first = capacity[0] if capacity else ""
    prefix, _, title = first.partition(" ")
    if prefix == "TM.":
        return agency
    office = title if prefix.endswith(".") else first
    return f"{office} {agency}".strip()


def _addressees(
    document: OutgoingDocument, form_of_type: decree_30.Template, names: Sequence[str] | None
) -> list[str]:
    """Whom "Kính gửi" names (F-14): what was typed, else for a letter the recipients."""
    if form_of_type.addressed is decree_30.Addressed.NEVER:
        return []
    typed = typeset.paragraphs(document.form.get("addressee", ""))
    if typed or form_of_type.addressed is decree_30.Addressed.OPTIONAL:
        return typed
    if names is None:
        names = [row.recipient.name for row in document.recipients.select_related("recipient")]
    return list(names)


def capacity_of(seat: Seat) -> list[str]:
    """Return the lines above the signature: competence (TM., KT., TL., …), then position (F-09)."""
    return [line for text in (seat.competence, seat.position) for line in text.splitlines() if line]
