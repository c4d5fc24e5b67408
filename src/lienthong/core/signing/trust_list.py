"""Trust lists: TS 119 612 XML, written, read and believed only by its rules (SG 3.8, R46, R47).

A list says which services (authorities, time-stampers, responders) are trusted, since when, and
what they were before. It is signed by the scheme operator, whose certificates are pinned out of
band; a change of the operator's key needs a list signed by the old key that names the new one.
"""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from lienthong.core.edxml.problems import XMLRefused
from lienthong.core.edxml.xml import children, parse
from lienthong.core.errors import Problem
from lienthong.core.signing.cms import UNREADABLE
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.path import common_name
from lienthong.core.signing.report import Findings
from lienthong.core.signing.trust import (
    CA_SERVICE,
    CRL_SERVICE,
    HASH,
    OCSP_SERVICE,
    TSA_SERVICE,
    ServiceStatus,
    Trust,
    TrustedService,
)
from lienthong.core.signing.xml import check_signed_xml, second_opinion, sign_xml
from lienthong.core.signing.xml_structure import (
    LIMITS,
    Level,
    Shape,
    SignedXML,
    XMLSignatureInvalid,
    read_signed_xml,
)

TSL = "http://uri.etsi.org/02231/v2#"
TAG = "http://uri.etsi.org/19612/TSLTag"
VERSION = 6
VERSIONS_READ = {"5", "6"}
LIFETIME_MAX = timedelta(days=184)  # six months
WARNING = timedelta(days=14)
TOLERANCE = timedelta(minutes=5)
PIVOTS_MAX = 5
HISTORY_PERIOD = "65535"  # nothing is ever left out of the history
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_SVC = "http://uri.etsi.org/TrstSvc/Svctype"
_STATUS = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus"
KINDS = {
    CA_SERVICE: f"{_SVC}/CA/PKC",
    TSA_SERVICE: f"{_SVC}/TSA",
    OCSP_SERVICE: f"{_SVC}/Certstatus/OCSP",
    CRL_SERVICE: f"{_SVC}/Certstatus/CRL",
}
GRANTED, WITHDRAWN = f"{_STATUS}/granted", f"{_STATUS}/withdrawn"
_KIND_OF = {uri: kind for kind, uri in KINDS.items()}
_SHAPE = Shape(Level.XADES)


class TrustListBroken(Problem):
    """The trust list cannot be read, or says something that the rules do not allow."""

    code = "signing.trust_list_broken"
    status = 422
    text = "Danh sách tin cậy không dùng được: {detail}."


class TrustListForged(Problem):
    """The trust list is not signed by a pinned operator, or its signature does not hold (R47)."""

    code = "signing.trust_list_forged"
    status = 422
    text = "Danh sách tin cậy không được đơn vị vận hành đã ghim ký đúng: {detail}."


class TrustListUnpinned(TrustListForged):
    """The trust list is signed by somebody whose certificate is not pinned here (R47)."""

    code = "signing.trust_list_unpinned"
    text = "Danh sách tin cậy không do đơn vị vận hành đã ghim ký: {detail}."


class TrustListOld(Problem):
    """The trust list is older than the one in use (R47)."""

    code = "signing.trust_list_old"
    status = 409
    text = "Danh sách tin cậy số {sequence} cũ hơn danh sách số {known} đang dùng."


class ListState(StrEnum):
    """How a list stands at a moment."""

    CURRENT = "current"
    ENDING = "ending"  # expires within 14 days: an alarm
    EXPIRED = "expired"  # believed no longer: verdicts become INDETERMINATE

    @property
    def label(self) -> str:
        return _STATE_LABELS[self]


_STATE_LABELS = {
    ListState.CURRENT: "còn hiệu lực",
    ListState.ENDING: "sắp hết hiệu lực",
    ListState.EXPIRED: "đã hết hiệu lực",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A text in both languages that a list is written in."""

    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Scheme:
    """Who runs the list, and the addresses that a deployment configures (private scheme URIs)."""

    operator: Words
    name: Words
    url: str
    street: str = "Hà Nội"
    locality: str = "Hà Nội"
    territory: str = "VN"
    kind: str = "http://tsl.lienthong.example/TrstSvc/TSLType/VNgeneric"
    approach: str = "http://tsl.lienthong.example/TrstSvc/StatusDetn/VNappropriate"
    rules: str = "http://tsl.lienthong.example/TrstSvc/schemerules/VN"
    notice: Words = field(default=Words("Theo Luật Giao dịch điện tử.", "Law on e-Transactions."))


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider (tổ chức cung cấp dịch vụ) and its services.

    trade_name: its registration identifier, such as VATVN-0100109106.
    """

    name: Words
    trade_name: str
    url: str
    services: tuple[TrustedService, ...]
    street: str = "Hà Nội"
    locality: str = "Hà Nội"


@dataclass(frozen=True)
class TrustList:
    """One issue of a list. `signers` are the certificates that may sign the next one."""

    scheme: Scheme
    sequence: int
    issued_at: datetime
    next_update: datetime
    providers: tuple[Provider, ...]
    signers: tuple[x509.Certificate, ...] = ()
    sha256: str = ""  # of the signed file; "" before it is signed

    @property
    def services(self) -> tuple[TrustedService, ...]:
        """Every service of every provider, as Trust takes them."""
        return tuple(one for provider in self.providers for one in provider.services)

    def state_at(self, at: datetime) -> ListState:
        if at >= self.next_update:
            return ListState.EXPIRED
        return ListState.ENDING if at > self.next_update - WARNING else ListState.CURRENT

    def as_trust(self, base: Trust) -> Trust:
        """`base` with number and services of this list, none granted once the list has expired.

        The end is one more dated status, so a Trust that is not replaced in time expires by itself:
        verdicts become INDETERMINATE, never valid, and what was proved before the end stays.
        """
        end = ServiceStatus(self.next_update, False)
        services = (
            replace(
                one,
                statuses=(*(each for each in one.statuses if each.since < end.since), end),
            )
            for one in self.services
        )
        return replace(base.with_services(services), list_number=self.sequence)


def write_trust_list(found: TrustList, *, signer: DigestSigner) -> bytes:
    """Return the list as signed XML: XAdES-B enveloped, exactly two references.

    Raises TrustListBroken when the content breaks the rules, and what `sign_xml` raises.
    """
    signers = found.signers or (signer.certificate,)
    found = replace(found, signers=signers)
    _check_dates(found)
    root = etree.Element(
        f"{{{TSL}}}TrustServiceStatusList",
        nsmap={None: TSL},  # type: ignore[dict-item]  # the stubs do not know the default one
        TSLTag=TAG,
        Id="TrustServiceStatusList",
    )
    _write_scheme(root, found)
    if found.providers:
        holder = _add(root, "TrustServiceProviderList")
        for provider in found.providers:
            _write_provider(_add(holder, "TrustServiceProvider"), provider)
    data = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return sign_xml(data, signer=signer, at=found.issued_at, shape=_SHAPE)


def read_trust_list(
    data: bytes,
    *,
    pinned: Collection[x509.Certificate],
    at: datetime,
    pivots: Sequence[bytes] = (),
    after: TrustList | None = None,
) -> TrustList:
    """Return the list when it may be believed.

    pinned: the operator's certificates, known out of band. pivots: earlier lists, oldest first,
    that lead from a pinned key to the key of `data`; at most 5. after: the list in use.
    An expired list is returned too: ask `state_at`. Raises TrustListBroken, TrustListForged,
    TrustListOld.
    """
    if len(pivots) > PIVOTS_MAX:
        raise TrustListForged(detail=f"có hơn {PIVOTS_MAX} danh sách chuyển khóa")
    signers, sequence = tuple(pinned), 0
    for one in pivots:
        step = _read_one(one, signers, at)
        if step.sequence <= sequence:
            raise TrustListOld(sequence=step.sequence, known=sequence)
        signers, sequence = step.signers, step.sequence
    found = _read_one(data, signers, at)
    if found.sequence <= sequence:
        raise TrustListOld(sequence=found.sequence, known=sequence)
    if after is not None and (
        found.sequence < after.sequence
        or (found.sequence == after.sequence and found.sha256 != after.sha256)
    ):
        raise TrustListOld(sequence=found.sequence, known=after.sequence)
    return found


def _read_one(data: bytes, signers: Collection[x509.Certificate], at: datetime) -> TrustList:
    """One list, signed by one of `signers`: first the signature, then what it covers."""
    try:
        signed = read_signed_xml(data, _SHAPE)
    except XMLSignatureInvalid as error:
        raise TrustListForged(detail=str(error)) from error
    _check_signer(data, signed, signers)
    try:
        # Read from the bytes that were digested, not from the file (see what is signed).
        found = _read_list(parse(signed.content, LIMITS))
    except XMLRefused as refused:
        raise TrustListBroken(detail=refused.sentence.rstrip(".")) from refused
    except UNREADABLE as error:
        raise TrustListBroken(detail=str(error)[:160]) from error
    found = replace(found, sha256=hashlib.sha256(data).hexdigest())
    _check_dates(found)
    if found.issued_at > at + TOLERANCE:
        raise TrustListBroken(detail="thời điểm phát hành ở tương lai")
    own = signed.certificate
    if not own.not_valid_before_utc <= found.issued_at <= own.not_valid_after_utc:
        raise TrustListForged(detail="chứng thư ký không có hiệu lực khi phát hành danh sách")
    return found


def _check_signer(data: bytes, signed: SignedXML, signers: Collection[x509.Certificate]) -> None:
    known = {one.fingerprint(HASH) for one in signers}
    if signed.certificate.fingerprint(HASH) not in known:
        name = common_name(signed.certificate)
        raise TrustListUnpinned(detail=f"“{name}” không phải chứng thư đã ghim")
    findings = Findings()
    check_signed_xml(signed, _SHAPE, findings)
    bad = [check.text for check in findings.checks if check.ok is not True]
    reason = " ".join(bad) or second_opinion(data, signed.certificate, _SHAPE)
    if reason:
        raise TrustListForged(detail=reason.rstrip("."))


def _check_dates(found: TrustList) -> None:
    if found.sequence < 1:
        raise TrustListBroken(detail="số thứ tự phải từ 1 trở lên")
    if not timedelta(0) < found.next_update - found.issued_at <= LIFETIME_MAX:
        raise TrustListBroken(detail="thời hạn danh sách phải dài hơn 0 và không quá 6 tháng")
    for service in found.services:
        moments = [one.since for one in service.statuses]
        if not moments or len(set(moments)) != len(moments):
            raise TrustListBroken(
                detail="lịch sử trạng thái của dịch vụ thiếu hoặc trùng thời điểm"
            )
        if max(moments) > found.issued_at + TOLERANCE:
            raise TrustListBroken(detail="trạng thái dịch vụ ở sau khi phát hành danh sách")


# Writing: the order of elements is the schema's.


def _write_scheme(root: etree._Element, found: TrustList) -> None:
    scheme = found.scheme
    info = _add(root, "SchemeInformation")
    _add(info, "TSLVersionIdentifier", str(VERSION))
    _add(info, "TSLSequenceNumber", str(found.sequence))
    _add(info, "TSLType", scheme.kind)
    _add_words(_add(info, "SchemeOperatorName"), "Name", scheme.operator)
    address = _add(info, "SchemeOperatorAddress")
    _write_address(address, scheme.street, scheme.locality, scheme.territory, scheme.url)
    _add_words(_add(info, "SchemeName"), "Name", scheme.name)
    _add_words(_add(info, "SchemeInformationURI"), "URI", Words(scheme.url, scheme.url))
    _add(info, "StatusDeterminationApproach", scheme.approach)
    _add_words(_add(info, "SchemeTypeCommunityRules"), "URI", Words(scheme.rules, scheme.rules))
    _add(info, "SchemeTerritory", scheme.territory)
    _add_words(_add(info, "PolicyOrLegalNotice"), "TSLLegalNotice", scheme.notice)
    _add(info, "HistoricalInformationPeriod", HISTORY_PERIOD)
    _write_pointer(_add(info, "PointersToOtherTSL"), found)
    _add(info, "ListIssueDateTime", _moment(found.issued_at))
    _add(_add(info, "NextUpdate"), "dateTime", _moment(found.next_update))
    _add(_add(info, "DistributionPoints"), "URI", scheme.url)


def _write_pointer(pointers: etree._Element, found: TrustList) -> None:
    """The pointer to the list itself: whose signature the next issue may bear."""
    pointer = _add(pointers, "OtherTSLPointer")
    identities = _add(pointer, "ServiceDigitalIdentities")
    for certificate in found.signers:
        _write_identity(_add(identities, "ServiceDigitalIdentity"), certificate)
    _add(pointer, "TSLLocation", found.scheme.url)
    extra = _add(pointer, "AdditionalInformation")
    _add(_add(extra, "OtherInformation"), "TSLType", found.scheme.kind)
    territory = _add(extra, "OtherInformation")
    _add(territory, "SchemeTerritory", found.scheme.territory)


def _write_provider(holder: etree._Element, provider: Provider) -> None:
    info = _add(holder, "TSPInformation")
    _add_words(_add(info, "TSPName"), "Name", provider.name)
    trade = Words(provider.trade_name, provider.trade_name)
    _add_words(_add(info, "TSPTradeName"), "Name", trade)
    address = _add(info, "TSPAddress")
    _write_address(address, provider.street, provider.locality, "VN", provider.url)
    _add_words(_add(info, "TSPInformationURI"), "URI", Words(provider.url, provider.url))
    services = _add(holder, "TSPServices")
    for one in provider.services:
        _write_service(_add(services, "TSPService"), one)


def _write_service(holder: etree._Element, one: TrustedService) -> None:
    newest, *earlier = sorted(one.statuses, key=lambda each: each.since, reverse=True)
    _write_status(_add(holder, "ServiceInformation"), one, newest)
    if earlier:
        history = _add(holder, "ServiceHistory")
        for status in earlier:
            _write_status(_add(history, "ServiceHistoryInstance"), one, status)


def _write_status(holder: etree._Element, one: TrustedService, status: ServiceStatus) -> None:
    name = one.name or common_name(one.certificate)
    _add(holder, "ServiceTypeIdentifier", KINDS[one.kind])
    _add_words(_add(holder, "ServiceName"), "Name", Words(name, _unaccented(name)))
    _write_identity(_add(holder, "ServiceDigitalIdentity"), one.certificate)
    _add(holder, "ServiceStatus", GRANTED if status.granted else WITHDRAWN)
    _add(holder, "StatusStartingTime", _moment(status.since))


def _unaccented(text: str) -> str:
    """A Vietnamese name for readers of English, whom the standard asks to serve too."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _write_identity(holder: etree._Element, certificate: x509.Certificate) -> None:
    text = base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
    _add(_add(holder, "DigitalId"), "X509Certificate", text)


def _write_address(
    holder: etree._Element, street: str, locality: str, country: str, url: str
) -> None:
    postal = _add(holder, "PostalAddresses")
    for language in ("vi", "en"):
        one = _add(postal, "PostalAddress")
        one.set(_LANG, language)
        _add(one, "StreetAddress", street)
        _add(one, "Locality", locality)
        _add(one, "CountryName", country)
    _add_words(_add(holder, "ElectronicAddress"), "URI", Words(url, url))


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    made = etree.SubElement(parent, f"{{{TSL}}}{name}")
    made.text = text
    return made


def _add_words(parent: etree._Element, name: str, words: Words) -> None:
    for language, text in (("vi", words.vi), ("en", words.en)):
        _add(parent, name, text).set(_LANG, language)


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Reading: a missing or doubled part raises ValueError, with a Vietnamese text.


def _read_list(root: etree._Element) -> TrustList:
    if root.tag != f"{{{TSL}}}TrustServiceStatusList" or root.get("TSLTag") != TAG:
        raise ValueError("không phải danh sách tin cậy TS 119 612")
    info = _one(root, "SchemeInformation")
    if _text(info, "TSLVersionIdentifier") not in VERSIONS_READ:
        raise ValueError("phiên bản danh sách không phải 5 hoặc 6")
    sequence = _text(info, "TSLSequenceNumber")
    if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 9):
        raise ValueError("số thứ tự danh sách sai")
    holders = _all(root, "TrustServiceProviderList")
    return TrustList(
        scheme=_read_scheme(info),
        sequence=int(sequence),
        issued_at=_time(info, "ListIssueDateTime"),
        next_update=_time(_one(info, "NextUpdate"), "dateTime"),
        providers=tuple(
            _read_provider(one)
            for holder in holders
            for one in _all(holder, "TrustServiceProvider")
        ),
        signers=tuple(_read_signers(info)),
    )


def _read_scheme(info: etree._Element) -> Scheme:
    postal = _all(_one(_one(info, "SchemeOperatorAddress"), "PostalAddresses"), "PostalAddress")
    rules = _all(info, "SchemeTypeCommunityRules")
    notices = _all(info, "PolicyOrLegalNotice")
    return Scheme(
        operator=_words(_one(info, "SchemeOperatorName"), "Name"),
        name=_words(_one(info, "SchemeName"), "Name"),
        url=_words(_one(info, "SchemeInformationURI"), "URI").vi,
        street=_text(postal[0], "StreetAddress") if postal else "",
        locality=_text(postal[0], "Locality") if postal else "",
        territory=_text(info, "SchemeTerritory"),
        kind=_text(info, "TSLType"),
        approach=_text(info, "StatusDeterminationApproach"),
        rules=_words(rules[0], "URI").vi if rules else "",
        notice=_words(notices[0], "TSLLegalNotice") if notices else Words("", ""),
    )


def _read_signers(info: etree._Element) -> Iterator[x509.Certificate]:
    """The identities in pointers to this very list; pointers to other lists are not followed."""
    own = {_text(info, "SchemeTerritory"), _text(info, "TSLType")}
    for holder in _all(info, "PointersToOtherTSL"):
        for pointer in _all(holder, "OtherTSLPointer"):
            said = {
                (one.text or "").strip()
                for extra in _all(pointer, "AdditionalInformation")
                for other in _all(extra, "OtherInformation")
                for one in children(other)
                if one.tag in {f"{{{TSL}}}SchemeTerritory", f"{{{TSL}}}TSLType"}
            }
            if said == own:
                for part in _all(pointer, "ServiceDigitalIdentities"):
                    yield from map(_identity, _all(part, "ServiceDigitalIdentity"))


def _read_provider(holder: etree._Element) -> Provider:
    info = _one(holder, "TSPInformation")
    trade = _all(info, "TSPTradeName")
    name = _words(_one(info, "TSPName"), "Name")
    return Provider(
        name=name,
        trade_name=_words(trade[0], "Name").vi if trade else "",
        url=_words(_one(info, "TSPInformationURI"), "URI").vi,
        services=tuple(
            service
            for one in _all(_one(holder, "TSPServices"), "TSPService")
            for service in _read_service(one, name.vi)
        ),
        street=_text(_postal(info), "StreetAddress"),
        locality=_text(_postal(info), "Locality"),
    )


def _postal(info: etree._Element) -> etree._Element:
    found = _all(_one(_one(info, "TSPAddress"), "PostalAddresses"), "PostalAddress")
    if not found:
        raise ValueError("thiếu địa chỉ của nhà cung cấp")
    return found[0]


def _read_service(holder: etree._Element, provider: str) -> Iterator[TrustedService]:
    """The service; none for a kind that we do not use."""
    info = _one(holder, "ServiceInformation")
    kind = _KIND_OF.get(_text(info, "ServiceTypeIdentifier"))
    if kind is None:
        return
    instances = [
        one
        for part in _all(holder, "ServiceHistory")
        for one in _all(part, "ServiceHistoryInstance")
    ]
    if any(_KIND_OF.get(_text(one, "ServiceTypeIdentifier")) != kind for one in instances):
        raise ValueError("lịch sử dịch vụ đổi loại dịch vụ")
    current, statuses = _status(info), [_status(one) for one in instances]
    if any(one.since >= current.since for one in statuses):
        raise ValueError("trạng thái hiện tại không phải trạng thái mới nhất")
    yield TrustedService(
        _identity(_one(info, "ServiceDigitalIdentity")),
        kind,
        tuple(sorted([*statuses, current], key=lambda one: one.since)),
        _words(_one(info, "ServiceName"), "Name").vi,
        provider,
    )


def _status(holder: etree._Element) -> ServiceStatus:
    """A status; one that we do not know is not granted."""
    granted = _text(holder, "ServiceStatus") == GRANTED
    return ServiceStatus(_time(holder, "StatusStartingTime"), granted)


def _identity(holder: etree._Element) -> x509.Certificate:
    """The certificate of an identity; several must be the same one."""
    texts = {
        "".join((one.text or "").split())
        for part in _all(holder, "DigitalId")
        for one in _all(part, "X509Certificate")
    }
    if len(texts) != 1:
        raise ValueError("dịch vụ phải được chỉ bằng đúng một chứng thư")
    certificate = x509.load_der_x509_certificate(base64.b64decode(texts.pop(), validate=True))
    _ = certificate.subject, certificate.extensions
    return certificate


def _all(parent: etree._Element, name: str) -> list[etree._Element]:
    return [one for one in children(parent) if one.tag == f"{{{TSL}}}{name}"]


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = _all(parent, name)
    if len(found) != 1:
        raise ValueError(f"cần đúng một {name}")
    return found[0]


def _text(parent: etree._Element, name: str) -> str:
    return (_one(parent, name).text or "").strip()


def _words(holder: etree._Element, name: str) -> Words:
    found = {one.get(_LANG, ""): (one.text or "").strip() for one in _all(holder, name)}
    if not found:
        raise ValueError(f"cần ít nhất một {name}")
    any_text = next(iter(found.values()))
    return Words(found.get("vi", any_text), found.get("en", any_text))


def _time(parent: etree._Element, name: str) -> datetime:
    moment = datetime.fromisoformat(_text(parent, name))
    if moment.tzinfo is None:
        raise ValueError(f"{name} thiếu múi giờ")
    return moment
