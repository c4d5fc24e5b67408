"""One CMS signature of the expected shape, read without a general decoder.

Accepted: a detached signature (version 1) or a time-stamp token (version 3), one SignerInfo by
issuer and serial, signed attributes content-type, message-digest, signing-certificate-v2 and
optionally signing-time and CMSAlgorithmProtection, no unsigned attribute but one signature
time-stamp. For what it accepts, the result equals that of `cms.parse`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from cryptography import x509

from lienthong.core.signing import cms, der
from lienthong.core.signing.fast import certificates
from lienthong.core.signing.fast.shape import (
    ATTRIBUTES,
    CERTIFICATES,
    CONTENT,
    OCTETS,
    OID,
    SEQUENCE,
    SET,
    UTC_TIME,
    expect,
    skip,
)
from lienthong.core.signing.plain.ask import Ask
from lienthong.core.signing.policy import Algorithm

CERTIFICATES_MAX = 8
ATTRIBUTES_MAX = 8
_ONE = der.integer(1)
_DATA_INFO = der.sequence(cms.DATA)
_KINDS = {"data": (_ONE, cms.DATA), "tst_info": (der.integer(3), cms.TST_INFO)}
UNSIGNED = 0xA1
_DIGEST_OIDS = {
    "sha256": der.oid("2.16.840.1.101.3.4.2.1"),
    "sha384": der.oid("2.16.840.1.101.3.4.2.2"),
    "sha512": der.oid("2.16.840.1.101.3.4.2.3"),
}
_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
_DIGESTS = {
    der.sequence(oid, *end): name for name, oid in _DIGEST_OIDS.items() for end in ((), (der.NULL,))
}
_ALGORITHM_PROTECTION = der.oid("1.2.840.113549.1.9.52")
_RSA, _MGF1, _PSS = (der.oid(f"1.2.840.113549.1.1.{arc}") for arc in (1, 8, 10))
_WITH_RSA = {"sha256": 11, "sha384": 12, "sha512": 13}
_WITH_ECDSA = {"sha256": 2, "sha384": 3, "sha512": 4}


def _pss(name: str, end: tuple[bytes, ...]) -> bytes:
    digest = der.sequence(_DIGEST_OIDS[name], *end)
    mask = der.sequence(_MGF1, digest)
    salt = der.integer(_SIZES[name])
    members = (der.tlv(0xA0, digest), der.tlv(0xA1, mask), der.tlv(0xA2, salt))
    return der.sequence(_PSS, der.sequence(*members))


def _algorithms() -> dict[tuple[bytes, str], Algorithm]:
    """AlgorithmIdentifier and digest → the algorithm, for all that the table of SG 9 allows."""
    found: dict[tuple[bytes, str], Algorithm] = {}
    for name in _DIGEST_OIDS:
        for end in ((), (der.NULL,)):
            found[_pss(name, end), name] = Algorithm("rsassa_pss", name, _SIZES[name])
        legacy = Algorithm("rsassa_pkcs1v15", name)
        with_rsa = der.oid(f"1.2.840.113549.1.1.{_WITH_RSA[name]}")
        found[der.sequence(with_rsa, der.NULL), name] = legacy
        found[der.sequence(_RSA, der.NULL), name] = legacy
        with_ecdsa = der.oid(f"1.2.840.10045.4.3.{_WITH_ECDSA[name]}")
        found[der.sequence(with_ecdsa), name] = Algorithm("ecdsa", name)
    return found


_ALGORITHMS = _algorithms()


def read_cms(
    data: bytes, *, trailing_zeros: bool = False, content_type: str = "data"
) -> cms.SignedCMS:
    """Read `data`. Raises Ask unless it has the expected shape.

    content_type: "tst_info" reads a time-stamp token. A token inside is not looked into here.
    """
    size = len(data)
    at, end = expect(data, 0, size, SEQUENCE)
    if end != size and (not trailing_zeros or data.count(0, end) != size - end):
        raise Ask("bytes after the signature")
    for template in _templates.get(end, ()) if content_type == "data" else ():
        if template.fits(data):
            return template.read(data)
    if end > cms.CMS_SIZE_MAX_BYTES or not data.startswith(cms.SIGNED_DATA, at):
        raise Ask("not a signed message of ordinary size")
    at = _whole(data, at + len(cms.SIGNED_DATA), end, CONTENT)
    at = _whole(data, at, end, SEQUENCE)
    version, kind = _KINDS[content_type]
    at = _exact(data, at, version)
    digests, at = expect(data, at, end, SET)
    digest_id = data[digests:at]
    content, at = _content(data, at, end, kind)
    bag, at = _certificates(data, at, end)
    at = _whole(data, at, end, SET)
    at = _whole(data, at, end, SEQUENCE)
    at = _exact(data, at, _ONE)
    start, at = expect(data, at, end, SEQUENCE)
    own, others = _own(bag, data[start:at])
    start, at = at, skip(data, at, end, SEQUENCE)
    digest = _DIGESTS.get(digest_id)
    signer_digest = data[start:at]
    if digest is None or _DIGESTS.get(signer_digest) != digest:
        raise Ask("a digest that is not usual")
    first, at = expect(data, at, end, ATTRIBUTES)
    attributes = data[first:at]
    start, at = at, skip(data, at, end, SEQUENCE)
    identifier = data[start:at]
    algorithm = _ALGORITHMS.get((identifier, digest))
    start, at = expect(data, at, end, OCTETS)
    signature, timestamps = data[start:at], _timestamps(data, at, end)
    if algorithm is None:
        raise Ask("an algorithm that is not usual")
    values = _attributes(attributes, kind)
    protection = signer_digest + b"\xa1" + identifier[1:]
    if values.get(_ALGORITHM_PROTECTION, der.sequence(protection)) != der.sequence(protection):
        raise Ask("algorithm protection does not agree")
    signed = cms.SignedCMS(
        certificate=own.certificate,
        others=others,
        algorithm=algorithm,
        signed_attributes=der.tlv(SET, attributes),
        signature=signature,
        message_digest=_message_digest(values, digest),
        digest=digest,
        signing_time=_signing_time(values.get(cms.SIGNING_TIME)),
        names_certificate=_names(values.get(cms.SIGNING_CERTIFICATE_V2), own),
        timestamps=timestamps,
        content=content,
    )
    if content_type == "data" and not timestamps:
        _keep(_Template.of(data, end, (first, first + len(attributes)), signed))
    return signed


@dataclass(frozen=True, slots=True)
class _Template:
    """A signature of a signer met before. The next one by the same signer, of the same length,
    differs only in digest, time and signature value; all the rest is compared, not read again.

    fixed: the parts between, with their places.
    """

    fixed: tuple[tuple[int, bytes], ...]
    attributes: tuple[int, int]
    time_at: int
    digest_at: int
    signature: tuple[int, int]
    signed: cms.SignedCMS

    @classmethod
    def of(
        cls, data: bytes, end: int, attributes: tuple[int, int], signed: cms.SignedCMS
    ) -> _Template:
        start, stop = attributes
        digest_at = data.index(der.octets(signed.message_digest), start, stop) + 2
        cuts = [(digest_at, digest_at + len(signed.message_digest))]
        time_at = 0
        if signed.signing_time is not None:
            time_at = data.index(cms.SIGNING_TIME, start, stop) + len(cms.SIGNING_TIME) + 2
            cuts.append((time_at, time_at + TIME_BYTES))
        signature = (end - len(signed.signature), end)
        fixed, at = [], 0
        for begin, finish in sorted([*cuts, signature]):
            fixed.append((at, data[at:begin]))
            at = finish
        return cls(tuple(fixed), attributes, time_at, digest_at, signature, signed)

    def fits(self, data: bytes) -> bool:
        return all(data.startswith(part, at) for at, part in self.fixed)

    def read(self, data: bytes) -> cms.SignedCMS:
        """What `data` says, which fits. Raises Ask for a time that is none."""
        start, stop = self.attributes
        time = data[self.time_at : self.time_at + TIME_BYTES] if self.time_at else None
        return replace(
            self.signed,
            signed_attributes=der.tlv(SET, data[start:stop]),
            signature=data[self.signature[0] : self.signature[1]],
            message_digest=data[self.digest_at : self.digest_at + _SIZES[self.signed.digest]],
            signing_time=_signing_time(time),
        )


TIME_BYTES = 15  # a UTCTime with its tag and length
TEMPLATES_MAX = 1024
TEMPLATES_EACH_MAX = 32
_templates: dict[int, tuple[_Template, ...]] = {}


def _keep(template: _Template) -> None:
    """Remember a template by the length of the whole; of many the newest."""
    if len(_templates) >= TEMPLATES_MAX:
        _templates.clear()
    length = template.signature[1]
    # A new tuple each time: another thread may be reading the old one.
    _templates[length] = (template, *_templates.get(length, ())[: TEMPLATES_EACH_MAX - 1])


def forget() -> None:
    """Empty the memory (for measuring and for tests)."""
    _templates.clear()


def read_message(data: bytes) -> cms.SignedCMS:
    """Read one detached signature, by the general decoder when it is not of the expected shape.

    Raises CMSInvalid.
    """
    try:
        return read_cms(data)
    except Ask:
        return cms.parse(data)


def read_token(data: bytes) -> cms.SignedCMS:
    """As `read_message`, for a time-stamp token."""
    try:
        return read_cms(data, content_type="tst_info")
    except Ask:
        return cms.parse(data, content_type="tst_info")


def _content(data: bytes, at: int, end: int, kind: bytes) -> tuple[bytes | None, int]:
    """What is signed when it stands inside, for a token; and where the next value begins."""
    if kind == cms.DATA:
        return None, _exact(data, at, _DATA_INFO)
    at, stop = expect(data, at, end, SEQUENCE)
    at = _exact(data, at, kind)
    at = _whole(data, at, stop, CONTENT)
    at = _whole(data, at, stop, OCTETS)
    return data[at:stop], stop


def _timestamps(data: bytes, at: int, end: int) -> tuple[bytes, ...]:
    """The token in the unsigned attributes; there may be no other attribute."""
    if at == end:
        return ()
    at = _whole(data, at, end, UNSIGNED)
    at = _whole(data, at, end, SEQUENCE)
    at = _exact(data, at, cms.SIGNATURE_TIMESTAMP)
    at = _whole(data, at, end, SET)
    _whole(data, at, end, SEQUENCE)
    return (data[at:end],)


def _whole(data: bytes, at: int, end: int, tag: int) -> int:
    """Go into a value that must fill all the rest."""
    start, stop = expect(data, at, end, tag)
    if stop != end:
        raise Ask("something follows that should not")
    return start


def _exact(data: bytes, at: int, wanted: bytes) -> int:
    if not data.startswith(wanted, at):
        raise Ask("another value than expected")
    return at + len(wanted)


def _certificates(data: bytes, at: int, end: int) -> tuple[list[certificates.Known], int]:
    at, stop = expect(data, at, end, CERTIFICATES)
    found: list[certificates.Known] = []
    while at < stop:
        start, at = at, skip(data, at, stop, SEQUENCE)
        found.append(certificates.known(data[start:at]))
        if len(found) > CERTIFICATES_MAX:
            raise Ask("many certificates")
    return found, stop


def _own(
    bag: list[certificates.Known], identifier: bytes
) -> tuple[certificates.Known, tuple[x509.Certificate, ...]]:
    own = [one for one in bag if one.identifier == identifier]
    if len(own) != 1:
        raise Ask("not exactly one certificate of the signer")
    return own[0], tuple(one.certificate for one in bag if one.identifier != identifier)


_USUAL = {
    cms.CONTENT_TYPE,
    cms.MESSAGE_DIGEST,
    cms.SIGNING_TIME,
    cms.SIGNING_CERTIFICATE_V2,
    _ALGORITHM_PROTECTION,
}


def _attributes(data: bytes, content_type: bytes) -> dict[bytes, bytes]:
    """Kind → its one value; in DER order, each once, only usual kinds."""
    found: dict[bytes, bytes] = {}
    before, at, end = b"", 0, len(data)
    while at < end:
        start = at
        inner, at = expect(data, at, end, SEQUENCE)
        middle = skip(data, inner, at, OID)
        value, stop = expect(data, middle, at, SET)
        kind, member = data[inner:middle], data[start:at]
        if stop != at or kind in found or kind not in _USUAL or member <= before:
            raise Ask("an attribute that is not usual")
        if skip(data, value, stop, data[value] if value < stop else 0) != stop:
            raise Ask("an attribute with several values")
        found[kind] = data[value:stop]
        before = member
    if found.get(cms.CONTENT_TYPE) != content_type:
        raise Ask("another content type")
    return found


def _message_digest(values: dict[bytes, bytes], digest: str) -> bytes:
    value = values.get(cms.MESSAGE_DIGEST, b"")
    start, end = expect(value, 0, len(value), OCTETS)
    if end - start != _SIZES[digest]:
        raise Ask("a digest of another length")
    return value[start:end]


def _signing_time(value: bytes | None) -> datetime | None:
    """UTCTime with seconds and Z; years to 2049."""
    if value is None:
        return None
    start, end = expect(value, 0, len(value), UTC_TIME)
    text = value[start:end]
    if len(text) != 13 or text[12:] != b"Z" or not text[:12].isdigit():
        raise Ask("a time that is not written in full")
    year, month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(0, 12, 2))
    if year >= 50:
        raise Ask("a time long ago")
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise Ask("a time that is none") from error


def _names(value: bytes | None, own: certificates.Known) -> bool:
    """signing-certificate-v2 with SHA-256 is there, and its only entry is `own` (R9, R10)."""
    if value is None:
        raise Ask("signing-certificate-v2 is missing")
    at = _whole(value, 0, len(value), SEQUENCE)
    at = _whole(value, at, len(value), SEQUENCE)
    at = _whole(value, at, len(value), SEQUENCE)
    if not value.startswith(own.named, at) or value[at + len(own.named) :] not in {
        b"",
        own.issuer_serial,
    }:
        raise Ask("signing-certificate-v2 does not name the signer in the usual way")
    return True
