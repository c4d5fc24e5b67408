"""The second wall: PostgreSQL lets a connection see only the organizations it works for (TM-X-11).

The setting `lienthong.organizations` holds the ids, separated by commas, or `*`. Where it is not
set there are no rows. It belongs to the session of the connection; a pooler that shares connections
between transactions must not stand in between.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any

from django.db import connection, migrations
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.pq import TransactionStatus

SETTING = "lienthong.organizations"
EVERYWHERE = "*"

_scope: ContextVar[str] = ContextVar("lienthong_scope", default="")


@contextlib.contextmanager
def scope(*organization_ids: int) -> Iterator[None]:
    """See and write rows of these organizations only, until the block ends. None: no rows."""
    with _set(",".join(str(int(organization_id)) for organization_id in organization_ids)):
        yield


@contextlib.contextmanager
def everywhere() -> Iterator[None]:
    """See and write rows of every organization: for jobs of the node, never for a person's page."""
    with _set(EVERYWHERE):
        yield


def scope_of(fields: Mapping[str, Any]) -> AbstractContextManager[None]:
    """The scope of an event or a job: its `organization_id`, or no rows when it has none."""
    organization_id = fields.get("organization_id")
    return scope(*([organization_id] if organization_id is not None else []))


def current() -> str:
    """The setting in force here: ids separated by commas, `*`, or empty."""
    return _scope.get()


@contextlib.contextmanager
def _set(value: str) -> Iterator[None]:
    before = _scope.get()
    _scope.set(value)
    _tell(connection, value)
    try:
        yield
    finally:
        _scope.set(before)
        _tell(connection, before)


def _tell(wrapper: BaseDatabaseWrapper, value: str) -> None:
    """Set the value on an open connection; a connection opened later is told by `on_connect`."""
    if wrapper.connection is None or wrapper.connection.closed:
        return
    # In a failed transaction nothing can be set, and nothing need be: the rollback restores the
    # value from before the transaction or savepoint, which began before this block did.
    if wrapper.connection.info.transaction_status == TransactionStatus.INERROR:
        return
    with wrapper.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, value])


def on_connect(*, connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Tell a new connection the scope of the code that opened it."""
    if _scope.get():
        _tell(connection, _scope.get())


def row_security(table: str, column: str = "organization_id") -> migrations.RunSQL:
    """Return the migration step that puts `table` behind the wall.

    Forced, so that it binds the owner of the table too. Both sides are texts: an id that is no
    number cannot break the comparison. The setting is read once for a statement, not for each row.
    """
    seen = _seen(column)
    return migrations.RunSQL(
        sql=[
            f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
            f'CREATE POLICY "{POLICY}" ON "{table}" USING ({seen}) WITH CHECK ({seen})',
        ],
        reverse_sql=[
            f'DROP POLICY "{POLICY}" ON "{table}"',
            f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
            f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
        ],
    )


def also_seen_by(table: str, column: str) -> migrations.RunSQL:
    """Return the step by which rows of `table` are seen by the organization in `column` too.

    For a table behind the wall whose rows two organizations work on; its policies are joined.
    """
    name = f"{POLICY}_{column}"
    return migrations.RunSQL(
        sql=f'CREATE POLICY "{name}" ON "{table}" USING ({_seen(column)}) '
        f"WITH CHECK ({_seen(column)})",
        reverse_sql=f'DROP POLICY "{name}" ON "{table}"',
    )


def _seen(column: str) -> str:
    ids = f"(SELECT string_to_array(current_setting('{SETTING}', true), ','))"
    everywhere_ = f"(SELECT current_setting('{SETTING}', true) = '{EVERYWHERE}')"
    return f'{everywhere_} OR "{column}"::text = ANY ({ids}::text[])'


POLICY = "own_organizations"
