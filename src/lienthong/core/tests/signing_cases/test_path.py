"""Whose signature counts, and when: paths, periods, revocation (SG 7.2 blocks 6-8, R35-R48)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from lienthong.core import signing
from lienthong.core.signing import Indication, SignatureReport, Trust, Verdict
from lienthong.core.signing.authority import (
    Authority,
    Profile,
    Subject,
    make_ec_key,
    make_key,
)
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, START, NationalPKI, make_pki, test_pki
from lienthong.core.tests.signing_cases import judge
from lienthong.core.tests.signing_cases.rules import rule

HOUR = timedelta(hours=1)
CONTENT = b"a packet"


@pytest.fixture
def pki() -> NationalPKI:
    return make_pki()


def check(signature: bytes, trust: Trust, at: datetime = NOW) -> SignatureReport:
    return signing.verify_detached(CONTENT, signature, trust=trust, at=at)


def reasons(report: SignatureReport) -> str:
    return " ".join(one.text for one in report.checks if one.ok is not True)


def test_a_sound_signature_tells_the_list_and_the_path(pki: NationalPKI) -> None:
    signature = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)

    report = check(signature, pki.trust_at(NOW))

    assert report.indication is Indication.PASSED
    texts = " ".join(one.text for one in report.checks)
    assert "CRL số" in texts
    assert "Gốc công vụ (thử)" in texts
    assert report.signer is not None
    assert (report.signer.kind, report.signer.organization_code) == ("service", "G09")


@rule("R36")
def test_a_certificate_revoked_before_signing_fails(pki: NationalPKI) -> None:
    signer = pki.service()
    pki.services.revoke(signer.certificate, at=NOW - HOUR)
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)

    report = check(signature, pki.trust_at(NOW))

    assert (report.indication, report.sub_indication) == (Indication.FAILED, "REVOKED")
    assert "đã bị thu hồi" in reasons(report)


def test_revoked_after_the_claimed_time_without_proof_is_unknown(pki: NationalPKI) -> None:
    signer = pki.service()
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)
    pki.services.revoke(signer.certificate, at=NOW + HOUR)

    report = check(signature, pki.trust_at(NOW + 2 * HOUR), NOW + 2 * HOUR)

    assert report.sub_indication == "REVOKED_NO_POE"
    assert report.indication is Indication.INDETERMINATE


@rule("A7")
def test_a_later_list_still_proves_what_held_before(pki: NationalPKI) -> None:
    signer = pki.service()
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)
    pki.services.revoke(signer.certificate, at=NOW + HOUR)

    report = check(signature, pki.trust_at(NOW + 2 * HOUR), NOW)

    assert report.indication is Indication.PASSED


def test_a_held_certificate_counts_as_revoked(pki: NationalPKI) -> None:  # SG-R-04
    signer = pki.service()
    hold = x509.ReasonFlags.certificate_hold
    pki.services.revoke(signer.certificate, at=NOW - HOUR, reason=hold)
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)

    assert check(signature, pki.trust_at(NOW)).indication is Indication.FAILED


@rule("R37")
def test_a_revoked_authority_spoils_what_it_issued(pki: NationalPKI) -> None:
    pki.government.revoke(pki.services.certificate, at=NOW - HOUR)
    signature = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)

    report = check(signature, pki.trust_at(NOW))

    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication == "REVOKED_CA_NO_POE"


@rule("R43")
def test_without_any_list_nothing_is_valid(pki: NationalPKI) -> None:
    signature = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)
    trust = Trust(pki.trust.anchors, pki.trust.intermediates)

    report = check(signature, trust)

    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, "TRY_LATER")
    assert "Không có danh sách thu hồi" in reasons(report)


@rule("R43")
def test_the_leafs_list_alone_is_not_enough(pki: NationalPKI) -> None:
    signature = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)
    trust = Trust(pki.trust.anchors, pki.trust.intermediates, (pki.services.crl(at=NOW),))

    assert check(signature, trust).sub_indication == "TRY_LATER"


@rule("R45")
def test_an_expired_list_is_unknown(pki: NationalPKI) -> None:
    signature = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)
    trust = pki.trust_at(NOW - timedelta(days=3), lifetime=timedelta(days=2))

    report = check(signature, trust)

    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, "TRY_LATER")
    assert "quá hạn" in reasons(report)


@rule("R45")
def test_a_list_signed_by_another_key_does_not_count(pki: NationalPKI) -> None:
    signature = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)
    stranger = make_pki()

    trust = Trust(
        pki.trust.anchors,
        pki.trust.intermediates,
        tuple(one.crl(at=NOW) for one in stranger.authorities),
    )

    assert check(signature, trust).sub_indication == "TRY_LATER"


def test_the_newest_list_decides(pki: NationalPKI) -> None:
    signer = pki.service()
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)
    before = pki.trust_at(NOW - HOUR)
    pki.services.revoke(signer.certificate, at=NOW - HOUR)
    newer = pki.services.crl(at=NOW)

    both = Trust(before.anchors, before.intermediates, (*before.crls, newer))

    assert check(signature, before).indication is Indication.PASSED
    assert check(signature, both).indication is Indication.FAILED
    assert check(signature, before.with_crls([newer])).indication is Indication.FAILED


@rule("R17")
def test_an_unknown_root_is_unknown(pki: NationalPKI) -> None:
    signature = signing.sign_detached(CONTENT, signer=make_pki().service(), at=NOW)

    report = check(signature, pki.trust_at(NOW))

    assert report.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"
    assert report.indication is Indication.INDETERMINATE


@rule("R48")
def test_a_look_alike_root_with_the_same_name_does_not_count(pki: NationalPKI) -> None:
    false = Authority.root("Gốc công vụ (thử)", key=make_ec_key(), at=START)
    sub = false.sub_authority("CA công vụ B (thử)", key=make_ec_key(), at=START)
    signer = pki.issue(sub, Profile.SERVICE, Subject("x", organization_code="G09"))
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)

    report = check(signature, pki.trust_at(NOW))

    assert report.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"


@rule("R42")
def test_a_bag_of_look_alike_authorities_is_bounded(pki: NationalPKI) -> None:
    key = make_ec_key()
    bag = tuple(Authority.root("Vòng", key=key, at=START).certificate for _ in range(40))
    signer = pki.issue(
        Authority(key, bag[0], bag), Profile.SERVICE, Subject("x", organization_code="G09")
    )
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)

    report = check(signature, pki.trust_at(NOW))

    assert report.indication is Indication.INDETERMINATE


@rule("R35")
def test_an_expired_certificate_without_proof_is_unknown(pki: NationalPKI) -> None:
    subject = Subject("x", organization_code="G09")
    signer = pki.issue(pki.services, Profile.SERVICE, subject, lifetime=timedelta(days=30))
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)
    later = NOW + timedelta(days=60)

    report = check(signature, pki.trust_at(later), later)

    assert report.sub_indication == "OUT_OF_BOUNDS_NO_POE"
    assert report.indication is Indication.INDETERMINATE


@rule("R35")
def test_signed_after_expiry_by_its_own_claim_fails(pki: NationalPKI) -> None:
    subject = Subject("x", organization_code="G09")
    signer = pki.issue(pki.services, Profile.SERVICE, subject, lifetime=timedelta(days=10))
    later = NOW + timedelta(days=60)
    signature = signing.sign_detached(CONTENT, signer=signer, at=later)

    report = check(signature, pki.trust_at(later), later)

    assert (report.indication, report.sub_indication) == (Indication.FAILED, "EXPIRED")


def test_a_certificate_not_valid_yet_fails(pki: NationalPKI) -> None:
    signer = pki.issue(
        pki.services, Profile.SERVICE, Subject("x", organization_code="G09"), at=NOW + HOUR
    )
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)

    assert check(signature, pki.trust_at(NOW)).sub_indication == "NOT_YET_VALID"


@rule("R51")
def test_a_time_claimed_in_the_future_or_before_the_certificate_is_doubtful(
    pki: NationalPKI,
) -> None:
    for claimed in (NOW + HOUR, START - HOUR):
        signature = signing.sign_detached(CONTENT, signer=pki.service(), at=claimed)

        report = check(signature, pki.trust_at(NOW))

        assert report.sub_indication == "SIG_CONSTRAINTS_FAILURE"
        assert report.indication is Indication.INDETERMINATE


@rule("A2")
def test_rsa_2048_is_still_accepted(pki: NationalPKI) -> None:
    key = make_key(2048)
    root = Authority.root("Gốc khác", key=make_ec_key(), at=START)
    signer = pki.issue(root, Profile.SERVICE, Subject("x", organization_code="G09"), key=key)
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)
    trust = Trust((root.certificate,), (), (root.crl(at=NOW),))

    assert check(signature, trust).indication is Indication.PASSED


@rule("R14")
def test_a_key_outside_the_table_is_never_valid(
    pki: NationalPKI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another authority may be careless; ours would not certify such a key."""
    monkeypatch.setattr("lienthong.core.signing.authority.lint", lambda *_: None)
    key = ec.generate_private_key(ec.SECP256K1())
    signer = pki.issue(pki.services, Profile.SERVICE, Subject("x"), key=key)
    signature = signing.sign_detached(CONTENT, signer=signer, at=NOW)

    report = check(signature, pki.trust_at(NOW))

    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication == "CRYPTO_CONSTRAINTS_FAILURE"


def test_results_are_kept_only_while_they_hold(pki: NationalPKI) -> None:
    """A good path is remembered until its list expires, and not before the time it was found."""
    signature = signing.sign_detached(CONTENT, signer=pki.service(), at=NOW)
    trust = pki.trust_at(NOW)

    assert check(signature, trust, NOW + HOUR).indication is Indication.PASSED
    assert check(signature, trust, NOW + 2 * HOUR).indication is Indication.PASSED
    assert check(signature, trust, NOW + timedelta(days=3)).sub_indication == "TRY_LATER"


def test_a_trust_survives_its_directory_and_its_bundle(pki: NationalPKI, tmp_path: Path) -> None:
    pki.trust.save(tmp_path)

    loaded, unpacked = Trust.from_directory(tmp_path), Trust.from_bundle(pki.trust.bundle())

    assert loaded.epoch == unpacked.epoch == pki.trust.epoch
    assert loaded.keys.keys() == {"log"}
    assert pki.trust_at(NOW).epoch != pki.trust.epoch


def test_a_trust_without_roots_is_refused(tmp_path: Path) -> None:
    with pytest.raises(signing.TrustInvalid):
        Trust.from_directory(tmp_path)
    with pytest.raises(signing.TrustInvalid):
        Trust.from_files({"anchors/a.pem": b"rubbish"})


def test_a_certificate_against_its_profile_is_not_issued(pki: NationalPKI) -> None:  # SG-P-01
    with pytest.raises(signing.CertificateProfileBroken):
        pki.issue(pki.people, Profile.PERSON, Subject("x"), lifetime=timedelta(days=365 * 6))
    with pytest.raises(signing.CertificateProfileBroken):
        pki.issue(pki.people, Profile.PERSON, Subject("tên\u202eđảo"))


@rule("A9")
def test_a_long_vietnamese_name_is_kept_whole(pki: NationalPKI) -> None:
    name = "Sở Khoa học, Công nghệ và Chuyển đổi số tỉnh Bắc Trung Nguyên, cơ sở hai, phường Thượng"
    signer = pki.agency(name)

    assert signing.common_name(signer.certificate) == name


@rule("A4")
def test_a_chain_may_come_in_any_order(pki: NationalPKI) -> None:
    signer = pki.service()
    mixed = signing.KeySigner(
        signer._key, signer.certificate, (*pki.trust.intermediates, *signer.chain)
    )
    signature = signing.sign_detached(CONTENT, signer=mixed, at=NOW)

    assert check(signature, pki.trust_at(NOW)).indication is Indication.PASSED


def test_many_threads_may_ask_at_once(pki: NationalPKI) -> None:
    """The reference validator reads certificates lazily; two threads must not do it together."""
    signers = [pki.service() for _ in range(8)]
    signatures = [signing.sign_detached(CONTENT, signer=each, at=NOW) for each in signers]

    for _ in range(5):
        trust = pki.trust_at(NOW)  # nothing is remembered yet
        with ThreadPoolExecutor(8) as pool:
            reports = list(pool.map(lambda each, found=trust: check(each, found), signatures))

        assert {report.indication for report in reports} == {Indication.PASSED}


@rule("R38")
def test_a_seal_does_not_sign_packets_and_a_service_does_not_sign_documents() -> None:
    by_seal = signing.sign_detached(CONTENT, signer=test_pki().agency(), at=NOW)
    by_service = samples.sign_person(samples.prepared(), test_pki().service())

    packet = signing.verify_detached(CONTENT, by_seal, trust=test_pki().trust, at=NOW)
    document = judge.refused(by_service)

    assert packet.sub_indication == "CHAIN_CONSTRAINTS_FAILURE"
    assert document.verdict is Verdict.UNKNOWN
    assert document.signatures[0].sub_indication == "CHAIN_CONSTRAINTS_FAILURE"
