"""The trust list of a Trust: a newer one is taken when it may be believed (SG 3.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing import DocumentReport, fast, verify_pdf
from lienthong.core.signing.path import Trouble, check_path
from lienthong.core.signing.report import Verdict
from lienthong.core.signing.report_text import document_lines
from lienthong.core.signing.trust import CA_SERVICE, ServiceStatus, Trust
from lienthong.core.signing.trust_list import (
    TrustListForged,
    TrustListOld,
    TrustListUnpinned,
)
from lienthong.core.signing.trust_list_in_use import applied, in_use, taken
from lienthong.core.signing.verify_file import verify_bytes
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, START, test_pki
from lienthong.core.tests.signing_cases.rules import rule
from lienthong.core.tests.test_trust_list import (
    DAY,
    national_list,
    operator,
    service,
    written,
)

Verify = Callable[..., DocumentReport | None]


def pinned() -> Trust:
    return replace(test_pki().trust, operators=(operator().certificate,))


def withdrawn(sequence: int) -> bytes:
    """A list that recognizes the government root no longer, since yesterday."""
    statuses = (ServiceStatus(START, True), ServiceStatus(NOW - DAY, False))
    one = service(test_pki().government.certificate, CA_SERVICE, *statuses)
    return written(national_list(sequence, one))


def test_a_list_is_used_and_kept_with_its_trust(tmp_path: Path) -> None:
    trust = taken(pinned(), written(), at=NOW)
    trust.save(tmp_path)

    again = Trust.from_directory(tmp_path)

    assert [one.name for one in again.services] == ["Dịch vụ"] * 4
    assert again.epoch == trust.epoch != pinned().epoch
    assert again.trust_list == trust.trust_list
    assert again.list_number == 1


@pytest.mark.parametrize("verify", [fast.check_pdf, verify_pdf])
def test_a_report_tells_the_number_of_the_list(verify: Verify) -> None:
    """SG 7.8: on both paths, in JSON and in the lines of a terminal."""
    trust = taken(pinned(), written(national_list(41)), at=NOW)

    report = verify(samples.signed_twice(), trust=trust, at=NOW + DAY)
    without = verify(samples.signed_twice(), trust=test_pki().trust, at=NOW + DAY)

    assert report is not None
    assert report.to_json()["trust_list_sequence"] == 41
    assert type(report).from_json(report.to_json()) == report
    assert "Danh sách tin cậy: số 41" in document_lines(report)
    assert without is not None
    assert without.trust_list_sequence is None


@rule("R46")
def test_r46_a_withdrawal_counts_as_soon_as_the_list_is_taken() -> None:
    certificate = test_pki().person().certificate
    before = taken(pinned(), written(national_list(1)), at=NOW)

    after = taken(before, withdrawn(2), at=NOW)

    assert check_path(certificate, trust=before, at=NOW).trouble is None
    assert check_path(certificate, trust=after, at=NOW).trouble is Trouble.NO_PATH


@rule("R47")
def test_r47_a_list_is_not_taken_where_nobody_is_pinned() -> None:
    with pytest.raises(TrustListUnpinned):
        taken(test_pki().trust, written(), at=NOW)


@rule("R47")
def test_r47_an_older_list_does_not_replace_a_newer_one() -> None:
    trust = taken(pinned(), withdrawn(2), at=NOW)

    with pytest.raises(TrustListOld):
        taken(trust, written(national_list(1)), at=NOW)


@rule("R47")
def test_r47_services_that_were_changed_on_the_disk_are_not_believed() -> None:
    trust = taken(pinned(), withdrawn(2), at=NOW)
    forged = trust.with_services([service(test_pki().government.certificate)])

    healed = applied(forged, at=NOW)

    assert healed.services == trust.services
    assert taken(forged, trust.trust_list, at=NOW).services == trust.services


def test_a_list_that_names_a_new_key_hands_over_and_the_old_key_signs_no_more() -> None:
    old, new = operator(), operator("Đơn vị vận hành, khóa mới")
    handing = written(replace(national_list(2), signers=(new.certificate,)), old)
    trust = taken(taken(pinned(), written(national_list(1)), at=NOW), handing, at=NOW)
    by_new = written(replace(national_list(3), signers=(new.certificate,)), new)
    by_old = written(replace(national_list(4), signers=(old.certificate,)), old)

    after = taken(trust, by_new, at=NOW)

    assert after.pivots == (handing,)
    found = in_use(after, at=NOW)
    assert found is not None
    assert found.sequence == 3
    for one in (trust, after):
        with pytest.raises(TrustListUnpinned):
            taken(one, by_old, at=NOW)


def test_a_hand_over_outlives_the_disk(tmp_path: Path) -> None:
    new = operator("Đơn vị vận hành, khóa mới")
    handing = written(replace(national_list(2), signers=(new.certificate,)))
    trust = taken(pinned(), handing, at=NOW)
    third = written(replace(national_list(3), signers=(new.certificate,)), new)
    fourth = written(replace(national_list(4), signers=(new.certificate,)), new)
    taken(trust, third, at=NOW).save(tmp_path)

    after = taken(Trust.from_directory(tmp_path), fourth, at=NOW)

    assert after.pivots == (handing,)
    assert after.trust_list == fourth


# A list as a file.


def verdict(data: bytes, trust: Trust | None = None, days: int = 0) -> Verdict:
    found = verify_bytes(data, trust=trust or pinned(), at=NOW + days * DAY)
    assert found.kind == "trust_list"
    return found.verdict


def test_a_list_by_the_pinned_operator_is_valid_and_told_service_by_service() -> None:
    found = verify_bytes(written(), trust=pinned(), at=NOW)

    assert found.ok
    assert "Danh sách tin cậy số 1: Hợp lệ" in found.lines
    told = found.report_json["services"]
    assert [one["granted"] for one in told] == [True, True, True, True]
    assert [len(one["statuses"]) for one in told] == [1, 1, 3, 1]


@rule("R47")
def test_r47_a_list_is_never_valid_when_it_may_not_be_believed() -> None:
    forged = written().replace(b"Svcstatus/granted", b"Svcstatus/withdrawn", 1)
    newer = taken(pinned(), written(national_list(2)), at=NOW)

    assert verdict(forged) is Verdict.INVALID
    assert verdict(written(), test_pki().trust) is Verdict.UNKNOWN
    assert verdict(written(signer=operator("Kẻ giả danh"))) is Verdict.UNKNOWN
    assert verdict(written(national_list(1)), newer) is Verdict.UNKNOWN
    assert verdict(written(), days=91) is Verdict.UNKNOWN


def test_the_list_in_use_is_valid_by_itself() -> None:
    trust = taken(pinned(), written(national_list(2)), at=NOW)

    assert verdict(trust.trust_list, trust) is Verdict.VALID


def test_what_a_forged_list_of_a_folder_says_is_not_used(tmp_path: Path) -> None:
    trust = replace(pinned(), trust_list=written().replace(b"granted", b"withdrawn", 1))
    trust.save(tmp_path)

    with pytest.raises(TrustListForged):
        applied(Trust.from_directory(tmp_path), at=NOW)


def test_the_operators_of_a_folder_are_pem_files(tmp_path: Path) -> None:
    test_pki().trust.save(tmp_path)
    (tmp_path / "operators").mkdir()
    pem = operator().certificate.public_bytes(Encoding.PEM)
    (tmp_path / "operators" / "don-vi.pem").write_bytes(pem)

    assert Trust.from_directory(tmp_path).operators == (operator().certificate,)
