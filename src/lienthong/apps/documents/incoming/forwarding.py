"""Handing a document down to agencies below that have their desk on this node (D30 Art. 23).

It goes through no axis: the same files, the same checks, and the statuses come back by themselves.
Other agencies get it as a packet of our own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import deadlines
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.incoming import telling
from lienthong.apps.documents.incoming.acting import LONG_TEXT_MAX, locked, record
from lienthong.apps.documents.incoming.queries import duplicates_of
from lienthong.apps.documents.incoming.reporting import report_status
from lienthong.apps.documents.models import Forwarding, IncomingAttachment, IncomingDocument
from lienthong.apps.documents.problems import DueInPast, FieldMissing, ForwardUnsuitable
from lienthong.apps.documents.rules.incoming import (
    IncomingMove,
    IncomingState,
    Medium,
    after_incoming,
)
from lienthong.apps.journal import api as journal
from lienthong.core import edxml

# What the agency below gets as it is.
SAME = (
    "document_id",
    "sender_code",
    "sender_name",
    "number",
    "notation",
    "issued_on",
    "type_name",
    "subject",
    "urgency",
    "signer_name",
    "signer_position",
    "page_amount",
    "packet_sha256",
    "pdf_sha256",
    "report",
    "legal_value",
)
DEPTH_MAX = 10  # ranks of agencies; a chain of parents that is longer goes in a circle


@transaction.atomic
def forward(
    actor: Actor,
    document: IncomingDocument,
    to_ids: Sequence[int],
    text: str = "",
    due_on: date | None = None,
) -> IncomingDocument:
    """Hand the document to agencies below: each registers it in its own book.

    Raises ForwardUnsuitable when one is not below, has no clerk here, or has it already.
    """
    document = locked(document)
    accounts.check(actor, "documents.forward", document)
    after_incoming(IncomingState(document.state), IncomingMove.FORWARD)
    if not to_ids:
        raise FieldMissing(field="cơ quan nhận")
    if due_on is not None and due_on < timezone.localdate():
        raise DueInPast(due_on=f"{due_on:%d/%m/%Y}")
    text = bounded(text, "ý kiến chuyển", LONG_TEXT_MAX, required=False)
    known = {one.pk: one for one in below(document.organization_id)}
    held = set(document.forwardings.values_list("to_id", flat=True))
    names = []
    for to_id in dict.fromkeys(to_ids):
        to = known.get(to_id)
        if to is None:
            raise ForwardUnsuitable(
                to=directory.get(to_id).name,
                reason="không phải cơ quan trực thuộc có bàn làm việc trên hệ thống này",
            )
        if to_id in held:
            raise ForwardUnsuitable(to=to.name, reason="đã chuyển trước đó")
        line = Forwarding.objects.create(
            organization_id=document.organization_id,
            document=document,
            to=to,
            by_id=actor.seat_id,
            text=text,
            due_on=due_on,
            at=timezone.now(),
        )
        _enter_below(document, line)
        names.append(to.name)
    record(actor, document, "documents.forwarded", {"to": "; ".join(names), "text": text})
    return document


def below(organization_id: int) -> list[directory.Organization]:
    """The active agencies below this one that have a clerk on this node, in order of names."""
    staffed = set(accounts.seats_with(Role.CLERK).values_list("organization_id", flat=True))
    staffed.discard(organization_id)
    found = directory.all_active().filter(pk__in=staffed)
    parents = dict(directory.Organization.objects.values_list("pk", "parent_id"))
    return [one for one in found if organization_id in _above(one.pk, parents)]


def copies_below(document: IncomingDocument) -> Iterator[IncomingDocument]:
    """Lock and yield what was handed down from `document`, each in the scope of its agency."""
    for line in list(document.forwardings.all()):
        with accounts.scope(line.to_id):
            found = (
                IncomingDocument.objects.select_for_update(of=("self",))
                .select_related("organization")
                .filter(forwarding_id=line.pk)
                .first()
            )
            if found is not None:
                yield found


def _above(organization_id: int, parents: Mapping[int, int | None]) -> Iterator[int]:
    step = parents.get(organization_id)
    for _ in range(DEPTH_MAX):
        if step is None:
            return
        yield step
        step = parents.get(step)


def _enter_below(document: IncomingDocument, line: Forwarding) -> None:
    now = timezone.now()
    files = list(document.attachments.all())
    with accounts.scope(line.to_id):
        copy = IncomingDocument(
            organization=line.to,
            medium=Medium.HANDED,
            forwarding_id=line.pk,
            forwarded_from_id=document.organization_id,
            due_on=line.due_on or document.due_on,
            directive=line.text,
            arrived_at=now,
            register_by=deadlines.register_by(now, is_urgent=document.is_urgent),
            **{name: getattr(document, name) for name in SAME},
        )
        copy.duplicate_of = duplicates_of(copy).order_by("arrived_at").first()
        copy.save()
        IncomingAttachment.objects.bulk_create(
            IncomingAttachment(
                organization=line.to,
                document=copy,
                position=one.position,
                name=one.name,
                content_type=one.content_type,
                description=one.description,
                sha256=one.sha256,
                size=one.size,
            )
            for one in files
        )
        journal.record(
            organization_id=line.to_id,
            act="documents.handed_down",
            subject=copy.journal_subject,
            actor=None,
            facts=copy.facts() | {"from": document.organization.name, "text": line.text},
        )
        telling.arrived(copy)
        report_status(copy, edxml.StatusCode.ARRIVED)
