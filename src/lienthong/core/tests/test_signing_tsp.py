"""Time-stamps of RFC 3161: what the authority answers, and which tokens count (SG 3.7, R49-R54)."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from rfc3161_client import decode_timestamp_response
from rfc3161_client.verify import VerifierBuilder

from lienthong.core.signing import Indication, cms, der, tsp
from lienthong.core.signing.authority import Profile, Subject
from lienthong.core.signing.problems import TimestampNotMade
from lienthong.core.signing.report import TimestampReport
from lienthong.core.tests.pki_fixture import NOW, START, make_pki, rsa_keys, test_pki
from lienthong.core.tests.signing_cases.rules import rule
from lienthong.core.tests.stamp_samples import (
    CLIENT,
    HOUR,
    MINUTE,
    POLICY,
    STAMPING,
    YEAR,
    Desk,
    FixedSource,
    odd_stamp_signer,
)

CONTENT = b"something that existed"
DIGEST = hashlib.sha256(CONTENT).digest()


def judged(token: bytes, content: bytes = CONTENT, **how: Any) -> TimestampReport:
    arguments = {"trust": test_pki().trust, "at": NOW, **how}
    return tsp.check_token(token, lambda name: hashlib.new(name, content).digest(), **arguments)


@pytest.fixture(scope="module")
def desk() -> Desk:
    return Desk()


def ask(desk: Desk, **what: Any) -> tsp.Issued:
    return desk.authority.issue(tsp.build_request(DIGEST, **what), desk.now)


def test_a_token_says_what_existed_when_and_by_which_policy(desk: Desk) -> None:
    issued = ask(desk, nonce=2**63 + 5)

    token = tsp.parse_token(tsp.read_response(issued.response))

    assert (token.policy, token.algorithm, token.imprint) == (POLICY, "sha256", DIGEST)
    assert (token.nonce, token.at, token.serial) == (2**63 + 5, NOW, issued.serial)
    assert issued.serial.bit_length() >= 64
    assert judged(issued.token).is_good


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512"])
def test_three_digests_are_stamped(desk: Desk, algorithm: str) -> None:
    digest = hashlib.new(algorithm, CONTENT).digest()

    issued = desk.authority.issue(tsp.build_request(digest, algorithm=algorithm), NOW)

    assert judged(issued.token).is_good


@given(st.integers(0, 2**248), st.booleans(), st.timedeltas(timedelta(0), timedelta(seconds=2)))
@settings(max_examples=50, deadline=None)
def test_what_is_asked_for_comes_back(nonce: int, wants: bool, later: timedelta) -> None:
    desk = Desk()
    request = tsp.build_request(DIGEST, nonce=nonce, wants_certificate=wants)

    issued = desk.authority.issue(request, NOW + later)

    assert not issued.failure
    if wants:
        token = tsp.parse_token(issued.token)
        assert token.nonce == nonce
        assert abs(token.at - (NOW + later)) < timedelta(milliseconds=1)
    else:
        own = desk.stamp_signer.certificate.public_bytes(Encoding.DER)  # type: ignore[union-attr]
        assert own not in issued.token


@given(st.one_of(st.none(), st.integers(-(2**64), 2**160)), st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_two_readers_of_a_token_say_the_same(nonce: int | None, millis: int) -> None:
    request = tsp.build_request(DIGEST, nonce=nonce)
    issued = Desk().authority.issue(request, NOW + timedelta(milliseconds=millis))

    token = tsp.parse_token(issued.token)

    signed = cms.parse(issued.token, content_type="tst_info")
    assert token.signed == signed
    assert token == tsp.any_info(issued.token, signed, signed.content or b"")


def test_serial_numbers_do_not_repeat(desk: Desk) -> None:
    assert len({ask(desk).serial for _ in range(200)}) == 200


def test_a_token_has_no_signing_time_and_one_signer(desk: Desk) -> None:
    signed = tsp.parse_token(ask(desk).token).signed

    assert signed.signing_time is None
    assert signed.names_certificate


def request_with(**change: bytes) -> bytes:
    """A request whose parts are replaced by DER of one's own."""
    parts = {
        "version": der.integer(1),
        "imprint": der.sequence(
            der.sequence(der.oid("2.16.840.1.101.3.4.2.1")), der.octets(DIGEST)
        ),
        "rest": b"",
        **change,
    }
    return der.sequence(*parts.values())


SHA1 = bytes.fromhex("300706052b0e03021a") + bytes.fromhex("0414") + bytes(20)


@pytest.mark.parametrize(
    ("request_der", "failure"),
    [
        (request_with(imprint=b"\x30\x1f" + SHA1), "badAlg"),
        (request_with(version=b"\x02\x01\x02"), "badRequest"),
        (request_with(rest=b"\x02\x21" + bytes(33)), "badRequest"),
        (request_with(rest=b"\x01\x01\xff\x02\x01\x05"), "badDataFormat"),
        (request_with(rest=b"\xa0\x02\x30\x00"), "unacceptedExtension"),
        (tsp.build_request(DIGEST, policy_oid="1.2.3.4"), "unacceptedPolicy"),
        (tsp.build_request(DIGEST[:31] + b""), "badRequest"),
        (b"", "badDataFormat"),
        (b"\x30\x00", "badDataFormat"),
        (b"\x30\x80\x00\x00", "badDataFormat"),
        (b"not DER at all", "badDataFormat"),
        (bytes(5000), "badRequest"),
    ],
)
def test_a_request_that_is_not_in_order_is_refused(
    desk: Desk, request_der: bytes, failure: str
) -> None:
    issued = desk.authority.issue(request_der, NOW)

    assert (issued.failure, issued.token) == (failure, b"")
    with pytest.raises(TimestampNotMade, match="timestamp_not_made"):
        tsp.read_response(issued.response)


@given(st.binary(max_size=120))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    assert Desk().authority.answer(data, NOW)[:1] == b"\x30"


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
def test_a_changed_bit_of_a_token_is_never_good(desk: Desk) -> None:
    token = ask(desk).token

    for place in range(len(token)):
        changed = bytearray(token)
        changed[place] ^= 2 if place % 8 else 128
        assert not judged(bytes(changed)).is_good, place


def test_two_clocks_that_differ_stop_the_authority(desk: Desk) -> None:
    request = tsp.build_request(DIGEST)

    near = desk.authority.issue(request, NOW, witness=NOW + timedelta(milliseconds=400))
    far = desk.authority.issue(request, NOW, witness=NOW - timedelta(milliseconds=600))

    assert (near.failure, far.failure) == ("", "timeNotAvailable")


def test_an_authority_does_not_sign_outside_its_certificates_period(desk: Desk) -> None:
    assert desk.authority.issue(tsp.build_request(DIGEST), START - HOUR).failure == "systemFailure"


def test_an_accuracy_of_more_than_a_second_is_no_authority(desk: Desk) -> None:
    assert desk.stamp_signer is not None
    with pytest.raises(ValueError, match="one second"):
        tsp.TimestampAuthority(desk.stamp_signer, POLICY, accuracy=timedelta(seconds=2))


@rule("R49")
def test_a_token_over_other_bytes_is_false(desk: Desk) -> None:
    report = judged(ask(desk).token, b"something else")

    assert report.is_false
    assert report.sub_indication == "HASH_FAILURE"


@rule("R50")
@pytest.mark.parametrize(
    ("usages", "critical"), [([STAMPING], False), ([STAMPING, CLIENT], True), ([CLIENT], True)]
)
def test_a_token_by_a_certificate_that_is_not_only_for_stamping_is_false(
    usages: list[x509.ObjectIdentifier], critical: bool
) -> None:
    signer = odd_stamp_signer(test_pki().government, usages, critical=critical)

    report = judged(ask(Desk(stamp_signer=signer)).token)

    assert report.is_false
    assert report.sub_indication == "CHAIN_CONSTRAINTS_FAILURE"


@rule("R54")
def test_a_token_with_another_nonce_or_policy_or_two_signers_is_false(desk: Desk) -> None:
    token = ask(desk, nonce=1).token

    assert judged(token, nonce=1, policy_oid=POLICY).is_good
    assert judged(token, nonce=2).is_false
    assert judged(token, policy_oid="1.2.3").is_false
    assert judged(with_two_signers(token)).is_false


def with_two_signers(token: bytes) -> bytes:
    kind, content = der.members(der.members(token)[0][1])
    body = [whole for _, _, whole in der.members(der.members(content[1])[0][1])]
    info = der.members(body[-1])[0][1]
    return der.sequence(
        kind[2], der.tlv(0xA0, der.sequence(*body[:-1], der.tlv(der.SET, info + info)))
    )


def test_a_token_of_a_stranger_is_not_false_but_does_not_count() -> None:
    report = judged(ask(Desk(make_pki())).token)

    assert report.indication is Indication.INDETERMINATE
    assert report.sub_indication == "NO_CERTIFICATE_CHAIN_FOUND"


def test_a_revoked_authority_does_not_count() -> None:
    pki = make_pki()
    desk = Desk(pki)
    assert desk.stamp_signer is not None
    token = ask(desk).token
    pki.government.revoke(desk.stamp_signer.certificate, at=NOW - HOUR)

    report = judged(token, trust=pki.trust_at(NOW + MINUTE), at=NOW + MINUTE)

    assert report.sub_indication == "REVOKED"
    assert not report.is_good


def test_an_authority_that_expired_counts_only_when_its_token_is_proved() -> None:
    desk = Desk()
    token = ask(desk).token
    late = NOW + 6 * YEAR

    assert not judged(token, at=late).is_good
    assert judged(token, at=NOW + YEAR, now=late).is_good


def test_a_token_of_the_future_does_not_count(desk: Desk) -> None:
    assert judged(ask(desk).token, at=NOW - HOUR).sub_indication == "TIMESTAMP_ORDER_FAILURE"


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_openssl_verifies_our_tokens(tmp_path: Path, desk: Desk) -> None:
    request = tsp.build_request(DIGEST, nonce=77)
    files = {name: tmp_path / name for name in ("q", "r", "root.pem")}
    files["q"].write_bytes(request)
    files["r"].write_bytes(desk.authority.answer(request, NOW + timedelta(milliseconds=120)))
    files["root.pem"].write_bytes(test_pki().government.certificate.public_bytes(Encoding.PEM))

    told = subprocess.run(
        [
            *("openssl", "ts", "-verify", "-in", files["r"], "-queryfile", files["q"]),
            *("-CAfile", files["root.pem"], "-attime", str(int(NOW.timestamp()))),
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Verification: OK" in told.stdout + told.stderr


def test_an_authority_with_an_rsa_key_signs_with_pss() -> None:
    pki = test_pki()
    signer = pki.issue(pki.government, Profile.TSA, Subject("R"), key=rsa_keys()[0])

    token = ask(Desk(stamp_signer=signer)).token

    assert tsp.parse_token(token).signed.algorithm.family == "rsassa_pss"
    assert judged(token).is_good


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
def test_a_request_of_openssl_is_answered(tmp_path: Path, desk: Desk) -> None:
    content = tmp_path / "content"
    content.write_bytes(CONTENT)
    made = subprocess.run(
        ["openssl", "ts", "-query", "-data", content, "-sha384", "-cert"],
        capture_output=True,
        check=True,
    )

    issued = desk.authority.issue(made.stdout, NOW)

    assert judged(issued.token).is_good


def test_another_client_verifies_our_tokens(desk: Desk) -> None:
    answer = desk.authority.answer(tsp.build_request(DIGEST, nonce=5), NOW)
    verifier = (
        VerifierBuilder().add_root_certificate(test_pki().government.certificate).nonce(5).build()
    )

    assert verifier.verify(decode_timestamp_response(answer), DIGEST)


def test_a_client_takes_only_the_answer_to_its_own_question(desk: Desk) -> None:
    def client(send: Callable[[bytes], bytes]) -> tsp.TimestampClient:
        return tsp.TimestampClient(send, clock=lambda: NOW, trust=test_pki().trust)

    def nobody(_: bytes) -> bytes:
        raise ConnectionError

    old = desk.authority.answer(tsp.build_request(DIGEST, nonce=1), NOW)

    token = client(lambda request: desk.authority.answer(request, NOW)).stamp(DIGEST)

    assert judged(token).is_good
    for send in (nobody, lambda _: old, lambda _: b"", lambda _: b"<html>"):
        with pytest.raises(TimestampNotMade):
            client(send).stamp(DIGEST)
    with pytest.raises(TimestampNotMade):  # its clock is wrong
        client(lambda request: desk.authority.answer(request, NOW + HOUR)).stamp(DIGEST)


def test_a_source_that_gives_another_token_is_found_out(desk: Desk) -> None:
    other = desk.authority.issue(tsp.build_request(hashlib.sha256(b"x").digest()), NOW).token

    with pytest.raises(TimestampNotMade):
        tsp.stamper(FixedSource(other), NOW)(DIGEST)


def test_a_signature_is_no_token() -> None:
    signature = cms.build(test_pki().person(), DIGEST)

    assert judged(signature).sub_indication == "FORMAT_FAILURE"
