"""Files on the command line: packets are made, shown and checked; PDF and files are signed."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest

from lienthong.core import edxml, signing
from lienthong.core.signing import KeySigner, Trust
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.run.cli import main

DESCRIPTION = """
document_id = "G99.2026.125"
number = "125"
notation = "BTN-CNTT"
promulgated_on = 2026-03-02
subject = "Về việc thử gói tin"
place = "Hà Nội"
urgency = 1
attachments = ["van-ban.pdf"]
sender = { code = "G99", name = "Bộ Thử nghiệm" }
receivers = [{ code = "H99", name = "Ủy ban nhân dân tỉnh Minh Họa" }]
signer = { competence = "KT. BỘ TRƯỞNG", position = "THỨ TRƯỞNG", full_name = "Nguyễn Văn A" }
"""


def _run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in arguments])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def _pdf() -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def packet_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    (tmp_path / "van-ban.pdf").write_bytes(_pdf())
    (tmp_path / "packet.toml").write_text(DESCRIPTION, encoding="utf-8")
    file = tmp_path / "packet.edxml"
    status, _, err = _run(capsys, "packet", "make", tmp_path / "packet.toml", "--output", file)
    assert status == 0, err
    return file


@dataclass
class Office:
    """A person with a key file, and the folder of roots that knows them."""

    key: Path
    password: Path
    trust: Path


@pytest.fixture
def office(tmp_path: Path) -> Office:
    at = datetime.now(UTC) - timedelta(minutes=5)
    root = Authority.root("Gốc thử", key=make_ec_key(), at=at)
    authority = root.sub_authority("Cấp chứng thư thử", key=make_ec_key(), at=at)
    key = make_ec_key()
    certificate = authority.issue(
        Profile.PERSON,
        Subject("Nguyễn Văn A", "Bộ Thử nghiệm", "G99", serial="CCCD:001090000001"),
        key.public_key(),
        at=at,
    )
    trust = Trust(
        anchors=(root.certificate,),
        intermediates=(authority.certificate,),
        crls=(root.crl(at=at), authority.crl(at=at)),
    )
    trust.save(tmp_path / "trust")
    made = Office(tmp_path / "key.p12", tmp_path / "key.pass", tmp_path / "trust")
    made.key.write_bytes(KeySigner(key, certificate, authority.chain).to_pkcs12("bốn số 1234"))
    made.password.write_text("bốn số 1234\n", encoding="utf-8")
    return made


def test_a_packet_is_shown_as_it_was_described(
    packet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = _run(capsys, "packet", "show", packet_file, "--json")

    facts = json.loads(out)
    assert status == 0
    assert facts["reference"] == "125/BTN-CNTT"
    assert facts["subject"] == "Về việc thử gói tin"
    assert facts["urgency"] == edxml.Urgency.URGENT.label
    assert facts["receivers"] == ["H99  Ủy ban nhân dân tỉnh Minh Họa"]


def test_a_packet_with_a_dtd_is_refused_with_the_rule(
    packet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = packet_file.read_bytes()
    head = raw.index(b"<", 5)
    packet_file.write_bytes(raw[:head] + b'<!DOCTYPE edXML [<!ENTITY a "b">]>' + raw[head:])

    checked = _run(capsys, "packet", "check", packet_file, "--json")
    shown = _run(capsys, "packet", "show", packet_file)

    assert checked[0] == shown[0] == 1
    assert json.loads(checked[1])["verdict"] == "refuse"
    assert json.loads(checked[1])["code"] == "22"
    assert [one["rule"] for one in json.loads(checked[1])["findings"]] == ["V-07"]
    assert shown[2].startswith("edxml.packet_invalid")
    assert "Traceback" not in shown[2]


def test_a_description_that_lacks_its_sender_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "packet.toml").write_text('subject = "x"')

    status, _, err = _run(
        capsys, "packet", "make", tmp_path / "packet.toml", "--output", tmp_path / "out"
    )

    assert status == 1
    assert err.startswith("run.packet_description_invalid")
    assert not (tmp_path / "out").exists()


def test_a_pdf_without_places_is_prepared_signed_and_verified(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.pdf").write_bytes(_pdf())

    status, out, err = _run(
        capsys, "sign", tmp_path / "letter.pdf", "--key", office.key,
        "--password-file", office.password, "--reason", "Ban hành",
    )  # fmt: skip

    assert status == 0, err
    report = signing.verify_pdf(
        Path(out.strip()).read_bytes(),
        trust=Trust.from_directory(office.trust),
        at=datetime.now(UTC),
    )
    assert [one.indication for one in report.signatures] == [signing.Indication.PASSED]


def test_a_wrong_password_is_a_refusal_and_leaves_no_file(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.pdf").write_bytes(_pdf())
    office.password.write_text("wrong\n")

    status, _, err = _run(
        capsys, "sign", tmp_path / "letter.pdf", "--key", office.key,
        "--password-file", office.password,
    )  # fmt: skip

    assert status == 1
    assert err.startswith(signing.KeyPasswordWrong.code)
    assert not (tmp_path / "letter.signed.pdf").exists()


def test_any_file_is_signed_from_outside(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Xin chào")

    status, out, err = _run(
        capsys, "sign", file, "--key", office.key, "--password-file", office.password
    )

    assert status == 0, err
    assert out.strip() == f"{file}.p7s"
    report = signing.verify_detached(
        file.read_bytes(),
        Path(out.strip()).read_bytes(),
        trust=Trust.from_directory(office.trust),
        at=datetime.now(UTC),
    )
    assert report.signer
    assert report.signer.name == "Nguyễn Văn A"


def test_a_signed_pdf_verifies_until_one_byte_changes(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.pdf").write_bytes(_pdf())
    _run(
        capsys, "sign", tmp_path / "letter.pdf", "--key", office.key,
        "--password-file", office.password,
    )  # fmt: skip
    signed = tmp_path / "letter.signed.pdf"

    good = _run(capsys, "verify", signed, "--trust", office.trust, "--json")
    raw = bytearray(signed.read_bytes())
    raw[20] ^= 1
    signed.write_bytes(raw)
    bad = _run(capsys, "verify", signed, "--trust", office.trust)

    assert good[0] == 0, good
    assert json.loads(good[1])["ok"] is True
    assert bad[0] == 1
    assert bad[1] or bad[2]


def test_a_packet_needs_its_signature_beside_it(
    office: Office, packet_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verify = ("verify", packet_file, "--trust", office.trust)
    alone = _run(capsys, *verify)
    _run(capsys, "sign", packet_file, "--key", office.key, "--password-file", office.password)
    with_signature = _run(capsys, *verify, "--json")
    packet_file.write_bytes(packet_file.read_bytes() + b" ")
    changed = _run(capsys, *verify, "--json")

    assert alone[0] == 1
    assert json.loads(with_signature[1])["kind"] == "packet"
    assert json.loads(with_signature[1])["report"]["signer"]["name"] == "Nguyễn Văn A"
    assert changed[0] == 1
    assert json.loads(changed[1])["report"]["indication"] == signing.Indication.FAILED


def test_verify_without_roots_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "letter.pdf").write_bytes(_pdf())

    status, _, err = _run(capsys, "verify", tmp_path / "letter.pdf")

    assert status == 1
    assert err.startswith("run.trust_not_found")
