"""What is in a work file: as the closing check, the digest and the export see it (DX-77, DX-81)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

from django.utils import timezone

from lienthong.apps.documents.dossiers import bundle, queries
from lienthong.apps.documents.models import (
    Document,
    Dossier,
    DossierItem,
    IncomingDocument,
    OutgoingDocument,
)
from lienthong.apps.documents.rules import dossiers as rules
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.files import api as files

_SETTLED = {IncomingState.COMPLETED, IncomingState.REFUSED}
_DRAFTS = {OutgoingState.DRAFT, OutgoingState.IN_REVIEW, OutgoingState.AWAITING_SIGNATURE}
_UNDER_WAY = {OutgoingState.SIGNED, OutgoingState.SEALED}


def document_of(item: DossierItem) -> Document:
    """The document of a line; the table's constraint says that there is one."""
    document = item.incoming or item.outgoing
    if document is None:
        raise TypeError(f"item {item.pk} has no document")
    return document


def day_of(item: DossierItem) -> date | None:
    """The date of the document."""
    return document_of(item).issued_on


def objections_to(dossier: Dossier) -> list[rules.Objection]:
    """What stands against closing the file (DX-77)."""
    return rules.objections(
        code=dossier.code,
        title=dossier.title,
        retention=dossier.retention,
        contents=[_content(document_of(item)) for item in queries.items(dossier)],
    )


def digest(dossier: Dossier) -> str:
    """SHA-256 over what identifies the file and each document in it, files included (DX-80).

    Two equal digests: the same file, the same documents in the same order, the same bytes.
    """
    held = {
        "code": dossier.code,
        "year": dossier.year,
        "title": dossier.title,
        "retention": dossier.retention,
        "documents": [
            [document.journal_subject, document.reference, [one.sha256 for one in _files(document)]]
            for document in (document_of(item) for item in queries.items(dossier))
        ],
    }
    return hashlib.sha256(json.dumps(held, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def damaged(dossier: Dossier) -> list[str]:
    """The references of documents whose stored files cannot be read as they were (DX-80)."""
    return [
        document.reference
        for document in (document_of(item) for item in queries.items(dossier))
        if not all(_is_whole(one.sha256) for one in _files(document))
    ]


def bundle_of(dossier: Dossier) -> bundle.Bundle:
    """All documents and data of the file, in time order (DX-81)."""
    found = [
        _sheet(dossier, ordinal, document_of(item))
        for ordinal, item in enumerate(queries.items(dossier), start=1)
    ]
    sheets = bundle.in_time_order(found)
    organization = dossier.organization
    return bundle.Bundle(
        agency=organization.name,
        superior=organization.parent.name if organization.parent else "",
        fields=_dossier_fields(dossier, sheets),
        sheets=sheets,
        exported_on=timezone.localdate(),
    )


def _content(document: Document) -> rules.Content:
    if isinstance(document, IncomingDocument):
        is_draft, is_settled = False, document.state in _SETTLED
        has_number = bool(document.number.strip())
    else:
        is_draft = document.state in _DRAFTS
        is_settled = document.state not in _UNDER_WAY
        has_number = document.number is not None
    return rules.Content(
        name=f"{document.type_name} {document.reference}",
        reference=document.reference,
        on=document.issued_on,
        pages=document.page_amount,
        sha256=document.pdf_sha256,
        is_draft=is_draft,
        is_settled=is_settled,
        has_number=has_number,
    )


def _is_whole(sha256: str) -> bool:
    try:
        files.check(sha256)
    except (files.FileUnknown, files.FileDamaged):
        return False
    return True


def _files(document: Document) -> list[bundle.Kept]:
    if isinstance(document, IncomingDocument):
        attached = [
            bundle.Kept(one.name, one.sha256, _reader(one.sha256))
            for one in document.attachments.all()
        ]
        if attached or not document.pdf_sha256:
            return attached
    if not document.pdf_sha256:
        return []
    name = f"{document.reference}.pdf".replace("/", "-")
    return [bundle.Kept(name, document.pdf_sha256, _reader(document.pdf_sha256))]


def _reader(sha256: str) -> Callable[[], bytes]:
    return partial(files.get, sha256)


def _sheet(dossier: Dossier, ordinal: int, document: Document) -> bundle.Sheet:
    if isinstance(document, OutgoingDocument):
        author, number = document.organization.name, document.number_text
        own = _outgoing_fields(document)
    else:
        author, number = document.sender_name, document.number
        own = _incoming_fields(document)
    common = {
        "FileCode": _file_code(dossier),
        "DocOrdinal": ordinal,
        "TypeName": document.type_name,
        "CodeNumber": number,
        "CodeNotation": document.notation,
        "IssuedDate": _iso(document.issued_on),
        "OrganName": author,
        "Subject": document.subject,
        "Language": dossier.language,
        "PageAmount": document.page_amount,
        "Description": "",
    }
    return bundle.Sheet(
        kind=document.kind,
        reference=document.reference,
        on=document.issued_on,
        subject=document.subject,
        author=author,
        pages=document.page_amount,
        fields=common | dict(own),
        files=_files(document),
    )


def _outgoing_fields(document: OutgoingDocument) -> Mapping[str, Any]:
    """D30 Annex VI part II, outgoing documents, from 12 on."""
    signatory = document.signatory
    recipients = list(document.recipients.select_related("recipient"))
    return {
        "SignerInfo": {"Position": signatory.position, "FullName": signatory.person.full_name},
        "To": [
            {"OrganId": one.recipient.code, "OrganName": one.recipient.name} for one in recipients
        ],
        "Priority": document.urgency,
        "IssuedAmount": len(recipients),
        "DueDate": _iso(document.due_on),
    }


def _incoming_fields(document: IncomingDocument) -> Mapping[str, Any]:
    """D30 Annex VI part II, incoming documents, from 12 on."""
    lead = document.lead
    unit = lead.unit.name if lead and lead.unit else ""
    opinions = filter(None, (document.directive, document.result_note))
    return {
        "ArrivalDate": _iso(timezone.localdate(document.arrived_at)),
        "ArrivalNumber": document.arrival_number or "",
        "SignerInfo": {"Position": document.signer_position, "FullName": document.signer_name},
        "Priority": document.urgency,
        "ToPlaces": ", ".join(filter(None, (unit, lead.person.full_name if lead else ""))),
        "TraceHeaderList": "\n".join([*opinions, str(IncomingState(document.state).label)]),
        "DueDate": _iso(timezone.localdate(document.due_at) if document.due_at else None),
    }


def _dossier_fields(dossier: Dossier, sheets: list[bundle.Sheet]) -> Mapping[str, Any]:
    return {
        "FileCode": _file_code(dossier),
        "Title": dossier.title,
        "Maintenance": dossier.retention,
        "Rights": rules.Access(dossier.access).label,
        "Creator": dossier.creator.person.full_name if dossier.creator else "",
        "Language": dossier.language,
        "StartDate": _iso(dossier.opened_on),
        "EndDate": _iso(dossier.closed_on),
        "DocTotal": len(sheets),
        "PageTotal": sum(sheet.pages for sheet in sheets),
        "Description": dossier.description,
    }


def _file_code(dossier: Dossier) -> Mapping[str, Any]:
    return {
        "OrganId": dossier.organization.code102 or dossier.organization.code,
        "FileCatalog": dossier.year,
        "FileNotation": dossier.code,
    }


def _iso(on: date | None) -> str:
    return on.isoformat() if on else ""
