"""The entries: made anew whenever the journal says that something was done to a document."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from uuid import UUID

from django.contrib.postgres.search import SearchVectorField
from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from lienthong.apps.documents.models import (
    Document,
    IncomingDocument,
    OutgoingDocument,
    SearchEntry,
    SearchWord,
)
from lienthong.apps.documents.search import reading, text
from lienthong.apps.files import api as files

MADE_BY = 1  # raise it when entries are made otherwise: the job then makes all of them anew
WORD_MIN, WORD_MAX = 2, 20  # letters of a word that may be meant by a mistyped one
MODELS: Mapping[str, type[IncomingDocument] | type[OutgoingDocument]] = {
    "incoming": IncomingDocument,
    "outgoing": OutgoingDocument,
}
Field = Callable[[Document], str]


def _own(*names: str) -> Field:
    return lambda document: " ".join(str(getattr(document, name) or "") for name in names)


def _people(*seats: str) -> Field:
    def names(document: Document) -> str:
        held = (getattr(document, seat) for seat in seats)
        return " ".join(seat.person.full_name for seat in held if seat is not None)

    return names


def _dossiers(document: Document) -> str:
    kept = (item.dossier for item in document.dossier_items.all())
    return " ".join(f"{one.code} {one.title}" for one in kept)


def _attachments(document: Document) -> str:
    assert isinstance(document, IncomingDocument)  # noqa: S101  the table below says so
    return " ".join(f"{one.name} {one.description}" for one in document.attachments.all())


def _recipients(document: Document) -> str:
    assert isinstance(document, OutgoingDocument)  # noqa: S101  the table below says so
    return " ".join(row.recipient.name for row in document.recipients.all())


def _typed(document: Document) -> str:
    """What was typed into the form of Decree 30."""
    assert isinstance(document, OutgoingDocument)  # noqa: S101  the table below says so
    values = document.form.values()
    return "\n".join("\n".join(one) if isinstance(one, list) else str(one) for one in values)


# Weight and text: A subject; B number, notation, type, people, dossier; C agencies; D the rest.
FIELDS: Mapping[str, Sequence[tuple[str, Field]]] = {
    "incoming": (
        ("A", _own("subject")),
        ("B", _own("number", "notation")),
        ("B", _own("type_name")),
        ("B", _own("signer_position", "signer_name")),
        ("B", _people("lead")),
        ("B", _dossiers),
        ("C", _own("sender_name", "sender_code")),
        ("D", _own("document_id", "directive", "result_note", "refusal_text")),
        ("D", _attachments),
    ),
    "outgoing": (
        ("A", _own("subject")),
        ("B", _own("number", "notation")),
        ("B", _own("type_name")),
        ("B", _people("signatory")),
        ("B", _people("drafter", "reviewer", "form_reviewer")),
        ("B", _dossiers),
        ("C", _recipients),
        ("D", _own("document_id", "filename")),
        ("D", _typed),
    ),
}
_RELATED = {
    "incoming": (("lead__person",), ("attachments", "dossier_items__dossier")),
    "outgoing": (
        ("signatory__person", "drafter__person", "reviewer__person", "form_reviewer__person"),
        ("recipients__recipient", "dossier_items__dossier"),
    ),
}


def refresh(kind: str, keys: Iterable[UUID]) -> None:
    """Make the entries of these documents anew; the text of a file that was read stays."""
    joined, fetched = _RELATED[kind]
    found = MODELS[kind]._default_manager.filter(pk__in=list(keys))
    documents: list[Document] = list(found.select_related(*joined).prefetch_related(*fetched))
    known = SearchEntry.objects.in_bulk([document.pk for document in documents])
    entries = [_entry(kind, document, known.get(document.pk)) for document in documents]
    SearchEntry.objects.bulk_create(
        entries,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["day", "vector", "text", "text_of", "made_by"],
    )


def _entry(kind: str, document: Document, known: SearchEntry | None) -> SearchEntry:
    text_of, body = _text(document, known)
    parts = [(weight, take(document)) for weight, take in FIELDS[kind]] + [("D", body)]
    _learn(document.organization_id, parts)
    return SearchEntry(
        id=document.pk,
        organization_id=document.organization_id,
        kind=kind,
        day=day_of(document),
        vector=Cast(Value(text.vector(parts, exactly(document))), SearchVectorField()),
        text=body,
        text_of=text_of,
        made_by=MADE_BY,
    )


def exactly(document: Document) -> Iterator[str]:
    """The whole values that a field may be asked for."""
    if document.number:
        yield text.exact("so", str(document.number))
    if isinstance(document, IncomingDocument) and document.arrival_number:
        yield text.exact("soden", str(document.arrival_number))


def day_of(document: Document) -> date:
    """The day by which results are ordered: arrival; issue, or the day a draft was begun."""
    if isinstance(document, IncomingDocument):
        return timezone.localdate(document.arrived_at)
    return document.issued_on or timezone.localdate(document.created_at)


def _text(document: Document, known: SearchEntry | None) -> tuple[str, str]:
    """Digest of the files and their text; read once for the same files."""
    kept = list(_files(document))
    digest = hashlib.sha256(" ".join(sha256 for sha256, _ in kept).encode()).hexdigest()
    if known is not None and known.text_of == digest:
        return digest, known.text
    texts = [reading.text_of(files.get(sha256), content_type) for sha256, content_type in kept]
    return digest, "\n".join(texts)[: reading.TEXT_MAX]


def _files(document: Document) -> Iterator[tuple[str, str]]:
    """Digest and type of each file: the main one first."""
    if document.pdf_sha256:
        yield document.pdf_sha256, reading.PDF
    if isinstance(document, IncomingDocument):
        for one in document.attachments.all():
            if one.sha256 != document.pdf_sha256:
                yield one.sha256, one.content_type


def _learn(organization_id: int, parts: Iterable[tuple[str, str]]) -> None:
    """Remember which words there are."""
    said = {word for _, part in parts for word in text.words(part)}
    said = {word for word in said if word.isalpha() and WORD_MIN <= len(word) <= WORD_MAX}
    held = SearchWord.objects.filter(organization_id=organization_id, word__in=said)
    new = said - set(held.values_list("word", flat=True))
    SearchWord.objects.bulk_create(
        [SearchWord(organization_id=organization_id, word=word) for word in sorted(new)],
        ignore_conflicts=True,
    )


def behind(kind: str) -> QuerySet[IncomingDocument] | QuerySet[OutgoingDocument]:
    """Documents without an entry, or with one that an earlier release made."""
    made = SearchEntry.objects.filter(Q(pk=OuterRef("pk")), made_by=MADE_BY)
    return MODELS[kind]._default_manager.filter(~Exists(made)).order_by()
