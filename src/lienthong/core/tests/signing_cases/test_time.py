"""Time-stamps bent in one place (SG 8, R33, R49 to R54).

The signer's certificate has expired by the time of the check, so only a good time-stamp could save
the signature. A7 in `test_accept` shows that a good one does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from lienthong.core import signing
from lienthong.core.signing import KeySigner, Trust, der, tsp
from lienthong.core.signing import cms as written
from lienthong.core.signing.authority import Profile, Subject
from lienthong.core.signing.problems import TimestampNotMade
from lienthong.core.signing.profiles import POLICY_GOVERNMENT_TSA
from lienthong.core.tests.pki_fixture import NOW, START, NationalPKI, make_pki
from lienthong.core.tests.signing_cases import forger, judge
from lienthong.core.tests.signing_cases.rules import rule

DAY = timedelta(days=1)
EXPIRED = NOW + 60 * DAY
POLICY = f"{POLICY_GOVERNMENT_TSA}.3"
Stamp = Callable[[bytes], bytes]


@dataclass(frozen=True)
class Office:
    """A person whose certificate ends soon, an agency, and a time-stamp authority."""

    pki: NationalPKI
    person: KeySigner
    agency: KeySigner
    stamper: KeySigner

    def trust(self, at: datetime = EXPIRED) -> Trust:
        return self.pki.trust_at(at)

    def stamp(self, digest: bytes, at: datetime = NOW, by: KeySigner | None = None) -> bytes:
        authority = tsp.TimestampAuthority(by or self.stamper, POLICY)
        return tsp.LocalSource(authority, lambda: at).stamp(digest)

    def signed(self, stamp: Stamp | None = None) -> bytes:
        """The document that the person signed at NOW, with a token over the signature value."""
        return forger.sign(
            forger.document(),
            signer=self.person,
            make=lambda signer, content: forger.forge(signer, content, stamp=stamp),
        )


@cache
def office() -> Office:
    pki = make_pki()
    person = Subject("Nguyễn Thị Minh Khai", organization_code="G09", title="Bộ trưởng")
    return Office(
        pki,
        pki.issue(pki.people, Profile.PERSON, person, lifetime=40 * DAY),
        pki.agency(),
        pki.issue(pki.government, Profile.TSA, Subject("TSA công vụ")),
    )


def sha256(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()


def refused(data: bytes, at: datetime = EXPIRED) -> None:
    judge.no_signature_passes(judge.refused(data, trust=office().trust(at), at=at))


def test_without_a_time_stamp_the_expired_signature_is_not_valid() -> None:
    refused(office().signed())


def test_before_its_end_the_same_signature_is_valid() -> None:
    judge.accepted(office().signed(), trust=office().trust(NOW), at=NOW)


@rule("R49")
@pytest.mark.parametrize("other", [lambda value: b"other", sha256, lambda value: value[:-1]])
def test_a_token_over_other_bytes_proves_nothing(other: Callable[[bytes], bytes]) -> None:
    refused(office().signed(lambda value: office().stamp(sha256(other(value)))))


EKU = x509.ExtendedKeyUsage
TIME_STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
BENT: dict[str, forger.Extensions] = {
    "not critical": {EKU: (EKU([TIME_STAMPING]), False)},
    "not alone": {EKU: (EKU([TIME_STAMPING, ExtendedKeyUsageOID.EMAIL_PROTECTION]), True)},
    "another use": {EKU: (EKU([ExtendedKeyUsageOID.OCSP_SIGNING]), True)},
    "any use": {EKU: (EKU([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]), True)},
    "none": {EKU: None},
}


@rule("R50")
@pytest.mark.parametrize("name", BENT)
def test_a_certificate_that_is_not_for_time_stamps_gives_none(name: str) -> None:
    bent = forger.bent_certificate(office().stamper, office().pki.government, BENT[name])

    refused(office().signed(lambda value: office().stamp(sha256(value), by=bent)))


@rule("R50")
def test_a_person_gives_no_time_stamps() -> None:
    refused(office().signed(lambda value: office().stamp(sha256(value), by=office().agency)))


@rule("R50")
def test_a_time_stamp_authority_that_nobody_knows_gives_none() -> None:
    stranger = make_pki()
    other = stranger.issue(stranger.government, Profile.TSA, Subject("TSA công vụ"))

    refused(office().signed(lambda value: office().stamp(sha256(value), by=other)))


@rule("R53")
def test_a_token_made_after_the_certificate_ended_proves_nothing() -> None:
    late = NOW + 50 * DAY
    assert office().person.certificate.not_valid_after_utc < late

    refused(office().signed(lambda value: office().stamp(sha256(value), late)))


@rule("R51")
def test_a_claimed_time_after_the_proof_is_refused() -> None:
    """The signer claims NOW; a token shows that the signature was there an hour before."""
    early = NOW - timedelta(hours=1)

    data = office().signed(lambda value: office().stamp(sha256(value), early))

    report = judge.refused(data, trust=office().trust(NOW), at=NOW)
    assert report.signatures[0].indication is not signing.Indication.PASSED


# Tokens of another shape


def _bent_token(change: Callable[[bytes], bytes]) -> Stamp:
    return lambda value: change(office().stamp(sha256(value)))


def _twice(token: bytes) -> bytes:
    """The same SignerInfo two times."""
    parts = _split(token)
    info = parts[-1]
    body = info[2:] if info[1] < 0x80 else info[2 + (info[1] & 0x7F) :]
    return _join([*parts[:-1], der.tlv(der.SET, body + body)])


def _none(token: bytes) -> bytes:
    return _join([*_split(token)[:-1], der.tlv(der.SET, b"")])


def _split(token: bytes) -> list[bytes]:
    """The members of the SignedData."""
    wrapped = _members(_members(token)[1])[0]
    return _members(wrapped)


def _members(whole: bytes) -> list[bytes]:
    start = 2 if whole[1] < 0x80 else 2 + (whole[1] & 0x7F)
    found = []
    while start < len(whole):
        size, head = whole[start + 1], 2
        if size >= 0x80:
            head = 2 + (size & 0x7F)
            size = int.from_bytes(whole[start + 2 : start + head], "big")
        found.append(whole[start : start + head + size])
        start += head + size
    return found


def _join(parts: list[bytes]) -> bytes:
    return der.sequence(written.SIGNED_DATA, der.tlv(0xA0, der.sequence(*parts)))


def test_a_token_taken_apart_and_joined_is_the_same() -> None:
    token = office().stamp(sha256(b"x"))

    assert _join(_split(token)) == token


@rule("R54")
@pytest.mark.parametrize(
    "change",
    [_twice, _none, lambda token: token[:-1], lambda token: token + b"\x00", lambda token: b""],
    ids=["two SignerInfos", "no SignerInfo", "cut", "longer", "empty"],
)
def test_a_token_of_another_shape_proves_nothing(change: Callable[[bytes], bytes]) -> None:
    refused(office().signed(_bent_token(change)))


@rule("R54")
@pytest.mark.parametrize("what", ["nonce", "policy", "two SignerInfos", "other bytes", "time"])
def test_an_answer_to_another_question_is_not_taken(what: str) -> None:
    digest = sha256(b"signature value")

    def send(request: bytes) -> bytes:
        other = tsp.build_request(
            sha256(b"other") if what == "other bytes" else digest,
            nonce=7 if what == "nonce" else _nonce_of(request),
        )
        policy = f"{POLICY_GOVERNMENT_TSA}.9" if what == "policy" else POLICY
        at = NOW - DAY if what == "time" else NOW
        answer = tsp.TimestampAuthority(office().stamper, policy).answer(other, at)
        if what == "two SignerInfos":
            status, token = _members(answer)
            return der.sequence(status, _twice(token))
        return answer

    client = tsp.TimestampClient(send, clock=lambda: NOW, policy_oid="")
    if what == "policy":
        client = tsp.TimestampClient(send, clock=lambda: NOW, policy_oid=POLICY)

    with pytest.raises(TimestampNotMade):
        client.stamp(digest)


def _nonce_of(request: bytes) -> int:
    """The nonce of a request: its integer of nine bytes or less after the imprint."""
    found = [one for one in _members(request) if one[0] == 0x02][-1]
    return int.from_bytes(found[2:], "big", signed=True)


# Document time-stamps


def _with_document_stamp(
    data: bytes, *, ranges: forger.Ranges = lambda gap: gap.ranges, at: datetime = NOW
) -> bytes:
    """A document time-stamp in an invisible field of its own, as another program might write it."""
    field = (
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T (DauThoiGian) /F 132 /Rect [0 0 0 0]"
        b" /P 3 0 R /V 81 0 R >>"
    )
    form = forger.body_of(data, forger.FORM).replace(b"9 0 R]", b"9 0 R 80 0 R]")
    value = forger.value_dictionary(subfilter=b"/ETSI.RFC3161").replace(
        b"/Type /Sig", b"/Type /DocTimeStamp"
    )
    whole = forger.write(data, {forger.FORM: form, 80: field, 81: value})
    return forger.fill(
        whole,
        office().stamper,
        ranges=ranges,
        make=lambda _, content: office().stamp(sha256(content), at),
    )


@rule("R33")
def test_a_document_time_stamp_of_another_file_is_refused() -> None:
    base = forger.objects()
    other = dict(base) | {forger.CONTENT: base[forger.CONTENT].replace(b"10 trieu", b"90 trieu")}
    here, there = office().signed(), forger.sign(forger.document(other), signer=office().person)
    assert len(here) == len(there)
    stamped = _with_document_stamp(there)

    refused(here + stamped[len(there) :])


@rule("R33")
def test_only_the_value_of_another_files_time_stamp_is_refused_too() -> None:
    here = _with_document_stamp(office().signed())
    there = _with_document_stamp(forger.sign(forger.document(), signer=office().agency))
    last = [match.span(1) for match in re.finditer(rb"/Contents (<[0-9a-f]*>)", here)][-1]
    value = re.findall(rb"/Contents (<[0-9a-f]*>)", there)[-1]

    refused(here[: last[0]] + value + here[last[1] :])


@rule("R52")
def test_an_archive_time_stamp_that_leaves_the_evidence_out_proves_nothing() -> None:
    """Its ranges end before the store of evidence: that could have been put there later."""
    signed = office().signed()
    catalog = forger.body_of(signed, forger.CATALOG)
    store = {
        forger.CATALOG: forger.with_entries(catalog, b"/DSS 70 0 R"),
        70: b"<< /Type /DSS /CRLs [71 0 R] >>",
        71: forger.stream(b"crl"),
    }
    kept = forger.write(signed, store)

    def before(gap: forger.Gap) -> tuple[int, ...]:
        return (0, len(signed), gap.end, gap.size - gap.end)

    refused(_with_document_stamp(kept, ranges=before))


@rule("R52")
def test_evidence_after_the_last_archive_time_stamp_is_not_covered_by_it() -> None:
    """Expired, and the only list that tells the status came after the time-stamp."""
    stamped = _with_document_stamp(office().signed())
    trust = Trust(office().pki.trust.anchors, office().pki.trust.intermediates)

    report = signing.verify_pdf(stamped, trust=trust, at=EXPIRED, second_opinion=False)

    judge.no_signature_passes(report)


def test_the_office_is_certified_before_it_signs() -> None:
    assert office().person.certificate.not_valid_before_utc == START


@rule("A7")
def test_a_good_time_stamp_keeps_the_signature_after_the_certificate_ended() -> None:
    data = office().signed(lambda value: office().stamp(sha256(value)))

    report = signing.verify_pdf(data, trust=office().trust(), at=EXPIRED, second_opinion=False)

    assert report.verdict is signing.Verdict.VALID, report.findings


@rule("A10")
def test_a_document_time_stamp_may_follow_the_last_signature() -> None:
    data = _with_document_stamp(
        forger.sign(office().signed(), field=forger.AGENCY, signer=office().agency)
    )

    report = signing.verify_pdf(data, trust=office().trust(NOW), at=NOW, second_opinion=False)

    assert report.verdict is signing.Verdict.VALID, report.findings
