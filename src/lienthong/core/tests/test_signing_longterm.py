"""Signatures that last: B-T, B-LT, B-LTA, and what was true at the time of signing (SG 7.2)."""

from __future__ import annotations

import asyncio
import hashlib
import io
import shutil
import subprocess
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from asn1crypto import crl as asn1_crl
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers import PdfTimeStamper
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko.sign.validation.ades import ades_lta_validation, ades_with_time_validation
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge,
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager
from pyhanko_certvalidator.revinfo.archival import CRLContainer

from lienthong.core import signing
from lienthong.core.signing import (
    AGENCY_FIELD,
    PERSON_FIELD,
    DocumentReport,
    Indication,
    KeySigner,
    SignatureReport,
    Trust,
    Verdict,
    cades,
    cms,
    der,
    fast,
    pdf_longterm,
    tsp,
)
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.pdf_structure import read_structure
from lienthong.core.signing.pdf_update import put_value
from lienthong.core.signing.poe import KnownPoe, PoeKind
from lienthong.core.signing.problems import PdfNotPrepared, TimestampNotMade
from lienthong.core.signing.reference_path import run_at_once
from lienthong.core.signing.trust import TSA_SERVICE, ServiceStatus, TrustedService
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, START, NationalPKI, make_pki, test_pki
from lienthong.core.tests.signing_cases.rules import rule
from lienthong.core.tests.stamp_samples import (
    CLIENT,
    DAY,
    HOUR,
    MINUTE,
    STAMPING,
    YEAR,
    Desk,
    FixedSource,
    NoSource,
    World,
    odd_stamp_signer,
)


def verify(
    data: bytes,
    at: datetime,
    trust: Trust | None = None,
    *,
    second: bool = True,
    poes: tuple[KnownPoe, ...] = (),
    evidence: Evidence = NO_EVIDENCE,
) -> DocumentReport:
    return signing.verify_pdf(
        data,
        trust=trust or test_pki().trust,
        at=at,
        second_opinion=second,
        poes=poes,
        evidence=evidence,
    )


def levels(report: DocumentReport) -> list[str]:
    return [one.level for one in report.signatures]


def only(report: DocumentReport) -> SignatureReport:
    assert len(report.signatures) == 1
    return report.signatures[0]


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def pki() -> NationalPKI:
    return make_pki()


def lasting(desk: Desk, data: bytes, trust: Trust | None = None) -> bytes:
    """B-LT: with the evidence of the desk's time."""
    found = pdf_longterm.collect(data, trust=trust or desk.pki.trust, at=desk.now)
    return pdf_longterm.add_validation_data(data, found)


def archived(desk: Desk, data: bytes, trust: Trust | None = None) -> bytes:
    """B-LTA: B-LT under a document time-stamp."""
    return pdf_longterm.add_document_timestamp(lasting(desk, data, trust), desk.source)


# Levels ----------------------------------------------------


def test_person_then_agency_with_time_stamps_are_both_bt(desk: Desk) -> None:  # SG-S-12
    report = verify(desk.official(), desk.now + MINUTE)

    assert report.findings == ()
    assert levels(report) == ["B-T", "B-T"]
    person, agency = report.signatures
    assert (person.best_at, agency.best_at) == (NOW, NOW + MINUTE)
    assert person.best_kind == "signature_timestamp"
    assert (person.covers_whole, agency.covers_whole) == (False, True)
    assert person.format == "PAdES"


def test_the_fast_path_says_the_same_of_stamped_documents(desk: Desk) -> None:
    data, at = desk.official(), desk.now + MINUTE

    quick = fast.check_pdf(data, trust=test_pki().trust, at=at)

    assert quick == verify(data, at, second=False)


def test_each_level_is_an_update_that_leaves_the_one_before(desk: Desk) -> None:
    stamped = desk.official()
    lt = lasting(desk, stamped)
    lta = pdf_longterm.add_document_timestamp(lt, desk.source)

    assert lt.startswith(stamped)
    assert lta.startswith(lt)
    for data, level in ((stamped, "B-T"), (lt, "B-LT"), (lta, "B-LTA")):
        report = verify(data, desk.now + MINUTE)
        assert (report.verdict, levels(report)) == (Verdict.VALID, [level, level]), report.findings


@rule("A10")
def test_evidence_and_a_time_stamp_after_the_agency_are_no_change(desk: Desk) -> None:
    report = verify(archived(desk, desk.official()), desk.now + MINUTE)

    assert report.verdict is Verdict.VALID
    assert report.signature(AGENCY_FIELD).covers_whole  # type: ignore[union-attr]
    assert [one.is_good for one in report.timestamps] == [True]
    assert not report.signatures[0].changes_after


def test_evidence_is_written_once(desk: Desk) -> None:
    lt = lasting(desk, desk.official())

    assert lasting(desk, lt) == lt


def test_a_document_on_cross_reference_streams_is_augmented_too(desk: Desk) -> None:
    data = samples.make_pdf(object_streams=True, version="1.7")
    field = "NguoiKy"
    with pikepdf.open(io.BytesIO(data)) as pdf:
        place = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Sig,
                T=pikepdf.String(field),
                Rect=[0, 0, 0, 0],
                P=pdf.pages[0].obj,
            )
        )
        pdf.pages[0].obj["/Annots"] = pikepdf.Array([place])
        pdf.Root["/AcroForm"] = pikepdf.Dictionary(Fields=pikepdf.Array([place]), SigFlags=3)
        out = io.BytesIO()
        pdf.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    signed = desk.sign(out.getvalue(), field, desk.pki.person(), desk.source)

    report = verify(archived(desk, signed), desk.now + MINUTE, second=False)

    assert report.verdict is Verdict.VALID, report.findings
    assert levels(report) == ["B-LTA"]


def test_nothing_is_added_to_a_document_that_nobody_signed(desk: Desk) -> None:
    for data in (samples.prepared(), samples.make_pdf()):
        with pytest.raises(PdfNotPrepared):
            pdf_longterm.add_document_timestamp(data, desk.source)
        with pytest.raises(PdfNotPrepared):
            pdf_longterm.add_validation_data(data, NO_EVIDENCE)


# No time-stamp to be had --------------------------------------------------------------------------


def test_without_an_authority_nothing_is_signed_when_a_time_stamp_is_required(desk: Desk) -> None:
    with pytest.raises(TimestampNotMade):
        desk.sign(samples.prepared(), PERSON_FIELD, desk.pki.person(), NoSource())


def test_a_signature_kept_without_time_stamp_gets_one_in_its_own_place(desk: Desk) -> None:
    plain = sign_without(desk)
    assert levels(verify(plain, desk.now)) == ["B-B"]

    stamped = pdf_longterm.add_signature_timestamp(plain, PERSON_FIELD, desk.source)

    assert len(stamped) == len(plain)
    report = verify(stamped, desk.now + MINUTE)
    assert (report.verdict, levels(report)) == (Verdict.VALID, ["B-T"])
    again = pdf_longterm.add_signature_timestamp(stamped, PERSON_FIELD, desk.source)
    assert again == stamped
    agency = desk.sign(stamped, AGENCY_FIELD, desk.pki.agency(), desk.source)
    assert levels(verify(agency, desk.now + MINUTE)) == ["B-T", "B-T"]


def sign_without(desk: Desk) -> bytes:
    return signing.sign_pdf(
        samples.prepared(),
        field=PERSON_FIELD,
        signer=desk.pki.person(),
        name="Ký thử",
        reason="",
        location="",
        at=desk.now,
        timestamp=NoSource(),
        timestamp_required=False,
    )


def test_under_a_later_signature_a_document_time_stamp_takes_its_place(desk: Desk) -> None:
    data = desk.sign(sign_without(desk), AGENCY_FIELD, desk.pki.agency())
    assert levels(verify(data, desk.now)) == ["B-B", "B-B"]

    stamped = pdf_longterm.add_signature_timestamp(data, PERSON_FIELD, desk.source)

    report = verify(stamped, desk.now + MINUTE)
    assert (report.verdict, levels(report)) == (Verdict.VALID, ["B-T", "B-T"])
    assert {one.best_kind for one in report.signatures} == {"document_timestamp"}


def test_without_room_a_document_time_stamp_takes_its_place(desk: Desk) -> None:
    plain = desk.sign(samples.prepared(), PERSON_FIELD, desk.pki.person())

    stamped = pdf_longterm.add_signature_timestamp(plain, PERSON_FIELD, LargeSource(desk))

    report = verify(stamped, desk.now + MINUTE)
    assert (report.verdict, len(report.timestamps)) == (Verdict.VALID, 1)


class LargeSource:
    """An authority that sends a long chain with each token."""

    def __init__(self, desk: Desk) -> None:
        signer = desk.stamp_signer
        assert signer is not None
        chain = [
            desk.pki.issue(desk.pki.services, Profile.NODE, Subject(f"n{n}")) for n in range(9)
        ]
        long = KeySigner(signer._key, signer.certificate, [one.certificate for one in chain])
        self.authority = tsp.TimestampAuthority(long, "1.2.3")
        self.now = desk.now

    def stamp(self, digest: bytes) -> bytes:
        return self.authority.issue(tsp.build_request(digest), self.now).token


def test_a_field_without_signature_gets_no_time_stamp(desk: Desk) -> None:
    with pytest.raises(PdfNotPrepared):
        pdf_longterm.add_signature_timestamp(desk.person_signed(), AGENCY_FIELD, desk.source)


# The best time ----------------------------------------------------


@rule("A7")
def test_a_certificate_revoked_later_does_not_touch_what_was_stamped(pki: NationalPKI) -> None:
    desk = Desk(pki)
    signer = pki.issue(pki.people, Profile.PERSON, Subject("Người ký", organization_code="G09"))
    stamped, plain = desk.person_signed(signer), desk.sign(samples.prepared(), PERSON_FIELD, signer)
    pki.people.revoke(signer.certificate, at=NOW + HOUR)
    late = NOW + 2 * HOUR

    with_proof = verify(stamped, late, pki.trust_at(late))
    without = verify(plain, late, pki.trust_at(late))

    assert with_proof.verdict is Verdict.VALID, with_proof.findings
    assert only(without).sub_indication == "REVOKED_NO_POE"


@rule("A7")
def test_an_expired_certificate_does_not_touch_what_is_archived(pki: NationalPKI) -> None:
    desk = Desk(pki)
    signer = pki.issue(pki.people, Profile.PERSON, Subject("Người ký"), lifetime=30 * DAY)
    data = archived(desk, desk.person_signed(signer))
    late = NOW + 2 * YEAR

    report = verify(data, late, pki.trust_at(late))

    assert report.verdict is Verdict.VALID, report.findings
    assert only(report).level == "B-LTA"


@rule("R36")
def test_a_certificate_revoked_before_its_time_stamp_fails(pki: NationalPKI) -> None:
    desk = Desk(pki)
    signer = pki.issue(pki.people, Profile.PERSON, Subject("Người ký"))
    stamped = desk.person_signed(signer)
    pki.people.revoke(signer.certificate, at=NOW - HOUR)

    report = only(verify(stamped, NOW + HOUR, pki.trust_at(NOW + HOUR)))

    assert (report.indication, report.sub_indication) == (Indication.FAILED, "REVOKED")


def test_a_key_compromised_before_the_time_stamp_fails(pki: NationalPKI) -> None:  # SG-R-05
    desk = Desk(pki)
    signer = pki.issue(pki.people, Profile.PERSON, Subject("Người ký"))
    stamped = desk.person_signed(signer)
    pki.people.revoke(
        signer.certificate,
        at=NOW + HOUR,
        reason=x509.ReasonFlags.key_compromise,
        invalidity_at=NOW - DAY,
    )

    report = only(verify(stamped, NOW + 2 * HOUR, pki.trust_at(NOW + 2 * HOUR)))

    assert report.indication is not Indication.PASSED


@rule("R37")
def test_an_issuer_revoked_before_the_time_stamp_is_not_passed(pki: NationalPKI) -> None:
    desk = Desk(pki)
    stamped = desk.person_signed()
    pki.government.revoke(pki.people.certificate, at=NOW - HOUR)

    report = verify(stamped, NOW + HOUR, pki.trust_at(NOW + HOUR))

    assert report.verdict is not Verdict.VALID


@rule("R35")
def test_without_proof_an_expired_certificate_is_unknown(pki: NationalPKI) -> None:
    desk = Desk(pki)
    signer = pki.issue(pki.people, Profile.PERSON, Subject("Người ký"), lifetime=30 * DAY)
    plain = desk.sign(samples.prepared(), PERSON_FIELD, signer)
    late = NOW + YEAR

    report = only(verify(plain, late, pki.trust_at(late)))

    assert (report.indication, report.sub_indication) == (
        Indication.INDETERMINATE,
        "OUT_OF_BOUNDS_NO_POE",
    )


@rule("R53")
def test_a_time_stamp_made_after_the_end_proves_nothing(pki: NationalPKI) -> None:
    desk = Desk(pki)
    signer = pki.issue(pki.people, Profile.PERSON, Subject("Người ký"), lifetime=30 * DAY)
    plain = desk.sign(samples.prepared(), PERSON_FIELD, signer)
    desk.now = NOW + 60 * DAY
    late = pdf_longterm.add_document_timestamp(plain, desk.source)

    report = only(verify(late, desk.now + MINUTE, pki.trust_at(desk.now)))

    assert report.sub_indication == "OUT_OF_BOUNDS_NO_POE"


@rule("R51")
@pytest.mark.parametrize("claimed", [NOW + HOUR, START - HOUR])
def test_an_impossible_claimed_time_is_not_passed(desk: Desk, claimed: datetime) -> None:
    """Later than the time-stamp, or before the certificate: by a clock that is wrong."""
    wrong = KeySignerOfAnyTime(desk.pki.person())
    at, desk.now = desk.now, claimed
    source = tsp.LocalSource(desk.authority, lambda: at)
    data = signing.sign_pdf(
        samples.prepared(),
        field=PERSON_FIELD,
        signer=wrong,
        name="",
        reason="",
        location="",
        at=claimed if claimed > at else NOW,
    )
    data = pdf_longterm.add_signature_timestamp(data, PERSON_FIELD, source)
    if claimed < at:
        data = data.replace(b"/M (D:2026112109", b"/M (D:2026102109")
        assert verify(data, at + DAY).verdict is Verdict.INVALID
        return

    report = only(verify(data, claimed + HOUR))

    assert report.sub_indication == "SIG_CONSTRAINTS_FAILURE"
    assert report.best_at == at


class KeySignerOfAnyTime:
    def __init__(self, signer: KeySigner) -> None:
        self._signer = signer
        self.certificate, self.chain = signer.certificate, signer.chain

    def sign_digest(self, digest: bytes) -> bytes:
        return self._signer.sign_digest(digest)


def test_the_claimed_time_is_never_the_best_time(desk: Desk) -> None:
    plain = desk.sign(samples.prepared(), PERSON_FIELD, desk.pki.person())

    report = only(verify(plain, NOW + DAY))

    assert (report.best_at, report.best_kind) == (NOW + DAY, "check")
    assert report.claimed_at == NOW


def test_what_the_caller_has_proved_counts(pki: NationalPKI) -> None:
    desk = Desk(pki)
    signer = pki.issue(pki.people, Profile.PERSON, Subject("Người ký"))
    plain = desk.sign(samples.prepared(), PERSON_FIELD, signer)
    pki.people.revoke(signer.certificate, at=NOW + HOUR)
    late, sha256 = NOW + 2 * HOUR, hashlib.sha256(plain).hexdigest()
    trust = pki.trust_at(late)

    logged = only(verify(plain, late, trust, poes=(KnownPoe(sha256, NOW + MINUTE),)))
    other = only(verify(plain, late, trust, poes=(KnownPoe("00" * 32, NOW + MINUTE),)))
    future = only(verify(plain, late, trust, poes=(KnownPoe(sha256, late + HOUR),)))

    assert (logged.indication, logged.best_kind) == (Indication.PASSED, PoeKind.LOG)
    assert other.indication is not Indication.PASSED
    assert future.best_kind == PoeKind.CHECK


# Time-stamps that do not count ----------------------------------------------------


@rule("R33")
def test_a_document_time_stamp_copied_from_another_file_is_a_change(desk: Desk) -> None:
    one = desk.person_signed()
    other = pdf_longterm.add_document_timestamp(desk.person_signed(), desk.source)
    token = token_of(other)
    place = one_with_place(desk, one)

    report = verify(put_token(place, token), desk.now + MINUTE, second=False)

    assert report.verdict is Verdict.INVALID
    assert "không phải của tài liệu này" in " ".join(report.findings)


def token_of(data: bytes) -> bytes:
    structure = read_structure(data)
    with structure.pdf:
        contents = structure.timestamps[-1].contents
    return tsp.parse_token(contents[: signing_end(contents)]).data


def signing_end(contents: bytes) -> int:
    return der.check_strict(contents, trailing_zeros=True)


def one_with_place(desk: Desk, data: bytes) -> bytes:
    return pdf_longterm.add_document_timestamp(data, desk.source)


def put_token(data: bytes, token: bytes) -> bytes:
    """The document with another token in its document time-stamp."""
    structure = read_structure(data)
    with structure.pdf:
        gap = structure.timestamps[-1].gap
    return put_value(data, gap, token)


@rule("R49")
def test_a_signature_time_stamp_over_other_bytes_is_not_passed(desk: Desk) -> None:
    other = desk.source.stamp(hashlib.sha256(b"another signature").digest())

    report = only(verify(with_token(desk, other), desk.now + MINUTE, second=False))

    assert report.indication is Indication.INDETERMINATE
    assert "HASH_FAILURE" in report.sub_indications


@rule("R50")
def test_a_signature_time_stamp_by_any_certificate_is_not_passed(desk: Desk) -> None:
    signer = odd_stamp_signer(desk.pki.government, [STAMPING, CLIENT], critical=True)
    odd = Desk(stamp_signer=signer)
    plain = sign_without(desk)
    digest = hashlib.sha256(signature_of(plain)).digest()

    report = only(verify(with_token(desk, odd.source.stamp(digest), plain), desk.now + MINUTE))

    assert report.indication is Indication.INDETERMINATE
    assert report.level == "B-B"


def with_token(desk: Desk, token: bytes, plain: bytes | None = None) -> bytes:
    """A signature with any token beside it."""
    plain = plain or sign_without(desk)
    structure = read_structure(plain)
    with structure.pdf:
        found = structure.signatures[0]
    return put_value(plain, found.gap, cms.with_timestamp(found.contents, token))


def signature_of(data: bytes) -> bytes:
    structure = read_structure(data)
    with structure.pdf:
        return cms.parse(structure.signatures[0].contents, trailing_zeros=True).signature


def test_a_time_stamp_of_an_unknown_authority_is_ignored_and_told(desk: Desk) -> None:
    stranger = Desk(make_pki())

    data = desk.sign(samples.prepared(), PERSON_FIELD, desk.pki.person(), stranger.source)

    report = only(verify(data, desk.now + MINUTE, second=False))
    assert (report.indication, report.level) == (Indication.PASSED, "B-B")
    assert report.best_kind == "check"
    assert "Chưa tin được" in report.timestamps[0].checks[-1].text


def test_an_archive_time_stamp_older_than_the_signature_time_stamp_is_out_of_order(
    desk: Desk,
) -> None:
    desk.now = NOW + HOUR
    signed = desk.person_signed()
    desk.now = NOW
    data = pdf_longterm.add_document_timestamp(signed, desk.source)

    report = only(verify(data, NOW + 2 * HOUR, second=False))

    assert report.indication is not Indication.PASSED
    assert "TIMESTAMP_ORDER_FAILURE" in report.sub_indications


# The far past ----------------------------------------------------


def short_lived(pki: NationalPKI) -> tuple[Authority, KeySigner]:
    """An authority that ends in a year, and a signer under it."""
    authority = pki.government.sub_authority(
        "CA ngắn hạn (thử)", key=make_ec_key(), at=START, years=1
    )
    return authority, pki.issue(authority, Profile.PERSON, Subject("Người ký"))


def trust_with(pki: NationalPKI, authority: Authority, at: datetime) -> Trust:
    trust = pki.trust_at(at)
    return replace(
        trust,
        intermediates=(*trust.intermediates, authority.certificate),
        crls=(*trust.crls, authority.crl(at=min(at, START + YEAR - DAY))),
    )


def test_evidence_that_is_archived_proves_after_its_authority_has_ended(pki: NationalPKI) -> None:
    desk = Desk(pki)
    authority, signer = short_lived(pki)
    data = archived(desk, desk.person_signed(signer), trust_with(pki, authority, NOW))
    late = NOW + 3 * YEAR

    report = verify(data, late, pki.trust_at(late))

    assert report.verdict is Verdict.VALID, report.findings


@rule("R52")
def test_evidence_that_no_time_stamp_covers_proves_nothing_after_its_authority_has_ended(
    pki: NationalPKI,
) -> None:
    desk = Desk(pki)
    authority, signer = short_lived(pki)
    trust = trust_with(pki, authority, NOW)
    first = pdf_longterm.add_document_timestamp(desk.person_signed(signer), desk.source)
    uncovered = lasting(desk, first, trust)
    late = NOW + 3 * YEAR

    report = only(verify(uncovered, late, pki.trust_at(late)))

    assert (report.indication, report.sub_indication) == (Indication.INDETERMINATE, "NO_POE")


def test_a_chain_of_archive_time_stamps_outlives_its_authorities(pki: NationalPKI) -> None:
    """Renewed before each time-stamp authority ends; checked when all but the last have."""
    desk = Desk(pki)
    authority, signer = short_lived(pki)
    data = archived(desk, desk.person_signed(signer), trust_with(pki, authority, NOW))
    for _ in range(2):
        moment = desk.now + 4 * YEAR
        fresh = pki.issue(pki.government, Profile.TSA, Subject("TSA mới"), at=moment - DAY)
        desk = Desk(pki, moment, fresh)
        data = archived(desk, data, pki.trust_at(moment))

    report = verify(data, desk.now + DAY, pki.trust_at(desk.now + DAY))

    assert report.verdict is Verdict.VALID, report.findings
    assert [one.is_good for one in report.timestamps] == [True, True, True]
    assert only(report).best_at == NOW


def test_a_chain_renewed_too_late_is_not_passed(pki: NationalPKI) -> None:
    desk = Desk(pki)
    authority, signer = short_lived(pki)
    data = archived(desk, desk.person_signed(signer), trust_with(pki, authority, NOW))
    moment = NOW + 6 * YEAR  # the first time-stamp authority's certificate has ended
    fresh = pki.issue(pki.government, Profile.TSA, Subject("TSA mới"), at=moment - DAY)
    desk = Desk(pki, moment, fresh)
    data = archived(desk, data, pki.trust_at(moment))

    report = verify(data, moment + DAY, pki.trust_at(moment + DAY))

    assert report.verdict is not Verdict.VALID


# Collecting ----------------------------------------------------


def test_evidence_comes_from_the_addresses_in_the_certificates(pki: NationalPKI) -> None:
    desk = Desk(pki)
    world = World(pki, NOW + MINUTE)
    world.knows(pki.person(), pki.agency())
    data = desk.official()

    found = pdf_longterm.collect(
        data, trust=replace(pki.trust, crls=()), at=NOW + MINUTE, fetch=world.fetch
    )

    assert len(found.ocsps) == 2
    assert found.crls
    lt = pdf_longterm.add_validation_data(data, found)
    report = verify(lt, NOW + 2 * MINUTE, replace(pki.trust, crls=()))
    assert (report.verdict, levels(report)) == (Verdict.VALID, ["B-LT", "B-LT"]), report.findings
    assert {one.source for one in report.signatures[0].statuses} == {"ocsp", "crl"}
    assert len(report.evidence) >= 4


@rule("R43")
def test_when_nobody_answers_the_document_is_unknown_never_valid(pki: NationalPKI) -> None:
    desk = Desk(pki)
    world = World(pki, NOW, silent=True)
    data = desk.official()
    trust = replace(pki.trust, crls=())

    found = pdf_longterm.collect(data, trust=trust, at=NOW + MINUTE, fetch=world.fetch)

    assert world.asked
    assert not found.ocsps
    report = verify(pdf_longterm.add_validation_data(data, found), NOW + MINUTE, trust)
    assert report.verdict is Verdict.UNKNOWN
    assert only_sub(report) == {"TRY_LATER"}


def only_sub(report: DocumentReport) -> set[str]:
    return {one.sub_indication for one in report.signatures}


@rule("R43")
def test_evidence_for_the_leaf_alone_is_not_enough(pki: NationalPKI) -> None:
    desk = Desk(pki)
    leaf_only = Evidence(crls=(pki.people.crl(at=NOW),))

    data = pdf_longterm.add_validation_data(desk.official(), leaf_only)

    assert verify(data, NOW + HOUR, replace(pki.trust, crls=())).verdict is Verdict.UNKNOWN


def test_evidence_given_beside_the_file_counts_like_that_inside(pki: NationalPKI) -> None:
    desk = Desk(pki)
    data = desk.official()
    found = pdf_longterm.collect(data, trust=pki.trust, at=desk.now)
    bare = replace(pki.trust, crls=())

    assert verify(data, desk.now + MINUTE, bare).verdict is Verdict.UNKNOWN
    assert verify(data, desk.now + MINUTE, bare, evidence=found).verdict is Verdict.VALID


# Trust ----------------------------------------------------


@rule("R46")
def test_an_anchor_that_is_not_in_the_list_is_no_anchor(desk: Desk) -> None:
    trust = test_pki().trust
    national = replace(trust, anchors=trust.anchors[1:], intermediates=())

    report = verify(archived(desk, desk.official()), desk.now + MINUTE, national, second=False)

    assert report.verdict is Verdict.UNKNOWN


def test_a_time_stamp_service_that_the_list_withdrew_does_not_count(desk: Desk) -> None:
    assert desk.stamp_signer is not None
    service = TrustedService(
        desk.stamp_signer.certificate,
        TSA_SERVICE,
        (ServiceStatus(START, granted=True), ServiceStatus(NOW - DAY, granted=False)),
    )
    trust = test_pki().trust.with_services([service])

    report = only(verify(desk.person_signed(), desk.now + MINUTE, trust, second=False))

    assert (report.level, report.best_kind) == ("B-B", "check")
    assert not report.timestamps[0].is_good


# Reports ----------------------------------------------------


def test_a_full_report_survives_json(desk: Desk) -> None:
    report = verify(archived(desk, desk.official()), desk.now + MINUTE)

    assert DocumentReport.from_json(report.to_json()) == report
    one = report.signatures[0]
    assert len(one.path) == 3
    assert one.anchor in report.to_json()["signatures"][0]["path"]
    assert [status.status for status in one.statuses] == ["good", "good"]
    assert one.algorithms[0] == "sha256"
    assert "Thông tư 15/2025/TT-BKHCN" in one.regime
    assert report.evidence


def test_a_report_of_an_older_version_still_reads() -> None:
    report = verify(samples.signed_twice(), NOW)
    old = report.to_json()
    for name in ("timestamps", "evidence"):
        del old[name]
    for one in old["signatures"]:
        for name in (
            "format", "level", "sub_indications", "best_at", "best_kind", "timestamps",
            "changes_after", "path", "anchor", "statuses", "algorithms", "regime", "notes",
        ):  # fmt: skip
            del one[name]

    assert DocumentReport.from_json(old).verdict is Verdict.VALID


# Packets ----------------------------------------------------


def test_a_packet_is_stamped_at_once_or_later(desk: Desk) -> None:
    content, service = b"a packet", desk.pki.service()
    at_once = signing.sign_detached(content, signer=service, at=NOW, timestamp=desk.source)
    plain = signing.sign_detached(
        content, signer=service, at=NOW, timestamp=NoSource(), timestamp_required=False
    )
    later = cades.add_timestamp(plain, desk.source)

    for signature, level in ((at_once, "B-T"), (plain, "B-B"), (later, "B-T")):
        report = signing.verify_detached(
            content, signature, trust=test_pki().trust, at=NOW + MINUTE
        )
        assert (report.indication, report.level) == (Indication.PASSED, level)
    assert cades.add_timestamp(later, desk.source) == later
    with pytest.raises(TimestampNotMade):
        signing.sign_detached(content, signer=service, at=NOW, timestamp=NoSource())


def test_a_stamped_packet_outlives_the_revocation_of_its_key(pki: NationalPKI) -> None:
    desk = Desk(pki)
    signature = signing.sign_detached(b"x", signer=pki.service(), at=NOW, timestamp=desk.source)
    pki.services.revoke(pki.service().certificate, at=NOW + HOUR)
    late = NOW + 2 * HOUR

    report = signing.verify_detached(b"x", signature, trust=pki.trust_at(late), at=late)

    assert report.indication is Indication.PASSED


@rule("R49")
def test_a_packet_with_a_token_of_another_is_not_passed(desk: Desk) -> None:
    plain = signing.sign_detached(b"x", signer=desk.pki.service(), at=NOW)
    token = desk.source.stamp(hashlib.sha256(b"other").digest())

    report = signing.verify_detached(
        b"x", cms.with_timestamp(plain, token), trust=test_pki().trust, at=NOW
    )

    assert report.indication is Indication.INDETERMINATE
    with pytest.raises(TimestampNotMade):
        cades.add_timestamp(plain, FixedSource(token))


# Other programs ----------------------------------------------------


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_openssl_verifies_a_stamped_packet_as_cades(desk: Desk, tmp_path: Path) -> None:
    signature = signing.sign_detached(
        b"a packet", signer=desk.pki.service(), at=NOW, timestamp=desk.source
    )
    for name, content in (
        ("data", b"a packet"),
        ("p7s", signature),
        ("root.pem", test_pki().government.certificate.public_bytes(Encoding.PEM)),
    ):
        (tmp_path / name).write_bytes(content)

    told = subprocess.run(
        [
            *("openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "p7s"),
            *("-content", "data", "-CAfile", "root.pem", "-purpose", "any", "-out", "out"),
            *("-attime", str(int(NOW.timestamp()))),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr


class OurAuthority(TimeStamper):
    """Our time-stamp authority as pyHanko asks one."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._desk = desk

    async def async_request_tsa_response(self, req: asn1_tsp.TimeStampReq) -> object:
        answer = self._desk.authority.answer(req.dump(), self._desk.now)
        return asn1_tsp.TimeStampResp.load(answer)


def archived_by_pyhanko(desk: Desk, data: bytes) -> bytes:
    """The DSS, then a document time-stamp, as pyHanko writes them."""
    found = pdf_longterm.collect(data, trust=desk.pki.trust, at=desk.now)
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        None,
        certs=[asn1(one) for one in found.certificates],
        crls=[asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER)) for one in found.crls],
    )
    middle = io.BytesIO()
    writer.write(middle)  # type: ignore[no-untyped-call]
    out = io.BytesIO()
    stamper = PdfTimeStamper(OurAuthority(desk))
    run_at_once(stamper.async_timestamp_pdf(IncrementalPdfFileWriter(middle), "sha256", output=out))
    return out.getvalue()


def asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


@rule("A10")
def test_evidence_and_a_time_stamp_by_another_program_are_no_change(desk: Desk) -> None:
    report = verify(archived_by_pyhanko(desk, desk.official()), desk.now + MINUTE)

    assert report.verdict is Verdict.VALID, report.findings
    assert levels(report) == ["B-LTA", "B-LTA"]


@pytest.mark.parametrize("last", ["B-LT", "B-LTA"])
def test_pyhanko_takes_our_long_lasting_forms_by_its_own_process(desk: Desk, last: str) -> None:
    data = lasting(desk, desk.official())
    if last == "B-LTA":
        data = pdf_longterm.add_document_timestamp(data, desk.source)
    trust = desk.pki.trust
    crls = [
        CRLContainer(asn1_crl.CertificateList.load(one.public_bytes(Encoding.DER)))
        for one in trust.crls
    ]
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build([asn1(one) for one in trust.anchors]),
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO, retroactive_revinfo=True),
    )
    known = LocalKnowledge(
        known_crls=crls,
        known_certs=[asn1(one) for one in (*trust.intermediates, *trust.anchors)],
    )
    # The library dates what it is given by this machine's clock, which is not the test's.
    known = replace(known, known_poes=list(known.assert_existence_known_at(START)))
    spec = SignatureValidationSpec(
        cert_validation_policy=policy,
        revinfo_gathering_policy=RevocationInfoGatheringSpec(RevinfoOnlineFetchingRule.LOCAL_ONLY),
        local_knowledge=known,
        key_usage_settings=KeyUsageConstraints(key_usage={"non_repudiation"}),
    )
    at = desk.now + MINUTE
    timing = ValidationTimingInfo(at, at, point_in_time_validation=True)
    for one in PdfFileReader(io.BytesIO(data)).embedded_regular_signatures:
        work: Coroutine[Any, Any, Any]
        if last == "B-LTA":
            work = ades_lta_validation(one, PdfSignatureValidationSpec(spec), timing)
        else:
            one.compute_integrity_info()
            work = ades_with_time_validation(
                one.signed_data, spec, timing_info=timing, raw_digest=one.compute_digest()
            )
        result = asyncio.run(work)
        assert str(result.ades_subindic) == "AdESPassed.OK", result.failure_msg


@pytest.mark.skipif(not shutil.which("pdfsig"), reason="needs pdfsig")
def test_the_systems_own_reader_takes_every_level(desk: Desk, tmp_path: Path) -> None:
    stamped = desk.official()
    lt = lasting(desk, stamped)
    for name, data in (
        ("bt", stamped),
        ("lt", lt),
        ("lta", pdf_longterm.add_document_timestamp(lt, desk.source)),
    ):
        file = tmp_path / f"{name}.pdf"
        file.write_bytes(data)
        told = subprocess.run(
            ["pdfsig", "-nocert", file], capture_output=True, text=True, check=False
        ).stdout
        assert told.count("Signature is Valid") == 2, told
        checked = subprocess.run(["qpdf", "--check", file], capture_output=True, check=False)
        assert checked.returncode == 0


def test_no_later_than_the_check(desk: Desk) -> None:
    """A document of tomorrow, by a clock that runs ahead, is not valid today."""
    desk.now = NOW + timedelta(days=1)

    assert verify(desk.official(), NOW).verdict is not Verdict.VALID
