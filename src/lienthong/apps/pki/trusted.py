"""The trust of this node: DATA_DIR/trust, roots pinned, lists refreshed, loaded once a state."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography import x509
from django.conf import settings

from lienthong.apps.pki.keyfiles import write_secret
from lienthong.apps.pki.rules import TrustMissing
from lienthong.core.errors import Problem
from lienthong.core.signing import Trust, TrustInvalid, trust_list_in_use

PINNED = "pinned.txt"
EPOCH = "epoch.txt"

_loading = threading.Lock()
_loaded: dict[Path, tuple[int, Trust]] = {}


def trust_directory() -> Path:
    """DATA_DIR/trust."""
    return Path(settings.DATA_DIR) / "trust"


def trust() -> Trust:
    """What this node believes now. The same object until the files change. Raises TrustMissing."""
    directory = trust_directory()
    try:
        stamp = (directory / EPOCH).stat().st_mtime_ns
    except FileNotFoundError as error:
        raise TrustMissing from error
    with _loading:
        known = _loaded.get(directory)
        if known is None or known[0] != stamp:
            with _locked(directory / ".lock"):
                found = Trust.from_directory(directory)
            if known is not None and known[1].epoch == found.epoch:
                found = known[1]
            _loaded[directory] = (stamp, found)
        return _loaded[directory][1]


def install_trust(source: Path) -> None:
    """Take the roots under `source` as this node's own and pin them: the act of a person."""
    found = Trust.from_directory(source)
    directory = trust_directory()
    directory.mkdir(parents=True, exist_ok=True)
    write_secret(directory / PINNED, "\n".join(sorted(found.anchor_fingerprints)).encode())
    _save(found, directory)


def take_bundle(data: bytes) -> bool:
    """Take newer lists from the axis. Whether anything changed.

    Raises TrustInvalid unless the roots are exactly the pinned ones and the log key is the known
    one; then nothing changed. A list never gives way to an older one (R45). Who may sign the trust
    list, and the list itself, are not taken from here: see `take_list`.
    """
    fresh = Trust.from_bundle(data)
    if fresh.anchor_fingerprints != _pinned(trust_directory()):
        raise TrustInvalid(detail="chứng thư gốc không phải các gốc đã ghim")

    def merged(known: Trust) -> Trust:
        for name, key in known.keys.items():
            if fresh.keys.get(name, key) != key:
                raise TrustInvalid(detail=f"khóa “{name}” khác với khóa đã biết")
        keys = {**fresh.keys, **known.keys}
        return replace(known, intermediates=fresh.intermediates, keys=keys).with_crls(fresh.crls)

    return _change(merged)


def take_list(data: bytes, *, at: datetime) -> bool:
    """Use a newer trust list. Whether anything changed.

    Raises what `trust_list_in_use.taken` raises for a list that may not be believed; then the last
    good one stays in use.
    """
    return _change(lambda known: trust_list_in_use.taken(known, data, at=at))


def pin_operator(certificate: x509.Certificate, *, alone: bool, at: datetime) -> bool:
    """Let `certificate` sign the trust list: the act of a person. Whether anything changed.

    alone: nobody else that was pinned, and no pivot, is believed any longer. A list in use that is
    not by the new operator then goes, and with it what it says, until the next one is fetched.
    """

    def pinned(known: Trust) -> Trust:
        if not alone:
            return replace(known, operators=tuple(dict.fromkeys((*known.operators, certificate))))
        found = replace(known, operators=(certificate,), pivots=())
        try:
            return trust_list_in_use.applied(found, at=at)
        except Problem:
            return replace(found, services=(), trust_list=b"", list_number=None)

    return _change(pinned)


def _change(change: Callable[[Trust], Trust]) -> bool:
    """Change what this node believes, one change at a time. Whether it is another."""
    directory = trust_directory()
    with _locked(directory / ".change"):
        known = trust()
        found = change(known)
        if found.epoch == known.epoch:
            return False
        _save(found, directory)
        return True


def _pinned(directory: Path) -> frozenset[str]:
    try:
        return frozenset((directory / PINNED).read_text(encoding="ascii").split())
    except FileNotFoundError as error:
        raise TrustMissing from error


def _save(found: Trust, directory: Path) -> None:
    with _locked(directory / ".lock"):
        found.save(directory)
        fresh = directory / f".{EPOCH}"
        fresh.write_text(found.epoch, encoding="ascii")
        fresh.replace(directory / EPOCH)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among all processes: `.lock` to read or write the files, `.change` to do both."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
