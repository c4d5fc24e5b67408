"""Issue a document: the leader signs and it gets its number, the clerk seals it and sends it.

DX-08: number and date are given before the bytes are signed, in the transaction of the signature.
When anything fails, nothing happened: no number is used and the file is the one before (DX-52).
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common import deadlines, numbering, seal_hours, stamps, typeset
from lienthong.apps.documents.incoming import replies
from lienthong.apps.documents.models import OutgoingDocument
from lienthong.apps.documents.outgoing import checks, marks, packets
from lienthong.apps.documents.outgoing.drafting import check_secrecy, locked, record
from lienthong.apps.documents.outgoing.words import letter_of, notation_of
from lienthong.apps.documents.problems import PacketRefusedHere
from lienthong.apps.documents.rules.outgoing import (
    OutgoingMove,
    OutgoingState,
    Source,
    after_outgoing,
)
from lienthong.apps.exchange.access_point import api as access_point
from lienthong.apps.files import api as files
from lienthong.apps.pki import api as pki
from lienthong.core import edxml, signing
from lienthong.core.identifiers import DocumentId
from lienthong.core.signing import agent


@transaction.atomic
def sign(
    actor: Actor,
    document: OutgoingDocument,
    consent: pki.Consent | str,
    *,
    at: datetime | None = None,
) -> OutgoingDocument:
    """Give number and date and sign as the competent person, or do nothing of it.

    consent: a bare PIN, or what the key needs where it lies. Raises signing.KeyPasswordWrong and
    what the place of the key refuses with, NumberDateBackwards (DX-72), and CertificateNotUsable or
    CertificateStatusUnknown unless the certificate is good now (SG-S-03).
    """
    return _signing(actor, document).signed(pki.Consent.of(consent), at=at or timezone.now())


@transaction.atomic
def ask_signature(
    actor: Actor, document: OutgoingDocument, *, at: datetime | None = None
) -> agent.Pending:
    """What the agent beside the person's browser is to sign; no number is used yet."""
    return _signing(actor, document).ask(at=at or timezone.now())


@transaction.atomic
def seal(
    actor: Actor,
    document: OutgoingDocument,
    consent: pki.Consent | str,
    *,
    at: datetime | None = None,
) -> OutgoingDocument:
    """Sign as the organization, after checking the person's signature (DX-51).

    Raises SignatureNotConfirmed, and for the key as `sign`; then nothing changed.
    """
    return _sealing(actor, document).signed(pki.Consent.of(consent), at=at or timezone.now())


@transaction.atomic
def ask_seal(
    actor: Actor, document: OutgoingDocument, *, at: datetime | None = None
) -> agent.Pending:
    """What the agent beside the clerk's browser is to sign with the seal."""
    return _sealing(actor, document).ask(at=at or timezone.now())


def _signing(actor: Actor, document: OutgoingDocument) -> pki.SigningAct[OutgoingDocument]:
    document = locked(document)
    accounts.check(actor, "documents.sign", document)
    document.state = after_outgoing(OutgoingState(document.state), OutgoingMove.SIGN)
    key = pki.usable_key(pki.KeyKind.PERSON, person_id=actor.person_id)

    def work(signer: signing.DigestSigner, at: datetime) -> OutgoingDocument:
        return _signed(actor, document, key, signer, at)

    return pki.SigningAct(key, work, _about(actor, document, document.draft_sha256))


def _sealing(actor: Actor, document: OutgoingDocument) -> pki.SigningAct[OutgoingDocument]:
    document = locked(document)
    accounts.check(actor, "documents.seal", document)
    document.state = after_outgoing(OutgoingState(document.state), OutgoingMove.SEAL)
    key = pki.usable_key(pki.KeyKind.AGENCY, organization_id=document.organization_id)

    def work(signer: signing.DigestSigner, at: datetime) -> OutgoingDocument:
        return _sealed(actor, document, key, signer, at)

    return pki.SigningAct(key, work, _about(actor, document, document.signed_sha256))


def _about(actor: Actor, document: OutgoingDocument, sha256: str) -> pki.About:
    """What is shown where the key is used; the number is there once the work has taken it."""

    def facts() -> dict[str, str]:
        return {"Số, ký hiệu": document.reference, "Trích yếu": document.subject}

    return pki.About(by=str(actor.person_id), document=bytes.fromhex(sha256), facts=facts)


def _signed(
    actor: Actor,
    document: OutgoingDocument,
    key: pki.HeldKey,
    signer: signing.DigestSigner,
    at: datetime,
) -> OutgoingDocument:
    organization, signatory = document.organization, document.signatory
    document.send_by = deadlines.send_by(
        at, is_urgent=document.is_urgent, organization_id=document.organization_id
    )
    document.issued_on = timezone.localdate(at)
    document.notation = notation_of(document)
    # From here on others wait for the next number, so what is slow stands above.
    document.number = numbering.take(organization.pk, numbering.Series.OUTGOING, document.issued_on)
    document.document_id = str(
        DocumentId(
            agency_code=organization.code,
            issued_on=document.issued_on,
            number=document.number_text,
            notation=document.notation,
        )
    )
    prepared = _prepared(document)
    signed = signing.sign_pdf(
        prepared,
        field=signing.PERSON_FIELD,
        signer=signer,
        name=signatory.person.full_name,
        reason="Ký ban hành văn bản",
        location=organization.place,
        at=at,
        image_png=marks.handwriting(signatory.person.full_name),
        timestamp=pki.timestamp_source(),
        timestamp_required=False,  # B-B is kept, marked, and stamped later by `add_timestamps`
    )
    document.stamped_at = stamps.stamped_at(checks.check_person(document, signed, at))
    document.signed_sha256 = files.put(signed).sha256
    document.signed_at = at
    document.save()
    facts = {"reference": document.reference, "signed_sha256": document.signed_sha256}
    record(actor, document, "documents.signed", {**facts, "key": key.label})
    return document


def _sealed(
    actor: Actor,
    document: OutgoingDocument,
    key: pki.HeldKey,
    signer: signing.DigestSigner,
    at: datetime,
) -> OutgoingDocument:
    organization = document.organization
    signed = files.get(document.signed_sha256)
    checks.check_person(document, signed, at)
    sealed = signing.sign_pdf(
        signed,
        field=signing.AGENCY_FIELD,
        signer=signer,
        name=organization.name,
        reason="Chữ ký số của cơ quan ban hành",
        location=organization.place,
        at=at,
        image_png=marks.seal(organization.name),
        timestamp=pki.timestamp_source(),
        timestamp_required=False,
    )
    sealed = stamps.with_validation_data(sealed, at)
    document.stamped_at = stamps.stamped_at(checks.check_both(document, sealed, at))
    document.sealed_sha256 = files.put(sealed).sha256
    document.sealed_at = at
    document.save(update_fields=["state", "sealed_sha256", "sealed_at", "stamped_at"])
    outside_hours = seal_hours.tell(
        actor,
        organization.pk,
        at=at,
        what=document.reference,
        key=document.sealed_sha256,
        link=reverse("documents:outgoing_detail", args=[document.pk]),
    )
    facts = {"sealed_sha256": document.sealed_sha256, "key": key.label}
    record(actor, document, "documents.sealed", {**facts, "outside_hours": outside_hours})
    return document


@transaction.atomic
def dispatch(
    actor: Actor, document: OutgoingDocument, *, at: datetime | None = None
) -> OutgoingDocument:
    """Verify both signatures, make the packet and queue it (DX-08, DX-13).

    Raises SignatureNotConfirmed, SecrecyMarked, PacketRefusedHere; then nothing is queued.
    """
    at = at or timezone.now()
    document = locked(document)
    accounts.check(actor, "documents.dispatch", document)
    document.state = after_outgoing(OutgoingState(document.state), OutgoingMove.DISPATCH)
    pdf = files.get(document.sealed_sha256)
    checks.check_both(document, pdf, at)
    packet = packets.packet_of(document, pdf=pdf, at=at, clerk=actor)
    check_secrecy(packet)
    _check_packet(packet, at)
    outbound = access_point.queue_packet(
        organization=document.organization,
        packet=packet,
        correlation=document.journal_subject,
    )
    document.outbound_id = outbound.pk
    document.dispatched_at = at
    document.refusal = None
    document.save(update_fields=["state", "outbound_id", "dispatched_at", "refusal"])
    record(
        actor,
        document,
        "documents.dispatched",
        {
            "document_id": document.document_id,
            "recipients": [organization.code for organization in packet.receivers],
        },
    )
    replies.reply_dispatched(document)
    return document


def _prepared(document: OutgoingDocument) -> bytes:
    """Return the final text with both signature fields in place."""
    if document.source == Source.FORM:
        made = typeset.render_form(letter_of(document))
        pdf, person, agency = made.pdf, made.person_box, made.agency_box
        document.page_amount = made.pages
    else:
        pdf = files.get(document.draft_sha256)
        person, agency = typeset.boxes_on_last_page(pdf)
    return signing.prepare_pdf(pdf, person=person, agency=agency, title=document.subject)


def _check_packet(packet: edxml.DocumentPacket, at: datetime) -> None:
    """Raise PacketRefusedHere when a rule of the exchange refuses the packet."""
    known = {code: entry for entry in directory.snapshot() for code in entry.codes}

    def organization(code: str) -> edxml.Known | None:
        entry = known.get(code)
        if entry is None:
            return None
        return edxml.Known(entry.code, entry.name, entry.active, entry.locked)

    context = edxml.Context(
        today=timezone.localdate(at),
        organization=organization,
        calling_codes=frozenset({packet.sender.code}),
    )
    refused = [
        found for found in edxml.check(packet, context) if found.severity is edxml.Severity.REFUSE
    ]
    if refused:
        raise PacketRefusedHere(reason=" ".join(f"{one.rule}: {one.text}" for one in refused))
