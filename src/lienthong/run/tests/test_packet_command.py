"""`lienthong packet check` and `show`: the conformance set, and any file at all."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from lienthong.core.tests.edxml_samples import NEW, PLAIN, changed, with_text
from lienthong.core.tests.edxml_table import CONFORMANCE
from lienthong.run.cli import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["packet", *map(str, arguments)])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gói tin.edxml"


@pytest.mark.parametrize("profile", ["strict", "compat"])
def test_check_answers_the_conformance_set_in_one_line_each(
    file: Path, profile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, (raw, in_strict, in_compat) in CONFORMANCE.items():
        file.write_bytes(raw)
        expected = in_strict if profile == "strict" else in_compat

        status, out, err = run(capsys, "check", file, "--profile", profile, "--json")

        answer = json.loads(out)
        assert out.splitlines() == [out.strip()], name
        assert set(answer) == {"verdict", "code", "findings"}
        assert answer["code"] == expected, name
        assert answer["verdict"] == ("accept" if expected == "0" else "refuse")
        assert status == (0 if expected == "0" else 1)
        assert err == ""
        if name.startswith("broken-"):
            assert {one["rule"] for one in answer["findings"]} == {name.removeprefix("broken-")}
        assert all(set(one) == {"rule", "severity", "message"} for one in answer["findings"])


def test_check_tells_all_findings_at_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(with_text("Subject", "", with_text("Priority", "9")))

    status, out, _ = run(capsys, "check", file)

    assert status == 1
    assert [line.split()[:2] for line in out.splitlines()[:-1]] == [["V-21", "T"], ["V-25", "T"]]
    assert out.splitlines()[-1] == "bị từ chối, mã 22"


ANY_FILE = {
    "empty": b"",
    "one byte": b"<",
    "binary": random.Random(3).randbytes(100_000),  # noqa: S311
    "zeros": bytes(9 * 1024 * 1024),
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "cut": NEW[:4000],
    "json": b'{"a": 1}',
    "nested": b"<a>" * 100_000,
    "bomb": b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 50_000 + b'">]><a>' + b"&b;" * 50_000 + b"</a>",
    "attribute twice": changed("<edXML:From>", '<edXML:From a="1" a="2">'),
    "terminal codes": with_text("Subject", "V/v \x9b2J \u202efdp"),
    "broken base64": changed("UEsDBBQ", "UEsDB@Q"),
}


@pytest.mark.parametrize("name", ANY_FILE)
def test_any_file_is_answered(file: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(ANY_FILE[name])

    checked = run(capsys, "check", file, "--json")
    shown = run(capsys, "show", file)

    assert checked[0] == (0 if name == "terminal codes" else 1)
    assert json.loads(checked[1])["findings"]
    assert shown[0] == checked[0]
    assert "Traceback" not in checked[2] + shown[2]
    assert "\x9b" not in shown[1]
    assert "\u202e" not in shown[1]


def test_a_file_over_the_limit_is_too_large(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with file.open("wb") as out:
        out.truncate(141 * 1024 * 1024)  # takes no room on the disk

    status, answer, _ = run(capsys, "check", file, "--json")

    assert status == 1
    assert json.loads(answer)["code"] == "10"


@pytest.mark.parametrize("words", [["check"], ["check", "no such file"], ["show", "."]])
def test_wrong_usage_is_told_apart(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, *words)

    assert status == 2
    assert out == ""
    assert "Usage:" in err
