"""Accepts the demonstration as a stranger would: by what it prints and by other people's tools.

Runs `make demo ARGS="--once --json"`, then the same with a PDF of its own, and checks the statuses,
the files with `lienthong verify`, `pdfsig` and `qpdf`, and that one changed byte is noticed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LIENTHONG = ROOT / ".venv" / "bin" / "lienthong"
TRUST = ROOT / "var" / "demo" / "trust"
STATUSES = ["01", "03", "04", "05", "06"]


def expect(fact: bool, message: object) -> None:
    """End with `message` unless the fact is so."""
    if not fact:
        sys.exit(f"NOT ACCEPTED: {message}")


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in the repository; its error output is ours."""
    return subprocess.run(
        [str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False
    )


def demo(arguments: str) -> dict[str, Any]:
    """Run the demonstration once and return the object on its last line."""
    started = time.monotonic()
    done = run("make", "demo", f"ARGS=--once --json {arguments}")
    expect(done.returncode == 0, f"make demo: exit {done.returncode}\n{done.stdout}")
    facts: dict[str, Any] = json.loads(done.stdout.rstrip("\n").rpartition("\n")[2])
    print(f"make demo --once --json {arguments}: {time.monotonic() - started:.1f} s")
    return facts


def check_facts(facts: dict[str, Any]) -> None:
    """The statuses came back in order, and every file is there."""
    expect(facts["ok"] is True, facts)
    expect(facts["statuses"] == STATUSES, facts["statuses"])
    expect(bool(facts["packet_id"]), facts)
    for step in facts["steps"]:
        print(f"  {step['node']:6} {step['ms']:6} ms  {step['name']}")
    for name in ("pdf", "packet", "receipt"):
        path = Path(facts["files"][name])
        expect(not path.is_absolute(), f"{name}: {path} is not relative to the clone")
        expect((ROOT / path).is_file(), f"{name}: {path} is not there")


def check_verify(file: Path, scratch: Path) -> None:
    """`lienthong verify` says yes to the file, and no to it with one byte changed."""
    done = run(LIENTHONG, "verify", file)
    expect(done.returncode == 0, f"verify {file}: exit {done.returncode}\n{done.stdout}")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x01
    changed = scratch / f"changed-{file.name}"
    changed.write_bytes(data)
    beside = file.with_name(f"{file.name}.p7s")  # a packet's signature
    if beside.exists():
        shutil.copy(beside, scratch / f"{changed.name}.p7s")
    done = run(LIENTHONG, "verify", changed, "--trust", TRUST)
    expect(done.returncode == 1, f"verify of a changed {file.name}: exit {done.returncode}")
    print(f"  lienthong verify {file.name}: yes; with one byte changed: no")


def check_with_other_tools(pdf: Path, scratch: Path) -> None:
    """poppler finds both signatures valid under the demo's roots; qpdf finds the file clean."""
    store = f"sql:{scratch / 'nss'}"
    (scratch / "nss").mkdir()
    run("certutil", "-N", "-d", store, "--empty-password")
    for anchor in sorted((TRUST / "anchors").glob("*.pem")):
        added = run("certutil", "-A", "-d", store, "-n", anchor.stem, "-t", "C,C,C", "-i", anchor)
        expect(added.returncode == 0, f"certutil: {anchor}")
    seen = run("pdfsig", "-nssdir", store, pdf).stdout
    expect(seen.count("Signature Validation: Signature is Valid.") == 2, seen)
    expect(seen.count("Certificate Validation: Certificate is Trusted.") == 2, seen)
    checked = run("qpdf", "--check", pdf)
    expect(checked.returncode == 0, checked.stdout)
    print("  pdfsig: two valid signatures, two trusted certificates; qpdf --check: clean")


def plain_pdf(directory: Path) -> Path:
    """An ordinary PDF that nobody prepared for signing."""
    import pikepdf  # noqa: PLC0415  from the environment that `make demo` makes

    path = directory / "plain.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(595, 842))
        pdf.add_blank_page(page_size=(595, 842))
        pdf.save(path)
    return path


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="lienthong-accept-") as name:
        scratch = Path(name)
        facts = demo("--reset")
        check_facts(facts)
        for kind in ("pdf", "packet", "receipt"):
            check_verify(ROOT / facts["files"][kind], scratch)
        check_with_other_tools(ROOT / facts["files"]["pdf"], scratch)
        facts = demo(f"--file {plain_pdf(scratch)}")
        check_facts(facts)
        shutil.rmtree(scratch / "nss")
        check_with_other_tools(ROOT / facts["files"]["pdf"], scratch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
