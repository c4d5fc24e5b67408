"""A node of the tests: this process, with keys of the real PKI, a hub and an access point."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from lienthong.apps.accounts import api as accounts
from lienthong.apps.directory import api as directory
from lienthong.apps.exchange.hub import api as hub_api
from lienthong.apps.exchange.hub.config import HubConfig, conninfo_of
from lienthong.apps.pki import api as pki
from lienthong.core import edxml, signing
from lienthong.core.signing.authority import make_ec_key

from .country import SIGNER, VIETNAM, plain_pdf
from .server import RunningHub, running

PIN = "135792468"


@dataclass(frozen=True)
class Node:
    """Two agencies that this process speaks for, and a document the first one signed."""

    ministry: directory.Organization
    province: directory.Organization
    pdf: bytes

    def document(self, number: str = "01", **values: object) -> edxml.DocumentPacket:
        """A document of the ministry to the province."""
        today = datetime.now(VIETNAM).date()
        wanted = {
            "sender": edxml.Organization(self.ministry.code, self.ministry.name),
            "receivers": (edxml.Organization(self.province.code, self.province.name),),
            "document_id": f"{self.ministry.code},{today:%Y/%m/%d},{number}/BTN-CNTT",
            "number": number,
            "notation": "BTN-CNTT",
            "place": "Hà Nội",
            "promulgated_on": today,
            "subject": "V/v góp ý dự thảo Quy chế",
            "signer": edxml.Signer("KT. BỘ TRƯỞNG", "Thứ trưởng", SIGNER),
            "trace": (
                edxml.TraceEntry(self.ministry.code, datetime.now(VIETNAM).replace(microsecond=0)),
            ),
            "business": edxml.Business(staff=edxml.Staff("Văn thư", "Người Gửi", "", "")),
            "attachments": (edxml.Attachment.of(f"{number}.pdf", self.pdf),),
        }
        return edxml.DocumentPacket(**(wanted | values))  # type: ignore[arg-type]

    def status(
        self, answered: edxml.DocumentPacket, code: edxml.StatusCode, text: str = ""
    ) -> edxml.StatusPacket:
        """A status of the province about a document of the ministry."""
        return edxml.StatusPacket(
            sender=edxml.Organization(self.province.code, self.province.name),
            response_for=edxml.ResponseFor(
                answered.sender.code,
                answered.reference,
                answered.promulgated_on,
                answered.document_id,
            ),
            status=code,
            description=text,
            at=datetime.now(VIETNAM).replace(microsecond=0),
            staff=edxml.Staff("Văn thư", "Người Nhận", "", ""),
        )


def build_node(authorities: Path) -> Node:
    """Make keys and rows in the present DATA_DIR and database."""
    now = datetime.now(UTC)
    pki.make_national_pki(authorities, at=now, root_key=make_ec_key, sub_key=make_ec_key)
    ministry = _organization("G99", "Bộ Thử nghiệm")
    province = _organization("H99", "UBND tỉnh Minh Họa")
    for organization in (ministry, province):
        pki.issue_service(authorities, organization_id=organization.pk, at=now)
    node = pki.issue_node(authorities, at=now)
    pki.issue_receipt(authorities, at=now)
    pki.make_log_key(authorities)
    pki.install_trust(authorities / "trust")
    hub_api.register_node(settings.NODE_NAME, "Nút thử", node.pem, ["G99", "H99"])
    cached = authorities / "signed.pdf"
    if not cached.exists():
        cached.write_bytes(_signed_pdf(authorities, ministry, now))
    return Node(ministry, province, cached.read_bytes())


def node_config(data_dir: Path) -> HubConfig:
    """The hub of this node, by its settings."""
    found = HubConfig.from_settings()
    return replace(
        found, conninfo=conninfo_of(connection.settings_dict), data_dir=data_dir, requery_s=0.2
    )


@contextmanager
def hub_of_node(data_dir: Path, port: int = 0) -> Iterator[RunningHub]:
    with running(node_config(data_dir), port) as hub:
        settings.HUB_URL = hub.url
        yield hub


def _organization(code: str, name: str) -> directory.Organization:
    return directory.register(
        name=name, kind=directory.Kind.OTHER, codes={directory.Scheme.QD20: code}, place="Hà Nội"
    )


def _signed_pdf(authorities: Path, ministry: directory.Organization, now: datetime) -> bytes:
    person = accounts.Person.objects.create(username="le.minh.hoa", full_name=SIGNER)
    pki.issue_person(
        authorities,
        person_id=person.pk,
        organization_id=ministry.pk,
        position="Thứ trưởng",
        pin=PIN,
        at=now,
    )
    pki.issue_agency(authorities, organization_id=ministry.pk, pin=PIN, at=now)
    pdf = signing.prepare_pdf(
        plain_pdf(),
        person=signing.Box(0, 330, 150, 460, 210),
        agency=signing.Box(0, 250, 150, 350, 250),
    )
    hands: tuple[tuple[str, signing.DigestSigner, str], ...] = (
        (signing.PERSON_FIELD, pki.person_signer(person.pk, PIN), SIGNER),
        (signing.AGENCY_FIELD, pki.seal_signer(ministry.pk, PIN), ministry.name),
    )
    for seconds, (field, signer, name) in enumerate(hands):
        pdf = signing.sign_pdf(
            pdf,
            field=field,
            signer=signer,
            name=name,
            reason="Ký ban hành",
            location="Hà Nội",
            at=now + timedelta(seconds=seconds),
        )
    return pdf
