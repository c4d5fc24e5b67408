"""OCSP: what a responder answers, and which answers are believed (SG-R-01, SG-R-06, R44)."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp as other
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import example, given
from hypothesis import strategies as st

from lienthong.core.signing import KeySigner, der, ocsp
from lienthong.core.signing.authority import Authority, make_ec_key, make_key
from lienthong.core.signing.der import NotDER
from lienthong.core.signing.keys import PrivateKey, VolumeSigner
from lienthong.core.signing.ocsp import OCSPRefused, Responder
from lienthong.core.signing.revoked import Revocation
from lienthong.core.tests.pki_fixture import NOW, START, make_pki
from lienthong.core.tests.signing_cases.rules import rule

HOUR = timedelta(hours=1)
NONCE = bytes(range(16))
COMPROMISED = x509.ReasonFlags.key_compromise


def responder_for(
    issuer: Authority,
    *,
    key: PrivateKey | None = None,
    uses: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.OCSP_SIGNING,),
    no_check: bool = True,
    start: datetime = START,
    critical: x509.ExtensionType | None = None,
) -> KeySigner:
    """A delegated responder's signer, right or wrong as the test wants it."""
    key = key or make_ec_key()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "OCSP")]))
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=90))
    )
    if uses:
        builder = builder.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if no_check:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
    if critical is not None:
        builder = builder.add_extension(critical, critical=True)
    return KeySigner(key, builder.sign(issuer.key, hashes.SHA256()))


@dataclass
class Office:
    """An authority with a certificate it issued and a responder about it."""

    issuer: Authority
    certificate: x509.Certificate
    signer: KeySigner
    statuses: dict[int, Revocation | None] = field(default_factory=dict)

    def responder(self, signer: KeySigner | None = None) -> Responder:
        return Responder(
            self.issuer.certificate, signer or self.signer, self.statuses, archive_cutoff=START
        )

    def ask(
        self,
        *,
        signer: KeySigner | None = None,
        nonce: bytes | None = None,
        digest: str = "sha1",
        at: datetime = NOW,
    ) -> bytes:
        request = ocsp.build_request(
            self.certificate, self.issuer.certificate, nonce=nonce, digest=digest
        )
        return self.responder(signer).answer(request, at)

    def check(
        self,
        answer: bytes,
        *,
        at: datetime = NOW,
        now: datetime | None = None,
        nonce: bytes | None = None,
    ) -> ocsp.Answer:
        return ocsp.check_response(
            answer,
            certificate=self.certificate,
            issuer=self.issuer.certificate,
            at=at,
            now=now,
            nonce=nonce,
        )


@pytest.fixture(scope="module")
def shared() -> Office:
    pki = make_pki()
    certificate = pki.person().certificate
    return Office(pki.people, certificate, responder_for(pki.people))


@pytest.fixture
def office(shared: Office) -> Office:
    statuses: dict[int, Revocation | None] = {shared.certificate.serial_number: None}
    return Office(shared.issuer, shared.certificate, shared.signer, statuses)


@rule("A5")
@pytest.mark.parametrize("digest", ["sha1", "sha256"])  # A5
def test_a_known_certificate_is_good(office: Office, digest: str) -> None:
    answer = office.check(office.ask(digest=digest))

    assert (answer.status, answer.revocation) == ("good", None)
    assert answer.responder == office.signer.certificate
    assert answer.this_update == answer.produced_at == NOW
    assert answer.next_update == NOW + HOUR
    assert answer.archive_cutoff == START


def test_a_revocation_is_told_at_once_with_its_time_and_reason(office: Office) -> None:
    responder = office.responder()
    request = ocsp.build_request(office.certificate, office.issuer.certificate)
    before = office.check(responder.answer(request, NOW))
    since = NOW - 2 * HOUR
    revocation = Revocation(since, COMPROMISED, since - timedelta(days=3))
    office.statuses[office.certificate.serial_number] = revocation

    after = office.check(responder.answer(request, NOW))

    assert before.status == "good"
    assert (after.status, after.revocation) == ("revoked", revocation)
    assert revocation.effective_at == since - timedelta(days=3)  # SG-R-05


def test_a_serial_without_a_row_is_unknown_and_never_good(office: Office) -> None:
    office.statuses.clear()

    assert office.check(office.ask()).status == "unknown"


def test_another_authority_is_unknown_even_with_a_known_serial(office: Office) -> None:
    stranger = make_pki().people.certificate
    request = ocsp.build_request(office.certificate, stranger)

    answer = other.load_der_ocsp_response(office.responder().answer(request, NOW))

    assert answer.certificate_status is other.OCSPCertStatus.UNKNOWN


def test_the_nonce_comes_back(office: Office) -> None:
    assert office.check(office.ask(nonce=NONCE), nonce=NONCE).status == "good"


@pytest.mark.parametrize("size", [0, 33, 200])
def test_a_nonce_of_another_size_is_malformed(office: Office, size: int) -> None:
    extension = der.sequence(der.oid("1.3.6.1.5.5.7.48.1.2"), der.octets(der.octets(b"n" * size)))
    question = ocsp.certificate_id(office.certificate.serial_number, office.issuer.certificate)
    listed = der.sequence(der.sequence(question))
    request = der.sequence(der.sequence(listed, der.tlv(0xA2, der.sequence(extension))))

    assert office.responder().answer(request, NOW) == ocsp.MALFORMED


@given(st.binary(max_size=200))
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(NotDER):
        ocsp.read_request(data)


@given(st.integers(0, 400), st.integers(0, 255))
@example(14, 128)  # the digest's name is no name
def test_a_request_with_a_changed_byte_never_breaks_the_responder(place: int, value: int) -> None:
    office = _changed_byte_office()
    request = bytearray(
        ocsp.build_request(office.certificate, office.issuer.certificate, nonce=NONCE)
    )
    request[place % len(request)] = value

    answer = other.load_der_ocsp_response(office.responder().answer(bytes(request), NOW))

    assert answer.response_status in {
        other.OCSPResponseStatus.SUCCESSFUL,
        other.OCSPResponseStatus.MALFORMED_REQUEST,
    }


_OFFICES: list[Office] = []


def _changed_byte_office() -> Office:
    if not _OFFICES:
        pki = make_pki()
        certificate = pki.person().certificate
        signer = responder_for(pki.people)
        _OFFICES.append(Office(pki.people, certificate, signer, {certificate.serial_number: None}))
    return _OFFICES[0]


def test_a_request_made_by_another_program_is_answered(office: Office) -> None:
    request = (
        other.OCSPRequestBuilder()
        .add_certificate(office.certificate, office.issuer.certificate, hashes.SHA256())
        .add_extension(x509.OCSPNonce(NONCE), critical=False)
        .build()
        .public_bytes(Encoding.DER)
    )

    answer = office.responder().answer(request, NOW)

    assert office.check(answer, nonce=NONCE).status == "good"


def test_an_answer_without_nonce_is_signed_once_in_a_period(office: Office) -> None:
    responder = office.responder()
    request = ocsp.build_request(office.certificate, office.issuer.certificate)

    assert responder.presign(NOW) == 1
    first = responder.answer(request, NOW)

    assert responder.answer(request, NOW + timedelta(minutes=29)) == first
    assert responder.answer(request, NOW + timedelta(minutes=31)) != first


def test_an_rsa_responder_and_one_that_does_not_check_itself_are_believed(office: Office) -> None:
    rsa_signer = responder_for(office.issuer, key=make_key(2048))

    for signer in (rsa_signer, office.signer.unchecked):
        assert office.check(office.ask(signer=signer)).status == "good"


class _Faulty(VolumeSigner):
    """A key whose signatures come out wrong, as after a fault in the machine."""

    def sign_digest(self, digest: bytes) -> bytes:
        return super().sign_digest(bytes(32))


def test_only_answers_with_nonce_are_signed_by_the_key_that_does_not_check_itself(
    office: Office,
) -> None:
    own = office.signer
    faulty = _Faulty(own._key, own.certificate)
    issuer = office.issuer.certificate
    responder = Responder(issuer, own, office.statuses, nonce_signer=faulty)
    kept = ocsp.build_request(office.certificate, issuer)
    once = ocsp.build_request(office.certificate, issuer, nonce=b"mot lan")

    assert office.check(responder.answer(kept, NOW)).status == "good"
    assert "chữ ký" in refused(office, responder.answer(once, NOW), nonce=b"mot lan")


def test_answers_with_nonce_are_not_signed_by_another_key(office: Office) -> None:
    other = responder_for(office.issuer)

    with pytest.raises(ValueError, match="one key"):
        Responder(office.issuer.certificate, office.signer, {}, nonce_signer=other)


def test_the_issuer_itself_may_answer(office: Office) -> None:
    signer = KeySigner(office.issuer.key, office.issuer.certificate)

    assert office.check(office.ask(signer=signer)).responder == office.issuer.certificate


# What is refused (R44) ----------------------------------------------------------------------------


def refused(office: Office, answer: bytes, **others: object) -> str:
    with pytest.raises(OCSPRefused) as caught:
        office.check(answer, **others)  # type: ignore[arg-type]
    return str(caught.value)


@rule("R44")
def test_an_answer_about_another_serial_is_refused(office: Office) -> None:
    stranger = make_pki().person().certificate
    office.statuses[stranger.serial_number] = None
    request = ocsp.build_request(stranger, office.issuer.certificate)

    assert "chứng thư khác" in refused(office, office.responder().answer(request, NOW))


@rule("R44")
def test_an_answer_about_another_issuers_certificate_of_the_same_serial_is_refused(
    office: Office,
) -> None:
    twin = make_pki().people  # the same name, another key
    request = ocsp.build_request(office.certificate, twin.certificate)
    responder = Responder(twin.certificate, office.signer, office.statuses)

    assert "chứng thư khác" in refused(office, responder.answer(request, NOW))


@rule("R44")
def test_a_strangers_answer_is_refused(office: Office) -> None:
    stranger = responder_for(make_pki().people)

    assert "ủy quyền" in refused(office, office.ask(signer=stranger))


@rule("R44")
def test_a_responder_of_another_key_of_the_issuer_is_refused(office: Office) -> None:
    """The delegation must be by the key that issued the certificate, not by a namesake."""
    twin = Authority(make_ec_key(), office.issuer.certificate)

    assert "ủy quyền" in refused(office, office.ask(signer=responder_for(twin)))


@rule("R44")
def test_a_responder_without_the_use_is_refused(office: Office) -> None:
    for uses in ((), (ExtendedKeyUsageOID.TIME_STAMPING,)):
        signer = responder_for(office.issuer, uses=uses)

        assert "không được cấp để ký OCSP" in refused(office, office.ask(signer=signer))


@rule("R44")
def test_another_certificate_of_the_authority_does_not_speak_for_it(office: Office) -> None:
    person = make_pki()
    signer = person.person()
    own = Office(
        person.people, signer.certificate, signer, {signer.certificate.serial_number: None}
    )

    assert "không được cấp để ký OCSP" in refused(own, own.ask())


@rule("R44")
def test_a_responder_with_an_unknown_critical_extension_is_refused(office: Office) -> None:
    strange = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    signer = responder_for(office.issuer, critical=strange)

    assert "bắt buộc" in refused(office, office.ask(signer=signer))


@rule("R44")
def test_an_expired_responder_is_refused(office: Office) -> None:
    signer = responder_for(office.issuer, start=NOW - timedelta(days=91))

    assert "không có hiệu lực" in refused(office, office.ask(signer=signer))


@rule("R44")
def test_a_responder_of_unknown_status_is_refused(office: Office) -> None:
    signer = responder_for(office.issuer, no_check=False)
    answer = office.ask(signer=signer)

    assert "bị thu hồi hay không" in refused(office, answer)
    for is_revoked in (True, False):
        ask = {
            "certificate": office.certificate,
            "issuer": office.issuer.certificate,
            "at": NOW,
            "is_revoked": lambda _, known=is_revoked: known,
        }
        if is_revoked:
            with pytest.raises(OCSPRefused):
                ocsp.check_response(answer, **ask)  # type: ignore[arg-type]
        else:
            assert ocsp.check_response(answer, **ask).status == "good"  # type: ignore[arg-type]


@rule("R44")
def test_a_stale_answer_is_refused(office: Office) -> None:
    answer = office.ask(at=NOW - 2 * HOUR)

    assert "đã cũ" in refused(office, answer)


def test_an_answer_made_after_the_moment_in_question_is_welcome(office: Office) -> None:
    answer = office.ask(at=NOW + HOUR)

    assert office.check(answer, now=NOW + HOUR).status == "good"
    assert "tương lai" in refused(office, answer, now=NOW)


@rule("R44")
def test_a_wrong_or_missing_nonce_is_refused(office: Office) -> None:
    assert "nonce" in refused(office, office.ask(nonce=b"other"), nonce=NONCE)
    assert "nonce" in refused(office, office.ask(), nonce=NONCE)


@rule("R44")
def test_a_changed_signature_is_refused(office: Office) -> None:
    answer = office.ask()
    certificate = office.signer.certificate.public_bytes(Encoding.DER)
    place = answer.index(certificate) - 12  # inside the signature, before the certificates

    changed = answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]

    assert "chữ ký" in refused(office, changed)


@rule("R44")
def test_good_cannot_be_made_of_revoked(office: Office) -> None:
    office.statuses[office.certificate.serial_number] = Revocation(NOW - HOUR)
    answer = office.ask()

    changed = answer.replace(b"\xa1\x11\x18\x0f", b"\x80\x11\x18\x0f")

    assert changed != answer
    assert refused(office, changed)


def test_a_weak_digest_is_refused(office: Office) -> None:
    key = make_key(2048)
    signer = responder_for(office.issuer, key=key)
    builder = other.OCSPResponseBuilder().add_response(
        office.certificate,
        office.issuer.certificate,
        hashes.SHA1(),  # noqa: S303  a CertID
        other.OCSPCertStatus.GOOD,
        NOW,
        NOW + HOUR,
        None,
        None,
    )
    builder = builder.responder_id(other.OCSPResponderEncoding.HASH, signer.certificate)
    response = builder.certificates([signer.certificate]).sign(key, hashes.SHA256())
    good = response.public_bytes(Encoding.DER)
    sha256_with_rsa, sha1_with_rsa = "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.5"
    place = good.rindex(
        der.oid(sha256_with_rsa), 0, good.index(signer.certificate.public_bytes(Encoding.DER))
    )
    weak = good[:place] + der.oid(sha1_with_rsa) + good[place + 11 :]

    now = datetime.now(UTC)  # the other library puts its own clock in
    assert office.check(good, now=now).status == "good"
    assert "không an toàn" in refused(office, weak, now=now)


@pytest.mark.parametrize("status", [ocsp.MALFORMED, ocsp.TRY_LATER, ocsp.INTERNAL_ERROR])
def test_a_failure_of_the_responder_is_no_answer(office: Office, status: bytes) -> None:
    assert "không trả lời được" in refused(office, status)


@given(st.binary(max_size=300))
def test_rubbish_is_refused(data: bytes) -> None:
    office = _changed_byte_office()

    assert refused(office, data)


# With another program -----------------------------------------------------------------------------


def test_openssl_believes_the_answers(office: Office, tmp_path: Path) -> None:
    def write(name: str, data: bytes) -> str:
        (tmp_path / name).write_bytes(data)
        return str(tmp_path / name)

    at = datetime.now(UTC)
    pki = make_pki()
    certificate = pki.person().certificate
    signer = responder_for(pki.people, start=at - timedelta(days=1))
    own = Office(pki.people, certificate, signer, {certificate.serial_number: None})
    pem = Encoding.PEM
    roots = pki.government.certificate.public_bytes(pem) + pki.people.certificate.public_bytes(pem)
    arguments = [
        "openssl", "ocsp", "-no_nonce", "-issuer",
        write("issuer.pem", pki.people.certificate.public_bytes(pem)),
        "-cert", write("certificate.pem", certificate.public_bytes(pem)),
        "-CAfile", write("roots.pem", roots), "-attime", str(int(at.timestamp())),
    ]  # fmt: skip
    asked = tmp_path / "request.der"
    subprocess.run([*arguments, "-reqout", asked], check=True, capture_output=True)
    for revocation, word in ((None, "good"), (Revocation(at - HOUR, COMPROMISED), "revoked")):
        own.statuses[certificate.serial_number] = revocation
        answer = own.responder().answer(asked.read_bytes(), at)

        done = subprocess.run(
            [*arguments, "-respin", write("response.der", answer)],
            check=False, capture_output=True, text=True,
        )  # fmt: skip

        assert "Response verify OK" in done.stderr, done.stderr
        assert f"certificate.pem: {word}" in done.stdout
