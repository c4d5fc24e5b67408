"""Approve many requests at once: those marked in a list, or a whole table by one signed act.

A table is approved by one signature over the root of a tree whose leaves are its requests
(SG-D-04); each goes to the authority as a leaf with its proof, so the key is opened and used once
however many rows there are. A job does the rest and goes on where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki import queries as keys
from lienthong.apps.pki.contract import TABLE_TYPE, VERSION, row_leaf
from lienthong.apps.pki.models import CertificateRequest, RequestTable
from lienthong.apps.pki.registration import deciding, mapping
from lienthong.apps.pki.registration.rules import Move, RequestState, TableBusy, after
from lienthong.apps.pki.registration.writing import locked, record
from lienthong.apps.pki.rules import KeyKind, KeyPlace, KeySignsOneByOne
from lienthong.apps.pki.signers import Consent, HeldKey, opened, opened_for_many
from lienthong.core import signing, tlog
from lienthong.core.errors import Problem

ROWS_AT_ONCE = 50  # in one transaction of the job
Failures = list[dict[str, str]]


class RowChanged(Problem):
    """A request is not any more what the registrar signed for."""

    code = "pki.row_changed"
    status = 409
    text = "Yêu cầu đã thay đổi sau khi bảng được ký duyệt."


def approve_many(
    actor: Actor,
    requests: Sequence[CertificateRequest],
    consent: Consent | str,
    *,
    at: datetime | None = None,
) -> tuple[list[CertificateRequest], Failures]:
    """Approve requests with the registrar's key opened once; a remote service authorises all of
    them together. Returns those approved and, for the others, why not.

    Raises as `deciding.approve` when none can be, and KeySignsOneByOne for a key at the browser.
    """
    moment = at or timezone.now()
    mandate, key = _key(actor)

    def work(request: CertificateRequest) -> Callable[[signing.DigestSigner], CertificateRequest]:
        return lambda signer: deciding.sign_approval(actor, request, signer, mandate, at=moment)

    works = [(f"{one.get_kind_display()}: {one.holder}", work(one)) for one in requests]
    approved: list[CertificateRequest] = []
    failures: Failures = []
    with opened_for_many(key, Consent.of(consent), works) as signer:
        for request, (_, approve) in zip(requests, works, strict=True):
            try:
                approved.append(approve(signer))
            except Problem as problem:
                failures.append({"holder": request.holder, "text": problem.sentence})
    return approved, failures


def approve_table(
    actor: Actor, table: RequestTable, consent: Consent | str, *, at: datetime | None = None
) -> RequestTable:
    """Sign for every request of the table that waits; the job `pki.approve_table` carries it out.

    Those that this person may not approve are left out and told. Raises TableBusy while a job is
    at work, KeySignsOneByOne for a key at the browser, else as `deciding.approve`; then nothing
    changed.
    """
    at = (at or timezone.now()).astimezone(UTC).replace(microsecond=0)
    accounts.check(actor, "pki.register", table)
    mandate, key = _key(actor)
    if key.place is KeyPlace.BROWSER:
        raise KeySignsOneByOne(holder=key.holder)
    seats = Seat.objects.select_related("organization")
    seat = seats.prefetch_related("organization__codes").get(pk=actor.seat_id)
    with transaction.atomic():
        table = RequestTable.objects.select_for_update(of=("self",)).get(pk=table.pk)
        if table.is_busy:
            total = table.approving if table.is_entered else table.row_count
            done = table.approved_count if table.is_entered else table.entered_count
            raise TableBusy(done=done, total=total)
        fit, failures = _fit(actor, table)
        leaves = [
            row_leaf(mapping.payload(one, mandate=mandate, approver=seat, at=at)) for one in fit
        ]
        with opened(key, Consent.of(consent), lambda: [table.name]) as signer:
            table.approval = signing.sign_jws(
                _act(table, leaves, mandate, seat, at), key=signer, at=at, typ=TABLE_TYPE
            )
        table.leaves = [[str(one.pk), leaf.hex()] for one, leaf in zip(fit, leaves, strict=True)]
        table.approved_by, table.approved_at, table.mandate = seat, at, mandate
        table.approved_count, table.approval_failures = 0, failures
        table.save()
        outbox.enqueue(
            "pki.approve_table", table_id=table.pk, organization_id=actor.organization_id
        )
    return table


def carry_out(table_id: int) -> None:
    """Approve the requests that a table's signature covers. Goes on where it stopped."""
    table = RequestTable.objects.get(pk=table_id)
    leaves = [bytes.fromhex(leaf) for _, leaf in table.leaves or ()]
    tree = tlog.Tree(_tiles(leaves), len(leaves))
    while _carry_out_some(table_id, tree):
        pass


@transaction.atomic
def _carry_out_some(table_id: int, tree: tlog.Tree) -> bool:
    """Approve the next requests with their count, all or none. Whether there were any."""
    table = (
        RequestTable.objects.select_for_update(of=("self",))
        .select_related("approved_by__person", "approved_by__organization")
        .prefetch_related("approved_by__organization__codes")
        .get(pk=table_id)
    )
    batch: Sequence[Any] = (table.leaves or [])[table.approved_count :][:ROWS_AT_ONCE]
    for index, (pk, leaf) in enumerate(batch, start=table.approved_count):
        try:
            with transaction.atomic():
                _approve_row(table, UUID(pk), leaf, index, tree)
        except Problem as problem:
            holder = CertificateRequest.objects.get(pk=pk).holder
            failure = {"holder": holder, "text": problem.sentence}
            table.approval_failures = [*(table.approval_failures or []), failure]
    table.approved_count += len(batch)
    table.save(update_fields=["approved_count", "approval_failures"])
    return bool(batch)


def _approve_row(table: RequestTable, pk: UUID, leaf: str, index: int, tree: tlog.Tree) -> None:
    seat, at = table.approved_by, table.approved_at
    if seat is None or at is None:
        raise RowChanged
    actor = accounts.actor_in(seat)
    request = locked(CertificateRequest(pk=pk))
    deciding.check_other_person(actor, request)
    if request.state == RequestState.SUBMITTED:
        request = deciding.verify(actor, request)
    payload = mapping.payload(request, mandate=table.mandate, approver=seat, at=at)
    if row_leaf(payload).hex() != leaf:
        raise RowChanged
    request.state = after(RequestState(request.state), Move.APPROVE)
    request.approved_by, request.approved_at, request.refusal = seat, at, None
    proof = [each.hex() for each in tree.inclusion_proof(index)]
    request.token = json.dumps(
        {"act": table.approval, "registration": payload, "index": index, "proof": proof}
    )
    request.save()
    record(request, Move.APPROVE, actor)


def _fit(actor: Actor, table: RequestTable) -> tuple[list[CertificateRequest], Failures]:
    """The requests that wait and this person may approve; of the others, why not."""
    waiting = table.requests.filter(state__in=[RequestState.SUBMITTED, RequestState.VERIFIED])
    fit: list[CertificateRequest] = []
    failures: Failures = []
    people = ("organization", "certificate", "entered_by__person", "entered_by__organization")
    codes = ("organization__codes", "entered_by__organization__codes")
    found = waiting.select_related(*people).prefetch_related("evidence", *codes)
    for request in found.order_by("pk"):
        try:
            deciding.check_other_person(actor, request)
            deciding.check_confirmed(request)
        except Problem as problem:
            failures.append({"holder": request.holder, "text": problem.sentence})
        else:
            fit.append(request)
    return fit, failures


def _act(
    table: RequestTable, leaves: Sequence[bytes], mandate: str, seat: Seat, at: datetime
) -> dict[str, object]:
    """What the registrar signs for a whole table."""
    return {
        "version": VERSION,
        "table": table.sha256,
        "size": len(leaves),
        "root": tlog.root(_tiles(leaves), len(leaves)).hex(),
        "mandate": mandate,
        "approved_by": mapping.officer_code(seat.organization, seat.person_id),
        "approved_at": at.isoformat(timespec="seconds"),
    }


def _tiles(leaves: Sequence[bytes]) -> tlog.MemoryTiles:
    return tlog.MemoryTiles(tlog.append(tlog.MemoryTiles(), 0, leaves).changed)


def _key(actor: Actor) -> tuple[str, HeldKey]:
    mandate = deciding.mandate_of(directory.get(actor.organization_id))
    return mandate, keys.usable_key(KeyKind.PERSON, person_id=actor.person_id)
