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
# All made at once: the module looks for tokens when it starts, so one made later is not seen.
LABELS = ("thiet-bi", "dong-lenh", "lenh-thiet-bi", "ban-lam-viec", "may-chu", "rut-ra")
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


@cache
def _folders() -> dict[str, Path]:
    tokens, found = token_home() / "tokens", {}
    for label in LABELS:
        before = set(tokens.iterdir())
        command = ["softhsm2-util", "--init-token", "--free", "--label", label]
        subprocess.run(
            [*command, "--pin", PIN, "--so-pin", PIN], check=True, capture_output=True, timeout=60
        )
        (found[label],) = set(tokens.iterdir()) - before
    return found


def make_token(label: str) -> Path:
    """A token initialised by Debian's tool: its directory. label: one of LABELS."""
    return _folders()[label]
