"""`lienthong sign` with keys in no file, each command a process of its own: device and service."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from lienthong.apps.pki.tests.remote_service import CLIENT, PIN, serving
from lienthong.core import signing
from lienthong.core.signing import KeySigner, Trust, Verdict
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.core.signing.keys import PublicKey
from lienthong.core.signing.pkcs11 import KeyType, Token
from lienthong.core.tests.token_fixture import MODULE, make_token, needs_softhsm
from lienthong.core.tests.token_fixture import PIN as TOKEN_PIN

NAME = "Nguyễn Văn A"


class Office:
    """An authority, and what a relying party trusts."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC) - timedelta(minutes=5)
        self.root = Authority.root("Gốc thử", key=make_ec_key(), at=self.at)
        self.issuer = self.root.sub_authority("Cấp chứng thư thử", key=make_ec_key(), at=self.at)

    def person(self, key: PublicKey) -> bytes:
        subject = Subject(NAME, "Bộ Thử nghiệm", "G99", serial="CB:VN-G99-1")
        issued = self.issuer.issue(Profile.PERSON, subject, key, at=self.at)
        return issued.public_bytes(Encoding.PEM)

    def verdict(self, file: Path) -> Verdict:
        lists = (self.root.crl(at=self.at), self.issuer.crl(at=self.at))
        trust = Trust((self.root.certificate,), (self.issuer.certificate,), lists)
        at = datetime.now(UTC) + timedelta(seconds=1)
        return signing.verify_pdf(file.read_bytes(), trust=trust, at=at).verdict


@pytest.fixture(scope="module")
def office() -> Office:
    return Office()


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(tmp_path / "van-ban.pdf")
    return tmp_path / "van-ban.pdf"


def lienthong(*words: str | Path, answers: str = "") -> subprocess.CompletedProcess[str]:
    """A command in a process of its own; answers: what is typed, line by line."""
    command = [sys.executable, "-m", "lienthong.run.cli", *map(str, words)]
    return subprocess.run(
        command, input=answers, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_document_is_signed_by_a_remote_service(
    office: Office, letter: Path, tmp_path: Path
) -> None:
    """SG-K-05, SG-K-07, and without a fresh code nothing is written."""
    with serving() as service:
        key = make_ec_key()
        certificate = load_pem_x509_certificate(office.person(key.public_key()))
        service.keep("khoa-a", KeySigner(key, certificate, (office.issuer.certificate,)))
        (tmp_path / "secret").write_text(service.secret)
        (tmp_path / "pin").write_text(PIN)
        options = (
            "--csc", service.url, "--csc-client", CLIENT, "--csc-secret-file", tmp_path / "secret",
            "--pin-file", tmp_path / "pin", "--output", tmp_path / "signed.pdf",
        )  # fmt: skip

        refused = lienthong("sign", letter, *options, answers="000000\n")
        assert (refused.returncode, (tmp_path / "signed.pdf").exists()) == (1, False)
        assert "signing.one_time_code_wrong" in refused.stderr
        made = lienthong("sign", letter, *options, answers=service.code("khoa-a") + "\n")

    assert made.returncode == 0, made.stderr
    assert office.verdict(tmp_path / "signed.pdf") is Verdict.VALID
    assert service.signing.uses[-1].description == letter.name


@needs_softhsm
def test_a_document_is_signed_by_a_device(office: Office, letter: Path, tmp_path: Path) -> None:
    make_token("dong-lenh")
    token = Token(MODULE, "dong-lenh", TOKEN_PIN)
    key = token.generate(KeyType.P256, key_id=b"\x21", label=f"{NAME} | ký văn bản")
    token.store(
        load_pem_x509_certificate(office.person(key)), key_id=b"\x21", label=f"{NAME} | ký văn bản"
    )
    token.close()
    (tmp_path / "pin").write_text(TOKEN_PIN)
    (tmp_path / "sai").write_text("000000")
    (tmp_path / "chain.pem").write_bytes(office.issuer.certificate.public_bytes(Encoding.PEM))
    options = (
        "--pkcs11", MODULE, "--token", "dong-lenh", "--label", f"{NAME} | ký văn bản",
        "--chain", tmp_path / "chain.pem", "--output", tmp_path / "signed.pdf",
    )  # fmt: skip

    refused = lienthong("sign", letter, *options, "--pin-file", tmp_path / "sai")
    assert (refused.returncode, (tmp_path / "signed.pdf").exists()) == (1, False)
    assert "signing.key_password_wrong" in refused.stderr
    made = lienthong("sign", letter, *options, "--pin-file", tmp_path / "pin")

    assert made.returncode == 0, made.stderr
    assert office.verdict(tmp_path / "signed.pdf") is Verdict.VALID
