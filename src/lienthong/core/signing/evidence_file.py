"""One file that proves a document offline: the document, its packet, receipts, and all evidence.

An ASiC-E container (`asic`) sealed by whoever checked the document. Inside (SG-E-01 to SG-E-06):

    document.pdf           the signed document          packet.edxml, packet.edxml.p7s
    receipts/1.json …      the axis' receipts, each with its log proof and checkpoint
    evidence/<sha256>.cer  certificates of every path; .crl, .ors: their status
    report.json            what the check found then    record.json: who checked, when, against what

A file that was renewed holds the earlier one whole, as previous.asice, under a new time-stamp.

Nothing inside is believed because it is inside: `check` verifies everything again, with the anchors
of whoever asks, at the time of asking. What it cannot find it names, and does not call valid.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core import edxml
from lienthong.core.errors import Problem
from lienthong.core.signing import asic, cms
from lienthong.core.signing.authority import DOCUMENT_SIGNING, PACKET_SIGNING, RECEIPT_SIGNING
from lienthong.core.signing.cades import sign_detached, verify_detached
from lienthong.core.signing.canonical import canonical_json
from lienthong.core.signing.evidence import NO_EVIDENCE, Evidence
from lienthong.core.signing.jws import strict_object
from lienthong.core.signing.keys import DigestSigner
from lienthong.core.signing.path import check_path, common_name, local
from lienthong.core.signing.pdf_structure import read_structure
from lienthong.core.signing.pdf_verify import check_official, verify_pdf
from lienthong.core.signing.poe import KnownPoe, PoeKind, earliest, known
from lienthong.core.signing.policy import POLICY_ID
from lienthong.core.signing.problems import ContainerInvalid
from lienthong.core.signing.receipt_file import check_receipt, receipt_certificate
from lienthong.core.signing.report import (
    Check,
    DocumentReport,
    SignatureReport,
    Verdict,
    lowest,
    verdict_of,
)
from lienthong.core.signing.trust import Trust
from lienthong.core.signing.tsp import TimestampSource
from lienthong.core.signing.validate import CLAIM_TOLERANCE, Purpose

DOCUMENT = "document.pdf"
PACKET = "packet.edxml"
PACKET_SIGNATURE = "packet.edxml.p7s"
REPORT = "report.json"
RECORD = "record.json"
PREVIOUS = "previous.asice"
RENEWALS_MAX = 20
RECORD_VERSION = 1
SEAL_FIELD = "HoSoChungCu"
_ABOUT = {DOCUMENT, PACKET, PACKET_SIGNATURE}
_RECEIPT = re.compile(r"receipts/[1-9][0-9]{0,2}\.json")
_PIECE = re.compile(r"evidence/([0-9a-f]{64})\.(cer|crl|ors)")
_SEAL = Purpose(
    frozenset({PACKET_SIGNING, DOCUMENT_SIGNING, RECEIPT_SIGNING}), False, "niêm phong hồ sơ"
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What an evidence file is made of.

    document: a PDF. receipts: JSON files with `receipt` and `log`, as the axis answers.
    report: what the check found then, as JSON values; {"document": …, "packet": …} on a desk.
    agency_codes, signer_name: the issuing agency and the signer that the document is checked
    against (SG 7.5); no codes means that it is not judged as an official document.
    facts: short texts worth keeping, such as the reference and who checked.
    """

    report: Mapping[str, Any]
    checked_at: datetime
    document: bytes | None = None
    packet: bytes | None = None
    packet_signature: bytes | None = None
    receipts: tuple[bytes, ...] = ()
    evidence: Evidence = NO_EVIDENCE
    agency_codes: frozenset[str] = frozenset()
    signer_name: str | None = None
    list_sequence: int | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EvidenceReport:
    """What is in an evidence file and whether all of it holds together."""

    verdict: Verdict
    checks: tuple[Check, ...]
    missing: tuple[str, ...] = ()
    seal: SignatureReport | None = None
    document: DocumentReport | None = None
    packet: SignatureReport | None = None
    record: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "verdict": self.verdict.value,
            "checks": [{"id": one.id, "ok": one.ok, "text": one.text} for one in self.checks],
            "missing": list(self.missing),
            "seal": self.seal.to_json() if self.seal else None,
            "document": self.document.to_json() if self.document else None,
            "packet": self.packet.to_json() if self.packet else None,
            "record": dict(self.record),
        }


def build(
    contents: Contents,
    *,
    signer: DigestSigner,
    trust: Trust,
    at: datetime,
    timestamp: TimestampSource | None = None,
    timestamp_required: bool = True,
) -> bytes:
    """Return the evidence file, sealed by `signer` at `at`.

    The certificates and lists that prove the signatures inside are taken from `trust` and added to
    those of `contents`. timestamp: over the seal; it proves that everything inside existed then, so
    that the file outlives the certificates of those who signed. When none can be had and it is not
    required, the seal goes without, which the check names as missing.

    Raises ValueError when there is neither a document nor a packet, and TimestampNotMade.
    """
    if contents.document is None and contents.packet is None:
        raise ValueError("an evidence file is about a document or a packet")
    signers = (*_signers(contents), signer.certificate)
    evidence = contents.evidence + collect(signers, others=signer.chain, trust=trust, at=at)
    parts: dict[str, bytes] = {
        name: content
        for name, content in (
            (DOCUMENT, contents.document),
            (PACKET, contents.packet),
            (PACKET_SIGNATURE, contents.packet_signature),
        )
        if content is not None
    }
    parts |= {f"receipts/{n}.json": one for n, one in enumerate(contents.receipts, start=1)}
    parts |= dict(_pieces(evidence))
    parts[REPORT] = canonical_json(contents.report)
    parts[RECORD] = canonical_json(_record(contents, trust, at))

    def sign(manifest: bytes) -> bytes:
        return sign_detached(
            manifest,
            signer=signer,
            at=at,
            timestamp=timestamp,
            timestamp_required=timestamp_required,
        )

    return asic.write(parts, sign=sign)


def renew(
    data: bytes, *, signer: DigestSigner, trust: Trust, at: datetime, timestamp: TimestampSource
) -> bytes:
    """Return `data` inside a new evidence file, sealed and time-stamped at `at` (SG 5.2, R52).

    Done before the time-stamp authority or an algorithm of the last seal ends. The new file holds
    what proves the last seal and its time-stamp. Raises ContainerInvalid, TimestampNotMade.
    """
    inner = asic.read(data)
    signers = (*_signers_in(inner.signature), signer.certificate)
    evidence = collect(signers, others=signer.chain, trust=trust, at=at)
    record = _record(Contents(report={}, checked_at=at, document=data), trust, at)
    parts = {PREVIOUS: data, **dict(_pieces(evidence)), RECORD: canonical_json(record)}

    def sign(manifest: bytes) -> bytes:
        return sign_detached(manifest, signer=signer, at=at, timestamp=timestamp)

    return asic.write(parts, sign=sign)


def collect(
    certificates: Iterable[x509.Certificate],
    *,
    others: Iterable[x509.Certificate] = (),
    trust: Trust,
    at: datetime,
) -> Evidence:
    """The path of each certificate as `trust` finds it, the lists of every issuer in it, and the
    OCSP answers that decided about it."""
    found = Evidence()
    for leaf in certificates:
        path = check_path(leaf, trust=trust, at=at, others=tuple(others))
        names = [one.subject.public_bytes() for one in path.certificates]
        lists = [crl for name in names for crl in trust.lists.get(name, ())]
        used = {status.evidence for status in path.statuses if status.source == "ocsp"}
        answers = [one for one in trust.ocsps if _sha256(one) in used]
        found += Evidence(path.certificates, tuple(lists), tuple(answers))
    return found


def check(data: bytes, *, trust: Trust, at: datetime) -> EvidenceReport:
    """Verify an evidence file and everything in it at the time `at`, by the anchors of `trust`.

    Never raises for bad content.
    """
    try:
        container = asic.read(data)
        return _Checking(container, trust, at).run()
    except Problem as problem:
        found = Check("container", False, problem.sentence)
        return EvidenceReport(Verdict.INVALID, (found,))


class _Checking:
    """One check of one container: parts, bindings between them, the seal."""

    def __init__(
        self,
        container: asic.Container,
        trust: Trust,
        at: datetime,
        *,
        poes: tuple[KnownPoe, ...] = (),
        evidence: Evidence = NO_EVIDENCE,
        depth: int = 0,
    ) -> None:
        self.container = container
        self.parts = container.parts
        self.at = at
        self.depth = depth
        self.checks: list[Check] = []
        self.missing: list[str] = []
        _check_names(self.parts)
        self.record = _json(self.parts, RECORD)
        self.evidence = _evidence(self.parts) + evidence
        self.trust = trust
        self.poes = poes

    def run(self) -> EvidenceReport:
        self._note(True, "container", "Tệp nguyên vẹn: mọi thành phần đúng với bảng kê.")
        self._check_record()
        seal = replace(
            verify_detached(
                self.container.manifest,
                self.container.signature,
                trust=self.trust,
                at=self.at,
                purpose=_SEAL,
                poes=self.poes,
                evidence=self.evidence,
            ),
            field=SEAL_FIELD,
        )
        self._date_parts(seal)
        if PREVIOUS in self.parts:
            return self._run_previous(seal)
        packet = self._check_packet()
        document = self._check_document()
        self._check_receipts()
        reports = (seal, packet, document)
        verdicts = [one.verdict for one in reports if one is not None]
        verdicts += [verdict_of(one.ok) for one in self.checks]
        return EvidenceReport(
            lowest(verdicts),
            tuple(self.checks),
            tuple(self.missing),
            seal,
            document,
            packet,
            self.record,
        )

    def _run_previous(self, seal: SignatureReport) -> EvidenceReport:
        """The earlier file, as it stood when this one was sealed; with what this one adds."""
        if self.depth >= RENEWALS_MAX:
            raise ContainerInvalid(detail="quá nhiều lần gia hạn")
        if not self.poes:
            self._note(None, "dated", "Lần niêm phong lại không có dấu thời gian dùng được.")
        container = asic.read(self.parts[PREVIOUS])
        inner = (container.signature, container.manifest, *container.parts.values())
        poes = tuple(
            KnownPoe(_sha256(one), poe.at, poe.kind) for poe in self.poes[:1] for one in inner
        )
        found = _Checking(
            container,
            self.trust,
            self.at,
            poes=poes,
            evidence=self.evidence,
            depth=self.depth + 1,
        ).run()
        verdicts = (found.verdict, seal.verdict, *(verdict_of(one.ok) for one in self.checks))
        sealing = tuple(one for one in seal.checks if one.ok is not True)
        checks = (*self.checks, *sealing, *found.checks)
        return replace(found, verdict=lowest(verdicts), checks=checks)

    def _date_parts(self, seal: SignatureReport) -> None:
        """The time-stamp on a good seal proves when everything under it existed."""
        is_dated = seal.best_kind == PoeKind.SIGNATURE_TIMESTAMP and seal.best_at is not None
        if seal.verdict is not Verdict.VALID or not is_dated or seal.best_at is None:
            self.missing.append("dấu thời gian trên niêm phong")
            return
        dated = (_sha256(one) for one in self.parts.values())
        own = tuple(KnownPoe(one, seal.best_at, PoeKind.EVIDENCE_RECORD) for one in dated)
        self.poes = (*own, *self.poes)
        text = f"Mọi thành phần đã có từ trước {local(seal.best_at)}, theo dấu thời gian."
        self._note(True, "dated", text)

    def _note(self, ok: bool | None, name: str, text: str) -> None:
        self.checks.append(Check(name, ok, text))

    def _check_record(self) -> None:
        """Who checked, when, and by which roots: told, and compared with the roots given now."""
        when = _moment(self.record.get("checked_at"))
        told = self.record.get("trust")
        anchors = told.get("anchors") if isinstance(told, dict) else None
        if self.record.get("version") != RECORD_VERSION or when is None or not anchors:
            self._note(False, "record", "Bản ghi của hồ sơ (record.json) thiếu thông tin bắt buộc.")
            return
        about = next(
            (self.parts[name] for name in (PREVIOUS, DOCUMENT, PACKET) if name in self.parts), b""
        )
        if self.record.get("sha256") != hashlib.sha256(about).hexdigest():
            self._note(False, "record", "Bản ghi của hồ sơ là của văn bản khác.")
        elif when > self.at + CLAIM_TOLERANCE:
            self._note(False, "record", f"Hồ sơ ghi đã kiểm tra lúc {local(when)}, ở tương lai.")
        elif self.trust.anchor_fingerprints & set(map(str, anchors)):
            self._note(True, "record", f"Người lập hồ sơ đã kiểm tra lúc {local(when)}.")
        else:
            text = "Hồ sơ được lập theo các chứng thư gốc khác với các gốc bạn tin cậy."
            self._note(None, "record", text)

    def _check_packet(self) -> SignatureReport | None:
        packet, signature = self.parts.get(PACKET), self.parts.get(PACKET_SIGNATURE)
        if packet is None:
            self.missing.append("gói tin của trục liên thông")
            if signature is not None:
                self._note(False, "packet", "Có chữ ký gói tin nhưng không có gói tin.")
            return None
        if signature is None:
            self.missing.append("chữ ký của gói tin")
            self._note(None, "packet", "Thiếu chữ ký của gói tin nên chưa biết ai gửi.")
            return None
        return verify_detached(
            packet,
            signature,
            trust=self.trust,
            at=self.at,
            poes=self.poes,
            evidence=self.evidence,
        )

    def _check_document(self) -> DocumentReport | None:
        document = self.parts.get(DOCUMENT)
        if document is None:
            self.missing.append("tệp văn bản (PDF)")
            if PACKET not in self.parts:
                self._note(None, "document", "Hồ sơ không có văn bản và không có gói tin.")
            return None
        report = verify_pdf(
            document, trust=self.trust, at=self.at, poes=self.poes, evidence=self.evidence
        )
        self._bind_packet(document)
        self._bind_report(report)
        codes = self.record.get("agency_codes")
        if isinstance(codes, list) and codes:
            name = self.record.get("signer_name")
            signer = name if isinstance(name, str) else None
            report = check_official(report, agency_codes=set(map(str, codes)), signer_name=signer)
        return report

    def _bind_packet(self, document: bytes) -> None:
        """The document is one of the packet's files, and the packet is the agency's (R59)."""
        raw = self.parts.get(PACKET)
        if raw is None:
            return
        reading = edxml.read(raw, profile=edxml.Profile.COMPAT)
        packet = reading.packet
        if not isinstance(packet, edxml.DocumentPacket):
            self._note(False, "packet", "Thành phần packet.edxml không phải gói tin văn bản.")
            return
        inside = any(one.data == document for one in packet.attachments)
        text = "Văn bản là tệp nằm trong gói tin." if inside else "Văn bản không có trong gói tin."
        self._note(inside, "document_in_packet", text)
        codes = self.record.get("agency_codes") or [packet.sender.code]
        if packet.sender.code not in codes:
            self._note(False, "sender", "Cơ quan gửi gói tin không phải cơ quan ban hành đã ghi.")

    def _bind_report(self, now: DocumentReport) -> None:
        """The report kept is about this document; a verdict that has changed is told."""
        found_then = _json(self.parts, REPORT)
        then = found_then.get("document", found_then)
        if not isinstance(then, dict) or then.get("sha256") != now.sha256:
            self._note(False, "report", "Kết quả kiểm tra trong hồ sơ là của văn bản khác.")
            return
        text = "Kết quả kiểm tra khi lập hồ sơ là của đúng văn bản này."
        if then.get("verdict") in set(Verdict):
            text += f" Khi đó: {Verdict(then['verdict']).label}."
        self._note(True, "report", text)

    def _check_receipts(self) -> None:
        names = [name for name in self.parts if _RECEIPT.fullmatch(name)]
        if not names:
            self.missing.append("biên nhận của trục và bằng chứng nhật ký")
        packet = self.parts.get(PACKET)
        for name in names:
            found = check_receipt(
                self.parts[name],
                trust=self.trust,
                at=self.at,
                packet=packet,
                best=earliest(self.at, known(self.poes, _sha256(self.parts[name]), self.at)),
                evidence=self.evidence,
            )
            bad = next((one.text for one in found.checks if one.ok is not True), "")
            if packet is None:
                text = "Biên nhận là của một gói tin không có trong hồ sơ."
                self._note(None, "receipt", text)
            elif found.verdict is not Verdict.VALID:
                ok = False if found.verdict is Verdict.INVALID else None
                self._note(ok, "receipt", f"{name}: {bad}")
            else:
                text = "Trục liên thông đã nhận gói tin này; biên nhận nằm trong nhật ký."
                self._note(True, "receipt", text)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _check_names(parts: Mapping[str, bytes]) -> None:
    """Refuse parts that this kind of file does not have, and demand those it always has."""
    is_renewed = PREVIOUS in parts
    fixed = {PREVIOUS, RECORD} if is_renewed else {*_ABOUT, REPORT, RECORD}
    for name in parts:
        if name not in fixed and not _RECEIPT.fullmatch(name) and not _PIECE.fullmatch(name):
            raise ContainerInvalid(detail=f"thành phần lạ {name}")
    for name in (RECORD,) if is_renewed else (REPORT, RECORD):
        if name not in parts:
            raise ContainerInvalid(detail=f"thiếu thành phần {name}")


def _json(parts: Mapping[str, bytes], name: str) -> dict[str, Any]:
    found = strict_object(parts[name], name)
    if canonical_json(found) != parts[name]:
        raise ContainerInvalid(detail=f"{name} không ở dạng JSON chuẩn tắc")
    return found


def _evidence(parts: Mapping[str, bytes]) -> Evidence:
    """The evidence in the parts, each named by its digest. Raises ContainerInvalid."""
    found = Evidence()
    for name, content in parts.items():
        piece = _PIECE.fullmatch(name)
        if piece is None:
            continue
        if hashlib.sha256(content).hexdigest() != piece[1]:
            raise ContainerInvalid(detail=f"chứng cứ {name} mang tên của nội dung khác")
        try:
            found += _loaded(content, piece[2])
        except cms.UNREADABLE as error:
            raise ContainerInvalid(detail=f"không đọc được chứng cứ {name}") from error
    return found


def _loaded(content: bytes, kind: str) -> Evidence:
    if kind == "cer":
        certificate = x509.load_der_x509_certificate(content)
        _ = certificate.subject, certificate.issuer, certificate.extensions
        return Evidence(certificates=(certificate,))
    if kind == "crl":
        crl = x509.load_der_x509_crl(content)
        _ = crl.issuer, crl.extensions
        return Evidence(crls=(crl,))
    return Evidence(ocsps=(content,))


def _pieces(evidence: Evidence) -> Iterable[tuple[str, bytes]]:
    """Name and content of every piece."""
    for certificate in evidence.certificates:
        yield _piece(certificate.public_bytes(Encoding.DER), "cer")
    for crl in evidence.crls:
        yield _piece(crl.public_bytes(Encoding.DER), "crl")
    for ocsp in evidence.ocsps:
        yield _piece(ocsp, "ors")


def _piece(content: bytes, kind: str) -> tuple[str, bytes]:
    return f"evidence/{hashlib.sha256(content).hexdigest()}.{kind}", content


def _signers(contents: Contents) -> tuple[x509.Certificate, ...]:
    """The certificates of every signature that goes into the file, as far as they can be read."""
    found: list[x509.Certificate] = []
    if contents.document is not None:
        found += signers_of(contents.document)
    if contents.packet_signature is not None:
        found += _signers_in(contents.packet_signature)
    for receipt in contents.receipts:
        certificate = receipt_certificate(receipt)
        if certificate is not None:
            found.append(certificate)
    return tuple(found)


def signers_of(document: bytes) -> list[x509.Certificate]:
    """The certificates of every signature of a PDF and of the time-stamps in and on it."""
    return [one for value in _values(document) for one in _signers_in(value)]


def _signers_in(value: bytes) -> list[x509.Certificate]:
    """Of one CMS and the time-stamps in it; what cannot be read, the report says."""
    found: list[x509.Certificate] = []
    for kind in ("data", "tst_info"):
        try:
            signed = cms.parse(value, trailing_zeros=True, content_type=kind)
        except cms.CMSInvalid:
            continue
        found.append(signed.certificate)
        found += [one for token in signed.timestamps for one in _signers_in(token)]
    return found


def _values(document: bytes) -> list[bytes]:
    try:
        structure = read_structure(document)
    except Problem:
        return []
    with structure.pdf:
        found = (*structure.signatures, *structure.timestamps)
        return [one.contents for one in found if one.contents]


def _record(contents: Contents, trust: Trust, at: datetime) -> dict[str, Any]:
    document = contents.document if contents.document is not None else contents.packet or b""
    return {
        "version": RECORD_VERSION,
        "made_at": at.isoformat(),
        "checked_at": contents.checked_at.isoformat(),
        "policy": POLICY_ID,
        "sha256": hashlib.sha256(document).hexdigest(),
        "agency_codes": sorted(contents.agency_codes),
        "signer_name": contents.signer_name,
        "trust": {
            "epoch": trust.epoch,
            "list_sequence": contents.list_sequence,
            "anchors": sorted(trust.anchor_fingerprints),
            "anchor_names": [common_name(one) for one in trust.anchors],
        },
        "facts": dict(contents.facts),
    }


def _moment(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None
