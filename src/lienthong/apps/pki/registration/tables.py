"""Many requests from one table, checked row by row (SG-D-04).

Columns: kind (new, renew, revoke, hold, release), username, certificate (serial in hexadecimal),
ground, reason, csr (PKCS#10 in base64, from the device). The page reads the table and looks at its
shape; a job enters the rows. A row that fails is told with its reason and stops no other.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
from collections.abc import Mapping, Sequence

from django.db import transaction

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Seat
from lienthong.apps.directory import api as directory
from lienthong.apps.files import api as files
from lienthong.apps.outbox import api as outbox
from lienthong.apps.pki.contract import ISSUING, RequestKind
from lienthong.apps.pki.models import Certificate, RequestTable
from lienthong.apps.pki.registration import asking, queries
from lienthong.apps.pki.registration.rules import Ground, TableUnreadable
from lienthong.apps.pki.rules import KeyPlace
from lienthong.core.errors import Problem

ROWS_MAX = 5000
ROWS_AT_ONCE = 50  # in one transaction of the job
TABLE_SIZE_MAX_BYTES = 32 * 1024 * 1024
COLUMNS = ("kind", "username", "certificate", "ground", "reason", "csr")
NEEDED = {"kind", "username"}
BY_TABLE = frozenset(RequestKind) - {RequestKind.CHANGE, RequestKind.RESTORE}


class RowUnusable(Problem):
    """One row of a table cannot become a request."""

    code = "pki.row_unusable"
    status = 422
    text = "Dòng không dùng được: {reason}."


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
def take(actor: Actor, name: str, data: bytes) -> RequestTable:
    """Keep a table whose shape is right; the job `pki.enter_table` makes requests of its rows.

    Raises TableUnreadable, Forbidden.
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
    outbox.enqueue("pki.enter_table", table_id=table.pk, organization_id=actor.organization_id)
    return table


def enter(table_id: int) -> None:
    """Make a request of every row that can be one, handed in and waiting for another person's
    approval; keep the reasons of the rest. Goes on where it stopped.
    """
    table = RequestTable.objects.get(pk=table_id)
    actor = accounts.actor_of_seat(table.entered_by_id)
    rows, seats = read(files.get(table.sha256)), _seats(actor)
    while _enter_some(table_id, actor, rows, seats):
        pass


@transaction.atomic
def _enter_some(
    table_id: int, actor: Actor, rows: Sequence[Mapping[str, str]], seats: Mapping[str, Seat]
) -> bool:
    """Enter the next rows with their count, all or none. Whether there were any."""
    table = RequestTable.objects.select_for_update().get(pk=table_id)
    batch = rows[table.entered_count : table.entered_count + ROWS_AT_ONCE]
    for number, row in enumerate(batch, start=table.entered_count + 2):  # line 1: the names
        try:
            with transaction.atomic():
                _enter_row(actor, table, row, seats)
        except Problem as problem:
            table.failures.append({"line": number, "text": problem.sentence})
    table.entered_count += len(batch)
    table.save(update_fields=["failures", "entered_count"])
    return bool(batch)


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
        # The key is in the holder's device, which made the request.
        key_place=KeyPlace.BROWSER if kind in ISSUING else KeyPlace.FILE,
    )
    csr = _csr(row["csr"]) if kind in ISSUING else b""
    asking.submit(actor, asking.enter(actor, wish, table=table, csr=csr))


def _certificate_id(serial: str) -> int | None:
    found = Certificate.objects.filter(serial=serial.upper()).first() if serial else None
    return found.pk if found else None


def _csr(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise RowUnusable(reason="cột csr không phải base64") from error
