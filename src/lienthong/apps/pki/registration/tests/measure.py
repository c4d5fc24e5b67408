"""How long the registrar's desk takes with many rows; not a test, run by hand:

pytest -s src/lienthong/apps/pki/registration/tests/measure.py
"""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable
from datetime import date
from statistics import median

from lienthong.apps.accounts.api import Person, Role, Seat
from lienthong.apps.pki.models import CertificateRequest, RequestTable
from lienthong.apps.pki.registration import bulk, jobs, mapping, tables
from lienthong.core.signing.authority import make_certificate_request, make_ec_key

from .authority import Authority
from .conftest import PIN, Ministry
from .test_pages import as_

ROWS = 1000
PAGES = {
    "worklist, first page": "/chung-thu/dang-ky/",
    "worklist, page 50": "/chung-thu/dang-ky/?trang=50",
    "worklist, words without accents": "/chung-thu/dang-ky/?q=nguyen+thi+4321",
    "worklist, overdue": "/chung-thu/dang-ky/?state=late",
}


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def timed(name: str, act: Callable[[], object], count: int = 1) -> None:
    """Print seconds of the wall clock and of this process's CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    rate = f", {count / cpu:.0f} rows per CPU second" if count > 1 else ""
    say(f"{name}: {wall:.2f} s, CPU {cpu:.2f} s{rate}")


def rows_of(ministry: Ministry) -> bytes:
    """A table of new certificates for ROWS people of the ministry, each with an own CSR."""
    key, lines = make_ec_key(), ["kind,username,certificate,ground,reason,csr"]
    for number in range(ROWS):
        person = Person.objects.create(username=f"nv{number}", full_name=f"Nguyễn Thị {number}")
        seat = Seat.objects.create(
            person=person,
            organization=ministry.organization,
            role=Role.OFFICER,
            position="Chuyên viên",
            valid_from=date(2026, 1, 1),
        )
        facts = mapping.person_subject(person, seat)
        subject = mapping.subject_of(CertificateRequest(subject=facts))
        csr = base64.b64encode(make_certificate_request(key, subject)).decode("ascii")
        lines.append(f"new,nv{number},,,,{csr}")
    return "\n".join(lines).encode()


def test_measure_a_table_and_the_pages(authority: Authority, ministry: Ministry) -> None:
    data = rows_of(ministry)
    browser = as_(ministry.second)

    made: list[RequestTable] = []

    def upload() -> None:
        made.append(tables.take(ministry.registrar, "bang.csv", data))

    timed("upload of the table", upload)
    table = made[0]
    timed("job: rows entered", lambda: tables.enter(table.pk), ROWS)
    for name, address in PAGES.items():
        spans = []
        for _ in range(5):
            began = time.process_time()
            assert browser.get(address).status_code == 200
            spans.append(time.process_time() - began)
        say(f"page, {name}: CPU {1000 * median(spans):.0f} ms")
    timed("page of the table", lambda: browser.get(f"/chung-thu/dang-ky/bang/{table.pk}"))
    timed("approval by one signature", lambda: bulk.approve_table(ministry.second, table, PIN))
    timed("job: requests approved", lambda: bulk.carry_out(table.pk), ROWS)
    timed("job: first requests sent and issued", jobs.send_requests, jobs.SEND_AT_ONCE)

    table.refresh_from_db()
    assert table.failures == []
    assert table.approved_count == ROWS
    issued = CertificateRequest.objects.filter(state="issued").count()
    say(f"issued: {issued}; the mandate allows {authority.mandate.per_day} a day")
