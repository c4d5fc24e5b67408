"""Ceremonies on the command line: two persons, an encrypted key, a signed transcript."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from lienthong.apps.pki import ceremony
from lienthong.apps.pki.authority.rules import CeremonyRefused
from lienthong.core.signing import Trust
from lienthong.core.signing.authority import Profile, Subject, make_ec_key
from lienthong.core.signing.path import check_path
from lienthong.run.cli import cli

PERSONS = ("--person", "Nguyễn Văn An", "--person", "Trần Thị Bình", "--yes")


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["pki", *map(str, words)])


@pytest.fixture
def passphrase(tmp_path: Path) -> Path:
    path = tmp_path / "pass"
    path.write_text("một cụm mật khẩu thật dài\n", encoding="utf-8")
    return path


def root(tmp_path: Path, branch: str, passphrase: Path, name: str = "") -> Path:
    office = tmp_path / (name or branch)
    told = run(
        "ceremony", "root", office, "--branch", branch, "--pass-file", passphrase, "--key", "p384",
        *PERSONS,
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    return office


def test_the_root_key_is_encrypted_and_does_not_go_online(tmp_path: Path, passphrase: Path) -> None:
    office = root(tmp_path, "government", passphrase)

    pem = (office / "root.key").read_bytes()
    online = office / "online"
    with pytest.raises(TypeError):
        serialization.load_pem_private_key(pem, None)
    assert not (online / "ca" / ceremony.GOVERNMENT_ROOT / "key.pem").exists()
    assert (online / "ca" / ceremony.PEOPLE / "key.pem").exists()
    assert (online / "tsa" / "government" / "certificate.pem").exists()
    assert (office / "root.key").stat().st_mode & 0o077 == 0


def test_the_transcript_is_signed_and_notices_a_changed_file(
    tmp_path: Path, passphrase: Path
) -> None:
    office = root(tmp_path, "government", passphrase)
    transcript = next((office / "transcripts").glob("*.json"))

    sound = run("ceremony", "check", transcript, "--office", office)
    (office / "root.pem").write_bytes(b"x")
    changed = run("ceremony", "check", transcript, "--office", office)
    record = json.loads(transcript.read_text())
    record["transcript"]["persons"] = ["Một người"]
    transcript.write_text(json.dumps(record))
    forged = run("ceremony", "check", transcript)

    assert "Trần Thị Bình" in sound.output
    assert isinstance(changed.exception, CeremonyRefused)
    assert isinstance(forged.exception, CeremonyRefused)


@pytest.mark.parametrize(
    "words",
    [
        ("--person", "An", "--yes"),
        ("--person", "An", "--person", " an ", "--yes"),
    ],
)
def test_one_person_alone_makes_no_root(
    tmp_path: Path, passphrase: Path, words: tuple[str, ...]
) -> None:
    told = run(
        "ceremony", "root", tmp_path / "x", "--branch", "national", "--pass-file", passphrase,
        "--key", "p384", *words,
    )  # fmt: skip

    assert isinstance(told.exception, CeremonyRefused)
    assert not (tmp_path / "x" / "root.key").exists()


def test_a_short_passphrase_makes_no_root(tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_text("ngắn", encoding="utf-8")

    told = run(
        "ceremony", "root", tmp_path / "x", "--branch", "national", "--pass-file", short,
        "--key", "p384", *PERSONS,
    )  # fmt: skip

    assert isinstance(told.exception, CeremonyRefused)
    assert not (tmp_path / "x" / "root.key").exists()


def test_two_roots_exchange_cross_certificates_by_files(tmp_path: Path, passphrase: Path) -> None:
    government = root(tmp_path, "government", passphrase)
    national = root(tmp_path, "national", passphrase)
    asked, made = tmp_path / "asked.json", tmp_path / "cross.pem"

    run("cross", "request", government, asked, "--pass-file", passphrase)
    run("cross", "issue", national, asked, made, "--pass-file", passphrase, *PERSONS)
    told = run("cross", "accept", government, made, "--issuer", national / "root.pem")
    wrong = run("cross", "accept", national, made, "--issuer", national / "root.pem")

    assert told.exit_code == 0, told.output
    assert isinstance(wrong.exception, CeremonyRefused)
    now = datetime.now(UTC)
    leaf, _ = ceremony.issue(
        government / "online", ceremony.PEOPLE, Profile.PERSON,
        Subject("Lê Thị Cúc"), make_ec_key().public_key(), at=now,
    )  # fmt: skip
    here = Trust.from_directory(government / "online" / "trust")
    there = Trust.from_directory(national / "online" / "trust")
    trust = Trust(there.anchors, here.intermediates, (*here.crls, *there.crls))
    found = check_path(leaf, trust=trust, at=now + timedelta(seconds=1))
    assert (found.trouble, found.way) == (None, "chéo")


def test_a_request_that_the_root_did_not_sign_is_refused(tmp_path: Path, passphrase: Path) -> None:
    government = root(tmp_path, "government", passphrase)
    national = root(tmp_path, "national", passphrase)
    asked = tmp_path / "asked.json"
    run("cross", "request", government, asked, "--pass-file", passphrase)
    record = json.loads(asked.read_text())
    record["request"]["at"] = "2020-01-01T00:00:00+00:00"
    asked.write_text(json.dumps(record))

    told = run(
        "cross", "issue", national, asked, tmp_path / "c", "--pass-file", passphrase, *PERSONS
    )

    assert isinstance(told.exception, CeremonyRefused)


def test_a_second_generation_is_linked_to_the_first(tmp_path: Path, passphrase: Path) -> None:
    old = root(tmp_path, "government", passphrase, "old")
    new = root(tmp_path, "government", passphrase, "new")

    told = run(
        "ceremony", "link", old, new, "--old-pass-file", passphrase, "--new-pass-file", passphrase,
        *PERSONS,
    )  # fmt: skip

    link = x509.load_pem_x509_certificate((new / "online/link/old-signs-new.pem").read_bytes())
    first = x509.load_pem_x509_certificate((old / "root.pem").read_bytes())
    second = x509.load_pem_x509_certificate((new / "root.pem").read_bytes())
    assert told.exit_code == 0, told.output
    link.verify_directly_issued_by(first)
    assert link.public_key() == second.public_key()
