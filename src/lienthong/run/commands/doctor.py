"""`lienthong doctor`: what this machine has and lacks."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from lienthong.core.errors import Problem
from lienthong.run import postgres


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact about the machine. `needed`: without it the platform does not run."""

    name: str
    ok: bool
    needed: bool
    text: str


def examine() -> Iterator[Finding]:
    """Look at the interpreter, PostgreSQL, user namespaces, disk and the tools of the tests."""
    version = platform.python_version()
    yield Finding("python", sys.version_info >= (3, 11), True, f"Python {version}")
    yield _postgresql()
    if os.geteuid() == 0:
        way = (
            "không gian người dùng"
            if postgres.user_namespaces_work()
            else f"người dùng {postgres.NOBODY} (setpriv)"
        )
        found = postgres.user_namespaces_work() or bool(shutil.which("setpriv"))
        yield Finding("root", found, True, f"chạy bằng root: PostgreSQL dùng {way}")
    free_mb = shutil.disk_usage(Path.cwd()).free // 1024**2
    yield Finding("disk", free_mb > 1024, True, f"đĩa trống {free_mb} MB")
    for tool, why in (
        ("chromium", "kiểm thử bằng trình duyệt"),
        ("pdfsig", "kiểm thử chữ ký PDF bằng poppler"),
        ("qpdf", "kiểm thử cấu trúc PDF"),
        ("certutil", "nơi tin cậy cho pdfsig (libnss3-tools)"),
        ("softhsm2-util", "thiết bị ký mềm cho kiểm thử (softhsm2)"),
        ("xmlsec1", "kiểm tra chữ ký XML độc lập"),
    ):
        place = shutil.which(tool)
        yield Finding(tool, place is not None, False, f"{tool}: {place or 'chưa có'} ({why})")


def _postgresql() -> Finding:
    if os.environ.get("LIENTHONG_DATABASE_URL"):
        return Finding("postgresql", True, True, "PostgreSQL: LIENTHONG_DATABASE_URL")
    try:
        binaries = postgres.find_binaries()
    except Problem as problem:
        return Finding("postgresql", False, True, problem.sentence)
    done = subprocess.run(
        [binaries / "postgres", "--version"], capture_output=True, text=True, check=False
    )
    text = f"{done.stdout.strip() or done.stderr.strip()} ({binaries})"
    return Finding("postgresql", done.returncode == 0, True, text)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def doctor(as_json: bool) -> None:
    """Say what this machine has and lacks. Exit 1 when something needed is missing."""
    findings = list(examine())
    ok = all(finding.ok for finding in findings if finding.needed)
    if as_json:
        answer = {"ok": ok, "findings": [asdict(finding) for finding in findings]}
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        for finding in findings:
            mark = "có   " if finding.ok else ("THIẾU" if finding.needed else "chưa ")
            click.echo(f"{mark}  {finding.text}")
    if not ok:
        click.get_current_context().exit(1)
