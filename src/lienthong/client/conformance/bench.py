"""What the checks work with: packets to send, and callers that can also misbehave."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pikepdf

from lienthong.client.conformance.kit import KitSystem
from lienthong.client.conformance.profile import Party, Profile
from lienthong.client.hub import HubClient
from lienthong.core import edxml, signing

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
ANSWER_WITHIN_S = 60.0
TEXT = "Van ban kiem thu su phu hop"


class NotAsExpected(Exception):  # noqa: N818  it ends a check; nobody refuses anything
    """The node did something else than the check asks; the text says what was seen."""


def expect(holds: object, saw: object) -> None:
    """End the check unless it holds; `saw` is what the report will say."""
    if not holds:
        raise NotAsExpected(str(saw)[:300])


@dataclass(frozen=True, slots=True)
class Check:
    """A question to the node. `source` names the rule; `ask` raises when the answer is wrong."""

    id: str
    title: str
    source: str
    ask: Callable[[Bench], None]


class Checks:
    """A list of checks that functions are entered into by decoration."""

    def __init__(self) -> None:
        self.listed: list[Check] = []

    def __call__(
        self, number: str, title: str, source: str
    ) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
        def enter(ask: Callable[[Bench], None]) -> Callable[[Bench], None]:
            self.listed.append(Check(number, title, source, ask))
            return ask

        return enter


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet in bytes with its detached signature."""

    raw: bytes
    signature: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    def headers(self, kind: str = "edoc") -> dict[str, str]:
        signature = base64.b64encode(self.signature).decode("ascii")
        return {"packet-signature": f":{signature}:", "packet-kind": kind}


class Bench:
    """The target, the parties, and one HTTP connection. Close it when done."""

    def __init__(self, target: str, profile: Profile) -> None:
        self.target = target.rstrip("/")
        self.profile = profile
        self.http = httpx.Client(timeout=ANSWER_WITHIN_S, trust_env=False)
        self._numbers = itertools.count(int(time.time()) % 10**8 * 10)
        self._documents: dict[str, bytes] = {}

    def close(self) -> None:
        self.http.close()

    # -- callers ----------------------------------------------------------------------------------

    def client(self, party: Party) -> HubClient:
        """The well-behaved client of a party at the native door."""
        if party.node is None:
            raise NotAsExpected("hồ sơ kiểm thử thiếu khóa điểm kết nối")
        return HubClient(self.target, key_id=party.node_id, signer=party.node)

    def kit(self, party: Party) -> KitSystem:
        """A party at the client kit's door."""
        return KitSystem(self.target, party.system_id, party.secret)

    def headers(
        self,
        party: Party,
        method: str,
        target: str,
        body: bytes = b"",
        covered: Mapping[str, str] | None = None,
        *,
        late: timedelta = timedelta(),
        signer: signing.DigestSigner | None = None,
    ) -> dict[str, str]:
        """The signed headers of a request; `late` and `signer` make it a wrong one."""
        chosen = signer or party.node
        if chosen is None:
            raise NotAsExpected("hồ sơ kiểm thử thiếu khóa điểm kết nối")
        sent = dict(covered or {})
        return sent | signing.sign_request(
            method,
            target,
            hashlib.sha256(body).digest(),
            sent,
            key_id=party.node_id,
            signer=chosen,
            at=datetime.now(UTC) - late,
            nonce=secrets.token_urlsafe(12),
        )

    def post(self, party: Party, sent: Sent, *, kind: str = "edoc", **wrong: Any) -> httpx.Response:
        """Send a packet and return the answer as it is."""
        headers = self.headers(party, "POST", "/v1/packets", sent.raw, sent.headers(kind), **wrong)
        return self.http.post(f"{self.target}/v1/packets", content=sent.raw, headers=headers)

    # -- packets ----------------------------------------------------------------------------------

    def document(self, sender: Party, *receivers: Party, **changes: Any) -> edxml.DocumentPacket:
        """A document of `sender` with a number of its own, signed by person and agency."""
        number = str(next(self._numbers))
        now = datetime.now(VIETNAM).replace(microsecond=0)
        wanted: dict[str, Any] = {
            "sender": edxml.Organization(sender.code, sender.name),
            "receivers": tuple(edxml.Organization(each.code, each.name) for each in receivers),
            "document_id": f"{sender.code},{now:%Y/%m/%d},{number}/KT-PH",
            "number": number,
            "notation": "KT-PH",
            "place": "Hà Nội",
            "promulgated_on": now.date(),
            "subject": "Văn bản kiểm thử sự phù hợp",
            "signer": edxml.Signer("", "Thủ trưởng", sender.person_name),
            "trace": (edxml.TraceEntry(sender.code, now),),
            "business": edxml.Business(staff=edxml.Staff("Văn thư", "Kiểm thử", "", "")),
            "attachments": (edxml.Attachment.of(f"{number}-KT-PH.pdf", self.pdf(sender)),),
        }
        return edxml.DocumentPacket(**(wanted | changes))

    def status(
        self, sender: Party, answered: edxml.DocumentPacket, code: edxml.StatusCode
    ) -> edxml.StatusPacket:
        """A status of `sender` about a document."""
        return edxml.StatusPacket(
            sender=edxml.Organization(sender.code, sender.name),
            response_for=edxml.ResponseFor(
                answered.sender.code,
                answered.reference,
                answered.promulgated_on,
                answered.document_id,
            ),
            status=code,
            description="",
            at=datetime.now(VIETNAM).replace(microsecond=0),
            staff=edxml.Staff("Văn thư", "Kiểm thử", "", ""),
        )

    def signed(self, party: Party, packet: edxml.Packet | bytes) -> Sent:
        """The bytes of a packet with the signature of the party's service key."""
        raw = packet if isinstance(packet, bytes) else edxml.encode(packet)
        if party.service is None:
            raise NotAsExpected("hồ sơ kiểm thử thiếu khóa dịch vụ")
        return Sent(raw, signing.sign_detached(raw, signer=party.service, at=datetime.now(UTC)))

    def pdf(self, party: Party) -> bytes:
        """A document signed by a person and sealed by the agency of the party; made once."""
        if party.code not in self._documents:
            self._documents[party.code] = _signed_pdf(party)
        return self._documents[party.code]


def _signed_pdf(party: Party) -> bytes:
    at = datetime.now(UTC) - timedelta(minutes=1)
    data = signing.prepare_pdf(
        _plain_pdf(),
        person=signing.Box(0, 330, 150, 460, 210),
        agency=signing.Box(0, 250, 150, 350, 250),
    )
    hands = (
        (signing.PERSON_FIELD, party.person, party.person_name),
        (signing.AGENCY_FIELD, party.seal, party.name),
    )
    for seconds, (field, signer, name) in enumerate(hands):
        data = signing.sign_pdf(
            data,
            field=field,
            signer=signer,
            name=name,
            reason="Kiểm thử sự phù hợp",
            location="Hà Nội",
            at=at + timedelta(seconds=seconds),
        )
    return data


def _plain_pdf() -> bytes:
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
    page.Contents = pdf.make_stream(f"BT /F1 12 Tf 72 720 Td ({TEXT}) Tj ET".encode())
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()
