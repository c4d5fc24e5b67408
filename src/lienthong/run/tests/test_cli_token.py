"""A key in a device on the command line: made there, requested, stored, and it signs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core import signing
from lienthong.core.signing import Trust, Verdict
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.core.signing.keys import PublicKey
from lienthong.core.tests.token_fixture import MODULE, PIN, make_token, needs_softhsm
from lienthong.run.cli import main

pytestmark = needs_softhsm


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in arguments])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


@pytest.fixture(scope="module")
def token() -> str:
    make_token("lenh-thiet-bi")
    return "lenh-thiet-bi"


def test_a_key_made_in_a_device_signs_a_document(
    token: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=5)
    root = Authority.root("Gốc thử", key=make_ec_key(), at=at)
    authority = root.sub_authority("Cấp chứng thư thử", key=make_ec_key(), at=at)
    pin = tmp_path / "pin"
    pin.write_text(PIN)
    device = ("--module", MODULE, "--token", token, "--key-id", "0a", "--pin-file", pin)
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(tmp_path / "van-ban.pdf")

    label = ("--label", "Nguyễn Văn A | ký văn bản")
    assert run(capsys, "pki", "token", "new-key", *device, *label)[0] == 0
    name = ("--name", "Nguyễn Văn A", "--output", tmp_path / "a.csr")
    assert run(capsys, "pki", "token", "request", *device, *name)[0] == 0
    request = x509.load_der_x509_csr((tmp_path / "a.csr").read_bytes())
    key = request.public_key()
    assert request.is_signature_valid
    assert isinstance(key, PublicKey)
    certificate = authority.issue(
        Profile.PERSON,
        Subject("Nguyễn Văn A", "Bộ Thử nghiệm", "G99", serial="CB:VN-G99-1"),
        key,
        at=at,
    )
    (tmp_path / "a.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "chain.pem").write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    assert run(capsys, "pki", "token", "store", *device, tmp_path / "a.pem")[0] == 0
    chain = ("--chain", tmp_path / "chain.pem", "--output", tmp_path / "signed.pdf")
    status, _, err = run(capsys, "sign", tmp_path / "van-ban.pdf", *device, *chain)

    assert status == 0, err
    trust = Trust(
        (root.certificate,),
        (authority.certificate,),
        (root.crl(at=at), authority.crl(at=at)),
    )
    signed = (tmp_path / "signed.pdf").read_bytes()
    report = signing.verify_pdf(signed, trust=trust, at=datetime.now(UTC))
    assert report.verdict is Verdict.VALID, report.findings


def test_a_device_that_is_not_there_is_told_in_vietnamese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], token: str
) -> None:
    (tmp_path / "pin").write_text(PIN)
    (tmp_path / "a.txt").write_text("a")
    device = ("--module", MODULE, "--token", "khong-co", "--key-id", "01")

    status, _, err = run(
        capsys, "sign", tmp_path / "a.txt", *device, "--pin-file", tmp_path / "pin"
    )

    assert status == 1
    assert "signing.token_removed" in err
    assert not (tmp_path / "a.txt.p7s").exists()


def test_a_key_and_a_device_together_are_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.txt").write_text("a")

    assert run(capsys, "sign", tmp_path / "a.txt")[0] == 2
    assert run(capsys, "sign", tmp_path / "a.txt", "--module", "x", "--token", "y")[0] == 2
