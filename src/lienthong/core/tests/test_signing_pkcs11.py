"""Keys in a token: SoftHSM2's real module in the place of a device (SG-K-01, SG-K-02, SG-K-03)."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("pkcs11")

import pkcs11 as raw_pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pkcs11 import exceptions as device

from lienthong.core import signing
from lienthong.core.signing import (
    PERSON_FIELD,
    KeyPasswordWrong,
    SignatureNotMade,
    Verdict,
)
from lienthong.core.signing.authority import Profile, Subject
from lienthong.core.signing.keys import PublicKey, verify_digest
from lienthong.core.signing.pkcs11 import (
    Health,
    KeyType,
    Token,
    TokenKeyMissing,
    TokenPinLocked,
    TokenRemoved,
    TokenSigner,
    problem_of,
)
from lienthong.core.signing.report import Indication
from lienthong.core.signing.xml import sign_xml, verify_xml
from lienthong.core.tests import signing_samples as samples
from lienthong.core.tests.pki_fixture import NOW, PERSON_NAME, START, test_pki
from lienthong.core.tests.token_fixture import (
    MODULE,
    PIN,
    make_token,
    needs_softhsm,
    token_home,
)

pytestmark = needs_softhsm
DIGEST = hashlib.sha256(b"van ban").digest()
EC_KEY, RSA_KEY = b"\x01", b"\x02"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def certify(key: PublicKey, profile: Profile = Profile.PERSON) -> x509.Certificate:
    pki = test_pki()
    authority = pki.services if profile is Profile.SERVICE else pki.people
    subject = Subject(PERSON_NAME, organization="Bộ Thử nghiệm", organization_code="G09")
    return authority.issue(profile, subject, key, at=START)


@pytest.fixture(scope="session")
def folder() -> Path:
    """The token's directory: what is pulled out when the device is."""
    return make_token("thiet-bi")


@pytest.fixture(scope="session")
def filled(folder: Path) -> Token:
    token = Token(MODULE, "thiet-bi", PIN)
    for kind, key_id in ((KeyType.P256, EC_KEY), (KeyType.RSA3072, RSA_KEY)):
        key = token.generate(kind, key_id=key_id, label=f"{PERSON_NAME} | ký văn bản")
        token.store(certify(key), key_id=key_id, label=PERSON_NAME)
    return token


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def token(filled: Token, clock: Clock) -> Iterator[Token]:
    """A Token of its own over the filled device."""
    fresh = Token(MODULE, filled.label, PIN, clock=clock)
    yield fresh
    fresh.close()


@pytest.fixture
def signer(token: Token) -> TokenSigner:
    return TokenSigner(token, key_id=EC_KEY, chain=test_pki().people.chain)


class Pulled:
    """The device is out while this is entered."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._away = folder, token_home() / "away"

    def __enter__(self) -> None:
        shutil.move(self._folder, self._away)

    def __exit__(self, *_: object) -> None:
        shutil.move(self._away, self._folder)


# Signing.


@pytest.mark.parametrize("key_id", [EC_KEY, RSA_KEY], ids=["ECDSA", "RSA-PSS"])
def test_a_token_signs_a_digest(token: Token, key_id: bytes) -> None:
    signature = token.sign(key_id, DIGEST)

    verify_digest(token.public_key(key_id), DIGEST, signature)


@pytest.mark.parametrize("key_id", [EC_KEY, RSA_KEY], ids=["ECDSA", "RSA-PSS"])
def test_a_document_signed_by_a_token_is_valid(token: Token, key_id: bytes) -> None:
    signer = TokenSigner(token, key_id=key_id, chain=test_pki().people.chain)

    signed = signing.sign_pdf(
        samples.prepared(), field=PERSON_FIELD, signer=signer, name=PERSON_NAME,
        reason="", location="", at=NOW,
    )  # fmt: skip

    report = signing.verify_pdf(signed, trust=test_pki().trust, at=NOW)
    assert report.verdict is Verdict.VALID, report.findings


def test_a_packet_signed_by_a_token_is_valid(token: Token) -> None:
    certificate = certify(token.public_key(EC_KEY), Profile.SERVICE)
    signer = TokenSigner(
        token, key_id=EC_KEY, certificate=certificate, chain=test_pki().services.chain
    )

    signature = signing.sign_detached(b"<edXML/>", signer=signer, at=NOW)

    report = signing.verify_detached(b"<edXML/>", signature, trust=test_pki().trust, at=NOW)
    assert report.indication is Indication.PASSED, report.checks


def test_an_xml_document_signed_by_a_token_is_valid(signer: TokenSigner) -> None:
    signed = sign_xml(b"<a>1</a>", signer=signer, at=NOW)

    report = verify_xml(signed, trust=test_pki().trust, at=NOW).report
    assert report.indication is Indication.PASSED, report.checks


@pytest.mark.parametrize("size", [0, 20, 31, 33, 1000])
def test_nothing_but_a_sha256_digest_is_signed(token: Token, size: int) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        token.sign(EC_KEY, bytes(size))


def test_a_certificate_of_another_key_makes_no_signature(token: Token) -> None:
    signer = TokenSigner(token, key_id=EC_KEY, certificate=test_pki().person().certificate)

    with pytest.raises(SignatureNotMade):
        signer.sign_digest(DIGEST)


# Keys.


def test_the_key_cannot_leave_the_token(filled: Token) -> None:
    with filled._borrowed() as held:
        key = held.session.get_key(object_class=raw_pkcs11.ObjectClass.PRIVATE_KEY, id=EC_KEY)
        assert key[raw_pkcs11.Attribute.SENSITIVE] is True
        assert key[raw_pkcs11.Attribute.EXTRACTABLE] is False
        with pytest.raises(device.AttributeSensitive):
            key[raw_pkcs11.Attribute.VALUE]


@pytest.mark.parametrize(
    ("key_id", "kind"), [(EC_KEY, ec.EllipticCurvePublicKey), (RSA_KEY, rsa.RSAPublicKey)]
)
def test_a_request_proves_that_the_key_is_in_the_token(
    token: Token, key_id: bytes, kind: type
) -> None:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, PERSON_NAME)])

    request = x509.load_der_x509_csr(token.request(subject, key_id=key_id))

    assert request.is_signature_valid
    assert isinstance(request.public_key(), kind)
    assert request.subject == subject


def test_a_second_key_of_the_same_id_is_not_made(token: Token) -> None:
    with pytest.raises(TokenKeyMissing):
        token.generate(KeyType.P256, key_id=EC_KEY, label="khác")


def test_a_certificate_of_another_key_is_not_stored(token: Token) -> None:
    with pytest.raises(TokenKeyMissing):
        token.store(test_pki().person().certificate, key_id=EC_KEY, label="khác")


def test_a_key_that_is_not_there_is_a_plain_refusal(token: Token) -> None:
    with pytest.raises(TokenKeyMissing):
        token.sign(b"\x63", DIGEST)

    assert token.health is Health.GREEN
    assert token.sign(EC_KEY, DIGEST)


# PIN.


def test_a_wrong_pin_opens_nothing_and_is_tried_once(folder: Path, filled: Token) -> None:
    """In a process of its own: here the device is logged in already and would not ask."""
    code = (
        "import os\n"
        "from lienthong.core.signing.pkcs11 import Token\n"
        "from lienthong.core.signing import KeyPasswordWrong\n"
        f"token = Token({MODULE!r}, 'thiet-bi', '000000')\n"
        "def sign():\n"
        "    try:\n        token.sign(b'\\x01', bytes(32))\n"
        "    except KeyPasswordWrong as problem:\n        print(problem.code, token.health)\n"
        "sign()\n"
        f"os.rename({str(folder)!r}, {str(folder) + '.away'!r})\n"
        "sign()\n"  # not asked again: a device counts wrong tries
        f"os.rename({str(folder) + '.away'!r}, {str(folder)!r})\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert told.stdout.split() == ["signing.key_password_wrong", "green"] * 2, told.stderr


def test_a_logged_in_token_still_asks_a_second_user(token: Token) -> None:
    assert token.sign(EC_KEY, DIGEST)

    with pytest.raises(KeyPasswordWrong):
        token.check_pin("000000")


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (device.PinIncorrect(), KeyPasswordWrong),
        (device.PinLocked(), TokenPinLocked),
        (device.PinExpired(), TokenPinLocked),
        (device.DeviceRemoved(), type(None)),
        (device.SessionHandleInvalid(), type(None)),
    ],
)
def test_each_refusal_of_the_device_has_its_own_code(
    error: Exception, problem: type[object]
) -> None:
    assert isinstance(problem_of(error), problem)


def test_already_logged_in_is_success(token: Token, filled: Token) -> None:
    assert filled.sign(EC_KEY, DIGEST)
    assert token.sign(EC_KEY, DIGEST)


# Removal.


def test_a_token_removed_while_signing_leaves_the_document_as_it_was(
    token: Token, signer: TokenSigner, folder: Path, clock: Clock
) -> None:
    data = samples.prepared()
    before = hashlib.sha256(data).digest()
    assert signer.sign_digest(DIGEST)

    with Pulled(folder), pytest.raises(TokenRemoved) as caught:
        signing.sign_pdf(
            data, field=PERSON_FIELD, signer=signer, name=PERSON_NAME, reason="", location="",
            at=NOW,
        )  # fmt: skip

    assert caught.value.code == "signing.token_removed"
    assert hashlib.sha256(data).digest() == before
    healths = [token.health]
    clock.now += 60
    assert signer.sign_digest(DIGEST)
    assert [*healths, token.health] == [Health.RED, Health.GREEN]


def test_a_failed_device_is_left_alone_for_a_while(
    token: Token, folder: Path, clock: Clock
) -> None:
    with Pulled(folder), pytest.raises(TokenRemoved):
        token.sign(EC_KEY, DIGEST)

    with pytest.raises(TokenRemoved):  # it is back, but nobody asks yet
        token.sign(EC_KEY, DIGEST)

    clock.now += 60
    assert token.sign(EC_KEY, DIGEST)


def test_a_device_that_is_not_there_is_a_plain_refusal() -> None:
    with pytest.raises(TokenRemoved):
        Token(MODULE, "khong-co", PIN).check()
    with pytest.raises(TokenRemoved):
        Token("/nonexistent/module.so", "khong-co", PIN).check()


# Threads and processes.


def test_eight_threads_sign_at_once(token: Token) -> None:
    key = token.public_key(EC_KEY)
    found: list[tuple[bytes, bytes]] = []

    def work(name: int) -> None:
        for number in range(10):
            digest = hashlib.sha256(b"%d %d" % (name, number)).digest()
            found.append((digest, token.sign(EC_KEY, digest)))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 80
    for digest, signature in found:
        verify_digest(key, digest, signature)


def test_a_child_process_opens_its_own_sessions(filled: Token) -> None:
    code = (
        "import os\n"
        "from lienthong.core.signing.pkcs11 import Token\n"
        f"token = Token({MODULE!r}, 'thiet-bi', {PIN!r})\n"
        "assert token.sign(b'\\x01', bytes(32))\n"
        "child = os.fork()\n"
        "assert token.sign(b'\\x01', bytes(32))\n"
        "if not child:\n    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "assert token.sign(b'\\x01', bytes(32))\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )

    assert (told.stdout.strip(), told.returncode) == ("7", 0), told.stderr


def test_a_software_key_and_a_token_are_the_same_to_the_caller(signer: TokenSigner) -> None:
    assert isinstance(signer, signing.DigestSigner)
    assert isinstance(test_pki().person(), signing.DigestSigner)
