"""Fills the node of a bench: agencies, people, keys, a million rows, and what waits to be sent.

Runs as a process of the node: `python -m lienthong.run.bench.desk.seed DIR ADMIN_URL PLAN.json`.
Rows go in by COPY as the database's administrator, without triggers: row security and foreign keys
bind the pages that are measured, not the preparation.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import sql

from lienthong.apps.documents.search import text

from . import rows, words

if TYPE_CHECKING:
    from django.db.models import Model

    from lienthong.apps.accounts.api import Seat
    from lienthong.apps.directory.api import Organization

PASSWORD = "do-hieu-nang-ban-lam-viec"  # noqa: S105  of people who exist in a throw-away database
PIN = "135792468"
SEATED_FROM = date(2020, 1, 1)
DESKS, DOSSIERS = 5, 500
STAFF = {"clerk": 4, "leader": 3, "unit_head": 5, "officer": 40, "archivist": 1}
DETAILS = 300  # documents that one person opens in turn


@dataclass(frozen=True)
class Wish:
    """What the bench asks for."""

    documents: int
    arrivals: int
    to_send: int
    users: int


def fill(directory: Path, admin_url: str, wish: Wish) -> dict[str, Any]:
    """Fill the node and return what each person will do: {"users": […]}."""
    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415
    from lienthong.apps.pki import api as pki  # noqa: PLC0415

    random = Random(7)
    office = directory / "pki"
    now = datetime.now(UTC)
    pki.make_national_pki(office, at=now)
    pki.install_trust(office / "trust")
    with accounts.everywhere():
        organizations = _organizations()
        seats = {one.pk: _people(one) for one in organizations[:DESKS]}
        main = organizations[0]
        people = seats[main.pk]
        _keys(office, main, people["leader"][0], now)
        filler = _draft(main, people, organizations[-1], "Mẫu để đo")
        desks = [_desk(one, seats[one.pk]) for one in organizations[:DESKS]]
        plan = rows.Plan(wish.documents, wish.arrivals, filler.draft_sha256, now)
        others = [one.pk for one in organizations[DESKS:]]
        found = _copy_all(admin_url, plan, desks, others, random)
        to_send = _ready_to_send(main, people, organizations[-1], wish.to_send)
    return {"users": list(_users(wish, people, found, to_send))}


@dataclass(frozen=True)
class Seeded:
    """Documents of the first agency that people will open or register."""

    arrived: Sequence[str]
    led_by: Mapping[int, Sequence[str]]
    known: Sequence[str]


def _organizations() -> list[Organization]:
    from lienthong.apps.directory import api as directory  # noqa: PLC0415

    own = [("G99", "Bộ Đo lường (thử tải)")] + [
        (f"H{90 + index}", f"Sở Đo lường số {index}") for index in range(1, DESKS)
    ]
    return [
        directory.register(
            name=name, kind=directory.Kind.OTHER, codes={"QD20": code}, place="Hà Nội"
        )
        for code, name in [*own, *words.AGENCIES[:60]]
    ]


def _people(organization: Organization) -> dict[str, list[Seat]]:
    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415
    from lienthong.apps.directory import api as directory  # noqa: PLC0415

    units = [
        directory.add_unit(organization=organization, name=f"Vụ Đo lường {index}", code=f"V{index}")
        for index in range(1, STAFF["unit_head"] + 1)
    ]
    hashed = ""
    seats: dict[str, list[Seat]] = {}
    for role, count in STAFF.items():
        for index in range(count):
            person = accounts.Person(
                username=f"{role}.{index}.{organization.pk}",
                full_name=words.person(Random(index * 31 + organization.pk)),
            )
            if hashed:
                person.password = hashed
            else:  # one hash serves all: making them costs more than the rest of the directory
                person.set_password(PASSWORD)
                hashed = person.password
            person.save()
            seat = accounts.Seat.objects.create(
                person=person,
                organization=organization,
                role=accounts.Role(role),
                unit=units[index % len(units)] if role in {"unit_head", "officer"} else None,
                position="Thứ trưởng" if role == "leader" else "",
                valid_from=SEATED_FROM,
            )
            seats.setdefault(role, []).append(seat)
    return seats


def _keys(office: Path, main: Organization, leader: Seat, now: datetime) -> None:
    from lienthong.apps.pki import api as pki  # noqa: PLC0415

    pki.issue_person(
        office,
        person_id=leader.person_id,
        organization_id=main.pk,
        position=leader.position,
        pin=PIN,
        at=now,
    )
    pki.issue_agency(office, organization_id=main.pk, pin=PIN, at=now)
    pki.issue_service(office, organization_id=main.pk, at=now)


def _desk(organization: Organization, seats: Mapping[str, list[Seat]]) -> rows.Desk:
    from lienthong.apps.documents import api as documents  # noqa: PLC0415

    made = documents.Dossier.objects.bulk_create(
        documents.Dossier(
            organization=organization,
            code=f"{index:03d}/2026",
            title=f"Hồ sơ {words.SUBJECTS[index % len(words.SUBJECTS)]}",
            year=2026,
            opened_on=date(2026, 1, 2),
        )
        for index in range(1, DOSSIERS + 1)
    )
    officers, heads, leaders = (
        [one.pk for one in seats[role]] for role in ("officer", "unit_head", "leader")
    )
    dossiers = [one.pk for one in made]
    return rows.Desk(organization.pk, organization.code, officers, heads, leaders, dossiers)


def _draft(
    main: Organization, people: Mapping[str, list[Seat]], to: Organization, subject: str
) -> Any:
    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415
    from lienthong.apps.documents import api as documents  # noqa: PLC0415

    return documents.draft_from_form(
        accounts.actor_in(people["officer"][0]),
        type_code=18,
        subject=subject,
        urgency=0,
        recipients=[to.pk],
        form={"addressee": "", "body": f"{subject}.\n" * 12, "places": [], "bases": []},
        signatory_seat_id=people["leader"][0].pk,
        reviewer_seat_id=people["unit_head"][0].pk,
    )


def _ready_to_send(
    main: Organization, people: Mapping[str, list[Seat]], to: Organization, count: int
) -> list[str]:
    """Documents really signed by the leader and sealed by the agency, by way of the desk."""
    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415
    from lienthong.apps.documents import api as documents  # noqa: PLC0415

    officer, head, leader, clerk = (
        accounts.actor_in(people[role][0]) for role in ("officer", "unit_head", "leader", "clerk")
    )
    made = []
    for index in range(count):
        document = _draft(main, people, to, f"V/v đo hiệu năng phát hành lần {index + 1}")
        documents.submit_for_review(officer, document)
        document = documents.approve(head, document, "")
        if document.state == documents.OutgoingState.IN_FORM_REVIEW:
            documents.approve_form(clerk, document, "")
        documents.approve_form(clerk, document)
        documents.sign(leader, document, PIN)
        documents.seal(clerk, document, PIN)
        made.append(str(document.pk))
        _say(f"  văn bản đã ký, chờ phát hành: {index + 1}/{count}")
    return made


class _Search:
    """Writes the search entry of each row that passes by, on a connection of its own."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._words: set[tuple[int, str]] = set()

    def __enter__(self) -> Self:
        self._connection.execute("SET session_replication_role = replica")
        self._connection.execute("DROP INDEX search_by_words, search_by_day")  # made anew below
        model = apps_model("SearchEntry")
        self._columns, _ = rows.table(model, ())
        self._model = model
        self._copy = self._connection.cursor().copy(_copy_into(model, self._columns))
        self._writing = self._copy.__enter__()
        return self

    def note(self, kind: str, made: Iterable[rows.Row]) -> Iterator[rows.Row]:
        for row in made:
            entry = rows.entry(kind, row)
            self._writing.write_row([entry.get(name, "") for name in self._columns])
            for word in text.words(f"{row['subject']} {row.get('sender_name', '')}"):
                if word.isalpha():
                    self._words.add((row["organization_id"], word))
            yield row

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._copy.__exit__(kind, error, trace)
        if error is not None:
            return
        known = ({"organization_id": owner, "word": word} for owner, word in sorted(self._words))
        _copy(self._connection, apps_model("SearchWord"), known)
        _say("  chỉ mục từ …\n")
        table = self._model._meta.db_table
        self._connection.execute(
            f"CREATE INDEX search_by_words ON {table} USING gin (vector)".encode()
        )
        self._connection.execute(
            f"CREATE INDEX search_by_day ON {table} (organization_id, day DESC, id DESC)".encode()
        )
        self._connection.commit()


def apps_model(name: str) -> type[Model]:
    from django.apps import apps  # noqa: PLC0415

    return apps.get_model("documents", name)


def _copy_all(
    admin_url: str,
    plan: rows.Plan,
    desks: Sequence[rows.Desk],
    others: Sequence[int],
    random: Random,
) -> Seeded:
    arrived: list[str] = []
    led_by: dict[int, list[str]] = {}
    known: list[str] = []
    files: list[dict[str, Any]] = []
    sent: list[dict[str, Any]] = []

    def noted(made: Iterable[rows.Row]) -> Iterator[rows.Row]:
        for row in made:
            files.append({name: row[name] for name in ("organization_id", "id", "pdf_sha256")})
            if row["organization_id"] == desks[0].organization_id:
                if "state" not in row:
                    arrived.append(str(row["id"]))
                elif "lead_id" in row:
                    led_by.setdefault(row["lead_id"], []).append(str(row["id"]))
                if random.random() < 0.01:
                    known.append(str(row["id"]))
            yield row

    def noted_sent(made: Iterable[rows.Row]) -> Iterator[rows.Row]:
        for row in made:
            sent.append({name: row[name] for name in ("organization_id", "id")})
            yield row

    with psycopg.connect(admin_url) as connection, psycopg.connect(admin_url) as second:
        connection.execute("SET session_replication_role = replica")
        with _Search(second) as search:
            came = search.note("incoming", noted(rows.incoming(plan, desks, random)))
            _copy(connection, apps_model("IncomingDocument"), came)
            went = search.note("outgoing", noted_sent(rows.outgoing(plan, desks, random)))
            _copy(connection, apps_model("OutgoingDocument"), went)
        _copy(connection, apps_model("OutgoingRecipient"), rows.recipients(sent, others))
        _copy(connection, apps_model("IncomingAttachment"), rows.attachments(files, 60_000))
        _copy(connection, apps_model("NumberSeries"), rows.series(desks, plan.now.date()))
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return Seeded(arrived, led_by, known)


def _copy_into(model: type[Model], columns: Sequence[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table), sql.SQL(",").join(map(sql.Identifier, columns))
    )


def _copy(
    connection: psycopg.Connection[Any], model: type[Model], made: Iterable[rows.Row]
) -> None:
    columns, values = rows.table(model, made)
    count = 0
    with connection.cursor().copy(_copy_into(model, columns)) as copy:
        for count, row in enumerate(values, start=1):
            copy.write_row(row)
            if count % 50_000 == 0:
                _say(f"  {model._meta.verbose_name}: {count:,}")
    _say(f"  {model._meta.verbose_name}: {count:,}\n")


def _users(
    wish: Wish, people: Mapping[str, list[Seat]], found: Seeded, to_send: Sequence[str]
) -> Iterator[dict[str, Any]]:
    """Of five people two are officers; the others a clerk, a leader and a head of a unit."""
    turn = ("clerk", "officer", "leader", "officer", "unit_head")
    clerks = [index for index in range(wish.users) if turn[index % len(turn)] == "clerk"]
    for index in range(wish.users):
        role = turn[index % len(turn)]
        seat = people[role][index // len(turn) % len(people[role])]
        opens: Sequence[str] = found.known
        if role == "officer":
            opens = found.led_by.get(seat.pk, [])
        elif role == "unit_head":
            opens = [
                one
                for mate in people["officer"]
                if mate.unit_id == seat.unit_id
                for one in found.led_by.get(mate.pk, [])
            ]
        share = clerks.index(index) if role == "clerk" else 0
        yield {
            "username": seat.person.username,
            "password": PASSWORD,
            "role": role,
            "detail": list(opens[-DETAILS:]),
            "register": list(found.arrived[share :: len(clerks)]) if role == "clerk" else [],
            "dispatch": list(to_send[share :: len(clerks)]) if role == "clerk" else [],
        }


def _say(text: str) -> None:
    sys.stderr.write(f"\r{text}")
    sys.stderr.flush()


def main() -> None:
    import django  # noqa: PLC0415

    django.setup()
    directory, admin_url = Path(sys.argv[1]), sys.argv[2]
    wish = Wish(**json.loads(sys.argv[3]))
    plan = fill(directory, admin_url, wish)
    _say("\n")
    (directory / "users.json").write_text(json.dumps(plan), encoding="utf-8")


if __name__ == "__main__":
    main()
