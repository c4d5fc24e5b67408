"""`lienthong verify` and `lienthong sign` on files and folders, as people and scripts use them."""

from __future__ import annotations

import http.server
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core import signing
from lienthong.core.signing import KeySigner, Trust, tsp
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key
from lienthong.core.signing.profiles import POLICY_GOVERNMENT_TSA
from lienthong.core.signing.trust import CA_SERVICE, ServiceStatus, TrustedService
from lienthong.core.signing.trust_list import (
    Provider,
    Scheme,
    TrustList,
    Words,
    write_trust_list,
)
from lienthong.run.cli import main

PASSWORD = "bốn số 1234"


@dataclass
class Office:
    """A person with a key file, the folder of roots that knows them, and a folder to work in."""

    root: Authority
    authority: Authority
    key: Path
    password: Path
    trust: Path
    desk: Path
    certificate: signing.KeySigner

    def publish(self, at: datetime) -> None:
        """Write the trust with lists issued at `at`."""
        Trust(
            anchors=(self.root.certificate,),
            intermediates=(self.authority.certificate,),
            crls=(self.root.crl(at=at), self.authority.crl(at=at)),
        ).save(self.trust)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    at = datetime.now(UTC) - timedelta(minutes=5)
    root = Authority.root("Gốc thử", key=make_ec_key(), at=at)
    authority = root.sub_authority("Cấp chứng thư thử", key=make_ec_key(), at=at)
    key = make_ec_key()
    subject = Subject("Nguyễn Văn A", "Bộ Thử nghiệm", "G99", serial="CB:VN-1")
    certificate = authority.issue(Profile.PERSON, subject, key.public_key(), at=at)
    signer = KeySigner(key, certificate, authority.chain)
    made = Office(
        root,
        authority,
        tmp_path / "key.p12",
        tmp_path / "key.pass",
        tmp_path / "roots",
        tmp_path / "desk",
        signer,
    )
    made.desk.mkdir()
    made.key.write_bytes(signer.to_pkcs12(PASSWORD))
    made.password.write_text(f"{PASSWORD}\n", encoding="utf-8")
    made.publish(at)
    return made


@dataclass
class Answer:
    status: int
    out: str
    err: str


class Line:
    """The command line, and what it answered."""

    def __init__(self, office: Office, capsys: pytest.CaptureFixture[str]) -> None:
        self.office, self.capsys = office, capsys

    def run(self, *words: str | Path) -> Answer:
        with pytest.raises(SystemExit) as ended:
            main([str(word) for word in words])
        out, err = self.capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Answer(ended.value.code, out, err)

    def sign(self, file: Path, *more: str | Path) -> Answer:
        key = ("--key", self.office.key, "--password-file", self.office.password)
        return self.run("sign", file, *key, "--trust", self.office.trust, *more)

    def verify(self, *words: str | Path) -> Answer:
        return self.run("verify", *words, "--trust", self.office.trust)


@pytest.fixture
def line(office: Office, capsys: pytest.CaptureFixture[str]) -> Line:
    return Line(office, capsys)


def pdf() -> bytes:
    buffer = io.BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page(page_size=(595, 842))
        made.save(buffer)
    return buffer.getvalue()


@pytest.fixture
def letter(office: Office) -> Path:
    file = office.desk / "letter.pdf"
    file.write_bytes(pdf())
    return file


@pytest.fixture
def authority_of_time(office: Office) -> Iterator[str]:
    """A time-stamping authority on this machine; its address."""
    key = make_ec_key()
    at = datetime.now(UTC) - timedelta(minutes=5)
    subject = Subject("Dấu thời gian thử")
    certificate = office.root.issue(Profile.TSA, subject, key.public_key(), at=at)
    signer = KeySigner(key, certificate, office.root.chain)
    stamps = tsp.TimestampAuthority(signer, f"{POLICY_GOVERNMENT_TSA}.3")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["Content-Length"]))
            answer = stamps.answer(request, datetime.now(UTC))
            self.send_response(200 if self.path == "/tsa" else 404)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/tsa"
    server.shutdown()
    thread.join()
    server.server_close()


# Verifying


def test_a_folder_is_told_file_by_file_and_is_only_good_when_all_is(
    line: Line, letter: Path, office: Office
) -> None:
    note = office.desk / "sub" / "note.txt"
    note.parent.mkdir()
    note.write_text("Xin chào")
    line.sign(letter, "--in-place")
    line.sign(note)
    good = line.verify(office.desk)
    (office.desk / "loose.txt").write_text("không ai ký")
    with_loose = line.verify(office.desk)
    as_json = line.verify(office.desk, "--json")

    assert good.status == 0, good.out
    assert "2 tệp: 2 hợp lệ, 0 chưa đủ căn cứ, 0 không hợp lệ" in good.out
    assert with_loose.status == 1
    assert "loose.txt" in with_loose.out
    facts = json.loads(as_json.out)
    assert facts["ok"] is False
    assert facts["summary"] == {"VALID": 2, "UNKNOWN": 1, "INVALID": 0}
    assert [Path(one["file"]).name for one in facts["files"]] == [
        "letter.pdf",
        "loose.txt",
        "note.txt",
    ]


def test_what_cannot_be_checked_in_a_folder_is_listed_and_spoils_it(
    line: Line, letter: Path, office: Office
) -> None:
    line.sign(letter, "--in-place")
    (office.desk / "link.pdf").symlink_to(letter)
    (office.desk / "elsewhere").symlink_to(office.desk.parent)

    answer = line.verify(office.desk)

    assert answer.status == 1
    assert "link.pdf" in answer.out
    assert "elsewhere" in answer.out
    assert "1 hợp lệ, 2 chưa đủ căn cứ" in answer.out


def test_an_empty_folder_proves_nothing(line: Line, office: Office) -> None:
    answer = line.verify(office.desk)

    assert answer.status == 1
    assert "0 tệp" in answer.out


def test_several_files_are_told_in_one_answer(line: Line, letter: Path, office: Office) -> None:
    note = office.desk / "note.txt"
    note.write_text("Xin chào")
    line.sign(note)

    answer = line.verify(letter, note)

    assert answer.status == 1
    assert "1 hợp lệ, 1 chưa đủ căn cứ" in answer.out


def test_a_signature_first_is_checked_with_its_content_found_or_given(
    line: Line, office: Office
) -> None:
    note = office.desk / "note.txt"
    note.write_text("Xin chào")
    line.sign(note)
    signature = office.desk / "note.txt.p7s"
    beside = line.verify(signature, "--json")
    moved = office.desk / "moved.bin"
    signature.rename(moved)

    alone = line.verify(moved)
    given = line.verify(moved, "--content", note)
    wrong = line.verify(moved, "--content", office.password)

    assert beside.status == 0, beside.out
    assert json.loads(beside.out)["kind"] == "cades"
    assert (alone.status, given.status, wrong.status) == (1, 0, 1)
    assert "không có tệp nội dung" in alone.out


def test_a_time_before_the_certificate_is_not_a_good_time(line: Line, letter: Path) -> None:
    line.sign(letter, "--in-place")

    answer = line.verify(letter, "--at", "2020-01-01T00:00")

    assert answer.status == 1


def test_a_trust_may_be_one_file(line: Line, letter: Path, office: Office) -> None:
    bundle = office.desk.parent / "trust.zip"
    bundle.write_bytes(Trust.from_directory(office.trust).bundle())
    line.sign(letter, "--in-place")

    answer = line.run("verify", letter, "--trust", bundle)

    assert answer.status == 0, answer.out + answer.err


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("verify", "no-such-file"),
        ("verify", "{letter}", "--at", "yesterday"),
        ("verify", "{desk}", "--report", "x.pdf"),
        ("verify", "{letter}", "--report", "x.txt"),
        ("sign", "{letter}"),
        ("sign", "{letter}", "--key", "{letter}", "--csc", "http://x"),
        ("sign", "{letter}", "--pkcs11", "x"),
        ("sign", "{letter}", "--csc", "http://x"),
        ("sign", "{letter}", "--key", "{letter}", "--level", "B-T"),
        ("sign", "{letter}", "--key", "{letter}", "--box", "1,2,3"),
    ],
)
def test_wrong_usage_ends_with_two(line: Line, letter: Path, words: tuple[str, ...]) -> None:
    places = {"{letter}": str(letter), "{desk}": str(letter.parent)}

    answer = line.run(*(places.get(word, word) for word in words))

    assert answer.status == 2
    assert "Traceback" not in answer.err


def test_the_report_of_a_file_is_written_as_json_and_as_pdf(
    line: Line, letter: Path, office: Office
) -> None:
    line.sign(letter, "--in-place")
    as_json, as_pdf = office.desk.parent / "report.json", office.desk.parent / "report.pdf"

    first = line.verify(letter, "--report", as_json)
    second = line.verify(letter, "--report", as_pdf)

    assert (first.status, second.status) == (0, 0)
    assert json.loads(as_json.read_text())["report"]["verdict"] == "VALID"
    assert as_pdf.read_bytes().startswith(b"%PDF-")


def test_certificates_and_lists_are_judged_too(line: Line, office: Office) -> None:
    end = office.desk / "end.bin"
    end.write_bytes(office.certificate.certificate.public_bytes(Encoding.PEM))
    crl = office.desk / "list.bin"
    crl.write_bytes(office.authority.crl(at=datetime.now(UTC)).public_bytes(Encoding.DER))
    stranger = office.desk / "stranger.bin"
    other = Authority.root("Gốc lạ", key=make_ec_key(), at=datetime.now(UTC))
    stranger.write_bytes(other.certificate.public_bytes(Encoding.DER))

    found = {file.name: line.verify(file, "--json") for file in (end, crl, stranger)}
    kinds = {name: json.loads(one.out)["kind"] for name, one in found.items()}

    assert kinds == {"end.bin": "certificate", "list.bin": "crl", "stranger.bin": "certificate"}
    assert {name: one.status for name, one in found.items()} == {
        "end.bin": 0,
        "list.bin": 0,
        "stranger.bin": 1,
    }


def test_what_a_certificate_or_list_says_is_shown_without_judging(
    line: Line, office: Office
) -> None:
    end = office.desk / "end.bin"
    end.write_bytes(office.certificate.certificate.public_bytes(Encoding.PEM))
    crl = office.desk / "list.bin"
    crl.write_bytes(office.authority.crl(at=datetime.now(UTC)).public_bytes(Encoding.DER))

    shown = line.run("pki", "show", end, crl, "--json")
    text = line.run("pki", "show", end)
    other = line.run("pki", "show", office.password)

    first, second = (json.loads(one) for one in shown.out.splitlines())
    assert (first["kind"], second["kind"]) == ("certificate", "crl")
    assert "CN=Nguyễn Văn A" in first["subject"]
    assert first["is_authority"] is False
    assert "not_after" in text.out
    assert other.status == 1
    assert other.err.startswith("run.not_a_pki_object")


# Signing


@pytest.mark.parametrize(
    ("form", "ending", "kind"),
    [("jws", "facts.json.jws", "jws"), ("cades", "facts.json.p7s", "cades")],
)
def test_json_is_signed_as_a_token_or_from_outside(
    line: Line, office: Office, form: str, ending: str, kind: str
) -> None:
    file = office.desk / "facts.json"
    file.write_text('{"name": "Bộ Thử nghiệm", "count": 3}', encoding="utf-8")

    signed = line.sign(file, "--format", form)
    answer = line.verify(office.desk / ending, "--json")

    assert signed.status == 0, signed.err
    assert answer.status == 0, answer.out
    assert json.loads(answer.out)["kind"] == kind


def test_what_is_no_json_is_not_signed_as_json(line: Line, letter: Path, office: Office) -> None:
    answer = line.sign(letter, "--format", "jws")

    assert answer.status == 1
    assert answer.err.startswith("run.content_not_json")
    assert list(office.desk.iterdir()) == [letter]


def test_xml_is_signed_inside_and_a_change_is_noticed(line: Line, office: Office) -> None:
    file = office.desk / "data.xml"
    file.write_text("<data><count>3</count></data>")

    signed = line.sign(file, "--format", "xml")
    out = Path(signed.out.strip())
    good = line.verify(out, "--json")
    out.write_bytes(out.read_bytes().replace(b">3<", b">4<"))
    bad = line.verify(out)

    assert signed.status == 0, signed.err
    assert good.status == 0, good.out
    assert json.loads(good.out)["kind"] == "xml"
    assert bad.status == 1


@pytest.mark.parametrize("level", ["B-T", "B-LT", "B-LTA"])
def test_a_pdf_is_signed_at_the_level_asked_for(
    line: Line, letter: Path, authority_of_time: str, level: str
) -> None:
    signed = line.sign(letter, "--tsa", authority_of_time, "--level", level)
    answer = line.verify(signed.out.strip(), "--json")

    assert signed.status == 0, signed.err
    assert answer.status == 0, answer.out
    (one,) = json.loads(answer.out)["report"]["signatures"]
    assert one["level"] == level
    assert one["timestamps"]


def test_any_file_gets_a_time_stamp_too(line: Line, office: Office, authority_of_time: str) -> None:
    note = office.desk / "note.txt"
    note.write_text("Xin chào")

    line.sign(note, "--tsa", authority_of_time)
    answer = line.verify(note, "--json")

    assert answer.status == 0, answer.out
    assert json.loads(answer.out)["report"]["level"] == "B-T"


@pytest.mark.parametrize("path", ["/tsa", "/elsewhere"])
def test_without_the_time_stamp_asked_for_nothing_is_written(
    line: Line, letter: Path, office: Office, authority_of_time: str, path: str
) -> None:
    address = authority_of_time.replace("/tsa", path)
    if path == "/tsa":
        address = "http://127.0.0.1:9/tsa"
    before = letter.read_bytes()

    answer = line.sign(letter, "--tsa", address)

    assert answer.status == 1
    assert answer.err.startswith("signing.timestamp_not_made")
    assert letter.read_bytes() == before
    assert list(office.desk.iterdir()) == [letter]


def test_a_revoked_certificate_signs_nothing(line: Line, letter: Path, office: Office) -> None:
    now = datetime.now(UTC)
    office.authority.revoke(office.certificate.certificate, at=now - timedelta(minutes=1))
    office.publish(now)

    answer = line.sign(letter)

    assert answer.status == 1  # R63, SG-S-03
    assert answer.err.startswith("run.certificate_not_usable")
    assert list(office.desk.iterdir()) == [letter]


def test_nobodys_file_is_overwritten_unasked(line: Line, letter: Path) -> None:
    before = letter.read_bytes()

    refused = line.sign(letter, "--output", letter)
    asked = line.sign(letter, "--output", letter, "--in-place")

    assert refused.status == 1
    assert refused.err.startswith("run.output_is_input")
    assert asked.status == 0, asked.err
    assert letter.read_bytes() != before


def test_a_place_and_a_field_of_ones_own(line: Line, letter: Path) -> None:
    signed = line.sign(letter, "--field", "KyNhay", "--box", "1,100,100,200,150")
    answer = line.verify(signed.out.strip(), "--json")

    assert answer.status == 0, answer.out + signed.err
    assert json.loads(answer.out)["report"]["signatures"][0]["field"] == "KyNhay"


def test_without_roots_the_person_is_told_that_nothing_was_checked(
    line: Line, letter: Path, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(office.desk)
    key = ("--key", office.key, "--password-file", office.password)

    answer = line.run("sign", letter, *key)

    assert answer.status == 0
    assert "chưa kiểm tra chứng thư trước khi ký" in answer.err


def operator_of(line: Line) -> KeySigner:
    """Whoever runs a trust list, pinned in the folder of roots."""
    key, at = make_ec_key(), datetime.now(UTC) - timedelta(hours=1)
    found = KeySigner(key, Authority.root("Vận hành danh sách (thử)", key=key, at=at).certificate)
    folder = line.office.trust / "operators"
    folder.mkdir(exist_ok=True)
    (folder / "thu.pem").write_bytes(found.certificate.public_bytes(Encoding.PEM))
    return found


def list_of(line: Line, operator: KeySigner, *, granted: bool) -> bytes:
    """A list with the root, recognized or not any longer."""
    root, at = line.office.root.certificate, datetime.now(UTC).replace(microsecond=0)
    statuses = [ServiceStatus(root.not_valid_before_utc, True)]
    statuses += [] if granted else [ServiceStatus(at - timedelta(seconds=1), False)]
    words = Words("Thử", "Test")
    scheme = Scheme(words, words, "http://pki.lienthong.example/trust-list")
    service = TrustedService(root, CA_SERVICE, tuple(statuses), "Gốc thử")
    return write_trust_list(
        TrustList(
            scheme, 1, at, at + timedelta(days=30),
            (Provider(words, "VATVN-1", scheme.url, (service,)),),
        ),
        signer=operator,
    )  # fmt: skip


def test_a_trust_list_is_judged_by_the_pinned_operator(line: Line) -> None:
    file = line.office.desk / "danh-sach.xml"
    operator = operator_of(line)
    file.write_bytes(list_of(line, operator, granted=True))
    good = line.verify(file, "--json")
    (line.office.trust / "operators" / "thu.pem").unlink()
    unpinned = line.verify(file, "--json")
    operator_of(line)
    by_stranger = line.verify(file, "--json")

    assert good.status == 0
    assert json.loads(good.out)["kind"] == "trust_list"
    assert (unpinned.status, json.loads(unpinned.out)["verdict"]) == (1, "UNKNOWN")
    assert (by_stranger.status, json.loads(by_stranger.out)["verdict"]) == (1, "UNKNOWN")


def test_files_are_judged_by_the_trust_list_in_the_folder(line: Line) -> None:
    file = line.office.desk / "thu.txt"
    file.write_text("nội dung", encoding="utf-8")
    assert line.sign(file, "--format", "cades").status == 0
    signature = file.with_name("thu.txt.p7s")
    listed, operator = line.office.trust / "trust-list.xml", operator_of(line)
    listed.write_bytes(list_of(line, operator, granted=True))
    recognized = line.verify(signature)
    listed.write_bytes(list_of(line, operator, granted=False))
    gone = line.verify(signature)
    listed.write_bytes(listed.read_bytes().replace(b"Svcstatus/withdrawn", b"Svcstatus/granted"))
    forged = line.verify(signature)

    assert recognized.status == 0, recognized.out
    assert gone.status == 1
    assert "Danh sách tin cậy không công nhận" in gone.out
    assert forged.status == 1
    assert "signing.trust_list_forged" in forged.err
