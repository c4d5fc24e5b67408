"""Files pass to the archive or a successor with a record that both sides sign; and the export."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from lienthong.apps.accounts import api as accounts
from lienthong.apps.documents.dossiers import (
    bundle,
    export,
    handing,
    keeping,
    queries,
    record_pdf,
    reminding,
    xml_file,
)
from lienthong.apps.documents.dossiers.keeping import Wanted
from lienthong.apps.documents.dossiers.problems import (
    DossierNotAllVisible,
    HandOverChanged,
    HandOverNotAllowed,
    NothingToHandOver,
    RecordNotConfirmed,
)
from lienthong.apps.documents.models import Dossier
from lienthong.apps.documents.problems import SeatUnsuitable
from lienthong.apps.documents.rules.dossiers import DossierState, HandOverState
from lienthong.apps.documents.tests.conftest import PIN, Desk, KeyCabinet
from lienthong.apps.documents.tests.rows import incoming_row, outgoing_row
from lienthong.apps.files import api as files
from lienthong.apps.notices.api import Notice
from lienthong.apps.pki import api as pki
from lienthong.core import signing
from lienthong.core.edxml.xml import parse

NS = {"d": "urn:lienthong:dossier:1"}


@pytest.fixture(autouse=True)
def _at_the_ministry(ministry: Desk) -> Iterator[None]:
    with accounts.scope(ministry.organization.pk):
        yield


@pytest.fixture
def signers(cabinet: KeyCabinet, ministry: Desk) -> None:
    for actor in (ministry.officer, ministry.archivist):
        cabinet.person(actor, PIN)


def ended(desk: Desk, retention: str = "20 năm") -> Dossier:
    wanted = Wanted(title="Kết nối trục liên thông", retention=retention)
    dossier = keeping.approve(desk.unit_head, keeping.open_outside(desk.officer, wanted))
    keeping.put(desk.officer, dossier, outgoing_row(desk))
    keeping.put(desk.officer, dossier, incoming_row(desk))
    return keeping.close(desk.officer, dossier)


def test_the_archive_takes_a_file_over_once_both_sides_signed(
    ministry: Desk, signers: None
) -> None:
    """DX-80: checked against the list; the record carries two valid signatures."""
    dossier = ended(ministry)
    record = handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)
    with pytest.raises(HandOverNotAllowed):
        handing.take(ministry.archivist, record, PIN)

    handing.give(ministry.officer, record, PIN)
    between = Dossier.objects.get(pk=dossier.pk).state
    taken = handing.take(ministry.archivist, record, PIN)

    report = signing.verify_pdf(
        files.get(taken.record_sha256), trust=pki.trust(), at=timezone.now() + timedelta(seconds=1)
    )
    assert [(one.field, one.indication.value) for one in report.signatures] == [
        (record_pdf.GIVER, "TOTAL-PASSED"),
        (record_pdf.TAKER, "TOTAL-PASSED"),
    ]
    assert between == DossierState.CLOSED
    assert Dossier.objects.get(pk=dossier.pk).state == DossierState.HANDED_OVER
    assert taken.state == HandOverState.TAKEN


def test_the_archive_takes_nothing_that_differs_from_the_list(
    ministry: Desk, signers: None
) -> None:
    """DX-80."""
    dossier = ended(ministry)
    record = handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)
    handing.give(ministry.officer, record, PIN)
    Dossier.objects.filter(pk=dossier.pk).update(title="Tiêu đề khác")

    with pytest.raises(HandOverChanged, match="hand_over_changed"):
        handing.take(ministry.archivist, record, PIN)

    assert Dossier.objects.get(pk=dossier.pk).state == DossierState.CLOSED


def test_the_archive_takes_nothing_whose_files_are_damaged(ministry: Desk, signers: None) -> None:
    """DX-80: the digest of every stored file is computed again."""
    dossier = ended(ministry)
    record = handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)
    document = queries.items(dossier)[0].outgoing
    assert document is not None
    stored = Path(files.open_path(document.pdf_sha256))
    whole = stored.read_bytes()
    stored.chmod(0o600)
    stored.write_bytes(whole + b" ")
    try:
        found = handing.differences(record)
    finally:
        stored.write_bytes(whole)

    assert [(one.pk, document.reference in why) for one, why in found] == [(dossier.pk, True)]


def test_a_record_whose_first_signature_is_gone_is_not_signed_by_the_taker(
    ministry: Desk, signers: None
) -> None:
    """DX-65: what cannot be confirmed is not valid."""
    dossier = ended(ministry)
    record = handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)
    unsigned = record.record_sha256
    given = handing.give(ministry.officer, record, PIN)
    type(given).objects.filter(pk=given.pk).update(record_sha256=unsigned)

    with pytest.raises(RecordNotConfirmed):
        handing.take(ministry.archivist, given, PIN)


def test_the_taker_may_return_a_record_and_nothing_passes(ministry: Desk, signers: None) -> None:
    dossier = ended(ministry)
    record = handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)
    with pytest.raises(HandOverChanged):  # a file is on one open record at a time
        handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)
    handing.give(ministry.officer, record, PIN)

    handing.give_back(ministry.archivist, record, "Thiếu phụ lục")

    again = handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)
    assert again.state == HandOverState.PREPARED
    assert Dossier.objects.get(pk=dossier.pk).state == DossierState.CLOSED


def test_files_of_short_keeping_stay_with_their_unit(ministry: Desk) -> None:
    """DX-78."""
    dossier = ended(ministry, retention="2 năm")

    with pytest.raises(NothingToHandOver):
        handing.prepare_for_archive(ministry.officer, [dossier.pk], ministry.archivist.seat_id)


def test_who_leaves_hands_over_every_file(
    ministry: Desk, cabinet: KeyCabinet, signers: None
) -> None:
    """DX-82: all of them, open and closed; the successor keeps and sees them."""
    cabinet.person(ministry.colleague, PIN)
    closed = ended(ministry)
    wanted = Wanted(title="Việc đang làm", retention="10 năm")
    still_open = keeping.open_outside(ministry.officer, wanted)
    leader, taker = ministry.leader, ministry.colleague
    with pytest.raises(accounts.Forbidden):
        handing.prepare_for_successor(taker, ministry.officer.seat_id, taker.seat_id)
    with pytest.raises(SeatUnsuitable):
        handing.prepare_for_successor(leader, ministry.officer.seat_id, ministry.officer.seat_id)

    record = handing.prepare_for_successor(
        ministry.officer, ministry.officer.seat_id, taker.seat_id
    )
    handing.give(ministry.officer, record, PIN)
    handing.take(taker, record, PIN)

    kept = set(handing.held_by(ministry.organization.pk, taker.seat_id))
    assert kept == {closed, still_open}
    assert queries.hidden_from(taker, Dossier.objects.get(pk=closed.pk)) == set()


def test_keepers_are_reminded_once_ahead_and_once_late(ministry: Desk) -> None:
    """DX-79."""
    dossier = ended(ministry)
    assert dossier.due_on is not None

    for days in (-31, -30, -5, 1, 2):
        reminding.remind(dossier.due_on + timedelta(days=days))

    told = Notice.objects.filter(person_id=ministry.officer.person_id).order_by("pk")
    assert [one.kind for one in told] == ["documents.hand_over_near", "documents.hand_over_late"]


def test_an_exported_file_holds_everything_in_time_order_and_checks_itself(
    ministry: Desk, tmp_path: Path
) -> None:
    """DX-81, DX-83: PDF and XML, and the originals byte for byte."""
    now = timezone.now()
    wanted = Wanted(title="Kết nối <trục> & liên thông", retention="10 năm")
    dossier = keeping.open_outside(ministry.officer, wanted)
    newer = outgoing_row(ministry, signed_at=now, subject="=cmd|' /C calc'!A0")
    older = incoming_row(ministry, arrived_at=now - timedelta(days=30))
    for document in (newer, older):
        keeping.put(ministry.officer, dossier, document)

    data = export.exported(ministry.officer, dossier)

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, check=False
    )
    root = parse((tmp_path / "ho-so.xml").read_bytes())
    order = [one.text for one in root.iterfind(".//d:CodeNumber", NS)]
    assert done.returncode == 0
    assert order == [older.number, newer.number_text]
    assert root.findtext("d:Title", namespaces=NS) == "Kết nối <trục> & liên thông"
    assert root.findtext("d:DocTotal", namespaces=NS) == "2"
    originals = sorted(name for name in names if name.startswith("van-ban/"))
    assert [files.get(one.pdf_sha256) for one in (older, newer)] == [
        (tmp_path / name).read_bytes() for name in originals
    ]
    with pikepdf.open(tmp_path / "ho-so.pdf") as pdf:
        assert len(pdf.pages) == 1 + 1 + 2


def test_a_changed_export_is_found_out(ministry: Desk) -> None:
    """DX-81: one byte more, one file less."""
    data = export.exported(ministry.officer, ended(ministry))
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            more = b" " if name == "ho-so.xml" else b""
            if not name.startswith("van-ban/001"):
                new.writestr(name, old.read(name) + more)

    assert bundle.differences(data) == []
    found = bundle.differences(changed.getvalue())
    assert [name.split("-")[0] for name in found] == ["ho", "van"]


def test_the_same_file_is_exported_as_the_same_bytes(ministry: Desk) -> None:
    dossier = ended(ministry)

    assert export.exported(ministry.officer, dossier) == export.exported(ministry.officer, dossier)


def test_a_file_with_a_document_one_may_not_see_is_not_exported(ministry: Desk) -> None:
    """DX-81 within the rights on each document."""
    dossier = ended(ministry)

    with pytest.raises(DossierNotAllVisible):
        export.exported(ministry.colleague, dossier)


@given(st.text(), st.text())
def test_the_data_of_a_file_takes_any_text(subject: str, name: str) -> None:
    """DX-81: what people type is text in the XML, and no path in the ZIP."""
    kept = bundle.Kept(name, "0" * 64, lambda: b"x")
    sheet = bundle.Sheet("incoming", "1", None, subject, "", 0, {"Subject": subject}, [kept])

    [(in_zip, _, _)] = bundle._named([sheet])
    root = parse(xml_file.write({"Title": subject}, [sheet], [[(in_zip, "0" * 64, 1)]]))

    assert root.findtext("d:Title", namespaces=NS) is not None
    assert in_zip.startswith("van-ban/001-")
    assert ".." not in in_zip
    assert in_zip.count("/") == 1
