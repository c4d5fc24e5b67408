"""A small country for the tests: a real PKI, agencies with keys, documents signed by both hands."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pikepdf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from lienthong.core import edxml, signing
from lienthong.core.signing.authority import Authority, Profile, Subject, make_ec_key

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
SIGNER = "Lê Minh Họa"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Agency:
    """An agency with its four keys: person, seal, service and node."""

    code: str
    code102: str
    name: str
    node_id: str
    person: signing.KeySigner
    seal: signing.KeySigner
    service: signing.KeySigner
    node: signing.KeySigner

    @property
    def node_pem(self) -> str:
        return self.node.certificate.public_bytes(Encoding.PEM).decode()

    def as_organization(self) -> edxml.Organization:
        return edxml.Organization(code=self.code, name=self.name)


class Country:
    """The authorities, and four agencies on three nodes."""

    def __init__(self) -> None:
        self.since = datetime.now(UTC) - timedelta(days=30)
        self.root = Authority.root("CA gốc thử nghiệm", key=make_ec_key(), at=self.since)
        self.authority = self.root.sub_authority(
            "CA A thử nghiệm", key=make_ec_key(), at=self.since
        )
        self.log_key = Ed25519PrivateKey.generate()
        self.receipt_signer = self._signer(Profile.RECEIPT, "Trục liên thông", "Trục", "G22")
        self.axis_signer = self._signer(Profile.SERVICE, "Trục liên thông", "Trục", "G22")
        self.ministry = self._agency("G99", "000.00.00.G99", "Bộ Thử nghiệm", "bo")
        self.province = self._agency("H99", "000.00.00.H99", "UBND tỉnh Minh Họa", "tinh")
        self.department = self._agency("H99.8", "000.00.08.H99", "Sở Mẫu biểu", "tinh")
        self.other = self._agency("G98", "000.00.00.G98", "Bộ Khác", "bo-khac")
        self.department = replace(self.department, node=self.province.node)

    @property
    def agencies(self) -> tuple[Agency, ...]:
        return (self.ministry, self.province, self.department, self.other)

    @cached_property
    def trust(self) -> signing.Trust:
        now = datetime.now(UTC) - timedelta(minutes=10)
        return signing.Trust(
            anchors=(self.root.certificate,),
            intermediates=(self.authority.certificate,),
            crls=(self.root.crl(at=now), self.authority.crl(at=now)),
            keys={"log": self.log_key.public_key()},
        )

    def _agency(self, code: str, code102: str, name: str, node_id: str) -> Agency:
        return Agency(
            code=code,
            code102=code102,
            name=name,
            node_id=node_id,
            person=self._signer(Profile.PERSON, SIGNER, name, code),
            seal=self._signer(Profile.AGENCY, name, name, code),
            service=self._signer(Profile.SERVICE, f"Gửi nhận {code}", name, code),
            node=self._signer(Profile.NODE, f"Điểm kết nối {node_id}", name, code),
        )

    def _signer(self, profile: Profile, name: str, organization: str, code: str) -> Any:
        key = make_ec_key()
        subject = Subject(
            common_name=name,
            organization=organization,
            organization_code=code,
            title="Thứ trưởng" if profile is Profile.PERSON else "",
            serial="001085000017" if profile is Profile.PERSON else "",
            place="Hà Nội",
        )
        certificate = self.authority.issue(profile, subject, key.public_key(), at=self.since)
        return signing.KeySigner(key, certificate, self.authority.chain)


@cache
def country() -> Country:
    return Country()


def plain_pdf(text: str = "Van ban thu nghiem", padding: bytes = b"") -> bytes:
    """A one-page PDF; `padding` becomes a stream of its own, to reach a size."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    page.Contents = pdf.make_stream(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode())
    if padding:
        pdf.Root.PieceInfo = pdf.make_stream(padding)
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def signed_pdf(agency: Agency, *, text: str = "Van ban thu nghiem", padding: bytes = b"") -> bytes:
    """A PDF signed by the person, then by the agency."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    prepared = signing.prepare_pdf(
        plain_pdf(text, padding),
        person=signing.Box(0, 330, 150, 460, 210),
        agency=signing.Box(0, 250, 150, 350, 250),
    )
    by_person = signing.sign_pdf(
        prepared,
        field=signing.PERSON_FIELD,
        signer=agency.person,
        name=SIGNER,
        reason="Ký ban hành",
        location="Hà Nội",
        at=at,
    )
    return signing.sign_pdf(
        by_person,
        field=signing.AGENCY_FIELD,
        signer=agency.seal,
        name=agency.name,
        reason="Chữ ký số của cơ quan",
        location="Hà Nội",
        at=at + timedelta(seconds=10),
    )


@cache
def ministry_pdf() -> bytes:
    """One signed document of the ministry, for the tests that do not care which."""
    return signed_pdf(country().ministry)


def document(
    sender: Agency, *receivers: Agency, pdf: bytes | None = None, number: str = "", **values: Any
) -> edxml.DocumentPacket:
    """A document packet with a number of its own."""
    number = number or f"{next(_numbers):02d}"
    today = datetime.now(VIETNAM).date()
    pdf = pdf if pdf is not None else ministry_pdf()
    wanted: dict[str, Any] = {
        "sender": sender.as_organization(),
        "receivers": tuple(each.as_organization() for each in receivers),
        "document_id": document_id(sender, number, today),
        "number": number,
        "notation": "BTN-CNTT",
        "place": "Hà Nội",
        "promulgated_on": today,
        "subject": "V/v góp ý dự thảo Quy chế trao đổi dữ liệu thử nghiệm",
        "signer": edxml.Signer("KT. BỘ TRƯỞNG", "Thứ trưởng", SIGNER),
        "trace": (edxml.TraceEntry(sender.code, datetime.now(VIETNAM).replace(microsecond=0)),),
        "business": edxml.Business(staff=edxml.Staff("Văn thư", "Người Gửi", "", "")),
        "attachments": (edxml.Attachment.of(f"{number}-BTN-CNTT.pdf", pdf),),
    }
    return edxml.DocumentPacket(**(wanted | values))


def document_id(sender: Agency, number: str, on: date) -> str:
    return f"{sender.code},{on:%Y/%m/%d},{number}/BTN-CNTT"


def status(
    sender: Agency, answered: edxml.DocumentPacket, code: edxml.StatusCode, description: str = ""
) -> edxml.StatusPacket:
    """A status packet about a document."""
    return edxml.StatusPacket(
        sender=sender.as_organization(),
        response_for=edxml.ResponseFor(
            answered.sender.code, answered.reference, answered.promulgated_on, answered.document_id
        ),
        status=code,
        description=description,
        at=datetime.now(VIETNAM).replace(microsecond=0),
        staff=edxml.Staff("Văn thư", "Người Nhận", "", ""),
    )
