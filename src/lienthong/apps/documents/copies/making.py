"""Electronic copies of documents that were issued or arrived: SAO Y, SAO LỤC, TRÍCH SAO (DX-59).

A copy shows the pages of its original with form of copy, agency and signing time in the corner, and
carries the agency's signature alone (SG-A-05). It is kept; its original stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.documents.common import seal_hours, text_marks, typeset
from lienthong.apps.documents.copies import policy
from lienthong.apps.documents.models import (
    Document,
    ElectronicCopy,
    IncomingDocument,
    OutgoingDocument,
)
from lienthong.apps.documents.problems import (
    CopyKindUnsuitable,
    CopyPagesUnclear,
    CopySourceNotValid,
    FileNotFound,
)
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.signing import agent
from lienthong.core.signing.pdf_copy import plain_pages
from lienthong.core.signing.text_marks import CopyKind, copy_lines

PAGES_TEXT_MAX = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to copy. pages: "1-3, 5" for an extract, empty for the other kinds."""

    kind: CopyKind
    pages: str = ""


@transaction.atomic
def make_copy(
    actor: Actor,
    document: Document,
    wanted: Wanted,
    consent: pki.Consent | str,
    *,
    at: datetime | None = None,
) -> ElectronicCopy:
    """Make and sign an electronic copy with the agency's key, or do nothing of it.

    Raises FileNotFound before the document has its seal, CopySourceNotValid, CopyKindUnsuitable,
    CopyPagesUnclear, SignatureNotConfirmed, and for the key as `issuing.seal`.
    """
    act = _copying(actor, document, wanted, at or timezone.now())
    return act.signed(pki.Consent.of(consent), at=at or timezone.now())


@transaction.atomic
def ask_copy(
    actor: Actor, document: Document, wanted: Wanted, *, at: datetime | None = None
) -> agent.Pending:
    """What the agent beside the clerk's browser is to sign for a copy."""
    at = at or timezone.now()
    return _copying(actor, document, wanted, at).ask(at=at)


def copies_of(document: Document) -> QuerySet[ElectronicCopy]:
    """The copies made of a document, oldest first."""
    column = "outgoing" if isinstance(document, OutgoingDocument) else "incoming"
    return ElectronicCopy.objects.filter(**{column: document})


def may_copy(actor: Actor, document: Document) -> bool:
    """Whether the clerk may make a copy of this document now."""
    return bool(source_sha256(document)) and accounts.can(actor, policy.COPY, document)


def source_sha256(document: Document) -> str:
    """The file that is copied: sealed by us, or arrived; empty while there is none."""
    if isinstance(document, OutgoingDocument):
        return document.sealed_sha256
    return document.pdf_sha256


def pages_of(text: str, count: int) -> list[int]:
    """The pages, from 0, that "1-3, 5" names among `count`. Raises CopyPagesUnclear."""
    found: list[int] = []
    for part in text.split(","):
        first, _, last = (piece.strip() for piece in part.partition("-"))
        last = last or first
        if not (first.isdecimal() and last.isdecimal() and len(first + last) <= 10):
            raise CopyPagesUnclear(pages=text[:PAGES_TEXT_MAX], count=count)
        if not 1 <= int(first) <= int(last) <= count:
            raise CopyPagesUnclear(pages=text[:PAGES_TEXT_MAX], count=count)
        found += range(int(first) - 1, int(last))
    return sorted(set(found))


def _copying(
    actor: Actor, document: Document, wanted: Wanted, at: datetime
) -> pki.SigningAct[ElectronicCopy]:
    accounts.check(actor, policy.COPY, document)
    sha256 = source_sha256(document)
    if not sha256:
        raise FileNotFound
    plain = _plain(files.get(sha256), wanted, at)
    organization = document.organization
    key = pki.usable_key(pki.KeyKind.AGENCY, organization_id=organization.pk)

    def work(signer: signing.DigestSigner, signed_at: datetime) -> ElectronicCopy:
        made = text_marks.sealed(
            plain,
            copy_lines(wanted.kind, organization.name, signed_at),
            signer=signer,
            agency=organization.name,
            place=organization.place,
            reason=f"Bản sao điện tử ({wanted.kind.label})",
            title=document.subject,
            at=signed_at,
        )
        return _keep(actor, document, wanted, made, signed_at)

    def facts() -> dict[str, str]:
        return {"Hình thức sao": wanted.kind.label, "Số, ký hiệu": document.reference}

    about = pki.About(by=str(actor.person_id), document=bytes.fromhex(sha256), facts=facts)
    return pki.SigningAct(key, work, about)


def _plain(pdf: bytes, wanted: Wanted, at: datetime) -> bytes:
    """The pages to be copied, when the original is good and of a kind that is copied so."""
    report = signing.verify_document(pdf, trust=pki.trust(), at=at)
    if report.verdict is not signing.Verdict.VALID:
        reason = "; ".join(report.findings) or report.verdict.label
        raise CopySourceNotValid(reason=reason)
    is_copy = report.signature(signing.PERSON_FIELD) is None
    if is_copy != (wanted.kind is CopyKind.COPY_OF_COPY):
        raise CopyKindUnsuitable(kind=wanted.kind.label)
    if wanted.kind is not CopyKind.EXTRACT:
        return plain_pages(pdf)
    return plain_pages(pdf, pages_of(wanted.pages, typeset.page_count(pdf)))


def _keep(
    actor: Actor, document: Document, wanted: Wanted, made: bytes, at: datetime
) -> ElectronicCopy:
    copy = ElectronicCopy.objects.create(
        organization_id=document.organization_id,
        outgoing=document if isinstance(document, OutgoingDocument) else None,
        incoming=document if isinstance(document, IncomingDocument) else None,
        kind=wanted.kind,
        pages=wanted.pages[:PAGES_TEXT_MAX] if wanted.kind is CopyKind.EXTRACT else "",
        source_sha256=source_sha256(document),
        sha256=files.put(made).sha256,
        made_at=at,
        made_by_id=actor.seat_id,
    )
    is_outgoing = isinstance(document, OutgoingDocument)
    page = "documents:outgoing_detail" if is_outgoing else "documents:incoming_detail"
    outside_hours = seal_hours.tell(
        actor,
        document.organization_id,
        at=at,
        what=f"{wanted.kind.label} {document.reference}",
        key=copy.sha256,
        link=reverse(page, args=[document.pk]),
    )
    facts = {"kind": wanted.kind.label, "pages": copy.pages, "sha256": copy.sha256}
    journal.record(
        organization_id=document.organization_id,
        act="documents.copied",
        subject=document.journal_subject,
        actor=actor,
        facts={**facts, "outside_hours": outside_hours},
    )
    return copy
