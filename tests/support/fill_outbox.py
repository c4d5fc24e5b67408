"""Queues many documents at an agency's access point, in a process with that node's settings.

`python tests/support/fill_outbox.py COUNT ACCOUNTS.json SENDER RECEIVER`: every packet carries the
same sealed PDF and a number of its own. Prints nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import django


def main(count: int, accounts_file: Path, sender_code: str, receiver_code: str) -> None:
    """Queue `count` documents, each in a transaction of its own."""
    from django.utils import timezone  # noqa: PLC0415  Django is set up by now

    from lienthong.apps.accounts import api as accounts  # noqa: PLC0415
    from lienthong.apps.directory import api as directory  # noqa: PLC0415
    from lienthong.apps.exchange.access_point import api as access_point  # noqa: PLC0415
    from lienthong.apps.exchange.tests.country import plain_pdf  # noqa: PLC0415
    from lienthong.apps.pki import api as pki  # noqa: PLC0415
    from lienthong.core import edxml, signing  # noqa: PLC0415

    secrets = json.loads(accounts_file.read_text(encoding="utf-8"))
    at = timezone.now()
    today = timezone.localdate(at)
    sender, receiver = directory.find(sender_code), directory.find(receiver_code)
    assert sender is not None
    assert receiver is not None
    with accounts.everywhere():
        leader = accounts.seats(sender.pk, accounts.Role.LEADER).get().person
        pdf = signing.prepare_pdf(
            plain_pdf(),
            person=signing.Box(0, 330, 150, 460, 210),
            agency=signing.Box(0, 250, 150, 350, 250),
        )
        person = pki.person_signer(leader.pk, secrets["people"][leader.username]["pin"])
        seal = pki.seal_signer(sender.pk, secrets["seals"]["btn"])
        for field, signer, name in (
            (signing.PERSON_FIELD, person, leader.full_name),
            (signing.AGENCY_FIELD, seal, sender.name),
        ):
            pdf = signing.sign_pdf(
                pdf,
                field=field,
                signer=signer,
                name=name,
                reason="Ký ban hành",
                location=sender.place,
                at=at,
            )
        for number in range(1, count + 1):
            packet = edxml.DocumentPacket(
                sender=edxml.Organization(sender.code, sender.name),
                receivers=(edxml.Organization(receiver.code, receiver.name),),
                document_id=f"{sender.code},{today:%Y/%m/%d},{number:02d}/BTN-CNTT",
                number=f"{number:02d}",
                notation="BTN-CNTT",
                place=sender.place,
                promulgated_on=today,
                subject=f"Về việc thử nghiệm số {number}",
                signer=edxml.Signer("KT. BỘ TRƯỞNG", "Thứ trưởng", leader.full_name),
                trace=(
                    edxml.TraceEntry(sender.code, timezone.localtime(at).replace(microsecond=0)),
                ),
                business=edxml.Business(staff=edxml.Staff("Văn thư", "Người Gửi", "", "")),
                attachments=(edxml.Attachment.of(f"{number:02d}-BTN-CNTT.pdf", pdf),),
            )
            access_point.queue_packet(
                organization=sender, packet=packet, correlation=f"outgoing:{_id(number)}"
            )


def _id(number: int) -> str:
    """The id of a document that no desk has: its receipt is noted nowhere."""
    return f"00000000-0000-4000-8000-{number:012d}"


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
