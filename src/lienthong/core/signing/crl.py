"""Revocation lists (RFC 5280 chapter 5): reading them with an index, writing large ones quickly.

A list is read once: header and scope are taken apart, every entry's place is put in a dictionary,
and an entry is read only when it is asked for (SG-R-03). Nothing here says whether a list may be
believed or is about a certificate: that is `revocation`.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from threading import Lock
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from lienthong.core.signing import der
from lienthong.core.signing.cms import ECDSA_SHA256_ID, PSS_ID
from lienthong.core.signing.der import NotDER
from lienthong.core.signing.der_read import Reader, header, is_padded, moment
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.policy import AlgorithmRefused
from lienthong.core.signing.revoked import REASON_NUMBERS, REASONS, UNSPECIFIED, Revocation
from lienthong.core.signing.x509_names import name_key, raw_fields, verify_with

ISSUERS_MAX = 500  # whose certificates an indirect list may name
ENTRIES_KEPT_MAX = 500_000  # in all lists together; an entry takes about 170 bytes of memory

REASONS_ALL = frozenset(REASON_NUMBERS) - {UNSPECIFIED, x509.ReasonFlags.remove_from_crl}
EXPIRED_CERTS_ON_CRL = x509.ObjectIdentifier("2.5.29.60")

_REASON = der.oid("2.5.29.21")
_INVALIDITY = der.oid("2.5.29.24")
_CERTIFICATE_ISSUER = der.oid("2.5.29.29")
_AUTHORITY_KEY = der.oid("2.5.29.35")
_NUMBER = der.oid("2.5.29.20")
_DELTA = der.oid("2.5.29.27")
_POINT = der.oid("2.5.29.28")
_EXPIRED = der.oid("2.5.29.60")
_TRUE = b"\x01\x01\xff"
_CRITICAL = re.compile(rb"\x01\x01[^\x00]", re.DOTALL)  # any value that some reader takes as true
_NAMES_ISSUER = re.compile(re.escape(_CERTIFICATE_ISSUER))
_V = TypeVar("_V", bound=x509.ExtensionType)

# A name in a way that can be compared: (kind of general name, its value).
NameKey = tuple[str, bytes]


# Reading ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """What an issuing distribution point says the list is about; the default is everything."""

    names: frozenset[NameKey] | None = None
    only_user: bool = False
    only_ca: bool = False
    only_attribute: bool = False
    reasons: frozenset[x509.ReasonFlags] = REASONS_ALL
    indirect: bool = False


class RevocationList:
    """One list. `unreadable` is a Vietnamese reason not to use it at all, or empty (R45)."""

    def __init__(self, crl: x509.CertificateRevocationList) -> None:
        self.crl = crl
        self.sha256 = crl.fingerprint(hashes.SHA256()).hex()
        self.this_update = crl.last_update_utc
        self.next_update = crl.next_update_utc
        self.number = self.base_number = 0
        self.is_delta = False
        self.scope = Scope()
        self.authority_key: bytes | None = None
        self.covers_expired_since: datetime | None = None
        self.unreadable = ""
        self.issuer = b""
        self._body = b""
        self._places: dict[bytes, list[int] | int] = {}
        try:
            self._read_entries()
            self._read_extensions()
        except (ValueError, TypeError, x509.DuplicateExtension) as error:
            self.unreadable = f"danh sách sai cấu trúc ({error})"[:160]

    @property
    def size(self) -> int:
        """How many serials are listed."""
        return len(self._places)

    def entry(self, serial: int, issuer: bytes) -> Revocation | None:
        """The revocation of `serial`, None when it is not listed.

        issuer: `name_key` of the issuer of the certificate. Of several entries the one that takes
        effect first counts. Raises NotDER when an entry cannot be read.
        """
        magnitude = serial if serial >= 0 else ~serial
        key = serial.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True)
        if self.scope.indirect:
            key = _indirect_key(issuer, key)
        places = self._places.get(key)
        if places is None:
            return None
        found = [
            _read_entry(self._body, place)[1]
            for place in (places if isinstance(places, list) else [places])
        ]
        return min(found, key=lambda one: one.effective_at)

    def is_signed_with(self, key: object, *, any_strength: bool = False) -> bool:
        """Whether this public key made the signature on the list."""
        try:
            verify_with(
                key,
                self.crl.signature,
                self.crl.tbs_certlist_bytes,
                self.crl.signature_hash_algorithm,
                self.crl.signature_algorithm_parameters,
                any_strength=any_strength,
            )
        except (InvalidSignature, UnsupportedAlgorithm, AlgorithmRefused, ValueError, TypeError):
            return False
        return True

    def _read_entries(self) -> None:
        """Take the issuer's name and the place of every entry."""
        body = self._body = self.crl.tbs_certlist_bytes
        fields = Reader(body).enter(0x30)
        fields.skip(0x02)
        fields.enter(0x30)
        self.issuer = name_key(fields.whole())
        fields.whole()
        for time_tag in (0x17, 0x18):
            fields.skip(time_tag)
        if fields.tag == 0x30:
            listed = fields.enter(0x30)
            self._places = _places(body, listed.at, listed.limit)

    def _read_extensions(self) -> None:
        extensions = self.crl.extensions
        strangers = [
            one.oid.dotted_string
            for one in extensions
            if one.critical and isinstance(one.value, x509.UnrecognizedExtension)
        ]
        if strangers:
            self.unreadable = f"phần mở rộng bắt buộc không hiểu được ({strangers[0]})"
        number = _value(extensions, x509.CRLNumber)
        self.number = number.crl_number if number else 0
        delta = _value(extensions, x509.DeltaCRLIndicator)
        self.is_delta = delta is not None
        self.base_number = delta.crl_number if delta else 0
        key = _value(extensions, x509.AuthorityKeyIdentifier)
        self.authority_key = key.key_identifier if key else None
        point = _value(extensions, x509.IssuingDistributionPoint)
        if point is not None:
            self.scope = _scope(point, self.crl.issuer)
        for one in extensions:
            if one.oid == EXPIRED_CERTS_ON_CRL and isinstance(
                one.value, x509.UnrecognizedExtension
            ):
                content = Reader(one.value.value).content(0x18)
                self.covers_expired_since = moment(0x18, content)
        self._read_critical_entries()

    def _read_critical_entries(self) -> None:
        """Refuse unknown critical extensions of entries; find whose the entries of an indirect
        list are. Only entries that may have such an extension are read."""
        marked = _marked(self._body)
        if not self._places or not (self.scope.indirect or marked):
            return
        ordered = sorted(
            (place, key)
            for key, where in self._places.items()
            for place in (where if isinstance(where, list) else [where])
        )
        self._places, issuer = {}, self.issuer
        names: set[bytes] = set()
        ends = [place for place, _ in ordered[1:]] + [len(self._body)]
        for (place, key), end in zip(ordered, ends, strict=True):
            if bisect_left(marked, place) != bisect_left(marked, end):
                named, _ = _read_entry(self._body, place, indirect=self.scope.indirect)
                issuer = named or issuer
                names.add(issuer)
                if len(names) > ISSUERS_MAX:
                    raise NotDER("quá nhiều cơ quan cấp chứng thư")
            own = _indirect_key(issuer, key) if self.scope.indirect else key
            _put(self._places, own, place)


def _marked(data: bytes) -> list[int]:
    """Where a critical flag, or the extension that names an issuer, may be; in order."""
    return sorted(
        found.start() for mark in (_CRITICAL, _NAMES_ISSUER) for found in mark.finditer(data)
    )


def _places(data: bytes, at: int, end: int) -> dict[bytes, list[int] | int]:
    """Where the entry of each serial (bytes of its INTEGER) starts. Raises NotDER."""
    found: dict[bytes, list[int] | int] = {}
    while at < end:
        if data[at : at + 3 : 2] == b"\x30\x02" and data[at + 1] < 0x80 and data[at + 3] < 0x7D:
            # The shape of nearly every entry: short lengths, both inside the list.
            serial, stop = at + 4, at + 2 + data[at + 1]
            serial_end = serial + data[at + 3]
        else:
            serial, serial_end, stop = _long_entry(data, at, end)
        if stop > end or serial_end > stop:
            raise NotDER("entry cut off")
        key = data[serial:serial_end]
        if key[:1] in _FILLING and is_padded(key):
            raise NotDER("integer not shortest")
        if key in found:
            _put(found, key, at)
        else:
            found[key] = at
        at = stop
    return found


_FILLING = (b"", b"\x00", b"\xff")


def _long_entry(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    tag, start, stop = header(data, at, end)
    inner, serial, serial_end = header(data, start, stop)
    if tag != 0x30 or inner != 0x02:
        raise NotDER("entry of another shape")
    return serial, serial_end, stop


def _put(places: dict[bytes, list[int] | int], key: bytes, place: int) -> None:
    known = places.get(key)
    if known is None:
        places[key] = place
    elif isinstance(known, list):
        known.append(place)
    else:
        places[key] = [known, place]


def _indirect_key(issuer: bytes, serial: bytes) -> bytes:
    return hashlib.sha256(issuer).digest() + serial


def _read_entry(data: bytes, place: int, *, indirect: bool = True) -> tuple[bytes, Revocation]:
    """(name_key of the certificate issuer when the entry names one, the revocation)."""
    fields = Reader(data, place).enter(0x30)
    fields.content(0x02)
    tag = fields.tag
    at = moment(tag, fields.content(tag))
    reason, invalidity, issuer = UNSPECIFIED, None, b""
    listed = fields.enter(0x30) if fields else Reader(b"")
    while listed:
        extension = listed.enter(0x30)
        kind = extension.whole()
        critical = extension.tag == 0x01
        if critical and extension.whole() != _TRUE:
            raise NotDER("boolean not of DER")
        value = Reader(extension.content(0x04))
        if kind == _REASON:
            reason = REASONS[value.content(0x0A)[-1]]
        elif kind == _INVALIDITY:
            invalidity = moment(0x18, value.content(0x18))
        elif kind == _CERTIFICATE_ISSUER and indirect:
            issuer = _issuer_of(value)
        elif critical:
            raise NotDER("phần mở rộng bắt buộc của một mục không hiểu được")
    return issuer, Revocation(at, reason, invalidity)


def _issuer_of(value: Reader) -> bytes:
    names = value.enter(0x30)
    while names:
        if names.tag == 0xA4:
            return name_key(names.enter(0xA4).whole())
        names.whole()
    raise NotDER("certificateIssuer without a directory name")


def _value(extensions: x509.Extensions, kind: type[_V]) -> _V | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _scope(point: x509.IssuingDistributionPoint, issuer: x509.Name) -> Scope:
    names = None
    if point.full_name or point.relative_name:
        names = point_names(point.full_name, point.relative_name, issuer)
    reasons = point.only_some_reasons
    return Scope(
        names=names,
        only_user=point.only_contains_user_certs,
        only_ca=point.only_contains_ca_certs,
        only_attribute=point.only_contains_attribute_certs,
        reasons=frozenset(reasons) & REASONS_ALL if reasons else REASONS_ALL,
        indirect=point.indirect_crl,
    )


def point_names(
    full: Iterable[x509.GeneralName] | None,
    relative: x509.RelativeDistinguishedName | None,
    issuer: x509.Name,
) -> frozenset[NameKey]:
    """The names of a distribution point; a relative one is completed with `issuer`."""
    if relative is not None:
        return frozenset({("dn", name_key(x509.Name([*issuer.rdns, relative]).public_bytes()))})
    return frozenset(general_name_key(one) for one in full or ())


def general_name_key(name: x509.GeneralName) -> NameKey:
    """The name so that it can be compared: directory names prepared, all others as they are."""
    if isinstance(name, x509.DirectoryName):
        return "dn", name_key(name.value.public_bytes())
    return type(name).__name__, repr(name.value).encode()


_KEPT: OrderedDict[bytes, RevocationList] = OrderedDict()
_KEPT_LOCK = Lock()


def read(crl: x509.CertificateRevocationList) -> RevocationList:
    """The list with its index; the same one again while it is in memory."""
    key = crl.fingerprint(hashes.SHA256())
    with _KEPT_LOCK:
        known = _KEPT.get(key)
        if known is not None:
            _KEPT.move_to_end(key)
            return known
    fresh = RevocationList(crl)
    with _KEPT_LOCK:
        _KEPT[key] = fresh
        while len(_KEPT) > 1 and sum(one.size + 64 for one in _KEPT.values()) > ENTRIES_KEPT_MAX:
            _KEPT.popitem(last=False)
    return fresh


# Writing ----------------------------------------------------------------------------------------


def entry_der(serial: int, revocation: Revocation) -> bytes:
    """One entry of a list, encoded; an authority may keep it with the row of the certificate."""
    encoded = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    size = len(encoded)
    tail = _entry_tail(revocation.at, revocation.reason, revocation.invalidity_at)
    if size > 0x7F or size + len(tail) + 2 > 0x7F:
        return der.sequence(der.integer(serial), tail)
    return bytes((0x30, size + len(tail) + 2, 0x02, size)) + encoded + tail


@lru_cache(maxsize=65536)
def _entry_tail(at: datetime, reason: x509.ReasonFlags, invalidity: datetime | None) -> bytes:
    extensions = b""
    if reason is not UNSPECIFIED:
        number = der.tlv(0x0A, bytes([REASON_NUMBERS[reason]]))
        extensions += der.sequence(_REASON, der.octets(number))
    if invalidity is not None:
        extensions += der.sequence(_INVALIDITY, der.octets(der.generalized_time(invalidity)))
    return der.time(at) + (der.sequence(extensions) if extensions else b"")


def build(
    signer: DigestSigner,
    entries: Mapping[int, Revocation] | Iterable[bytes],
    *,
    number: int,
    this_update: datetime,
    next_update: datetime,
    base_number: int | None = None,
    expired_since: datetime | None = None,
    point: str = "",
    only_user: bool = False,
    only_ca: bool = False,
) -> bytes:
    """A signed list (DER) of the authority whose key `signer` holds (SG-R-03).

    entries: what is revoked, or the entries already encoded with `entry_der`. number: greater than
    that of every list before. base_number: makes it a delta list against the full list of that
    number; a released hold is then an entry with reason removeFromCRL. expired_since: since when
    the list keeps expired certificates too. point: URI of the distribution point, when the list is
    only for certificates that name it; only_user, only_ca: when it is about these only.
    """
    if isinstance(entries, Mapping):
        entries = [entry_der(serial, entries[serial]) for serial in sorted(entries)]
    listed = b"".join(entries)
    fields = raw_fields(signer.certificate)
    is_rsa = isinstance(signer.certificate.public_key(), rsa.RSAPublicKey)
    algorithm = PSS_ID if is_rsa else ECDSA_SHA256_ID
    body = der.sequence(
        der.integer(1),
        algorithm,
        fields.subject,
        der.time(this_update),
        der.time(next_update),
        der.sequence(listed) if listed else b"",
        der.tlv(
            0xA0,
            der.sequence(
                _extension(
                    _AUTHORITY_KEY, der.sequence(der.tlv(0x80, _key_id(signer.certificate)))
                ),
                _extension(_NUMBER, der.integer(number)),
                _extension(_DELTA, der.integer(base_number), critical=True)
                if base_number is not None
                else b"",
                _point(point, only_user=only_user, only_ca=only_ca),
                _extension(_EXPIRED, der.generalized_time(expired_since)) if expired_since else b"",
            ),
        ),
    )
    signature = signer.sign_digest(hashlib.sha256(body).digest())
    return der.sequence(body, algorithm, der.tlv(0x03, b"\x00" + signature))


def _extension(kind: bytes, value: bytes, *, critical: bool = False) -> bytes:
    return der.sequence(kind, _TRUE if critical else b"", der.octets(value))


def _point(uri: str, *, only_user: bool, only_ca: bool) -> bytes:
    """The issuing distribution point, critical; nothing when the list is about everything."""
    if not (uri or only_user or only_ca):
        return b""
    name = der.tlv(0xA0, der.tlv(0xA0, der.tlv(0x86, uri.encode("ascii")))) if uri else b""
    flags = (b"\x81\x01\xff" if only_user else b"") + (b"\x82\x01\xff" if only_ca else b"")
    return _extension(_POINT, der.sequence(name, flags), critical=True)


def _key_id(certificate: x509.Certificate) -> bytes:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    except x509.ExtensionNotFound:
        return hashlib.sha1(raw_fields(certificate).key_bits, usedforsecurity=False).digest()
    return found.digest
