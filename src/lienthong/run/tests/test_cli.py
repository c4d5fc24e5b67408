"""The command line: its exit status tells whether it did its work."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lienthong.run.cli import COMMANDS, cli, main
from lienthong.run.node import from_toml


def _run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in arguments])
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, out, err


def test_help_is_quick_and_loads_no_sub_command() -> None:
    started = time.monotonic()
    program = (
        "import sys; from lienthong.run.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('django', 'lxml', 'pikepdf', 'psycopg')))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True)

    assert done.returncode == 0, "a heavy module was imported"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(capsys: pytest.CaptureFixture[str], name: str) -> None:
    status, out, _ = _run(capsys, name, "--help")

    assert status == 0
    assert "Usage: lienthong" in out
    command = cli.commands.get(name) or cli.get_command(None, name)  # type: ignore[arg-type]
    assert command
    assert command.help


@pytest.mark.parametrize(
    "arguments", [("nonsense",), ("verify",), ("verify", "no-such-file"), ("serve", "moon")]
)
def test_wrong_usage_is_2(capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]) -> None:
    status, _, err = _run(capsys, *arguments)

    assert status == 2
    assert "Usage" in err


def test_a_refusal_is_1_with_the_code_and_a_vietnamese_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, _, err = _run(capsys, "node", "up", tmp_path / "none.toml")

    assert status == 1
    assert err.startswith("run.node_file_invalid: Tệp mô tả nút")
    assert "Traceback" not in err


def test_a_refusal_with_json_is_an_object_on_standard_output(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, _ = _run(capsys, "node", "check", tmp_path / "none.toml", "--json")

    assert status == 1
    assert json.loads(out)["problem"]["code"] == "run.node_file_invalid"


def test_a_new_node_file_can_be_read_and_is_not_overwritten(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "bo.toml"
    made = _run(capsys, "node", "init", file, "--name", "bo", "--title", 'Bộ "Thử" nghiệm')
    again = _run(capsys, "node", "init", file, "--name", "other")

    node, admin_url = from_toml(file)
    assert made[0] == 0
    assert again[0] == 1
    assert (node.name, node.title, admin_url) == ("bo", 'Bộ "Thử" nghiệm', "")
    assert node.data_dir == tmp_path / "bo-data"
    assert node.roles == ("access_point", "web", "worker")


@pytest.mark.parametrize(
    "text",
    ["name = ", 'name = "x"', 'name = "X y"\nkind = "agency"', 'name = "x"\nkind = "moon"',
     'name = "x"\nkind = "axis"\ncolour = 1', 'name = "x"\nkind = "axis"\n[ports]\nmoon = 1'],
)  # fmt: skip
def test_a_wrong_node_file_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    file = tmp_path / "node.toml"
    file.write_text(text)

    status, _, err = _run(capsys, "node", "check", file)

    assert status == 1
    assert err.startswith("run.node_file_invalid")


def test_a_laptop_node_is_not_ready_for_production(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "bo.toml"
    _run(capsys, "node", "init", file, "--name", "bo")

    status, out, _ = _run(capsys, "node", "check", file, "--json")

    assert status == 1
    assert {"embedded_postgresql", "plain_http", "hub_over_tls"} <= set(json.loads(out)["failed"])


def test_the_doctor_finds_what_the_platform_needs(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = _run(capsys, "doctor", "--json")

    found = json.loads(out)
    assert status == 0
    assert found["ok"] is True
    assert {"python", "postgresql", "disk"} <= {one["name"] for one in found["findings"]}


def test_every_problem_has_a_code_of_its_context_and_a_vietnamese_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status, out, _ = _run(capsys, "problems", "--json")

    known = json.loads(out)
    assert status == 0
    assert "run.postgres_missing" in known
    for code, facts in known.items():
        assert code.count(".") >= 1, code
        assert 400 <= facts["status"] < 600, code
        assert any(letter > "\x7f" for letter in facts["text"]), code
