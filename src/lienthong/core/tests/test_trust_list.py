"""Trust lists: written by TS 119 612, and believed only by the rules (SG 3.8, R46, R47)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from lienthong.core.signing import KeySigner, Trust
from lienthong.core.signing.authority import Authority, make_ec_key
from lienthong.core.signing.path import Trouble, check_path
from lienthong.core.signing.trust import (
    CA_SERVICE,
    CRL_SERVICE,
    OCSP_SERVICE,
    TSA_SERVICE,
    ServiceStatus,
    TrustedService,
)
from lienthong.core.signing.trust_list import (
    TSL,
    ListState,
    Provider,
    Scheme,
    TrustList,
    TrustListBroken,
    TrustListForged,
    TrustListOld,
    Words,
    read_trust_list,
    write_trust_list,
)
from lienthong.core.signing.xml import sign_xml
from lienthong.core.signing.xml_structure import DSIG, XADES
from lienthong.core.tests.pki_fixture import NOW, START, test_pki
from lienthong.core.tests.signing_cases.rules import rule

DAY = timedelta(days=1)
needs_xmlsec1 = pytest.mark.skipif(shutil.which("xmlsec1") is None, reason="needs xmlsec1")


@cache
def operator(name: str = "Đơn vị vận hành danh sách (thử)") -> KeySigner:
    """A scheme operator: a certificate that stands for itself, pinned out of band."""
    key = make_ec_key()
    return KeySigner(key, Authority.root(name, key=key, at=START).certificate)


def service(
    certificate: x509.Certificate, kind: str = CA_SERVICE, *statuses: ServiceStatus
) -> TrustedService:
    return TrustedService(
        certificate, kind, statuses or (ServiceStatus(START, True),), "Dịch vụ", "Ban Cơ yếu (thử)"
    )


def national_list(
    sequence: int = 1, *services: TrustedService, issued_at: datetime = NOW
) -> TrustList:
    """A list with both roots, a responder and a time-stamp service."""
    pki = test_pki()
    government = services or (
        service(pki.government.certificate),
        service(pki.services.certificate, TSA_SERVICE),
        service(
            pki.people.certificate, OCSP_SERVICE,
            ServiceStatus(START, True), ServiceStatus(START + DAY, False),
            ServiceStatus(START + 2 * DAY, True),
        ),
    )  # fmt: skip
    national = replace(
        service(pki.national.certificate, CRL_SERVICE), provider="Trung tâm chứng thực (thử)"
    )
    return TrustList(
        scheme=Scheme(
            Words("Bộ Khoa học và Công nghệ (thử)", "Ministry (test)"),
            Words("Danh sách tin cậy", "VN:Trusted list"),
            "http://pki.lienthong.example/trust-list.xml",
        ),
        sequence=sequence,
        issued_at=issued_at,
        next_update=issued_at + 90 * DAY,
        providers=(
            Provider(
                Words("Ban Cơ yếu (thử)", "Cipher Committee (test)"), "GO:VN-G09",
                "http://pki.lienthong.example/bcy", tuple(government),
            ),
            Provider(
                Words("Trung tâm chứng thực (thử)", "NEAC (test)"), "GO:VN-G10",
                "http://pki.lienthong.example/neac", (national,),
            ),
        ),
        signers=(operator().certificate,),
    )  # fmt: skip


def written(found: TrustList | None = None, signer: KeySigner | None = None) -> bytes:
    return write_trust_list(found or national_list(), signer=signer or operator())


def read(data: bytes, **given: object) -> TrustList:
    defaults: dict[str, object] = {"pinned": [operator().certificate], "at": NOW}
    return read_trust_list(data, **{**defaults, **given})  # type: ignore[arg-type]


# What is written is what is read.


def test_a_list_reads_back_as_it_was_written() -> None:
    found = read(written())

    assert replace(found, sha256="") == national_list()


def test_a_list_says_by_whose_signature_it_was_and_which_file_it_is() -> None:
    data = written()

    assert re.fullmatch("[0-9a-f]{64}", read(data).sha256)
    assert read(data).signers == (operator().certificate,)


moments = st.datetimes(datetime(2020, 1, 1), datetime(2026, 11, 20)).map(  # noqa: DTZ001
    lambda one: one.replace(microsecond=0, tzinfo=NOW.tzinfo)
)


@settings(max_examples=20, deadline=None)
@given(st.lists(moments, min_size=1, max_size=6, unique=True), st.data())
def test_every_history_is_kept(since: list[datetime], data: st.DataObject) -> None:
    statuses = tuple(ServiceStatus(one, data.draw(st.booleans())) for one in sorted(since))
    made = service(test_pki().government.certificate, CA_SERVICE, *statuses)

    assert read(written(national_list(1, made))).services[0].statuses == statuses


@needs_xmlsec1
def test_xmlsec1_accepts_a_list(tmp_path: Path) -> None:
    (tmp_path / "list.xml").write_bytes(written())
    (tmp_path / "operator.pem").write_bytes(operator().certificate.public_bytes(Encoding.PEM))
    told = subprocess.run(
        [
            "xmlsec1", "verify", "--trusted-pem", "operator.pem", "--verification-time",
            f"{NOW:%Y-%m-%d %H:%M:%S}", "--id-attr:Id", f"{XADES}:SignedProperties", "list.xml",
        ],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr
    assert "SignedInfo References (ok/all): 2/2" in told.stderr + told.stdout


def test_the_document_and_the_signed_properties_are_what_is_signed() -> None:
    root = etree.fromstring(written())

    references = root.findall(f"{{{DSIG}}}Signature/{{{DSIG}}}SignedInfo/{{{DSIG}}}Reference")
    assert [one.get("URI") == "" for one in references] == [True, False]


@pytest.mark.parametrize("version", ["5", "6"])
def test_versions_5_and_6_are_read(version: str) -> None:
    assert read(signed_again(lambda root: set_text(root, "TSLVersionIdentifier", version)))


# What is refused.


def set_text(root: etree._Element, name: str, text: str) -> None:
    found = next(root.iter(f"{{{TSL}}}{name}"))
    found.text = text


def remove(root: etree._Element, name: str) -> None:
    found = next(root.iter(f"{{{TSL}}}{name}"))
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)


def signed_again(change: Callable[[etree._Element], None]) -> bytes:
    """The list with a change, signed properly by the operator."""
    root = etree.fromstring(written())
    signature = root.find(f"{{{DSIG}}}Signature")
    assert signature is not None
    root.remove(signature)
    change(root)
    return sign_xml(bytes(etree.tostring(root)), signer=operator(), at=NOW)


@rule("R47")
def test_r47_a_list_with_a_broken_signature_is_refused() -> None:
    with pytest.raises(TrustListForged):
        read(written().replace(b"Svcstatus/granted", b"Svcstatus/withdrawn", 1))


@rule("R47")
def test_r47_a_list_by_an_unknown_signer_is_refused() -> None:
    with pytest.raises(TrustListForged):
        read(written(signer=operator("Kẻ giả danh")))


@rule("R47")
def test_r47_a_list_by_a_look_alike_of_the_operator_is_refused() -> None:
    name = "Đơn vị vận hành danh sách (thử)"
    key = make_ec_key()
    twin = KeySigner(key, Authority.root(name, key=key, at=START).certificate)
    assert twin.certificate.subject == operator().certificate.subject

    with pytest.raises(TrustListForged):
        read(written(signer=twin))


@rule("R47")
def test_r47_a_list_with_two_signatures_is_refused() -> None:
    root = etree.fromstring(written())
    other = etree.fromstring(written(national_list(2))).find(f"{{{DSIG}}}Signature")
    assert other is not None
    root.append(other)

    with pytest.raises(TrustListForged):
        read(bytes(etree.tostring(root)))


@rule("R47")
def test_r47_a_list_without_a_signature_is_refused() -> None:
    root = etree.fromstring(written())
    signature = root.find(f"{{{DSIG}}}Signature")
    assert signature is not None
    root.remove(signature)

    with pytest.raises(TrustListForged):
        read(bytes(etree.tostring(root)))


@rule("R47")
def test_r47_the_sequence_never_goes_back() -> None:
    in_use = read(written(national_list(7)))

    assert read(written(national_list(8)), after=in_use).sequence == 8
    with pytest.raises(TrustListOld):
        read(written(national_list(6)), after=in_use)


@rule("R47")
def test_r47_the_same_number_with_another_content_is_refused() -> None:
    data = written(national_list(7))
    in_use = read(data)
    other = national_list(7, service(test_pki().public.certificate))

    assert read(data, after=in_use) == in_use
    with pytest.raises(TrustListOld):
        read(written(other), after=in_use)


@pytest.mark.parametrize(
    "change",
    [
        lambda root: set_text(root, "TSLVersionIdentifier", "4"),
        lambda root: set_text(root, "TSLSequenceNumber", "0"),
        lambda root: set_text(root, "TSLSequenceNumber", "-1"),
        lambda root: set_text(root, "dateTime", "2027-11-21T00:00:00Z"),
        lambda root: set_text(root, "dateTime", "2026-01-01T00:00:00Z"),
        lambda root: set_text(root, "dateTime", "2027-01-01T00:00:00"),
        lambda root: set_text(root, "ListIssueDateTime", "hôm nay"),
        lambda root: set_text(root, "X509Certificate", "AAAA"),
        lambda root: root.set("TSLTag", "khac"),
        lambda root: remove(root, "NextUpdate"),
        lambda root: remove(root, "SchemeInformation"),
        lambda root: remove(next(root.iter(f"{{{TSL}}}TSPService")), "ServiceDigitalIdentity"),
        lambda root: remove(root, "ServiceStatus"),
    ],
)
def test_a_list_that_breaks_a_rule_is_refused_though_well_signed(
    change: Callable[[etree._Element], None],
) -> None:
    with pytest.raises(TrustListBroken):
        read(signed_again(change))


def test_a_list_of_the_future_is_refused() -> None:
    with pytest.raises(TrustListBroken):
        read(written(national_list(issued_at=NOW + DAY)))


def test_a_list_signed_after_the_operators_certificate_ended_is_refused() -> None:
    late = START + timedelta(days=365 * 21)

    def backdated(root: etree._Element) -> None:
        set_text(root, "ListIssueDateTime", f"{late:%Y-%m-%dT%H:%M:%SZ}")
        set_text(root, "dateTime", f"{late + DAY:%Y-%m-%dT%H:%M:%SZ}")

    with pytest.raises(TrustListForged):
        read(signed_again(backdated), at=late)


@rule("R56")
def test_r56_a_list_with_entities_is_refused() -> None:
    data = written().split(b"?>", 1)[1]

    with pytest.raises(TrustListForged):
        read(b'<!DOCTYPE x [<!ENTITY y "z">]>' + data)


def test_a_list_larger_than_20_mb_is_refused_unread() -> None:
    with pytest.raises(TrustListForged):
        read(written() + b" " * (20 * 1024 * 1024))


def test_a_status_that_nobody_knows_is_not_granted() -> None:
    found = read(signed_again(lambda root: set_text(root, "ServiceStatus", "http://x.example/tot")))

    assert not found.services[0].granted_at(NOW)


def test_a_service_of_another_kind_is_left_out() -> None:
    found = read(
        signed_again(lambda root: set_text(root, "ServiceTypeIdentifier", "http://x.example/khac"))
    )

    assert len(found.services) == len(national_list().services) - 1


def with_a_status_to_come() -> TrustList:
    tomorrow = ServiceStatus(NOW + DAY, True)
    return national_list(1, service(test_pki().government.certificate, CA_SERVICE, tomorrow))


@pytest.mark.parametrize(
    "found",
    [
        replace(national_list(), sequence=0),
        replace(national_list(), next_update=NOW),
        replace(national_list(), next_update=NOW + 185 * DAY),
        with_a_status_to_come(),
    ],
    ids=["number 0", "ended already", "over six months", "a status to come"],
)
def test_a_list_against_the_rules_is_not_written(found: TrustList) -> None:
    with pytest.raises(TrustListBroken):
        written(found)


# A change of the operator's key.


def test_a_new_key_is_followed_through_a_list_by_the_old_one() -> None:
    old, new = operator(), operator("Đơn vị vận hành, khóa mới")
    pivot = written(replace(national_list(5), signers=(old.certificate, new.certificate)), old)
    latest = written(replace(national_list(6), signers=(new.certificate,)), new)

    assert read(latest, pivots=[pivot]).sequence == 6
    with pytest.raises(TrustListForged):
        read(latest)


def test_a_pivot_that_does_not_name_the_new_key_leads_nowhere() -> None:
    new = operator("Đơn vị vận hành, khóa mới")
    latest = written(replace(national_list(6), signers=(new.certificate,)), new)

    with pytest.raises(TrustListForged):
        read(latest, pivots=[written(national_list(5))])


def test_pivots_stand_in_their_order() -> None:
    pivot = written(national_list(5))

    with pytest.raises(TrustListOld):
        read(written(national_list(5)), pivots=[pivot])
    with pytest.raises(TrustListOld):
        read(written(national_list(9)), pivots=[pivot, written(national_list(4))])


def test_more_than_five_pivots_are_not_followed() -> None:
    pivots = [written(national_list(number)) for number in range(1, 7)]

    assert read(written(national_list(9)), pivots=pivots[:5])
    with pytest.raises(TrustListForged):
        read(written(national_list(9)), pivots=pivots)


# Expiry, and what a verifier makes of a list.


def test_a_list_warns_fourteen_days_before_it_ends() -> None:
    found = national_list()
    end = found.next_update

    states = [found.state_at(one) for one in (NOW, end - 15 * DAY, end - 13 * DAY, end)]

    assert states == [ListState.CURRENT, ListState.CURRENT, ListState.ENDING, ListState.EXPIRED]


def listed_trust(found: TrustList, at: datetime) -> Trust:
    """Nothing pinned but what the list names; fresh CRLs."""
    base = test_pki().trust_at(at)
    return found.as_trust(Trust((), base.intermediates, base.crls))


def test_a_path_may_end_at_an_authority_of_the_list() -> None:
    found = check_path(
        test_pki().person().certificate, trust=listed_trust(national_list(), NOW), at=NOW
    )

    assert found.trouble is None, found.trouble_text
    assert found.way == "danh sách"


@rule("R47")
def test_an_expired_list_makes_nothing_valid() -> None:
    late = national_list().next_update + DAY
    trust = listed_trust(national_list(), late)

    found = check_path(test_pki().person().certificate, trust=trust, at=late)

    assert found.trouble is Trouble.NO_PATH


def test_an_expired_list_does_not_leave_a_pinned_root_behind() -> None:
    """What the list spoke about is not believed from the pinned copy when the list has ended."""
    late = national_list().next_update + DAY
    trust = national_list().as_trust(test_pki().trust_at(late))

    found = check_path(test_pki().person().certificate, trust=trust, at=late)

    assert found.trouble is Trouble.NO_PATH


@rule("R46")
def test_r46_a_withdrawn_authority_is_trusted_for_what_came_before() -> None:
    statuses = (ServiceStatus(START, True), ServiceStatus(NOW - DAY, False))
    root = service(test_pki().government.certificate, CA_SERVICE, *statuses)
    trust = listed_trust(national_list(1, root), NOW - 2 * DAY)
    leaf = test_pki().person().certificate

    before = check_path(leaf, trust=trust, at=NOW - 2 * DAY)
    after = check_path(leaf, trust=trust, at=NOW)

    assert before.trouble is None, before.trouble_text
    assert after.trouble is Trouble.NO_PATH
