"""The devices and services that hold keys for this node, as LIENTHONG_KEY_DEVICES_FILE names them.

A TOML file of tables `[[token]]` (PKCS#11 at this machine), `[[remote]]` (CSC API v2) and
`[browser]` (tokens at people's own machines). No secret is in it: PINs are typed when something is
signed, secrets of services and PINs of devices that the node opens by itself lie in files of their
own. See docs/how-to/keys-in-devices.md.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from lienthong.apps.pki.remote.client import HTTPTransport
from lienthong.apps.pki.rules import (
    KeyDevicesUnreadable,
    KeyDeviceUnknown,
    KeyKind,
    KeyPlace,
)
from lienthong.core.signing.authority import KeyLevel
from lienthong.core.signing.csc import RemoteSigningService
from lienthong.core.signing.pkcs11 import Token, TokenBusy

WAIT_S = 10.0
_LEVELS = {level.name.lower(): level for level in KeyLevel}


@dataclass(frozen=True, slots=True)
class TokenDevice:
    """A PKCS#11 device at this machine. pin_file: for one that the node opens by itself.

    level: "token", "hsm" or "software", told in the policy of certificates for its keys (SG 3.4).
    """

    name: str
    title: str
    module: str
    label: str
    pin_file: str = ""
    level: str = "software"

    def machine_pin(self) -> str:
        """The PIN of a device that the node opens by itself. Raises KeyDevicesUnreadable."""
        try:
            return Path(self.pin_file).read_text(encoding="utf-8").rstrip("\n")
        except OSError as error:
            raise KeyDevicesUnreadable(reason=f"tệp mã PIN của “{self.name}”") from error


@dataclass(frozen=True, slots=True)
class RemoteService:
    """A remote signing service. secret_file: the secret of this node's application there.

    level: as of a TokenDevice.
    """

    name: str
    title: str
    url: str
    client: str
    secret_file: str
    level: str = "software"


@dataclass(frozen=True, slots=True)
class Devices:
    """All that the settings name. browser: the level of devices at people's own machines."""

    tokens: dict[str, TokenDevice]
    services: dict[str, RemoteService]
    browser: str = "software"


@dataclass(frozen=True, slots=True)
class Choice:
    """A place where a key may be made. value: as a form sends it, such as "token:con-dau"."""

    place: KeyPlace
    device: str
    title: Any

    @property
    def value(self) -> str:
        return f"{self.place}:{self.device}" if self.device else self.place.value


def configured() -> Devices:
    """What the file says now; nothing when the setting is empty. Raises KeyDevicesUnreadable."""
    if not settings.KEY_DEVICES_FILE:
        return Devices({}, {})
    path = Path(settings.KEY_DEVICES_FILE)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, tomllib.TOMLDecodeError, TypeError, UnicodeDecodeError) as error:
        raise KeyDevicesUnreadable(reason=str(error)[:120]) from error


@lru_cache(maxsize=8)
def _read(path: Path, _stamp: int) -> Devices:
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    tokens = [TokenDevice(**one) for one in found.pop("token", [])]
    services = [RemoteService(**one) for one in found.pop("remote", [])]
    browser = str(found.pop("browser", {}).get("level", "software"))
    if found:
        raise TypeError(f"unknown: {', '.join(sorted(found))}")
    levels = {browser, *(one.level for one in tokens), *(one.level for one in services)}
    if unknown := levels - _LEVELS.keys():
        raise TypeError(f"level: {', '.join(sorted(unknown))}")
    return Devices({one.name: one for one in tokens}, {one.name: one for one in services}, browser)


def choices(kind: KeyKind) -> list[Choice]:
    """Where a key of that kind may be made on this node, files first.

    A packet key signs without a person, so only a device that the node opens by itself will do; and
    that one never holds the key of a person or a seal.
    """
    found = configured()
    is_machine = kind is KeyKind.SERVICE
    offered = [Choice(KeyPlace.FILE, "", _("Tệp khóa trên hệ thống này"))]
    offered += [
        Choice(KeyPlace.TOKEN, one.name, one.title)
        for one in found.tokens.values()
        if bool(one.pin_file) == is_machine
    ]
    if not is_machine:
        offered += [Choice(KeyPlace.REMOTE, s.name, s.title) for s in found.services.values()]
        if settings.AGENT_URL:
            here = _("Thiết bị cắm vào máy của bạn (token)")
            offered.append(Choice(KeyPlace.BROWSER, "", here))
    return offered


def title_of(place: KeyPlace, device: str) -> str:
    """How a page names the place; the bare name when the settings know it no longer."""
    found = configured()
    named = {
        KeyPlace.FILE: _("Tệp khóa trên hệ thống này"),
        KeyPlace.BROWSER: _("Thiết bị cắm vào máy của bạn (token)"),
    }
    known = found.tokens.get(device) or found.services.get(device)
    return str(named.get(place) or (known.title if known else device))


def level_of(place: KeyPlace, device: str) -> KeyLevel:
    """What may be said of a key's place: never more than the settings say of the device (SG 3.4).

    Raises KeyDeviceUnknown.
    """
    if place is KeyPlace.BROWSER:
        return _LEVELS[configured().browser]
    if place is KeyPlace.TOKEN:
        return _LEVELS[token_device(device).level]
    if place is KeyPlace.REMOTE:
        return _LEVELS[remote_service(device).level]
    return KeyLevel.SOFTWARE


def is_opened_by_node(place: KeyPlace, device: str) -> bool:
    """Whether the node has the PIN of that device itself."""
    found = configured().tokens.get(device) if place is KeyPlace.TOKEN else None
    return bool(found and found.pin_file)


def remote_service(name: str) -> RemoteService:
    """A service of the settings. Raises KeyDeviceUnknown."""
    service = configured().services.get(name)
    if service is None:
        raise KeyDeviceUnknown(name=name)
    return service


def remote(name: str) -> RemoteSigningService:
    """A service as this node's application sees it. Raises KeyDeviceUnknown."""
    return RemoteSigningService(_transport(remote_service(name)))


@lru_cache(maxsize=32)
def _transport(service: RemoteService) -> HTTPTransport:
    """One for each service and process: its access token is kept until it ends."""
    try:
        secret = Path(service.secret_file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeyDevicesUnreadable(reason=f"tệp bí mật của “{service.name}”") from error
    return HTTPTransport(service.url, client_id=service.client, client_secret=secret)


class _Cabinet:
    """The devices of this process, each used by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[TokenDevice, tuple[threading.Lock, Token]] = {}

    def of(self, device: TokenDevice) -> tuple[threading.Lock, Token]:
        with self._lock:
            if device not in self._known:
                token = Token(device.module, device.label, "")
                self._known[device] = (threading.Lock(), token)
            return self._known[device]


_cabinet = _Cabinet()


def token_device(name: str) -> TokenDevice:
    """A device of the settings. Raises KeyDeviceUnknown."""
    device = configured().tokens.get(name)
    if device is None:
        raise KeyDeviceUnknown(name=name)
    return device


@contextmanager
def opened_token(name: str, pin: str) -> Iterator[Token]:
    """The device, logged in by `pin` for this block alone, then logged out.

    A device that is logged in already takes any PIN for right, so nobody shares a login: the device
    judges each PIN, and counts the wrong ones. `pin` is not used for a device that the node opens
    by itself. Raises KeyDeviceUnknown, TokenBusy, and in the block what the device refuses with.
    """
    device = token_device(name)
    lock, token = _cabinet.of(device)
    if not lock.acquire(timeout=WAIT_S):
        raise TokenBusy
    try:
        token.open_with(device.machine_pin() if device.pin_file else pin)
        yield token
    finally:
        token.open_with("")
        lock.release()
