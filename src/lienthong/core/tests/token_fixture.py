"""A software token (SoftHSM2, the real module) in a directory of the test process."""

from __future__ import annotations

import atexit
import ctypes
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest

PIN = "246810"
# All made at once: the module looks for tokens when it starts, so one made later is not seen.
LABELS = ("thiet-bi", "dong-lenh", "lenh-thiet-bi", "ban-lam-viec", "may-chu", "rut-ra", "da-khoa")
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


def block_token(label: str) -> None:
    """Leave the token without a PIN for its user, as one whose PIN was blocked: the module's own
    answer to every login is then an error. Nothing of its content stays."""
    module = ctypes.CDLL(MODULE)
    slots, count = (ctypes.c_ulong * 32)(), ctypes.c_ulong(32)
    module.C_GetSlotList(ctypes.c_ubyte(1), slots, ctypes.byref(count))
    wanted = label.encode().ljust(32)
    for slot in slots[: count.value]:
        told = ctypes.create_string_buffer(512)  # CK_TOKEN_INFO begins with the label
        module.C_GetTokenInfo(ctypes.c_ulong(slot), told)
        if told.raw[:32] == wanted:
            pin = PIN.encode()
            result = module.C_InitToken(ctypes.c_ulong(slot), pin, ctypes.c_ulong(len(pin)), wanted)
            assert result == 0, hex(result)
            return
    raise LookupError(label)
