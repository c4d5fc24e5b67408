"""An environment for each peer, from the package index, kept in the work folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lienthong.core.errors import Problem

_ONE_DIGIT_VERSION = r"\\d\\.\\d\\.\\d[a-z]*"
_ANY_VERSION = r"\\d+\\.\\d+\\.\\d+[a-z]*"


class PeerNotPrepared(Problem):
    """A peer could not be installed or did not answer; the bench goes on without the others."""

    code = "run.peer_not_prepared"
    status = 500
    text = "Không chuẩn bị được phần mềm so sánh {peer}: {reason}."


def made(folder: Path, requirements: tuple[str, ...]) -> Path:
    """Return the interpreter of the environment in `folder`; install it when it is not there."""
    python = folder / "bin" / "python"
    done = folder / "installed"
    if done.exists():
        return python
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", *requirements],
    ):
        run(folder.name, command)
    _mend_oscrypto(folder)
    done.touch()
    return python


def run(peer: str, command: list[str], environment: dict[str, str] | None = None) -> None:
    """Run a step of preparing. Raises PeerNotPrepared."""
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if found.returncode:
        raise PeerNotPrepared(peer=peer, reason=found.stderr.strip()[-300:])


def _mend_oscrypto(folder: Path) -> None:
    """oscrypto 1.3.0 knows OpenSSL versions with a one-digit patch level only."""
    for file in folder.glob("lib/python3*/site-packages/oscrypto/_openssl/_libcrypto_c*.py"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(_ONE_DIGIT_VERSION, _ANY_VERSION), encoding="utf-8")
