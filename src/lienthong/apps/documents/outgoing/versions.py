"""Versions of a draft: kept at each save, compared, brought back; comments on them.

A save says which version it began from. When another save came between, nothing is written and the
second person is told who changed what.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common.text import bounded
from lienthong.apps.documents.models import DraftComment, DraftVersion, OutgoingDocument
from lienthong.apps.documents.problems import DraftChanged, VersionNotFound
from lienthong.apps.documents.rules.outgoing import Source
from lienthong.apps.journal import api as journal

COMMENT_MAX = 2000
LABELS = {
    "type_code": "loại văn bản",
    "subject": "trích yếu",
    "urgency": "độ khẩn",
    "due_on": "hạn trả lời",
    "recipients": "nơi nhận",
    "signatory": "người ký",
    "reviewer": "người duyệt nội dung",
    "source": "cách soạn",
    "filename": "tệp tải lên",
    "addressee": "kính gửi",
    "bases": "căn cứ",
    "body": "nội dung",
    "places": "nơi nhận ghi trên văn bản",
    "fields": "các mục của mẫu",
    "file": "bản in",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. lines: "- " gone, "+ " new, "  " the same around them."""

    label: str
    lines: Sequence[str]


def content_of(document: OutgoingDocument, recipients: Sequence[int]) -> dict[str, Any]:
    """What a person wrote into the draft, as plain values by the names of LABELS."""
    return {
        "type_code": document.type_code,
        "subject": document.subject,
        "urgency": document.urgency,
        "due_on": document.due_on.isoformat() if document.due_on else "",
        "recipients": list(dict.fromkeys(recipients)),
        "signatory": document.signatory_id,
        "reviewer": document.reviewer_id,
        "source": document.source,
        "filename": document.filename,
        **document.form,
        "file": document.draft_sha256 if document.source == Source.UPLOAD else "",
    }


def keep(actor: Actor, document: OutgoingDocument, recipients: Sequence[int]) -> None:
    """Keep the draft as it was just saved, as the next version."""
    DraftVersion.objects.create(
        organization_id=document.organization_id,
        document=document,
        number=document.version,
        saved_at=timezone.now(),
        saved_by_id=actor.seat_id,
        content=content_of(document, recipients),
        draft_sha256=document.draft_sha256,
    )


def check_seen(document: OutgoingDocument, seen: int | None) -> None:
    """Raise DraftChanged when the draft was saved after the version that the person saw."""
    if seen is None or seen == document.version:
        return
    raise changed_since(document, seen)


def changed_since(document: OutgoingDocument, seen: int) -> DraftChanged:
    """Who saved the draft last, when, and which fields differ from version `seen`."""
    last = document.versions.select_related("saved_by__person").last()
    before = document.versions.filter(number=seen).first()
    if last is None:
        return DraftChanged(who="", at="", what="")
    changed = _changed(before.content if before else {}, last.content)
    return DraftChanged(
        who=last.saved_by.person.full_name,
        at=f"{timezone.localtime(last.saved_at):%H:%M %d/%m/%Y}",
        what=", ".join(LABELS.get(name, name) for name in changed) or "không có gì",
    )


def version(document: OutgoingDocument, number: int) -> DraftVersion:
    """Return one version. Raises VersionNotFound."""
    found = document.versions.select_related("saved_by__person").filter(number=number).first()
    if found is None:
        raise VersionNotFound(number=number)
    return found


def compare(before: DraftVersion, after: DraftVersion) -> list[Change]:
    """What differs between two versions, field by field."""
    return [
        Change(
            LABELS.get(name, name),
            [
                line
                for line in difflib.ndiff(
                    list(_lines(name, before.content.get(name))),
                    list(_lines(name, after.content.get(name))),
                )
                if not line.startswith("?")
            ],
        )
        for name in _changed(before.content, after.content)
    ]


@transaction.atomic
def comment(actor: Actor, document: OutgoingDocument, text: str) -> DraftComment:
    """Say something about the draft as it is now. Who sees it may."""
    accounts.check(actor, "documents.view", document)
    made = DraftComment.objects.create(
        organization_id=document.organization_id,
        document=document,
        version=document.version,
        at=timezone.now(),
        by_id=actor.seat_id,
        text=bounded(text, "ý kiến", COMMENT_MAX),
    )
    journal.record(
        organization_id=document.organization_id,
        act="documents.commented",
        subject=document.journal_subject,
        actor=actor,
        facts={"version": made.version, "comment": made.pk},
    )
    return made


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    names = [name for name in LABELS if name in before or name in after]
    return [name for name in names if before.get(name) != after.get(name)]


def _lines(name: str, value: Any) -> Iterator[str]:
    match value:
        case None | "" | []:
            return
        case list() if name == "recipients":
            yield from (directory.get(one).name for one in value)
        case int() if name in {"signatory", "reviewer"}:
            yield str(accounts.Seat.objects.select_related("person").get(pk=value).person.full_name)
        case list():
            yield from (str(one) for one in value)
        case dict():
            yield from (f"{key}: {one}" for key, one in value.items() if one)
        case _:
            yield from str(value).splitlines()
