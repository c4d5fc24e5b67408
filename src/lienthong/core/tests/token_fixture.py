"""A software token (SoftHSM2, the real module) in a directory of the test process."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

PIN = "246810"
MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
MODULE = next((path for path in MODULES if Path(path).exists()), "")
needs_softhsm = pytest.mark.skipif(
    not MODULE or shutil.which("softhsm2-util") is None, reason="needs softhsm2"
)


@cache
def token_home() -> Path:
    """The directory of this process's tokens; the module reads SOFTHSM2_CONF when it starts."""
    home = Path(tempfile.mkdtemp(prefix="lienthong-softhsm-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "tokens").mkdir()
    (home / "softhsm2.conf").write_text(
        f"directories.tokendir = {home / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(home / "softhsm2.conf")
    return home


def make_token(label: str) -> Path:
    """Initialise a token by Debian's tool; return its directory."""
    tokens = token_home() / "tokens"
    before = set(tokens.iterdir())
    subprocess.run(
        [
            "softhsm2-util",
            "--init-token",
            "--free",
            "--label",
            label,
            "--pin",
            PIN,
            "--so-pin",
            PIN,
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    (made,) = set(tokens.iterdir()) - before
    return made
