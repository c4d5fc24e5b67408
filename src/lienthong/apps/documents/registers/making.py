"""A register as a file: at once when it is short, else by a job that tells how far it is."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import pikepdf
from django.db import transaction
from django.utils import timezone

from lienthong.apps.accounts import api as accounts
from lienthong.apps.accounts.api import Actor, Role
from lienthong.apps.directory import api as directory
from lienthong.apps.documents.common.listing import Column as PrintedColumn
from lienthong.apps.documents.common.listing import Listing, Table, printed
from lienthong.apps.documents.models import Export
from lienthong.apps.documents.registers import cells
from lienthong.apps.documents.registers.definitions import REGISTERS, Register, Span
from lienthong.apps.documents.registers.problems import RegisterUnknown, SpanWrong
from lienthong.apps.documents.rules.registers import ExportFormat, ExportState
from lienthong.apps.files import api as files
from lienthong.apps.journal import api as journal
from lienthong.apps.outbox import api as outbox

AT_ONCE_MAX = 1000  # rows that are given in the answer itself
READ_AT_ONCE = 1000
PRINTED_AT_ONCE = 1000  # rows that are set in type together
SPAN_YEARS_MAX = 10
JOB = "documents.write_register"

Rows = Iterable[Sequence[str]]
Progress = Callable[[int], None]


@accounts.rule("documents.registers")
def may_read(actor: Actor, _object: None = None) -> bool:
    """Clerks keep the registers; archivists, leaders and unit heads read what they may see."""
    return bool(actor.roles & {Role.CLERK, Role.ARCHIVIST, Role.LEADER, Role.UNIT_HEAD})


@accounts.rule("documents.registers_enter")
def may_enter(actor: Actor, _object: None = None) -> bool:
    """The clerk writes down what was posted and who used a file copy."""
    return Role.CLERK in actor.roles


def register_of(actor: Actor, name: str) -> Register:
    """The register of that name. Raises RegisterUnknown, and Forbidden without the right."""
    accounts.check(actor, "documents.registers")
    if name not in REGISTERS:
        raise RegisterUnknown
    return REGISTERS[name]


def check_span(span: Span) -> None:
    """Raise SpanWrong unless the days are in order and not too far apart."""
    if not span.since <= span.until or span.until.year - span.since.year > SPAN_YEARS_MAX:
        raise SpanWrong(
            since=f"{span.since:%d/%m/%Y}", until=f"{span.until:%d/%m/%Y}", years=SPAN_YEARS_MAX
        )


def texts(register: Register, rows: Iterable[Any]) -> Iterator[list[str]]:
    """The rows of a register as texts."""
    for row in rows:
        yield [column.of(row) for column in register.columns]


def written(
    actor: Actor, register: Register, span: Span, form: ExportFormat, progress: Progress
) -> bytes:
    """The register as a file. progress: told how many rows are written, now and then."""
    found = register.rows(actor, span).iterator(chunk_size=READ_AT_ONCE)
    rows = texts(register, found)
    if form is ExportFormat.XLSX:
        out = io.BytesIO()
        columns = [(column.title, column.width) for column in register.columns]
        cells.write_xlsx(out, str(register.title), columns, rows, progress)
        return out.getvalue()
    if form is ExportFormat.CSV:
        titles = [column.title for column in register.columns]
        return b"".join(cells.csv_lines(titles, _told(rows, progress)))
    return _pdf(actor, register, span, rows, progress)


@transaction.atomic
def given(actor: Actor, register: Register, span: Span, form: ExportFormat) -> bytes | Export:
    """The file of a short register, or the export that a job begins; both are in the journal."""
    check_span(span)
    total = register.rows(actor, span).count()
    facts = {
        "register": register.name,
        "format": form.value,
        "since": span.since.isoformat(),
        "until": span.until.isoformat(),
        "rows": total,
    }
    journal.record(
        organization_id=actor.organization_id,
        act="documents.register_exported",
        subject=f"register:{register.name}",
        actor=actor,
        facts=facts,
    )
    if total <= AT_ONCE_MAX:
        return written(actor, register, span, form, lambda _: None)
    export = Export.objects.create(
        organization_id=actor.organization_id,
        seat_id=actor.seat_id,
        register=register.name,
        format=form,
        since=span.since,
        until=span.until,
        total=total,
    )
    outbox.enqueue(JOB, organization_id=actor.organization_id, export_id=export.pk)
    return export


def write(export_id: int) -> None:
    """Write an export and keep its file; a second call finds it done. By the rights of who asked.

    A failure is shown with the export and raised, so that the job is tried again.
    """
    export = Export.objects.select_related("seat__person").get(pk=export_id)
    if export.state == ExportState.DONE:
        return
    export.state, export.written = ExportState.RUNNING, 0
    export.save(update_fields=["state", "written"])

    def progress(count: int) -> None:
        Export.objects.filter(pk=export_id).update(written=count)

    actor = accounts.actor_in(export.seat)
    span = Span(export.since, export.until)
    try:
        register = REGISTERS[export.register]
        data = written(actor, register, span, ExportFormat(export.format), progress)
    except Exception:
        Export.objects.filter(pk=export_id).update(state=ExportState.FAILED)
        raise
    export.sha256, export.state = files.put(data).sha256, ExportState.DONE
    export.written = export.total
    export.save(update_fields=["sha256", "state", "written"])


def export_of(actor: Actor, pk: int) -> Export:
    """An export that this person asked for. Raises RegisterUnknown."""
    found = Export.objects.filter(
        organization_id=actor.organization_id, seat_id=actor.seat_id, pk=pk
    ).first()
    if found is None:
        raise RegisterUnknown
    return found


def _told(rows: Rows, progress: Progress) -> Iterator[Sequence[str]]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % READ_AT_ONCE == 0:
            progress(number)


def _pdf(actor: Actor, register: Register, span: Span, rows: Rows, progress: Progress) -> bytes:
    """Set the rows in type, so many at a time, pages counted on, and join the pages."""
    source, done = iter(rows), 0
    with pikepdf.new() as made:
        part = list(islice(source, PRINTED_AT_ONCE))
        while part or not made.pages:  # an empty register is a page too
            listing = listing_of(actor, register, span, part, len(made.pages) + 1)
            with pikepdf.open(io.BytesIO(printed(listing))) as pages:
                made.pages.extend(pages.pages)
            done += len(part)
            progress(done)
            part = list(islice(source, PRINTED_AT_ONCE))
        out = io.BytesIO()
        made.save(out, deterministic_id=True)
    return out.getvalue()


def listing_of(
    actor: Actor, register: Register, span: Span, rows: Sequence[Sequence[str]], first_page: int = 1
) -> Listing:
    """The pages of a register with all columns of the decree, numbered."""
    organization = directory.get(actor.organization_id)
    columns = [
        PrintedColumn(column.title, column.width, column.align) for column in register.columns
    ]
    return Listing(
        agency=organization.name,
        superior=organization.parent.name if organization.parent else "",
        place_and_day=f"In ngày {timezone.localdate():%d/%m/%Y}",
        title=str(register.title),
        subtitle=[f"Từ ngày {span.since:%d/%m/%Y} đến ngày {span.until:%d/%m/%Y}"],
        tables=[Table(columns, rows, is_numbered=True)],
        is_landscape=True,
        size=9.0,
        first_page=first_page,
    )
