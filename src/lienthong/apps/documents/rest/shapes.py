"""Documents as JSON, with the field names of Decree 30 in plain English, and forms of bodies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms

from lienthong.apps.documents.models import (
    Document,
    IncomingDocument,
    OutgoingDocument,
    OutgoingRecipient,
)
from lienthong.apps.documents.rest.problems import BodyInvalid


def summary(document: Document) -> dict[str, Any]:
    """What a list says about a document."""
    told: dict[str, Any] = {
        "id": str(document.pk),
        "kind": document.kind,
        "state": document.state,
        "document_id": document.document_id,
        "number": str(document.number or ""),
        "notation": document.notation,
        "issued_on": _iso(document.issued_on),
        "type_name": document.type_name,
        "subject": document.subject,
        "urgency": document.urgency,
    }
    if isinstance(document, IncomingDocument):
        told |= {
            "sender": {"code": document.sender_code, "name": document.sender_name},
            "arrived_at": _iso(document.arrived_at),
            "arrival_number": document.arrival_number,
            "due_at": _iso(document.due_at),
        }
    else:
        told |= {
            "created_at": _iso(document.created_at),
            "dispatched_at": _iso(document.dispatched_at),
        }
    return told


def incoming(document: IncomingDocument) -> dict[str, Any]:
    """One incoming document, with its files and who works on it."""
    return summary(document) | {
        "signer": {"name": document.signer_name, "position": document.signer_position},
        "legal_value": document.legal_value,
        "register_by": _iso(document.register_by),
        "registered_at": _iso(document.registered_at),
        "completed_at": _iso(document.completed_at),
        "lead_seat": document.lead_id,
        "directive": document.directive,
        "result_note": document.result_note,
        "files": [
            {
                "position": one.position,
                "name": one.name,
                "content_type": one.content_type,
                "size": one.size,
                "sha256": one.sha256,
            }
            for one in document.attachments.all()
        ],
    }


def outgoing(document: OutgoingDocument) -> dict[str, Any]:
    """One outgoing document, with what each recipient did."""
    return summary(document) | {
        "due_on": _iso(document.due_on),
        "sha256": document.pdf_sha256,
        "signed_at": _iso(document.signed_at),
        "sealed_at": _iso(document.sealed_at),
        "return_reason": document.return_reason,
        "refusal": document.refusal,
        "deliveries": [
            delivery(one)
            for one in document.recipients.select_related("recipient").prefetch_related("entries")
        ],
    }


def delivery(row: OutgoingRecipient) -> dict[str, Any]:
    """How far a document got with one recipient."""
    return {
        "recipient": {"code": row.recipient.code, "name": row.recipient.name},
        "delivery": row.delivery,
        "status": row.status,
        "status_at": _iso(row.status_at),
        "statuses": [
            {"status": one.status, "at": _iso(one.reported_at), "description": one.description}
            for one in row.entries.all()
        ],
    }


def _iso(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None


class DirectBody(forms.Form):
    """Who leads, who supports, what to do, until when."""

    lead_seat = forms.IntegerField()
    supporting_seats = forms.JSONField(required=False)
    directive = forms.CharField(required=False)
    due_on = forms.DateField(required=False, input_formats=["%Y-%m-%d"])


class FinishBody(forms.Form):
    """The result, and the work file it goes to."""

    note = forms.CharField()
    dossier = forms.IntegerField(required=False)
    dossier_title = forms.CharField(required=False)


class DraftBody(forms.Form):
    """A draft by the form of Decree 30."""

    type_code = forms.IntegerField()
    subject = forms.CharField(max_length=500)
    urgency = forms.IntegerField(required=False)
    recipients = forms.JSONField()
    form = forms.JSONField()
    due_on = forms.DateField(required=False, input_formats=["%Y-%m-%d"])
    signatory_seat = forms.IntegerField()
    reviewer_seat = forms.IntegerField()


def read(shape: type[forms.Form], body: dict[str, Any]) -> dict[str, Any]:
    """The fields of `shape` from a body. Raises BodyInvalid naming the first that is wrong."""
    found = shape(body)
    if unknown := sorted(set(body) - set(found.fields)):
        raise BodyInvalid(reason=f"không có trường {unknown[0]}")
    if not found.is_valid():
        raise BodyInvalid(reason=f"trường {next(iter(found.errors))}")
    return found.cleaned_data


def whole_numbers(value: Any, field: str) -> list[int]:
    """A list of keys. Raises BodyInvalid."""
    numbers = [] if value in (None, "") else value
    if not isinstance(numbers, list) or not all(type(one) is int for one in numbers):
        raise BodyInvalid(reason=f"trường {field}")
    return numbers
