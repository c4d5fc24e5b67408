"""Keys in a device: a DigestSigner over PKCS#11 (SG-K-01, SG-K-02, SG-K-03).

A `Token` is one device of this process: it logs in once, lends each session to one thread at a time
and keeps the handles of keys per session. When the device fails it drops every session, is red, and
asks the device again only after a pause. A session never crosses a fork.

Needs python-pkcs11 (part of the `server` extra) and the vendor's module, a shared library.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from hmac import compare_digest
from pathlib import Path
from typing import Any, ClassVar

import pkcs11
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from pkcs11 import exceptions as device
from pkcs11.types import SignMixin
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from lienthong.core.errors import Problem
from lienthong.core.signing.csr import make_csr
from lienthong.core.signing.keys import PublicKey, verify_digest
from lienthong.core.signing.problems import KeyPasswordWrong, SignatureNotMade

SESSIONS_MAX = 8
WAIT_S = 10.0
PAUSE_FIRST_S = 1.0
PAUSE_MAX_S = 30.0
DIGEST_BYTES = 32
_OS_LOCKING = 2  # CKF_OS_LOCKING_OK: threads of this process call the module at the same time
_PSS = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, DIGEST_BYTES)
_SIGNS = pkcs11.MechanismFlag.SIGN | pkcs11.MechanismFlag.VERIFY


class TokenRemoved(Problem):
    """The device is not there or does not answer; nothing was signed."""

    code = "signing.token_removed"
    status = 503
    text = (
        "Thiết bị ký số đã bị rút ra hoặc không trả lời. "
        "Chưa có gì được ký; tài liệu giữ nguyên. Hãy cắm lại thiết bị rồi ký lại."
    )


class TokenBusy(Problem):
    """Every session of the device is in use."""

    code = "signing.token_busy"
    status = 503
    text = "Thiết bị ký số đang bận. Hãy thử lại sau ít phút."


class TokenPinLocked(Problem):
    """The PIN is locked after wrong tries, has expired or was never set."""

    code = "signing.token_pin_locked"
    status = 403
    text = "Mã PIN của thiết bị ký số đã bị khóa. Hãy gửi yêu cầu khôi phục thiết bị."


class TokenKeyMissing(Problem):
    """The device holds no such key, or several."""

    code = "signing.token_key_missing"
    status = 409
    text = "Không tìm thấy đúng một khóa “{key}” trên thiết bị ký số."


class TokenKeyUnsafe(Problem):
    """The device made a key that could be taken out (SG-K-01); it was destroyed again."""

    code = "signing.token_key_unsafe"
    status = 409
    text = "Thiết bị ký số không bảo đảm khóa không thể sao chép ra ngoài nên khóa không được dùng."


class KeyType(StrEnum):
    """Kinds of keys that the table of algorithms signs with (SG 9)."""

    P256 = "EC P-256"
    RSA3072 = "RSA 3072"


class Health(StrEnum):
    GREEN = "green"
    RED = "red"


def problem_of(error: Exception, key: str = "") -> Problem | None:
    """The refusal that an error of the device means; None when the device itself failed."""
    if isinstance(error, device.PinIncorrect | device.PinInvalid | device.PinLenRange):
        return KeyPasswordWrong()
    if isinstance(error, device.PinLocked | device.PinExpired | device.UserPinNotInitialized):
        return TokenPinLocked()
    if isinstance(error, device.NoSuchKey | device.MultipleObjectsReturned):
        return TokenKeyMissing(key=key)
    return None


class _Module:
    """A vendor's library, loaded and initialised once in this process."""

    _loaded: ClassVar[dict[str, _Module]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: str) -> None:
        self.generation = 0
        self._idle = threading.Condition()
        self._users = 0
        try:
            self._native = ctypes.CDLL(path)
            self._native.C_Finalize(None)  # what a parent process began
            self.lib = pkcs11.lib(path)
            self.lib.finalize()
        except (OSError, device.PKCS11Error) as error:
            raise TokenRemoved from error
        self._initialise()

    @classmethod
    def at(cls, path: str) -> _Module:
        with cls._lock:
            if path not in cls._loaded:
                cls._loaded[path] = cls(path)
            return cls._loaded[path]

    @classmethod
    def forget(cls) -> None:
        """In the child of a fork: begin anew."""
        cls._loaded, cls._lock = {}, threading.Lock()

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """While a thread is inside, the module is not restarted under it."""
        with self._idle:
            self._users += 1
        try:
            yield
        finally:
            with self._idle:
                self._users -= 1
                self._idle.notify_all()

    def restart(self) -> None:
        """Start anew, for a device that came back; every session of the module ends."""
        with self._idle:
            if not self._idle.wait_for(lambda: self._users == 0, timeout=WAIT_S):
                raise TokenRemoved
            self._native.C_Finalize(None)
            self._initialise()

    def _initialise(self) -> None:
        """C_Initialize with the word that threads will call at the same time.

        python-pkcs11 does not say so, and a module that was not told does not lock.
        """
        arguments = _InitializeArguments(flags=_OS_LOCKING)
        if self._native.C_Initialize(ctypes.byref(arguments)) != 0:
            raise TokenRemoved
        self.generation += 1


os.register_at_fork(after_in_child=_Module.forget)


class _InitializeArguments(ctypes.Structure):
    """CK_C_INITIALIZE_ARGS."""

    _fields_: ClassVar[Sequence[tuple[str, Any]]] = [
        ("create_mutex", ctypes.c_void_p),
        ("destroy_mutex", ctypes.c_void_p),
        ("lock_mutex", ctypes.c_void_p),
        ("unlock_mutex", ctypes.c_void_p),
        ("flags", ctypes.c_ulong),
        ("reserved", ctypes.c_void_p),
    ]


@dataclass
class _Held:
    """A session and what was found in it."""

    session: pkcs11.Session
    keys: dict[bytes, SignMixin] = field(default_factory=dict)


@dataclass
class _State:
    """What a Token has in one process; a child of a fork begins with a new one."""

    pid: int
    places: threading.BoundedSemaphore
    lock: threading.Lock = field(default_factory=threading.Lock)
    idle: list[_Held] = field(default_factory=list)
    generation: int = 0  # of the module: sessions of an earlier one have ended
    round: int = 0  # sessions of an earlier round belong to a device that failed
    is_logged_in: bool = False
    refused: Problem | None = None  # the PIN: asking again would only lock the device
    failures: int = 0
    retry_at: float = 0.0


class Token:
    """One device, known by the label of its token, opened by `pin`.

    module: path of the vendor's library. clock: seconds that only grow.
    """

    def __init__(
        self,
        module: str | Path,
        label: str,
        pin: str,
        *,
        sessions_max: int = SESSIONS_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label = label
        self._module, self._pin, self._clock = str(module), pin, clock
        self._sessions_max = sessions_max
        self._state = self._fresh()

    @property
    def health(self) -> Health:
        """Red from the first failure of the device until it answers again."""
        return Health.RED if self._here().failures else Health.GREEN

    def check_pin(self, pin: str) -> None:
        """Raise KeyPasswordWrong unless `pin` is the one that this token is opened with.

        A device that is logged in already does not ask again, so a second user must be asked here.
        """
        if not compare_digest(pin.encode(), self._pin.encode()):
            raise KeyPasswordWrong

    def open_with(self, pin: str) -> None:
        """Forget the login: the next use logs in with `pin`, so that the device itself judges it
        and counts wrong tries. Only while no other thread uses this token."""
        state = self._here()
        self._drop(state)
        self._pin, state.refused = pin, None

    def check(self) -> None:
        """Ask the device for a sign of life. Raises what signing raises."""
        with self._borrowed() as held:
            held.session.generate_random(64)

    def sign(self, key_id: bytes, digest: bytes) -> bytes:
        """Sign a SHA-256 digest: RSASSA-PSS, or ECDSA in DER.

        Raises TokenRemoved, TokenBusy, KeyPasswordWrong, TokenPinLocked, TokenKeyMissing.
        """
        if len(digest) != DIGEST_BYTES:
            raise ValueError("only SHA-256 digests are signed")
        with self._borrowed(key_id.hex()) as held:
            key = held.keys.get(key_id)
            if key is None:
                key = held.keys[key_id] = _private_key(held.session, key_id)
            if key.key_type is pkcs11.KeyType.RSA:
                mechanism = pkcs11.Mechanism.RSA_PKCS_PSS
                return key.sign(digest, mechanism=mechanism, mechanism_param=_PSS)
            raw = key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)
        half = len(raw) // 2
        return encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )

    def find(self, label: str) -> bytes:
        """The CKA_ID of the one private key of this label. Raises TokenKeyMissing."""
        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
            pkcs11.Attribute.LABEL: label,
        }
        with self._borrowed(label) as held:
            found = [bytes(one[pkcs11.Attribute.ID]) for one in held.session.get_objects(wanted)]
        if len(found) != 1:
            raise TokenKeyMissing(key=label)
        return found[0]

    def find_by(self, key: PublicKey) -> bytes:
        """The CKA_ID of the private key that belongs to a public one. Raises TokenKeyMissing."""
        wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
        with self._borrowed() as held:
            ids = [bytes(one[pkcs11.Attribute.ID]) for one in held.session.get_objects(wanted)]
            for key_id in ids:
                with suppress(device.NoSuchKey, device.MultipleObjectsReturned):
                    if _public_key(held.session, key_id) == key:
                        return key_id
        raise TokenKeyMissing(key="của chứng thư này")

    def public_key(self, key_id: bytes) -> PublicKey:
        """The public half of a key."""
        with self._borrowed(key_id.hex()) as held:
            return _public_key(held.session, key_id)

    def generate(self, kind: KeyType, *, key_id: bytes, label: str) -> PublicKey:
        """Make a key inside the device: sensitive, not extractable (SG-K-01).

        label: carries the holder and the use. Raises TokenKeyUnsafe, and what signing raises.
        """
        private = {
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
        }
        common: dict[str, Any] = {"id": key_id, "label": label, "store": True}
        with self._borrowed(label, writes=True) as held:
            if any(True for _ in held.session.get_objects({pkcs11.Attribute.ID: key_id})):
                raise TokenKeyMissing(key=label)
            if kind is KeyType.RSA3072:
                pair = held.session.generate_keypair(
                    pkcs11.KeyType.RSA,
                    3072,
                    **common,
                    capabilities=_SIGNS,
                    private_template=private,
                )
            else:
                curve = encode_named_curve_parameters("secp256r1")
                domain = held.session.create_domain_parameters(
                    pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
                )
                pair = domain.generate_keypair(
                    **common, capabilities=_SIGNS, private_template=private
                )
            _check_stays_inside(*pair)
            return _public_key(held.session, key_id)

    def request(self, subject: x509.Name, *, key_id: bytes) -> bytes:
        """A certificate request for a key of the device, in DER, with proof of possession."""
        return make_csr(subject, self.public_key(key_id), lambda digest: self.sign(key_id, digest))

    def store(self, certificate: x509.Certificate, *, key_id: bytes, label: str) -> None:
        """Keep a certificate beside its key; an earlier one of the same key goes away.

        Raises TokenKeyMissing when it is not for that key.
        """
        if certificate.public_key() != self.public_key(key_id):
            raise TokenKeyMissing(key=label)
        asn1_serial = certificate.serial_number.to_bytes(20, "big").lstrip(b"\0")
        with self._borrowed(label, writes=True) as held:
            for old in [*_certificate_objects(held.session, key_id)]:
                old.destroy()
            held.session.create_object(
                {
                    pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                    pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    pkcs11.Attribute.TOKEN: True,
                    pkcs11.Attribute.ID: key_id,
                    pkcs11.Attribute.LABEL: label,
                    pkcs11.Attribute.SUBJECT: certificate.subject.public_bytes(),
                    pkcs11.Attribute.ISSUER: certificate.issuer.public_bytes(),
                    pkcs11.Attribute.SERIAL_NUMBER: asn1_serial,
                    pkcs11.Attribute.VALUE: certificate.public_bytes(Encoding.DER),
                }
            )

    def certificate(self, key_id: bytes) -> x509.Certificate:
        """The certificate stored beside a key. Raises TokenKeyMissing."""
        with self._borrowed(key_id.hex()) as held:
            values = [
                one[pkcs11.Attribute.VALUE] for one in _certificate_objects(held.session, key_id)
            ]
        if len(values) != 1:
            raise TokenKeyMissing(key=key_id.hex())
        return x509.load_der_x509_certificate(values[0])

    def close(self) -> None:
        """Give every idle session back to the device."""
        self._drop(self._here())

    # Sessions.

    def _fresh(self) -> _State:
        return _State(os.getpid(), threading.BoundedSemaphore(self._sessions_max))

    def _here(self) -> _State:
        """The state of this process; what a parent held is left to the parent."""
        if self._state.pid != os.getpid():
            self._state = self._fresh()
        return self._state

    @contextmanager
    def _borrowed(self, key: str = "", *, writes: bool = False) -> Iterator[_Held]:
        """A session for this thread alone. Errors of the device come out as Problems."""
        state = self._here()
        module = self._ready(state)
        if not state.places.acquire(timeout=WAIT_S):
            raise TokenBusy
        held: _Held | None = None
        began = -1
        try:
            with module.in_use():
                with state.lock:
                    held = self._session(state, module, writes=writes)
                    began = state.round
                try:
                    yield held
                finally:
                    self._give_back(state, began, held, keep=not writes)
        except device.PKCS11Error as error:
            problem = problem_of(error, key)
            if problem is None:
                self._fail(state, began)
                raise TokenRemoved from error
            state.failures = 0  # the device answered
            if isinstance(problem, KeyPasswordWrong | TokenPinLocked):
                state.refused = problem
            raise problem from error
        else:
            state.failures = 0
        finally:
            state.places.release()

    def _ready(self, state: _State) -> _Module:
        """The module; after a failure one thread tries again when the pause is over."""
        with state.lock:
            if state.failures:
                if self._clock() < state.retry_at:
                    raise TokenRemoved
                state.retry_at = self._clock() + _pause(state.failures)
        module = _Module.at(self._module)
        if state.failures:
            module.restart()
        return module

    def _session(self, state: _State, module: _Module, *, writes: bool) -> _Held:
        """A session, logged in; the lock is held. The login ends with the last session."""
        if state.generation != module.generation:
            state.idle, state.is_logged_in = [], False
            state.generation = module.generation
        if state.idle and not writes:
            return state.idle.pop()
        if state.refused is not None:
            raise type(state.refused)
        token = module.lib.get_token(token_label=self.label)
        if not state.is_logged_in:
            # Kept idle, so that the login outlives this call.
            state.idle.append(self._log_in(token))
            state.is_logged_in = True
        return _Held(token.open(rw=writes))

    def _log_in(self, token: pkcs11.Token) -> _Held:
        try:
            return _Held(token.open(user_pin=self._pin))
        except device.UserAlreadyLoggedIn:
            return _Held(token.open())

    def _give_back(self, state: _State, began: int, held: _Held, *, keep: bool) -> None:
        with state.lock:
            if state.round == began and keep:
                state.idle.append(held)
                return
        with suppress(device.PKCS11Error):
            held.session.close()

    def _fail(self, state: _State, began: int) -> None:
        """The device failed: drop the sessions of its round, pause longer each time."""
        with state.lock:
            if began not in {-1, state.round}:
                return  # another thread met the same failure first
            state.failures += 1
            state.retry_at = self._clock() + _pause(state.failures)
        self._drop(state)

    def _drop(self, state: _State) -> None:
        with state.lock:
            idle, state.idle = state.idle, []
            state.round += 1
            state.is_logged_in = False
        for held in idle:
            with suppress(device.PKCS11Error):
                held.session.close()


def _pause(failures: int) -> float:
    """Seconds to leave the device alone after so many failures."""
    return float(min(PAUSE_FIRST_S * 2 ** (failures - 1), PAUSE_MAX_S))


class TokenSigner:
    """A DigestSigner over one key of a Token. The certificate is the stored one unless given."""

    def __init__(
        self,
        token: Token,
        *,
        key_id: bytes,
        certificate: x509.Certificate | None = None,
        chain: Sequence[x509.Certificate] = (),
    ) -> None:
        self._token, self._key_id, self._chain = token, key_id, tuple(chain)
        self._certificate = certificate or token.certificate(key_id)

    @property
    def certificate(self) -> x509.Certificate:
        return self._certificate

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self._chain

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign in the device, then check with the public key: a fault or the wrong slot shows."""
        signature = self._token.sign(self._key_id, digest)
        try:
            verify_digest(self._certificate.public_key(), digest, signature)  # type: ignore[arg-type]
        except InvalidSignature as error:
            raise SignatureNotMade(detail="khóa trên thiết bị không phải của chứng thư") from error
        return signature


def _private_key(session: pkcs11.Session, key_id: bytes) -> SignMixin:
    key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, id=key_id)
    if not isinstance(key, SignMixin):  # a key that is not for signing
        raise TokenKeyMissing(key=key_id.hex())
    return key


def _public_key(session: pkcs11.Session, key_id: bytes) -> PublicKey:
    found = session.get_key(object_class=pkcs11.ObjectClass.PUBLIC_KEY, id=key_id)
    assert isinstance(found, pkcs11.PublicKey)  # noqa: S101  asked for by its class
    if found.key_type is pkcs11.KeyType.RSA:
        modulus, exponent = (
            int.from_bytes(found[one], "big")
            for one in (pkcs11.Attribute.MODULUS, pkcs11.Attribute.PUBLIC_EXPONENT)
        )
        return rsa.RSAPublicNumbers(exponent, modulus).public_key()
    key = load_der_public_key(encode_ec_public_key(found))
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise TokenKeyMissing(key=key_id.hex())
    return key


def _certificate_objects(session: pkcs11.Session, key_id: bytes) -> Iterator[pkcs11.Object]:
    return session.get_objects(
        {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE, pkcs11.Attribute.ID: key_id}
    )


def _check_stays_inside(public: pkcs11.PublicKey, private: pkcs11.PrivateKey) -> None:
    """The new key was made here and can never leave; else destroy it."""
    wanted = {
        pkcs11.Attribute.SENSITIVE: True,
        pkcs11.Attribute.ALWAYS_SENSITIVE: True,
        pkcs11.Attribute.NEVER_EXTRACTABLE: True,
        pkcs11.Attribute.EXTRACTABLE: False,
        pkcs11.Attribute.LOCAL: True,
    }
    if private.get_attributes(list(wanted)) != wanted:
        private.destroy()
        public.destroy()
        raise TokenKeyUnsafe
