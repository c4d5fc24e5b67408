"""Prepares a benchmark: keys, agencies, and packets that are really distinct and really signed.

Runs as a process of the bench's node: `python -m lienthong.run.bench.seed DIR COUNT BYTES`.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pikepdf

from lienthong.core import edxml, signing

CODES = ("G99", "H99")
NAMES = ("Bộ Đo lường (thử tải)", "Tỉnh Đo lường (thử tải)")
PERSON = "Nguyễn Văn Đo"
PIN = "135792468"
NODE_ID = "bench_client"
_hands: Mapping[str, signing.DigestSigner] = {}


@dataclass(frozen=True)
class Plan:
    """What one worker makes."""

    folder: Path
    first: int
    count: int
    image_bytes: int


def picture_pdf(size: int) -> bytes:
    """A one-page PDF with a picture of random pixels, which no compression makes smaller."""
    side = max(8, round((size / 3) ** 0.5))
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=(595, 842))
    image = pdf.make_stream(
        os.urandom(side * side * 3),
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=side,
        Height=side,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
    )
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
    page.Contents = pdf.make_stream(b"q 400 0 0 400 97 350 cm /Im0 Do Q")
    out = io.BytesIO()
    pdf.save(out, compress_streams=False)
    return out.getvalue()


def packet(number: int, image_bytes: int) -> bytes:
    """One packet: a fresh picture, signed by the person and by the agency."""
    at = datetime.now(UTC)
    pdf = signing.prepare_pdf(
        picture_pdf(image_bytes),
        person=signing.Box(0, 330, 150, 460, 210),
        agency=signing.Box(0, 250, 150, 350, 250),
    )
    for seconds, (field, name) in enumerate(
        ((signing.PERSON_FIELD, PERSON), (signing.AGENCY_FIELD, NAMES[0]))
    ):
        pdf = signing.sign_pdf(
            pdf,
            field=field,
            signer=_hands[field],
            name=name,
            reason="Đo hiệu năng",
            location="Hà Nội",
            at=at + timedelta(seconds=seconds),
        )
    today = at.astimezone(edxml.VIETNAM)
    return edxml.encode(
        edxml.DocumentPacket(
            sender=edxml.Organization(CODES[0], NAMES[0]),
            receivers=(edxml.Organization(CODES[1], NAMES[1]),),
            document_id=f"{CODES[0]},{today:%Y/%m/%d},{number:02d}/BDL-VP",
            number=f"{number:02d}",
            notation="BDL-VP",
            place="Hà Nội",
            promulgated_on=today.date(),
            subject=f"V/v đo hiệu năng gói tin thứ {number}",
            signer=edxml.Signer("", "Thứ trưởng", PERSON),
            trace=(edxml.TraceEntry(CODES[0], today.replace(microsecond=0)),),
            business=edxml.Business(staff=edxml.Staff("Văn thư", "Người Gửi", "", "")),
            attachments=(edxml.Attachment.of(f"{number:02d}-BDL-VP.pdf", pdf),),
        )
    )


def make_some(plan: Plan) -> int:
    """Write packets and their detached signatures."""
    service = _hands["service"]
    for number in range(plan.first, plan.first + plan.count):
        raw = packet(number, plan.image_bytes)
        signature = signing.sign_detached(raw, signer=service, at=datetime.now(UTC))
        (plan.folder / f"{number:06d}.edxml").write_bytes(raw)
        (plan.folder / f"{number:06d}.sig").write_bytes(signature)
    return plan.count


def make_keys(directory: Path) -> Mapping[str, signing.DigestSigner]:
    """Authorities, two agencies, a person, and the node of the clients; their keys."""
    from cryptography.hazmat.primitives.serialization import Encoding  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415  Django is set up by main

    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415
    from lienthong.apps.directory import api as organizations  # noqa: PLC0415
    from lienthong.apps.exchange.hub import api as hub  # noqa: PLC0415
    from lienthong.apps.pki import api as pki  # noqa: PLC0415
    from lienthong.core.signing.authority import make_key  # noqa: PLC0415

    now = datetime.now(UTC)
    office = directory / "pki"
    pki.make_national_pki(
        office, at=now, root_key=lambda: make_key(2048), sub_key=lambda: make_key(2048)
    )
    with accounts.everywhere():
        ministry, _ = (
            organizations.register(
                name=name, kind=organizations.Kind.OTHER, codes={"QD20": code}, place="Hà Nội"
            )
            for code, name in zip(CODES, NAMES, strict=True)
        )
        person = accounts.Person.objects.create_person(
            username="nguoi.do", password=None, full_name=PERSON
        )
        pki.issue_person(
            office,
            person_id=person.pk,
            organization_id=ministry.pk,
            position="Thứ trưởng",
            pin=PIN,
            at=now,
        )
        pki.issue_agency(office, organization_id=ministry.pk, pin=PIN, at=now)
        pki.issue_service(office, organization_id=ministry.pk, at=now)
        pki.issue_receipt(office, at=now)
        pki.make_log_key(office)
        pki.install_trust(office / "trust")
        node = pki.issue_node(office, at=now)
        signer = pki.node_signer()
        hub.register_node(NODE_ID, "Máy đo", node.pem, CODES)
        hands = {
            signing.PERSON_FIELD: pki.person_signer(person.pk, PIN),
            signing.AGENCY_FIELD: pki.seal_signer(ministry.pk, PIN),
            "service": pki.service_signer(ministry.pk),
        }
    keys = Path(settings.DATA_DIR) / "keys"
    password = (keys / "node.pass").read_text(encoding="ascii").strip()
    certificate = signer.certificate.public_bytes(Encoding.PEM).decode()
    client = {"p12": str(keys / "node.p12"), "password": password, "certificate": certificate}
    (directory / "client.json").write_text(json.dumps(client), encoding="utf-8")
    return hands


def image_size_for(wanted_bytes: int) -> int:
    """The picture that makes a packet of about `wanted_bytes`."""
    trial = 60_000
    over = len(packet(999_999, trial)) - wanted_bytes
    return max(3_000, round(trial - over * 3 / 4))


def main() -> None:
    import django  # noqa: PLC0415

    global _hands  # noqa: PLW0603  the forked workers find the keys here
    django.setup()
    directory, count, size = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    from django.db import connections  # noqa: PLC0415  only after setup

    _hands = make_keys(directory)
    connections.close_all()
    folder = directory / "packets"
    folder.mkdir()
    image = image_size_for(size)
    step = 25
    plans = [
        Plan(folder, first, min(step, count - first + 1), image)
        for first in range(1, count + 1, step)
    ]
    done = 0
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("fork")) as pool:
        for made in pool.map(make_some, plans):
            done += made
            sys.stderr.write(f"\r  gói tin đã ký: {done}/{count}")
            sys.stderr.flush()
    sys.stderr.write("\n")


if __name__ == "__main__":
    main()
