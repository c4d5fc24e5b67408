"""A registrar asks, the authority checks everything and issues, or refuses and changes nothing."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from django.db import DatabaseError, transaction

from lienthong.apps.pki import actions, ceremony, keyfiles
from lienthong.apps.pki.authority import mandates, registry, rules, status
from lienthong.apps.pki.authority.models import (
    CRLIssue,
    IssuedCertificate,
    KeyUse,
    LogHead,
    Mandate,
    ReceivedRequest,
)
from lienthong.apps.pki.authority.registration import Caller
from lienthong.apps.pki.authority.rules import Reason, Status
from lienthong.apps.pki.contract import TABLE_TYPE, RequestKind, SubjectKind, row_leaf
from lienthong.apps.pki.trusted import trust
from lienthong.core import signing, tlog
from lienthong.core.errors import Problem
from lienthong.core.signing.authority import (
    POLICY_PERSON,
    SOFTWARE_KEY,
    Profile,
    make_certificate_request,
    make_ec_key,
    make_key,
)
from lienthong.core.signing.lint import findings
from lienthong.core.signing.path import check_path
from lienthong.core.signing.problems import CertificateRequestRefused
from lienthong.core.tests.signing_cases.rules import rule

from .office import (
    CODE,
    ELSEWHERE,
    NOW,
    START,
    Office,
    certificate_in,
    make_mandate,
    person_key,
    sha256_of,
)

pytestmark = pytest.mark.django_db


def refused(office: Office, payload: dict[str, Any], problem: type[Problem]) -> Problem:
    """The refusal of a request, and proof that it left nothing behind."""
    before = IssuedCertificate.objects.count(), LogHead.objects.get(name="certificates").size
    with pytest.raises(problem) as told:
        office.send(payload)
    after = IssuedCertificate.objects.count(), LogHead.objects.get(name="certificates").size
    assert before == after
    assert not ReceivedRequest.objects.filter(pk=payload["id"]).exists()
    return told.value


def test_a_request_within_the_mandate_is_answered_with_a_certificate(office: Office) -> None:
    answer = office.send()

    certificate = certificate_in(answer)
    with ceremony.authority(office.folder, ceremony.PEOPLE) as authority:
        issuer = authority.certificate
    assert answer.status == 201
    assert findings(certificate, Profile.PERSON, issuer) == ()
    assert certificate.public_key() == office.key.public_key()
    assert (
        check_path(certificate, trust=trust(), at=office.at + timedelta(minutes=1)).trouble is None
    )
    assert ReceivedRequest.objects.get().due_at > office.at
    assert f"{POLICY_PERSON}.{SOFTWARE_KEY}" in str(certificate.extensions)


def test_every_certificate_is_a_leaf_of_the_log_before_it_is_delivered(office: Office) -> None:
    """SG-P-01; the proof is checked with the public key alone."""
    answer = office.send()

    log = answer.body["log"]
    public = keyfiles.log_key().public_key()
    head = tlog.verify_checkpoint(log["checkpoint"], public, log["origin"])
    leaf = tlog.leaf_hash(registry.log_entry(certificate_in(answer)))
    proof = [base64.b64decode(one) for one in log["proof"]]
    tlog.verify_inclusion(log["index"], head.size, leaf, proof, head.root)


def test_the_same_request_again_gives_the_same_certificate(office: Office) -> None:
    token = office.token(office.payload())

    first, again = office.hand_over(token), office.hand_over(token)

    assert first.body["certificate"] == again.body["certificate"]
    assert ReceivedRequest.objects.count() == 1


def test_another_request_under_the_same_identifier_is_refused(office: Office) -> None:
    payload = office.payload()
    office.send(payload)

    with pytest.raises(rules.RequestReused):
        office.send({**payload, "reason": "Khác"})


def test_a_certificate_issued_just_before_a_crash_is_the_answer_to_the_next_try(
    office: Office,
) -> None:
    """The machine stopped after the certificate was on disk and before its rows were."""
    payload = office.payload()
    certificate, _ = ceremony.issue(
        office.folder,
        ceremony.PEOPLE,
        Profile.PERSON,
        office.subject(),
        office.key.public_key(),
        at=office.at,
        request=payload["id"],
    )

    answer = office.send(payload)

    assert certificate_in(answer) == certificate
    assert IssuedCertificate.objects.filter(request_id=payload["id"]).count() == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"version": 2}, rules.RegistrationInvalid),
        ({"kind": "steal"}, rules.RegistrationInvalid),
        ({"csr": "%%%"}, rules.RegistrationInvalid),
        ({"csr": ""}, rules.RegistrationInvalid),
        ({"subject": {"common_name": "x", "country": "VN"}}, rules.RegistrationInvalid),
        ({"file_valid_at": "2026-11-20T00:00:00"}, rules.RegistrationInvalid),
        ({"approved_at": (NOW + timedelta(hours=1)).isoformat()}, rules.RegistrationInvalid),
        ({"approved_at": (NOW - timedelta(days=60)).isoformat()}, rules.RegistrationInvalid),
        ({"certificate": "0" * 64}, rules.RegistrationInvalid),
        ({"entered_by": "G09-6"}, rules.SecondPersonNeeded),
        ({"approved_by": "G09-7"}, rules.RegistrarRefused),
        ({"mandate": "00000000-0000-4000-8000-000000000000"}, rules.MandateNotInForce),
        ({"agency": ELSEWHERE}, rules.MandateExceeded),
    ],
)
def test_a_request_that_is_wrong_in_one_place_is_refused(
    office: Office, change: dict[str, Any], problem: type[Problem]
) -> None:
    refused(office, office.payload() | change, problem)


def test_a_csr_with_someone_elses_name_is_refused(office: Office) -> None:
    other = office.subject(common_name="Người Khác")
    csr = base64.b64encode(make_certificate_request(make_ec_key(), other)).decode()

    told = refused(office, office.payload(csr=csr), CertificateRequestRefused)

    assert "tên" in told.sentence


def test_a_csr_without_proof_of_possession_is_refused(office: Office) -> None:
    csr = bytearray(make_certificate_request(office.key, office.subject()))
    csr[-1] ^= 1

    refused(office, office.payload(csr=base64.b64encode(csr).decode()), CertificateRequestRefused)


def test_a_weak_key_is_refused(office: Office) -> None:
    csr = base64.b64encode(make_certificate_request(make_key(2048), office.subject())).decode()

    refused(office, office.payload(csr=csr), CertificateRequestRefused)


def test_nobody_approves_a_request_about_themselves(office: Office) -> None:
    own = office.subject(serial="CB:VN-G09-6", organization_code="G09")

    refused(office, office.payload(named=own), rules.SecondPersonNeeded)


@rule("R65")
def test_a_subject_outside_of_the_subtree_is_refused(office: Office) -> None:  # R65
    stranger = office.subject(organization_code=ELSEWHERE, serial=f"CB:VN-{ELSEWHERE}-1")

    refused(office, office.payload(named=stranger), rules.MandateExceeded)


@rule("R65")
def test_another_node_cannot_use_the_mandate(office: Office) -> None:
    with pytest.raises(rules.MandateExceeded):
        office.hand_over(
            office.token(office.payload()), caller=Caller("tinh", frozenset({ELSEWHERE}))
        )


@rule("R65")
def test_a_revoked_registrar_is_refused(office: Office) -> None:
    row = IssuedCertificate.objects.get(holder="CB:VN-G09-6")
    status.revoke(office.folder, row, at=office.at, reason=Reason.KEY_COMPROMISE)

    refused(office, office.payload(), rules.RegistrarRefused)


@rule("R65")
def test_a_registrar_who_is_not_named_is_refused(office: Office) -> None:
    other = make_mandate(office.officers, office.officer_keys[1], office.officer_keys[0])

    refused(office, office.payload(mandate=str(other.pk)), rules.MandateExceeded)


def test_a_registrar_with_a_new_certificate_needs_no_new_mandate(office: Office) -> None:
    """SG-D-01: the mandate names the person; any certificate of theirs that is good proves them."""
    first = IssuedCertificate.objects.get(sha256=sha256_of(office.registrar.certificate))
    office.registrar = person_key(office.folder, "Lê Văn Đăng", CODE, f"{CODE}-6", at=office.at)
    registry.sync(office.folder, at=office.at)
    status.revoke(office.folder, first, at=office.at, reason=Reason.SUPERSEDED)

    assert office.send().status == 201
    assert [one.sha256 for one in mandates.certificates_of(office.mandate)] == [
        sha256_of(office.registrar.certificate)
    ]


@rule("R65")
def test_a_registrars_code_under_another_agencys_name_proves_nobody(office: Office) -> None:
    office.registrar = person_key(
        office.folder, "Lê Văn Đăng", ELSEWHERE, f"{CODE}-6", at=office.at
    )
    registry.sync(office.folder, at=office.at)

    refused(office, office.payload(), rules.MandateExceeded)


@rule("R65")
@pytest.mark.parametrize("profile", ["person", "agency"])
def test_nobody_gets_a_code_of_another_agency_certified(office: Office, profile: str) -> None:
    """Else a registrar of one agency could make registrars of another."""
    named = office.subject(serial=f"CB:VN-{CODE}-6")

    refused(office, office.payload(named=named, profile=profile), rules.MandateExceeded)


@rule("R65")
@pytest.mark.parametrize(
    ("terms", "payload"),
    [
        ({"subjects": (SubjectKind.AGENCY,)}, {}),
        ({"kinds": (RequestKind.REVOKE,)}, {}),
        ({"per_day": 1}, {}),
    ],
)
def test_a_mandate_is_not_stretched(
    office: Office, terms: dict[str, Any], payload: dict[str, Any]
) -> None:
    narrow = make_mandate(office.officers, office.officer_keys[1], office.registrar, **terms)
    if "per_day" in terms:
        office.send(office.payload(mandate=str(narrow.pk)))

    refused(office, office.payload(mandate=str(narrow.pk), **payload), rules.MandateExceeded)


@rule("R65")
def test_an_ended_mandate_stops_requests_at_once_and_earlier_certificates_stay(
    office: Office,
) -> None:
    row = office.issue()

    mandates.end(office.officers[0], office.mandate, reason="Hết nhu cầu", at=office.at)

    refused(office, office.payload(), rules.MandateNotInForce)
    row.refresh_from_db()
    assert row.status == Status.ACTIVE


@rule("R65")
@pytest.mark.parametrize(
    "widen",
    [
        {"root_code": ELSEWHERE},
        {"per_day": 4999},
        {"officers": []},
        {"valid_to": START + timedelta(days=4000)},
    ],
)
def test_a_mandate_changed_behind_our_back_is_worth_nothing(
    office: Office, widen: dict[str, Any]
) -> None:
    Mandate.objects.filter(pk=office.mandate.pk).update(**widen)

    refused(office, office.payload(), rules.MandateNotInForce)


def test_a_mandate_needs_two_officers(office: Office) -> None:
    terms = mandates.Terms(
        agency_code="G09",
        root_code="G09",
        subjects=(SubjectKind.PERSON,),
        kinds=(RequestKind.NEW,),
        officers=(mandates.Officer("G09-6", "x", "0" * 64),),
        per_day=1,
        lifetime_days=365,
        valid_from=START,
        valid_to=START + timedelta(days=30),
    )
    proposed = mandates.propose(office.officers[0], terms, at=START)

    with pytest.raises(rules.SecondPersonNeeded):
        mandates.approve(office.officers[0], proposed, office.officer_keys[0], at=START)


def table_of(office: Office, payloads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows that the registrar signed as one table, as they go over the wire."""
    leaves = [row_leaf(one) for one in payloads]
    tiles = tlog.MemoryTiles(tlog.append(tlog.MemoryTiles(), 0, leaves).changed)
    shared = {name: payloads[0][name] for name in ("mandate", "approved_by", "approved_at")}
    act = signing.sign_jws(
        {"version": 1, "size": len(leaves), "root": tlog.root(tiles, len(leaves)).hex(), **shared},
        key=office.registrar,
        at=office.at,
        typ=TABLE_TYPE,
    )
    proofs = [tlog.inclusion_proof(tiles, n, len(leaves)) for n in range(len(leaves))]
    return [
        {"act": act, "registration": one, "index": n, "proof": [node.hex() for node in proofs[n]]}
        for n, one in enumerate(payloads)
    ]


def test_rows_of_a_signed_table_are_requests_each(office: Office) -> None:
    """SG-D-04: one signed act."""
    rows = table_of(office, [office.payload(), office.payload(), office.payload()])

    answers = [office.hand_over(json.dumps(row)) for row in rows]

    assert [answer.status for answer in answers] == [201, 201, 201]
    again = office.hand_over(json.dumps(rows[1]))
    assert certificate_in(again) == certificate_in(answers[1])


@rule("R65")
@pytest.mark.parametrize(
    "change",
    [
        {"index": 1},
        {"proof": []},
        {"proof": ["00" * 32]},
        {"proof": "x"},
        {"registration": "other"},
        {"registration": {"reason": "Khác"}},
        {"registration": {"approved_by": "G09-5"}},
        {"act": ""},
    ],
)
def test_a_row_that_is_not_in_the_signed_table_is_refused(
    office: Office, change: dict[str, Any]
) -> None:
    row = table_of(office, [office.payload(), office.payload()])[0]
    if isinstance(change.get("registration"), dict):
        change = {"registration": {**row["registration"], **change["registration"]}}

    with pytest.raises(Problem):
        office.hand_over(json.dumps({**row, **change}))

    assert not ReceivedRequest.objects.exists()


def test_a_clock_in_the_past_issues_nothing(office: Office) -> None:
    office.issue()
    office.at -= timedelta(minutes=30)

    refused(
        office,
        office.payload(
            approved_at=office.at.isoformat(),
            file_valid_at=(office.at - timedelta(hours=1)).isoformat(),
        ),
        rules.ClockInThePast,
    )


def test_a_certificate_is_renewed_once_with_sixty_days_left(office: Office) -> None:
    row = office.issue()
    office.at += timedelta(days=100)

    renewed = _in_time(office, row)

    assert renewed.replaces == row
    assert renewed.not_after - renewed.not_before <= timedelta(days=3 * 365)
    refused(office, office.about(renewed, "renew"), rules.RenewalRefused)


def _in_time(office: Office, row: IssuedCertificate) -> IssuedCertificate:
    """Renew `row` at the office's time, with lists that are fresh then."""
    actions.renew_crls(at=office.at)
    answer = office.send(office.about(row, "renew"))
    return IssuedCertificate.objects.exclude(replaces=None).get(
        serial=f"{certificate_in(answer).serial_number:X}"
    )


def test_it_is_too_late_to_renew_with_fifty_nine_days_left(office: Office) -> None:
    row = office.issue()
    IssuedCertificate.objects.filter(pk=row.pk).update(
        not_after=office.at + timedelta(days=59, hours=23)
    )

    refused(office, office.about(row, "renew"), rules.RenewalRefused)


def test_a_change_keeps_the_end_and_the_old_one_until_it_is_revoked(office: Office) -> None:
    row = office.issue()
    promoted = office.subject(title="Thứ trưởng")

    answer = office.send(office.about(row, "change", named=promoted))

    changed = IssuedCertificate.objects.get(replaces=row)
    row.refresh_from_db()
    assert certificate_in(answer).not_valid_after_utc == row.not_after
    assert (changed.status, row.status) == (Status.ACTIVE, Status.ACTIVE)


def test_a_revocation_is_on_the_list_at_once(office: Office) -> None:
    row = office.issue()

    answer = office.send(office.about(row, "revoke", ground="disclosed"))

    result = check_path(_parsed(row), trust=trust(), at=office.at + timedelta(seconds=1))
    assert answer.body["status"] == "revoked"
    assert result.revoked_at == office.at
    row.refresh_from_db()
    assert row.reason == Reason.KEY_COMPROMISE


def _parsed(row: IssuedCertificate) -> Any:
    return x509.load_pem_x509_certificate(row.pem.encode())


def test_a_hold_by_one_person_waits_for_the_second(office: Office) -> None:
    row = office.issue()

    office.send(office.about(row, "hold", entered_by="G09-6"))

    held = ReceivedRequest.objects.get(kind="hold")
    row.refresh_from_db()
    assert row.status == Status.ON_HOLD
    assert held.confirm_before == office.at + timedelta(hours=24)
    assert status.confirm_hold(office.officers[0], held, at=office.at).confirmed_at == office.at


def test_a_release_makes_it_good_again(office: Office) -> None:
    row = office.issue()
    office.send(office.about(row, "hold"))

    office.at += timedelta(minutes=5)
    answer = office.send(office.about(row, "release"))

    result = check_path(_parsed(row), trust=trust(), at=office.at + timedelta(seconds=1))
    assert answer.body["status"] == "active"
    assert result.trouble is None


def test_what_is_revoked_is_not_released(office: Office) -> None:
    row = office.issue()
    office.send(office.about(row, "revoke"))

    with pytest.raises(rules.CertificateStateWrong):
        office.send(office.about(row, "release"))


def test_officers_revoke_by_two(office: Office) -> None:
    row = office.issue()
    proposed = status.propose(
        office.officers[0],
        row,
        rules.StatusAct.REVOKE,
        reason=Reason.AFFILIATION_CHANGED,
        why="Nghỉ hưu",
        at=office.at,
        directory=office.folder,
        hold_meanwhile=True,
    )

    with pytest.raises(rules.SecondPersonNeeded):
        status.decide(
            office.officers[0], proposed, accept=True, at=office.at, directory=office.folder
        )
    status.decide(office.officers[1], proposed, accept=True, at=office.at, directory=office.folder)

    row.refresh_from_db()
    assert row.status == Status.REVOKED


def test_every_use_of_a_key_is_written_down_and_stays(office: Office) -> None:  # SG-K-09
    office.issue()

    uses = set(KeyUse.objects.values_list("purpose", flat=True))
    assert {"issue", "crl", "mandate"} <= uses
    with pytest.raises(DatabaseError), transaction.atomic():
        KeyUse.objects.all().delete()


def test_numbers_of_lists_only_rise(office: Office) -> None:  # SG-R-03
    for _ in range(3):
        office.send(office.about(office.issue(), "revoke"))

    numbers = list(
        CRLIssue.objects.filter(authority__name="government-a", base_number=None)
        .order_by("pk")
        .values_list("number", flat=True)
    )
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 4


def test_a_ten_times_larger_request_is_refused_before_it_is_read(office: Office) -> None:
    with pytest.raises(rules.RegistrationInvalid):
        office.hand_over("a" * 100_000)


def test_the_answer_is_plain_json(office: Office) -> None:
    assert json.dumps(dict(office.send().body))
