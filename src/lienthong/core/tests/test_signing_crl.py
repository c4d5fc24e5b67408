"""Revocation lists: written quickly, read with an index, used only as far as they reach (R45)."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.core.signing import KeySigner, Trust, crl, der
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.core.signing.der import NotDER
from lienthong.core.signing.evidence import Evidence
from lienthong.core.signing.path import PathResult, Trouble, check_path
from lienthong.core.signing.revoked import HOLD, REASON_NUMBERS, REMOVED, Revocation
from lienthong.core.signing.x509_names import name_key, subject_key
from lienthong.core.tests.pki_fixture import NOW, START, NationalPKI, make_pki
from lienthong.core.tests.signing_cases.rules import rule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
COMPROMISED = x509.ReasonFlags.key_compromise


def load(data: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(data)


@dataclass
class Desk:
    """A PKI with one certificate, and lists of its authority made to measure."""

    pki: NationalPKI
    signer: KeySigner
    others: tuple[x509.CertificateRevocationList, ...] = field(default=())

    def crl(
        self,
        *revoked: Revocation,
        number: int = 10,
        at: datetime = NOW - HOUR,
        lifetime: timedelta = DAY,
        **others: object,
    ) -> x509.CertificateRevocationList:
        """A list of the authority with entries for the certificate."""
        authority = self.pki.services
        entries = [crl.entry_der(self.signer.certificate.serial_number, one) for one in revoked]
        return load(
            crl.build(
                KeySigner(authority.key, authority.certificate),
                entries,
                number=number,
                this_update=at,
                next_update=at + lifetime,
                **others,  # type: ignore[arg-type]
            )
        )

    def check(
        self,
        *lists: x509.CertificateRevocationList,
        at: datetime = NOW,
        now: datetime | None = None,
    ) -> PathResult:
        trust = Trust(self.pki.trust.anchors, self.pki.trust.intermediates, (self.others[0],))
        return check_path(
            self.signer.certificate, trust=trust, at=at, now=now, evidence=Evidence(crls=lists)
        )


@pytest.fixture(scope="module")
def desk() -> Desk:
    pki = make_pki()
    return Desk(pki, pki.service(), (pki.government.crl(at=START, lifetime=3650 * DAY),))


# Written and read ---------------------------------------------------------------------------------


moments = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
revocations = st.builds(
    Revocation, moments, st.sampled_from(list(REASON_NUMBERS)), st.none() | moments
)


@settings(max_examples=50)
@given(st.dictionaries(st.integers(1, 2**159), revocations, max_size=30), st.integers(1, 2**150))
def test_a_list_reads_as_it_was_written(entries: dict[int, Revocation], stranger: int) -> None:
    desk = _desk()
    authority = desk.pki.services
    issuer = subject_key(authority.certificate)
    data = crl.build(
        KeySigner(authority.key, authority.certificate),
        entries,
        number=77,
        this_update=NOW,
        next_update=NOW + DAY,
        expired_since=START,
    )

    read = crl.RevocationList(load(data))

    assert read.unreadable == ""
    assert (read.number, read.size, read.is_delta) == (77, len(entries), False)
    assert (read.this_update, read.next_update) == (NOW, NOW + DAY)
    assert read.covers_expired_since == START
    assert read.is_signed_with(authority.certificate.public_key())
    for serial, revocation in entries.items():
        assert read.entry(serial, issuer) == revocation
    assert read.entry(stranger, issuer) == entries.get(stranger)


_DESKS: list[Desk] = []


def _desk() -> Desk:
    if not _DESKS:
        pki = make_pki()
        _DESKS.append(Desk(pki, pki.service(), (pki.government.crl(at=START),)))
    return _DESKS[0]


def test_another_library_reads_the_same_entries() -> None:
    desk = _desk()
    authority = desk.pki.services
    entries = {
        (number << 64) + 1: Revocation(START + number * HOUR, reason, START)
        for number, reason in enumerate(REASON_NUMBERS, start=1)
    }
    signer = KeySigner(authority.key, authority.certificate)
    found = load(crl.build(signer, entries, number=1, this_update=NOW, next_update=NOW + DAY))

    for serial, revocation in entries.items():
        entry = found.get_revoked_certificate_by_serial_number(serial)
        assert entry is not None
        assert entry.revocation_date_utc == revocation.at
        invalid = entry.extensions.get_extension_for_class(x509.InvalidityDate).value
        assert invalid.invalidity_date_utc == START
        if revocation.reason is not x509.ReasonFlags.unspecified:
            reason = entry.extensions.get_extension_for_class(x509.CRLReason).value
            assert reason.reason is revocation.reason


def test_twenty_thousand_entries_are_written_and_found() -> None:
    desk = _desk()
    authority = desk.pki.services
    entries = {(1 << 120) + 7 * number: Revocation(START) for number in range(20_000)}
    signer = KeySigner(authority.key, authority.certificate)

    data = crl.build(signer, entries, number=1, this_update=NOW, next_update=NOW + DAY)

    read = crl.read(load(data))
    issuer = subject_key(authority.certificate)
    assert read.size == 20_000
    assert len(data) < 1_000_000
    assert all(read.entry(serial, issuer) for serial in list(entries)[::100])
    assert read.entry((1 << 120) + 1, issuer) is None


def test_openssl_reads_a_delta_list_with_its_scope(tmp_path: Path) -> None:
    desk = _desk()
    delta = desk.crl(
        Revocation(NOW, COMPROMISED), number=11, base_number=10, point="http://a.example/x.crl"
    )
    file = tmp_path / "delta.crl"
    file.write_bytes(delta.public_bytes(Encoding.DER))

    shown = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-in", file, "-noout", "-text"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip

    assert "Delta CRL Indicator: critical" in shown
    assert "URI:http://a.example/x.crl" in shown
    assert "Key Compromise" in shown


@pytest.mark.parametrize(
    "entry",
    [
        der.sequence(b"\x02\x02\x00\x05", der.time(NOW)),  # the serial 5 in two bytes
        der.sequence(b"\x02\x00", der.time(NOW)),
        der.sequence(der.octets(b"5"), der.time(NOW)),
        b"\x30\x7e\x02\x01\x05",
        b"\x30\x02\x02\x7f",
    ],
)
def test_an_entry_that_is_not_der_spoils_the_list(entry: bytes) -> None:
    with pytest.raises(NotDER):
        crl._places(entry, 0, len(entry))


# What a list says about a path --------------------------------------------------------------------


def test_a_current_list_is_enough_and_is_named(desk: Desk) -> None:
    listed = desk.crl()

    found = desk.check(listed)

    assert found.trouble is None
    own, authority = found.statuses
    assert (own.source, own.status, own.produced_at) == ("crl", "good", NOW - HOUR)
    assert own.evidence == listed.fingerprint(hashes.SHA256()).hex()
    assert authority.name == "CA công vụ B (thử)"


def test_a_revoked_certificate_is_revoked_from_its_time_on(desk: Desk) -> None:  # R36
    listed = desk.crl(Revocation(NOW - 2 * HOUR))

    assert desk.check(listed).trouble is Trouble.REVOKED
    assert desk.check(listed).revoked_at == NOW - 2 * HOUR
    assert desk.check(listed, at=NOW - 3 * HOUR).trouble is None


def test_a_compromise_reaches_back_to_its_invalidity_date(desk: Desk) -> None:  # SG-R-05
    listed = desk.crl(Revocation(NOW - HOUR, COMPROMISED, NOW - 5 * HOUR))

    assert desk.check(listed, at=NOW - 4 * HOUR).trouble is Trouble.REVOKED
    assert desk.check(listed, at=NOW - 6 * HOUR).trouble is None


def test_a_later_list_may_revoke_back_over_an_older_good_one(desk: Desk) -> None:
    good = desk.crl(at=NOW - HOUR, number=10)
    bad = desk.crl(Revocation(NOW + HOUR, COMPROMISED, NOW - DAY), at=NOW + HOUR, number=11)

    assert desk.check(good, bad).trouble is Trouble.REVOKED
    assert desk.check(good, bad, now=NOW).trouble is None, "it was not known then"


def test_a_signature_during_a_hold_is_not_valid_even_when_it_was_lifted(desk: Desk) -> None:
    held = desk.crl(Revocation(NOW - 2 * HOUR, HOLD), at=NOW - HOUR, number=10)  # SG-R-04
    released = desk.crl(at=NOW + HOUR, number=11)

    assert desk.check(held).trouble is Trouble.REVOKED
    assert "tạm dừng" in desk.check(held).trouble_text
    assert desk.check(held, released).trouble is Trouble.REVOKED
    assert desk.check(held, released, at=NOW + 2 * HOUR).trouble is None


@rule("R45")
@pytest.mark.parametrize("later", [DAY, 400 * DAY])
def test_a_list_past_its_next_update_is_too_old(desk: Desk, later: timedelta) -> None:
    found = desk.check(desk.crl(), at=NOW + later)

    assert found.trouble is Trouble.NO_STATUS
    assert "quá hạn" in found.trouble_text


def test_a_list_of_the_future_is_not_there_yet(desk: Desk) -> None:
    assert desk.check(desk.crl(at=NOW + HOUR), now=NOW).trouble is Trouble.NO_STATUS
    assert desk.check(desk.crl(at=NOW + HOUR), now=NOW + HOUR).trouble is None


@rule("R45")
def test_a_list_whose_number_goes_back_is_not_used(desk: Desk) -> None:
    newer = desk.crl(Revocation(NOW - 3 * HOUR), at=NOW - 2 * HOUR, number=12)
    back = desk.crl(at=NOW - HOUR, number=11)

    assert desk.check(newer, back).trouble is Trouble.REVOKED
    assert desk.check(back).trouble is None
    trust = Trust(desk.pki.trust.anchors, crls=(newer,))
    assert trust.with_crls([back]).crls == (newer,)


@rule("R45")
def test_a_list_by_another_key_of_the_same_name_is_not_used(desk: Desk) -> None:
    twin = Authority(make_ec_key(), desk.pki.services.certificate)
    false = load(
        crl.build(
            _Forger(twin),
            [],
            number=99,
            this_update=NOW - HOUR,
            next_update=NOW + DAY,
        )
    )

    assert desk.check(false).trouble is Trouble.NO_STATUS
    assert desk.check(false, desk.crl(Revocation(NOW - HOUR))).trouble is Trouble.REVOKED


class _Forger(KeySigner):
    """Signs in the name of a certificate that is not of its key."""

    def __init__(self, authority: Authority) -> None:
        self._key, self._certificate = authority.key, authority.certificate
        self._chain = ()


@rule("R45")
def test_a_list_for_authorities_only_says_nothing_about_a_person(desk: Desk) -> None:
    assert desk.check(desk.crl(only_ca=True)).trouble is Trouble.NO_STATUS
    assert desk.check(desk.crl(only_user=True)).trouble is None


@rule("R45")
def test_a_list_of_another_distribution_point_is_not_used(desk: Desk) -> None:
    points = desk.signer.certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints)
    names = points.value[0].full_name or []
    own = str(names[0].value)

    assert desk.check(desk.crl(point=own)).trouble is None
    assert desk.check(desk.crl(point="http://elsewhere.example/x.crl")).trouble is Trouble.NO_STATUS


@rule("R45")
def test_an_unknown_critical_extension_spoils_a_list(desk: Desk) -> None:
    authority = desk.pki.services
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(NOW - HOUR)
        .next_update(NOW + DAY)
    )
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(12345)
        .revocation_date(NOW - HOUR)
        .add_extension(strange, critical=True)
        .build()
    )
    of_the_list = builder.add_extension(strange, critical=True)
    of_an_entry = builder.add_revoked_certificate(entry)

    for wrong in (of_the_list, of_an_entry):
        found = desk.check(wrong.sign(authority.key, hashes.SHA256()))

        assert found.trouble is Trouble.NO_STATUS
        assert "Không dùng được" in found.trouble_text


def test_an_expired_certificate_needs_a_list_that_remembers(desk: Desk) -> None:
    """After the end of a certificate its authority may forget it, unless it says it does not."""
    signer = desk.pki.issue(
        desk.pki.services, Profile.SERVICE, Subject("x", organization_code="G09"), lifetime=DAY * 10
    )
    own = Desk(desk.pki, signer, desk.others)
    at, later = START + 5 * DAY, START + 20 * DAY
    forgetful = own.crl(at=later)
    remembering = own.crl(at=later, expired_since=START)
    revoking = own.crl(Revocation(START + 4 * DAY), at=later)
    of_the_time = own.crl(at=START + 4 * DAY, lifetime=2 * DAY)

    assert own.check(forgetful, at=at, now=later).trouble is Trouble.NO_STATUS
    assert own.check(remembering, at=at, now=later).trouble is None
    assert own.check(revoking, at=at, now=later).trouble is Trouble.REVOKED
    assert own.check(of_the_time, at=at, now=later).trouble is None


# Delta lists --------------------------------------------------------------------------------------


def test_a_delta_adds_to_its_base_and_takes_away(desk: Desk) -> None:
    base = desk.crl(number=10, at=NOW - 3 * HOUR)
    held = desk.crl(Revocation(NOW - 4 * HOUR, HOLD), number=10, at=NOW - 3 * HOUR)
    adds = desk.crl(Revocation(NOW - 2 * HOUR), number=11, base_number=10)
    removes = desk.crl(Revocation(NOW - 2 * HOUR, REMOVED), number=11, base_number=10)

    assert desk.check(base, adds).trouble is Trouble.REVOKED
    assert desk.check(held).trouble is Trouble.REVOKED
    assert desk.check(held, removes).trouble is None


def test_a_delta_alone_or_with_a_base_too_old_is_not_enough(desk: Desk) -> None:
    delta = desk.crl(number=12, base_number=11)
    stale = desk.crl(number=10, at=NOW - 3 * DAY)
    matching = desk.crl(number=11, at=NOW - 3 * DAY)

    assert desk.check(delta).trouble is Trouble.NO_STATUS
    assert desk.check(delta, stale).trouble is Trouble.NO_STATUS
    assert desk.check(delta, matching).trouble is None


def test_trust_keeps_a_full_list_and_a_delta_side_by_side(desk: Desk, tmp_path: Path) -> None:
    full, delta = desk.crl(number=10), desk.crl(number=11, base_number=10)

    trust = Trust(desk.pki.trust.anchors).with_crls([full, delta])

    assert trust.crls == (full, delta)
    trust.save(tmp_path)
    loaded = Trust.from_directory(tmp_path)
    assert (full in loaded.crls, delta in loaded.crls) == (True, True)
    assert loaded.epoch == trust.epoch
    assert trust.with_crls([desk.crl(number=12, base_number=10)]).crls[0] == full


# Bounds (R42) -------------------------------------------------------------------------------------


def _indirect(names: int) -> crl.RevocationList:
    """An indirect list with one entry for each of so many issuers."""

    def issuer(number: int) -> bytes:
        common_name = der.sequence(der.oid("2.5.4.3"), der.tlv(0x0C, str(number).encode()))
        return der.sequence(der.tlv(0xA4, der.sequence(der.set_of(common_name))))

    desk = _desk()
    authority = desk.pki.services
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + DAY)
        .add_extension(
            x509.IssuingDistributionPoint(None, None, False, False, None, True, False),
            critical=True,
        )
    )
    for number in range(1, names + 1):
        name = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.29"), issuer(number))
        entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(NOW)
        builder = builder.add_revoked_certificate(entry.add_extension(name, critical=True).build())
    return crl.RevocationList(builder.sign(authority.key, hashes.SHA256()))


def test_an_indirect_list_keeps_the_issuers_apart() -> None:
    read = _indirect(3)
    common_name = x509.NameOID.COMMON_NAME
    names = [
        name_key(x509.Name([x509.NameAttribute(common_name, str(number))]).public_bytes())
        for number in (1, 2, 3)
    ]

    assert read.unreadable == ""
    assert read.entry(2, names[1]) == Revocation(NOW)
    assert read.entry(2, names[0]) is None
    assert read.entry(2, read.issuer) is None


def test_an_indirect_list_of_very_many_issuers_is_refused() -> None:
    assert "quá nhiều" in _indirect(crl.ISSUERS_MAX + 2).unreadable
