"""`lienthong pki path` as a test suite's harness calls it: files in, exit status and reason out."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core.signing.x509_files import read_pieces
from lienthong.run.cli import main

POLICY = "2.16.840.1.101.3.2.1.48"
Run = Callable[..., tuple[int, str, str]]
AT = ("--at", "2012-06-01T00:00:00")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pkits")
    data = files("lienthong.core.tests").joinpath("data", "pkits", "pkits.zip").read_bytes()
    with zipfile.ZipFile(BytesIO(data)) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture
def run(suite: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str | Path, at: tuple[str, ...] = AT) -> tuple[int, str, str]:
        anchor = suite / "certs/TrustAnchorRootCertificate.crt"
        with pytest.raises(SystemExit) as ended:
            main(["pki", "path", "--anchor", str(anchor), *at, *map(str, arguments)])
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return run


@pytest.fixture
def good(suite: Path) -> list[Path]:
    return [
        suite / "certs/ValidCertificatePathTest1EE.crt",
        suite / "crls/GoodCACRL.crl",
        suite / "certs/GoodCACert.crt",
        suite / "crls/TrustAnchorRootCRL.crl",
    ]


def test_a_valid_path_is_0_and_names_its_way(run: Run, good: list[Path]) -> None:
    status, out, err = run(*good)

    assert status == 0
    assert "Good CA" in out
    assert out.rstrip().endswith("Hợp lệ.")
    assert err == ""


def test_one_pem_file_may_hold_it_all(run: Run, good: list[Path], tmp_path: Path) -> None:
    pem = b""
    for file in good:
        pieces = read_pieces(file.read_bytes())
        pem += b"some words\n".join(one.public_bytes(Encoding.PEM) for one in pieces.certificates)
        pem += b"some words\n".join(one.public_bytes(Encoding.PEM) for one in pieces.crls)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(pem.replace(b"\n", b"\r\n"))

    assert run(bundle)[0] == 0


def test_json_is_one_object_with_path_and_statuses(run: Run, good: list[Path]) -> None:
    status, out, _ = run("--json", *good)
    found = json.loads(out)

    assert status == 0
    assert found["ok"] is True
    assert [one["subject"].split(",")[0] for one in found["path"]] == [
        "CN=Valid EE Certificate Test1",
        "CN=Good CA",
        "CN=Trust Anchor",
    ]
    assert [one["source"] for one in found["statuses"]] == ["crl", "crl"]
    assert any("PKCS" in note or "RSA" in note for note in found["warnings"]) is False


def test_a_missing_list_is_1_with_the_reason(run: Run, good: list[Path]) -> None:
    status, out, _ = run("--json", *good[:1], *good[2:])
    found = json.loads(out)

    assert (status, found["ok"], found["trouble"]) == (1, False, "TRY_LATER")
    assert "Good CA" in found["reason"]


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--explicit-policy"], 0),
        (["--policy", f"{POLICY}.1", "--explicit-policy"], 0),
        (["--policy", f"{POLICY}.2", "--explicit-policy"], 1),
        (["--policy", f"{POLICY}.2", "--policy", f"{POLICY}.1", "--explicit-policy"], 0),
        (["--inhibit-any", "--inhibit-mapping"], 0),
        (["--algorithms"], 0),
    ],
)
def test_the_inputs_of_the_algorithm_are_options(
    run: Run, good: list[Path], options: list[str], status: int
) -> None:
    assert run(*options, *good)[0] == status


def test_weak_algorithms_are_told_and_refused_on_demand(run: Run, suite: Path) -> None:
    dsa = [
        suite / "certs/ValidDSASignaturesTest4EE.crt",
        suite / "certs/DSACACert.crt",
        suite / "crls/DSACACRL.crl",
        suite / "crls/TrustAnchorRootCRL.crl",
    ]

    allowed, _, notes = run(*dsa)
    refused, out, _ = run("--algorithms", *dsa)

    assert (allowed, refused) == (0, 1)
    assert "DSA" in notes
    assert "Không hợp lệ" in out


def test_a_certificate_that_cannot_be_read_is_not_valid(
    run: Run, good: list[Path], suite: Path
) -> None:
    inherited = suite / "certs/ValidDSAParameterInheritanceTest5EE.crt"

    status, out, _ = run("--json", inherited, *good[1:])

    assert status == 1
    assert json.loads(out)["ok"] is False
    assert run(*good, inherited)[0] == 0, "as one of the others it is passed over"


@pytest.mark.parametrize("zone", ["", "Z", "+00:00", "+07:00", "-11:00"])
def test_times_may_have_a_zone_or_none(run: Run, good: list[Path], zone: str) -> None:
    assert run(*good, at=("--at", f"2012-06-01T10:00:00{zone}"))[0] == 0
    assert run(*good, at=("--at", f"2031-01-01T10:00:00{zone}"))[0] == 1


@pytest.mark.parametrize(
    "text", ["", "nonsense", "2012-13-01", "2012-06-01T25:00", "12", "9999-12-31T23:59:59-14:00"]
)
def test_a_nonsense_time_is_wrong_usage(run: Run, good: list[Path], text: str) -> None:
    status, _, err = run(*good, at=("--at", text))

    assert status == 2
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--policy", "1.2.x"],
        ["--policy", "policy"],
        ["--policy", "3.1.2"],
        ["--nonsense"],
        ["no-such-file"],
    ],
)
def test_wrong_usage_is_2(run: Run, good: list[Path], arguments: list[str]) -> None:
    assert run(*good, *arguments)[0] == 2


def test_a_file_of_something_else_is_wrong_usage(
    run: Run, good: list[Path], tmp_path: Path
) -> None:
    other = tmp_path / "letter.txt"
    for content in (
        b"",
        b"a letter",
        b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
    ):
        other.write_bytes(content)

        status, _, err = run(*good, other)

        assert status == 2
        assert "Traceback" not in err


def test_without_certificate_or_anchor_it_is_wrong_usage(
    run: Run, good: list[Path], suite: Path
) -> None:
    assert run()[0] == 2
    assert run("--anchor", suite / "crls/GoodCACRL.crl", *good)[0] == 2
