"""Who may do what, in every state: every actor, every action, and rows of other organizations."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.db import InternalError, ProgrammingError, transaction
from django.db.models import Model
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.desk import queries as desk_queries
from lienthong.apps.documents.incoming import queries as incoming_queries
from lienthong.apps.documents.models import (
    Dossier,
    ElectronicCopy,
    IncomingAttachment,
    IncomingDocument,
    NumberSeries,
    OutgoingDocument,
    OutgoingRecipient,
    StatusReport,
    Support,
)
from lienthong.apps.documents.outgoing import queries as outgoing_queries
from lienthong.apps.documents.problems import DocumentNotFound
from lienthong.apps.documents.rules import LegalValue
from lienthong.apps.documents.rules.incoming import IncomingState
from lienthong.apps.documents.rules.outgoing import OutgoingState
from lienthong.apps.documents.tests.conftest import Desk

# Who may do what to an outgoing document: `officer` drafts, `unit_head` reviews, `deputy` signs.
OUTGOING = {
    OutgoingState.DRAFT: {"officer": {"edit", "submit"}},
    OutgoingState.IN_REVIEW: {"unit_head": {"approve", "return"}},
    OutgoingState.IN_FORM_REVIEW: {"clerk": {"approve_form", "return"}},
    OutgoingState.AWAITING_SIGNATURE: {"deputy": {"sign", "return"}},
    OutgoingState.SIGNED: {"clerk": {"seal"}},
    OutgoingState.SEALED: {"clerk": {"dispatch"}},
    OutgoingState.DISPATCHED: {},
}
# Who may do what to an incoming document led by `officer`, supported by `colleague`.
INCOMING = {
    IncomingState.ARRIVED: {"clerk": {"accept", "refuse"}},
    IncomingState.REGISTERED: {
        "clerk": {"submit", "forward"},
        "leader": {"assign", "file", "forward"},
        "deputy": {"assign", "file", "forward"},
        "unit_head": {"assign", "file"},
        "other_unit_head": {"assign", "file"},
    },
    IncomingState.ASSIGNED: {
        "clerk": {"forward"},
        "leader": {"assign", "forward", "hand_over"},
        "deputy": {"assign", "forward", "hand_over"},
        "unit_head": {"assign", "hand_over"},
        "officer": {"start", "note", "answer_by", "ask_opinion"},
        "colleague": {"note"},
    },
    IncomingState.PROCESSING: {
        "clerk": {"forward"},
        "leader": {"forward", "hand_over"},
        "deputy": {"forward", "hand_over"},
        "unit_head": {"hand_over"},
        "officer": {"finish", "note", "answer_by", "ask_opinion"},
        "colleague": {"note"},
    },
    IncomingState.COMPLETED: {
        "leader": {"reopen"},
        "deputy": {"reopen"},
        "unit_head": {"reopen"},
    },
    IncomingState.REFUSED: {},
    IncomingState.RECALLED: {},
}
LATE = {OutgoingState.SIGNED, OutgoingState.SEALED, OutgoingState.DISPATCHED}
REGISTERED = {
    IncomingState.REGISTERED,
    IncomingState.ASSIGNED,
    IncomingState.PROCESSING,
    IncomingState.COMPLETED,
}


def outgoing_in(desk: Desk, state: OutgoingState) -> OutgoingDocument:
    given: dict[str, Any] = {}
    if state in LATE:
        given = {
            "number": 1,
            "notation": "BTN-CCN",
            "issued_on": date(2026, 3, 2),
            "document_id": "G90,2026/03/02,01/BTN-CCN",
            "signed_sha256": "b" * 64,
            "sealed_sha256": "c" * 64,
        }
    return OutgoingDocument.objects.create(
        organization=desk.organization,
        state=state,
        source="form",
        type_name="Công văn",
        subject="Thử",
        drafter_id=desk.officer.seat_id,
        reviewer_id=desk.unit_head.seat_id,
        signatory_id=desk.deputy.seat_id,
        draft_sha256="a" * 64,
        **given,
    )


def incoming_in(desk: Desk, state: IncomingState) -> IncomingDocument:
    is_assigned = state in REGISTERED - {IncomingState.REGISTERED}
    document = IncomingDocument.objects.create(
        organization=desk.organization,
        state=state,
        inbound_id=uuid4().int % 10**12,
        document_id="H90,2026/03/02,05/UBND-VP",
        sender_code="H90",
        sender_name="Tỉnh",
        number="05",
        notation="UBND-VP",
        issued_on=date(2026, 3, 2),
        type_name="Công văn",
        subject="Thử",
        packet_sha256="d" * 64,
        legal_value=LegalValue.INFORMATION_ONLY,
        arrived_at=timezone.now(),
        register_by=timezone.now(),
        arrival_number=1 if state in REGISTERED else None,
        lead_id=desk.officer.seat_id if is_assigned else None,
    )
    if is_assigned:
        Support.objects.create(
            organization=desk.organization, document=document, seat_id=desk.colleague.seat_id
        )
    return document


@pytest.mark.parametrize("state", OutgoingState)
def test_an_outgoing_document_obeys_only_the_named_person_of_its_state(
    ministry: Desk, state: OutgoingState
) -> None:
    with accounts.scope(ministry.organization.pk):
        document = outgoing_in(ministry, state)

        may = {
            name: set(desk_queries.available_actions(actor, document))
            for name, actor in ministry.actors.items()
        }

    assert {name: acts for name, acts in may.items() if acts} == OUTGOING[state]


@pytest.mark.parametrize("state", IncomingState)
def test_an_incoming_document_obeys_only_the_roles_of_its_state(
    ministry: Desk, state: IncomingState
) -> None:
    with accounts.scope(ministry.organization.pk):
        document = incoming_in(ministry, state)

        may = {
            name: set(desk_queries.available_actions(actor, document))
            for name, actor in ministry.actors.items()
        }

    assert {name: acts for name, acts in may.items() if acts} == INCOMING[state]


@pytest.mark.parametrize("state", OutgoingState)
def test_people_of_another_organization_may_do_nothing(
    ministry: Desk, province: Desk, state: OutgoingState
) -> None:
    with accounts.everywhere():
        document = outgoing_in(ministry, state)

        may = [
            desk_queries.available_actions(actor, document) for actor in province.actors.values()
        ]
        seen = [
            outgoing_queries.outgoing_visible_to(actor).count()
            for actor in province.actors.values()
        ]

    assert not any(may)
    assert not any(seen)


def test_only_drafters_begin_a_draft(ministry: Desk) -> None:
    may = {
        name for name, actor in ministry.actors.items() if accounts.can(actor, "documents.draft")
    }

    assert may == set(ministry.actors) - {"archivist", "administrator"}


@pytest.mark.parametrize(
    ("state", "who"),
    [
        (OutgoingState.DRAFT, {"officer", "unit_head"}),
        (OutgoingState.IN_REVIEW, {"officer", "unit_head", "deputy", "leader"}),
        (OutgoingState.IN_FORM_REVIEW, {"officer", "unit_head", "deputy", "leader", "clerk"}),
        (OutgoingState.AWAITING_SIGNATURE, {"officer", "unit_head", "deputy", "leader"}),
        (
            OutgoingState.SIGNED,
            {"officer", "unit_head", "deputy", "leader", "clerk", "archivist"},
        ),
    ],
)
def test_an_outgoing_document_is_seen_by_those_it_concerns(
    ministry: Desk, state: OutgoingState, who: set[str]
) -> None:
    with accounts.scope(ministry.organization.pk):
        document = outgoing_in(ministry, state)

        seen = {
            name
            for name, actor in ministry.actors.items()
            if accounts.can(actor, "documents.view", document)
        }

    assert seen == who


@pytest.mark.parametrize(
    ("state", "who"),
    [
        (IncomingState.ARRIVED, {"clerk"}),
        (IncomingState.REFUSED, {"clerk"}),
        (
            IncomingState.REGISTERED,
            {"clerk", "leader", "deputy", "archivist", "unit_head", "other_unit_head"},
        ),
        (
            IncomingState.ASSIGNED,
            {"clerk", "leader", "deputy", "archivist", "unit_head", "officer", "colleague"},
        ),
    ],
)
def test_an_incoming_document_is_seen_by_those_it_concerns(
    ministry: Desk, state: IncomingState, who: set[str]
) -> None:
    with accounts.scope(ministry.organization.pk):
        document = incoming_in(ministry, state)

        seen = {
            name
            for name, actor in ministry.actors.items()
            if accounts.can(actor, "documents.view", document)
        }

    assert seen == who


def test_a_document_one_may_not_see_is_not_found(ministry: Desk) -> None:
    with accounts.scope(ministry.organization.pk):
        document = incoming_in(ministry, IncomingState.ARRIVED)

        with pytest.raises(DocumentNotFound):
            incoming_queries.incoming(ministry.officer, document.pk)


def test_the_desk_counts_what_waits_for_each_person(ministry: Desk) -> None:
    with accounts.scope(ministry.organization.pk):
        incoming_in(ministry, IncomingState.ARRIVED)
        incoming_in(ministry, IncomingState.REGISTERED)
        incoming_in(ministry, IncomingState.ASSIGNED)
        outgoing_in(ministry, OutgoingState.DRAFT)
        outgoing_in(ministry, OutgoingState.IN_REVIEW)
        outgoing_in(ministry, OutgoingState.IN_FORM_REVIEW)
        outgoing_in(ministry, OutgoingState.AWAITING_SIGNATURE)
        outgoing_in(ministry, OutgoingState.SIGNED)

        waits = {
            name: {key: count for key, count in desk_queries.desk(actor).counts.items() if count}
            for name, actor in ministry.actors.items()
        }

    assert waits == {
        "clerk": {"to_register": 1, "to_review_form": 1, "to_seal": 1, "overdue": 1},
        "officer": {"to_work": 1, "to_draft": 1},
        "colleague": {},
        "unit_head": {"to_direct": 1, "to_review": 1, "overdue": 1},
        "other_unit_head": {"to_direct": 1, "overdue": 1},
        "leader": {"to_direct": 1, "overdue": 1},
        "deputy": {"to_direct": 1, "to_sign": 1, "overdue": 1},
        "archivist": {},
        "administrator": {},
    }


TABLES: list[type[Model]] = [
    Dossier,
    ElectronicCopy,
    IncomingAttachment,
    IncomingDocument,
    NumberSeries,
    OutgoingDocument,
    OutgoingRecipient,
    StatusReport,
    Support,
]


def test_the_database_hides_every_table_from_other_organizations(
    ministry: Desk, province: Desk
) -> None:
    """TM-X-11: even a query that forgot its filter."""
    own = ministry.organization
    with accounts.scope(own.pk):
        incoming = incoming_in(ministry, IncomingState.ASSIGNED)
        outgoing = outgoing_in(ministry, OutgoingState.DRAFT)
        Dossier.objects.create(organization=own, code="01", title="T", opened_on=date(2026, 1, 1))
        NumberSeries.objects.create(organization=own, series="arrival", year=2026)
        IncomingAttachment.objects.create(
            organization=own, document=incoming, position=1, name="a", sha256="a" * 64, size=1
        )
        OutgoingRecipient.objects.create(
            organization=own, document=outgoing, position=1, recipient=province.organization
        )
        StatusReport.objects.create(
            organization=own, document=incoming, status="01", outbound_id=1, at=timezone.now()
        )
        ElectronicCopy.objects.create(
            organization=own,
            outgoing=outgoing,
            kind="sao_y",
            made_at=timezone.now(),
            made_by_id=ministry.clerk.seat_id,
        )
        mine = {table.__name__: table._default_manager.count() for table in TABLES}

    with accounts.scope(province.organization.pk):
        theirs = {table.__name__: table._default_manager.count() for table in TABLES}
        changed = OutgoingDocument.objects.filter(pk=outgoing.pk).update(subject="khác")
    with accounts.scope():
        nobody = {table.__name__: table._default_manager.count() for table in TABLES}

    assert all(mine.values())
    assert not any(theirs.values())
    assert not any(nobody.values())
    assert changed == 0


def test_the_database_refuses_a_row_in_the_name_of_another_organization(
    ministry: Desk, province: Desk
) -> None:
    with (
        accounts.scope(province.organization.pk),
        pytest.raises((ProgrammingError, InternalError)),
        transaction.atomic(),
    ):
        NumberSeries.objects.create(organization=ministry.organization, series="x", year=2026)
