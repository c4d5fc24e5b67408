"""Rows of a desk for COPY: documents of five years, the newest few still at work.

What the generator does not say is filled with the model's own defaults, so a new column needs no
change here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from django.db.models import JSONField, Model

from lienthong.apps.documents.search import text

from . import words

YEARS = 5
OPEN_DAYS = 45
DONE, OPEN = "completed", ("assigned", "assigned", "processing", "registered")
MAIN_SHARE = 0.7  # of the documents belong to the first organization
MADE_BY = 1  # as documents.search.index counts
Row = dict[str, Any]


@dataclass
class Desk:
    """An organization, who sits in it, and the numbers it has given: {(series, year): last}."""

    organization_id: int
    code: str
    officers: Sequence[int]
    heads: Sequence[int]
    leaders: Sequence[int]
    dossiers: Sequence[int] = ()
    last: dict[tuple[str, int], int] = field(default_factory=dict)

    def number(self, series: str, year: int) -> int:
        self.last[series, year] = self.last.get((series, year), 0) + 1
        return self.last[series, year]


@dataclass(frozen=True)
class Plan:
    """What is wanted: `documents` in all, of which `arrivals` wait for registration."""

    documents: int
    arrivals: int
    pdf_sha256: str
    now: datetime


def table(model: type[Model], rows: Iterable[Row]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """The columns of a model and its rows as tuples; automatic keys are left to the database."""
    fields = [
        one for one in model._meta.concrete_fields if one.attname != "id" or not _is_auto(one)
    ]
    names = [str(one.column) for one in fields]
    usual = {str(one.column): _json(one, one.get_default()) for one in fields}
    as_json = {str(one.column) for one in fields if isinstance(one, JSONField)}

    def values() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            for name in as_json & row.keys():
                row[name] = json.dumps(row[name])
            full = usual | row
            yield tuple(full[name] for name in names)

    return names, values()


def _is_auto(one: Any) -> bool:
    return one.get_internal_type() in {"AutoField", "BigAutoField"}


def _json(one: Any, value: Any) -> Any:
    return json.dumps(value) if isinstance(one, JSONField) else value


def incoming(plan: Plan, desks: Sequence[Desk], random: Random) -> Iterator[Row]:
    """Incoming documents, oldest first; the last `arrivals` wait for registration."""
    count = plan.documents // 2
    for index in range(count):
        at = _moment(plan.now, index, count)
        waits = index >= count - plan.arrivals
        desk = desks[0] if waits else _desk(desks, random)
        code, name = random.choice(words.AGENCIES)
        issued_on = (at - timedelta(days=random.randrange(6))).date()
        _, type_name, sign = random.choice(words.TYPES)
        number = random.randrange(1, 9000)
        notation = f"{sign or 'UBND'}-{code}"
        row: Row = {
            "id": UUID(int=random.getrandbits(128), version=4),
            "organization_id": desk.organization_id,
            "inbound_id": 10_000_000 + index,
            "document_id": f"{code},{issued_on:%Y/%m/%d},{number}/{notation}",
            "sender_code": code,
            "sender_name": name,
            "number": f"{number:02d}",
            "notation": notation,
            "issued_on": issued_on,
            "type_name": type_name,
            "subject": words.subject(random, at.year),
            "urgency": random.choices((0, 1, 2, 3), (90, 7, 2, 1))[0],
            "signer_name": words.person(random),
            "signer_position": "Chủ tịch",
            "page_amount": 2,
            "packet_sha256": plan.pdf_sha256,
            "pdf_sha256": plan.pdf_sha256,
            "legal_value": "equivalent",
            "arrived_at": at,
            "register_by": at + timedelta(days=1),
            "evidence_at": at,
        }
        yield row if waits else row | _handled(plan, desk, at, random)


def _handled(plan: Plan, desk: Desk, at: datetime, random: Random) -> Row:
    """What the agency did with a document that came at `at`."""
    is_open = plan.now - at < timedelta(days=OPEN_DAYS) and random.random() < 0.3
    state = random.choice(OPEN) if is_open else DONE
    row: Row = {
        "state": state,
        "arrival_number": desk.number("arrival", at.year),
        "registered_at": at,
    }
    if state == "registered":
        return row
    row |= {
        "lead_id": random.choice(desk.officers),
        "directive": "Nghiên cứu, tham mưu văn bản trả lời đúng hạn",
        "assigned_at": at + timedelta(hours=2),
        "due_at": at + timedelta(days=random.choice((5, 10, 20, 60))),
    }
    if state == DONE:
        row |= {
            "started_at": at + timedelta(hours=3),
            "completed_at": at + timedelta(days=2),
            "result_note": "Đã tham mưu văn bản trả lời",
            "dossier_id": random.choice(desk.dossiers),
        }
    return row


def outgoing(plan: Plan, desks: Sequence[Desk], random: Random) -> Iterator[Row]:
    """Outgoing documents, oldest first; of the last days some are still drafts or on a table."""
    count = plan.documents - plan.documents // 2
    for index in range(count):
        at = _moment(plan.now, index, count)
        desk = _desk(desks, random)
        code, type_name, sign = random.choice(words.TYPES)
        is_open = plan.now - at < timedelta(days=OPEN_DAYS) and random.random() < 0.05
        row: Row = {
            "id": UUID(int=random.getrandbits(128), version=4),
            "organization_id": desk.organization_id,
            "state": random.choice(("draft", "in_review", "awaiting_signature")),
            "source": "form",
            "type_code": code,
            "type_name": type_name,
            "subject": words.subject(random, at.year),
            "urgency": random.choices((0, 1, 2, 3), (90, 7, 2, 1))[0],
            "drafter_id": random.choice(desk.officers),
            "reviewer_id": random.choice(desk.heads),
            "signatory_id": random.choice(desk.leaders),
            "draft_sha256": plan.pdf_sha256,
            "created_at": at,
            "submitted_at": at,
        }
        yield row if is_open else row | _issued(plan, desk, at, f"{sign or 'BDL'}-{desk.code}")


def _issued(plan: Plan, desk: Desk, at: datetime, notation: str) -> Row:
    number = desk.number("outgoing", at.year)
    return {
        "state": "dispatched",
        "number": number,
        "notation": notation,
        "issued_on": at.date(),
        "document_id": f"{desk.code},{at:%Y/%m/%d},{number:02d}/{notation}",
        "signed_sha256": plan.pdf_sha256,
        "sealed_sha256": plan.pdf_sha256,
        **dict.fromkeys(("signed_at", "sealed_at", "stamped_at", "dispatched_at"), at),
    }


def entry(kind: str, row: Mapping[str, Any]) -> Row:
    """What a document is found by, as `documents.search` makes it of these fields."""
    parts = (
        ("A", row["subject"]),
        ("B", f"{row.get('number', '')} {row.get('notation', '')}"),
        ("B", row["type_name"]),
        ("B", row.get("signer_name", "")),
        ("C", f"{row.get('sender_name', '')} {row.get('sender_code', '')}"),
        ("D", f"{row.get('directive', '')} {row.get('result_note', '')}"),
    )
    exactly = [text.exact("so", str(row["number"]))] if row.get("number") else []
    on = row.get("issued_on") or row["created_at"].date()
    return {
        "id": row["id"],
        "organization_id": row["organization_id"],
        "kind": kind,
        "day": row["arrived_at"].date() if kind == "incoming" else on,
        "vector": text.vector(parts, exactly),
        "made_by": MADE_BY,
    }


def recipients(outgoing_rows: Iterable[Mapping[str, Any]], to: Sequence[int]) -> Iterator[Row]:
    """Two recipients for each outgoing document."""
    for number, row in enumerate(outgoing_rows):
        for position in (1, 2):
            yield {
                "organization_id": row["organization_id"],
                "document_id": row["id"],
                "position": position,
                "recipient_id": to[(number + position) % len(to)],
                "delivery": "completed",
                "status": "06",
            }


def attachments(incoming_rows: Iterable[Mapping[str, Any]], size: int) -> Iterator[Row]:
    """The main file of each incoming document."""
    for row in incoming_rows:
        yield {
            "organization_id": row["organization_id"],
            "document_id": row["id"],
            "position": 1,
            "name": "van-ban.pdf",
            "content_type": "application/pdf",
            "sha256": row["pdf_sha256"],
            "size": size,
        }


def series(desks: Sequence[Desk], today: date) -> Iterator[Row]:
    """The numbers that the documents have used."""
    for desk in desks:
        for (name, year), last in desk.last.items():
            last_on = min(today, date(year, 12, 31))
            yield {
                "organization_id": desk.organization_id,
                "series": name,
                "year": year,
                "last": last,
                "last_on": last_on,
            }


def _desk(desks: Sequence[Desk], random: Random) -> Desk:
    return desks[0] if random.random() < MAIN_SHARE else random.choice(desks[1:])


def _moment(now: datetime, index: int, count: int) -> datetime:
    span = timedelta(days=365 * YEARS)
    return (now - span + span * (index / count)).astimezone(UTC)
