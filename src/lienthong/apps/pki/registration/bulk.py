"""Many requests from one table, checked row by row, approved by one signed act (SG-D-04).

Columns: kind (new, renew, revoke, hold, release), username, certificate (serial in hexadecimal),
ground, reason, csr (PKCS#10 in base64, from the device). A row that fails is told with its reason
and does not stop the others.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.files import api as files
from lienthong.apps.pki import queries as keys
from lienthong.apps.pki.contract import ISSUING, VERSION, RequestKind
from lienthong.apps.pki.models import Certificate, CertificateRequest, RequestTable
from lienthong.apps.pki.registration import asking, deciding, mapping, queries
from lienthong.apps.pki.registration.rules import Ground, RequestState, TableUnreadable
from lienthong.core import signing
from lienthong.core.errors import Problem

ROWS_MAX = 5000
TABLE_SIZE_MAX_BYTES = 32 * 1024 * 1024
COLUMNS = ("kind", "username", "certificate", "ground", "reason", "csr")
NEEDED = {"kind", "username"}
BY_TABLE = frozenset(RequestKind) - {RequestKind.CHANGE, RequestKind.RESTORE}


class RowUnusable(Problem):
    """One row of a table cannot become a request."""

    code = "pki.row_unusable"
    status = 422
    text = "Dòng không dùng được: {reason}."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one signed act did: how many requests it approved, and which rows it could not."""

    approved: int
    failures: list[dict[str, str | int]]


def read(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV in UTF-8 with a line of column names. Raises TableUnreadable."""
    if len(data) > TABLE_SIZE_MAX_BYTES:
        raise TableUnreadable(reason="tệp lớn quá 32 MB")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableUnreadable(reason="tệp không ở dạng UTF-8") from error
    dialect = csv.excel()
    dialect.delimiter = ";" if ";" in text.partition("\n")[0] else ","
    try:
        reader = csv.DictReader(io.StringIO(text), dialect=dialect, strict=True)
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        if missing := NEEDED - set(names):
            raise TableUnreadable(reason=f"thiếu cột {', '.join(sorted(missing))}")
        rows = [
            {name: (row.get(name) or "").strip() for name in COLUMNS}
            for row, _ in zip(reader, range(ROWS_MAX + 1), strict=False)
        ]
    except csv.Error as error:
        raise TableUnreadable(reason="không phải bảng CSV") from error
    if not rows:
        raise TableUnreadable(reason="bảng không có dòng nào")
    if len(rows) > ROWS_MAX:
        raise TableUnreadable(reason=f"nhiều hơn {ROWS_MAX} dòng")
    return rows


@transaction.atomic
def enter_table(actor: Actor, name: str, data: bytes) -> RequestTable:
    """Make a request of every row that can be one, handed in and waiting for another person's
    approval; keep the reasons of the rest. Raises TableUnreadable, Forbidden.
    """
    accounts.check(actor, "pki.register")
    rows = read(data)
    table = RequestTable.objects.create(
        organization_id=actor.organization_id,
        name=name[-255:],
        sha256=files.put(data).sha256,
        entered_by_id=actor.seat_id,
        row_count=len(rows),
    )
    seats = _seats(actor)
    for number, row in enumerate(rows, start=2):  # line 1 holds the names of the columns
        try:
            with transaction.atomic():
                _enter_row(actor, table, row, seats)
        except Problem as problem:
            table.failures.append({"line": number, "text": problem.sentence})
    table.save(update_fields=["failures"])
    return table


def approve_table(
    actor: Actor, table: RequestTable, pin: str, *, at: datetime | None = None
) -> Outcome:
    """Approve every request of the table that waits, with the registrar's key opened once.

    The act itself is signed over the digests of all of them. Raises as `deciding.approve`.
    """
    at = at or timezone.now()
    accounts.check(actor, "pki.register", table)
    waiting = table.requests.filter(state__in=[RequestState.SUBMITTED, RequestState.VERIFIED])
    mandate, signer = _opened(actor, pin)
    approved, failures = _approve_each(
        actor, waiting.order_by("created_at", "pk"), signer, mandate, at
    )
    table.approval = signing.sign_jws(
        _act(table, approved, actor, at), key=signer, at=at, typ=mapping.BATCH_TYPE
    )
    table.save(update_fields=["approval"])
    return Outcome(len(approved), failures)


def approve_many(
    actor: Actor, requests: Iterable[CertificateRequest], pin: str, *, at: datetime | None = None
) -> tuple[list[CertificateRequest], list[dict[str, str | int]]]:
    """Approve requests with the registrar's key opened once. Returns those approved and, for the
    others, why not. Raises as `deciding.approve` when none can be.
    """
    at = at or timezone.now()
    mandate, signer = _opened(actor, pin)
    return _approve_each(actor, requests, signer, mandate, at)


def _opened(actor: Actor, pin: str) -> tuple[str, signing.DigestSigner]:
    mandate = deciding.mandate_of(directory.get(actor.organization_id))
    return mandate, keys.person_signer(actor.person_id, pin)


def _approve_each(
    actor: Actor,
    requests: Iterable[CertificateRequest],
    signer: signing.DigestSigner,
    mandate: str,
    at: datetime,
) -> tuple[list[CertificateRequest], list[dict[str, str | int]]]:
    approved: list[CertificateRequest] = []
    failures: list[dict[str, str | int]] = []
    for request in requests:
        try:
            approved.append(_approve_row(actor, request, signer, mandate, at))
        except Problem as problem:
            failures.append({"holder": request.holder, "text": problem.sentence})
    return approved, failures


def _approve_row(
    actor: Actor,
    request: CertificateRequest,
    signer: signing.DigestSigner,
    mandate: str,
    at: datetime,
) -> CertificateRequest:
    with transaction.atomic():
        if request.state == RequestState.SUBMITTED:
            request = deciding.verify(actor, request)
        return deciding.sign_approval(actor, request, signer, mandate, at=at)


def _act(
    table: RequestTable, approved: list[CertificateRequest], actor: Actor, at: datetime
) -> dict[str, object]:
    return {
        "version": VERSION,
        "table": table.sha256,
        "approved_by": actor.name,
        "approved_at": at.isoformat(timespec="seconds"),
        "requests": [
            {"id": str(one.pk), "sha256": hashlib.sha256(one.token.encode()).hexdigest()}
            for one in approved
        ],
    }


def _seats(actor: Actor) -> Mapping[str, Seat]:
    """The seats of the subtree by username: one for each person."""
    found: dict[str, Seat] = {}
    for organization_id in queries.subtree(directory.get(actor.organization_id)):
        for seat in accounts.seats(organization_id):
            found.setdefault(seat.person.username, seat)
    return found


def _enter_row(
    actor: Actor, table: RequestTable, row: Mapping[str, str], seats: Mapping[str, Seat]
) -> None:
    if row["kind"] not in BY_TABLE:
        raise RowUnusable(reason=f"loại yêu cầu “{row['kind'][:20]}” không dùng trong bảng")
    seat = seats.get(row["username"])
    if seat is None:
        raise RowUnusable(reason=f"không có người dùng “{row['username'][:40]}” trong cơ quan")
    if row["ground"] not in {"", *Ground.values}:
        raise RowUnusable(reason=f"căn cứ “{row['ground'][:20]}” không có trong danh mục")
    kind = RequestKind(row["kind"])
    wish = asking.Wish(
        kind,
        seat_id=seat.pk,
        certificate_id=_certificate_id(row["certificate"]),
        ground=row["ground"],
        reason=row["reason"],
    )
    request = asking.enter(actor, wish)
    request.table = table
    request.save(update_fields=["table"])
    if kind in ISSUING:
        asking.take_csr(actor, request, _csr(row["csr"]))
    asking.submit(actor, request)


def _certificate_id(serial: str) -> int | None:
    found = Certificate.objects.filter(serial=serial.upper()).first() if serial else None
    return found.pk if found else None


def _csr(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RowUnusable(reason="cột csr không phải base64") from error
